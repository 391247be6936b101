"""Webex Calling: a signature over the body, and each person's half of a call."""

import hashlib
import hmac
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call, State, advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.webex import WEBEX
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
SECRET = b"somesupersecretphrase"
LONDON = Dialled("+442079460958", E164("+442079460958"))
HALF, ADA = "Q0FMTDAwMDE6MA", "UEVPUExFMDAwMQ"


def body(name: str) -> bytes:
    return (SAMPLES / f"webex.{name}.json").read_bytes()


def message(name: str = "created_queue", **data: Any) -> dict[str, Any]:
    """Give a sample, its data changed."""
    told: dict[str, Any] = json.loads(body(name))
    told["data"].update(data)
    return told


def read(told: dict[str, Any]) -> tuple[CallEvent, ...]:
    return WEBEX.read(Request({}, "", json.dumps(told).encode()), FACTS)


def one(name: str = "created_queue", **data: Any) -> CallEvent:
    (event,) = read(message(name, **data))
    return event


def verify(headers: dict[str, str], written: bytes, *secrets: bytes) -> None:
    assert WEBEX.verify is not None
    WEBEX.verify(Request(headers, "", written), secrets, 0.0)


def signed(written: bytes) -> dict[str, str]:
    return {"X-Spark-Signature": hmac.new(SECRET, written, hashlib.sha1).hexdigest()}


def after(*events: CallEvent) -> Call:
    call: Call | None = None
    for now, event in enumerate(events, 100):
        call = advance(call, event, now)
    assert call is not None
    return call


def told(happening: Happening, at: str, words: str, **more: Any) -> CallEvent:
    seconds = 1795292100 + float(at)
    fields: dict[str, Any] = {"caller": LONDON, "display_name": "EXAMPLE CYD", **more}
    return CallEvent(
        source="front-desk",
        provider_id="U0VTU0lPTjAwMDE",
        happening=happening,
        direction=Direction.INBOUND,
        agents=(ADA,),
        leg=HALF,
        key="\n".join((HALF, *words.split(), f"2026-11-21T20:15:{at}Z")),
        order=seconds,
        occurred_at=seconds,
        **fields,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "created_queue",
            told(
                Happening.RINGING,
                "03.120",
                "received alerting",
                callee="+17135550101",
                queue="Support",
                display_name="Support  -  EXAMPLE CYD",
            ),
        ),
        (
            "updated_connected",
            told(Happening.ANSWERED, "10.500", "answered connected", answered_by=ADA),
        ),
        ("updated_held", told(Happening.HELD, "20.000", "held")),
        (
            "deleted_elsewhere",
            told(Happening.ENDED, "10.600", "disconnected", result=Result.ANSWERED),
        ),
        ("deleted_missed", told(Happening.ENDED, "30.000", "disconnected", result=Result.MISSED)),
        (
            "created_private",
            told(
                Happening.RINGING,
                "03.120",
                "received alerting",
                caller=Withheld("+442079460958"),
                display_name=None,
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read(message(name)) == (expected,)


def test_a_signed_body_verifies() -> None:
    verify(signed(body("created_queue")), body("created_queue"), SECRET)
    verify(signed(body("created_queue")), body("created_queue"), b"the old one", SECRET)


def test_the_signature_is_that_of_rfc_2202() -> None:
    digest = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"  # section 3, case 2

    verify({"X-Spark-Signature": digest}, b"what do ya want for nothing?", b"Jefe")


def test_with_one_thing_changed_it_does_not_verify() -> None:
    written = body("created_queue")
    headers = signed(written)
    shown = headers["X-Spark-Signature"]
    for changed in (written + b" ", written.replace(b"+4420", b"+4421"), b""):
        with pytest.raises(Unverified):
            verify(headers, changed, SECRET)
    for secrets in ((SECRET[:-1],), (b"another",), ()):
        with pytest.raises(Unverified):
            verify(headers, written, *secrets)
    for signature in (shown[:-1] + chr(ord(shown[-1]) ^ 1), shown[:-2], shown.upper(), "ä", "0x00"):
        with pytest.raises(Unverified):
            verify({"X-Spark-Signature": signature}, written, SECRET)


@pytest.mark.parametrize("headers", [{}, {"X-Spark-Signature": " "}])
def test_a_request_without_signature_does_not_verify(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified) as caught:
        verify(headers, body("created_queue"), SECRET)

    assert caught.value.reason == "missing"


def test_what_is_signed_holds_no_time() -> None:
    assert WEBEX.timeless


@pytest.mark.parametrize(
    ("state", "happening"),
    [
        ("connecting", Happening.RINGING),
        ("alerting", Happening.RINGING),
        ("connected", Happening.ANSWERED),
        ("held", Happening.HELD),
        ("remoteHeld", Happening.HELD),
        ("disconnected", Happening.ENDED),
        ("something new", Happening.OTHER),
        (None, Happening.OTHER),
    ],
)
def test_a_state_is_a_happening(state: str | None, happening: Happening) -> None:
    assert one(state=state).happening is happening


def test_a_call_that_is_deleted_has_ended_whatever_its_state() -> None:
    assert one("deleted_missed", state="alerting").happening is Happening.ENDED


@pytest.mark.parametrize(
    ("personality", "kind", "direction"),
    [
        ("terminator", "external", Direction.INBOUND),
        ("originator", "external", Direction.OUTBOUND),
        ("clickToDial", "external", Direction.OUTBOUND),
        ("terminator", "location", Direction.INTERNAL),
        ("originator", "organization", Direction.INTERNAL),
        (None, None, Direction.INBOUND),
    ],
)
def test_the_role_tells_the_direction(
    personality: str | None, kind: str | None, direction: Direction
) -> None:
    party = {"number": "+442079460958", "privacyEnabled": False, "callType": kind}

    assert one(personality=personality, remoteParty=party).direction is direction


@pytest.mark.parametrize(
    ("party", "caller"),
    [
        ({"number": "+442079460958", "privacyEnabled": True}, Withheld("+442079460958")),
        ({"number": "+442079460958", "privacyEnabled": "true"}, Withheld("+442079460958")),
        ({"privacyEnabled": True}, Withheld("")),
        ({"number": "+442079460958"}, LONDON),
        ({"number": "1012", "callType": "location"}, Internal("1012", "1012")),
        ({}, Withheld("")),
        (None, None),
    ],
)
def test_who_calls_is_read_whatever_is_told(party: Any, caller: object) -> None:
    assert one(remoteParty=party).caller == caller


def test_an_event_without_session_is_known_by_its_own_id() -> None:
    assert one(callSessionId=None).provider_id == HALF


def test_the_person_of_the_event_is_the_agent() -> None:
    assert one(actorPersonId="UEVPUExFMDAwMg").agents == ("UEVPUExFMDAwMg",)


@pytest.mark.parametrize("redirections", [None, [], [None], "callQueue", [{"reason": "busy"}]])
def test_a_call_that_came_through_no_queue_names_none(redirections: Any) -> None:
    assert one(redirections=redirections).queue is None


def test_another_webhooks_copy_is_the_same_event() -> None:
    copy = message()
    copy["id"], copy["name"] = "another", "another"

    assert read(copy) == read(message())


def test_events_tell_one_call_in_whatever_order_they_arrive() -> None:
    names = ["created_queue", "updated_connected", "updated_held", "deleted_missed"]
    for order in permutations([one(name) for name in names]):
        call = after(*order)
        assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, ADA)


def test_one_half_that_ended_leaves_the_other() -> None:
    other = one("created_queue", callId="another", actorPersonId="ben")
    taken = one("updated_connected", callId="another", actorPersonId="ben")
    call = after(one(), other, taken, one("deleted_elsewhere"))

    assert (call.state, call.answered_by) == (State.ANSWERED, "ben")


def test_a_call_that_another_telephone_took_was_not_missed() -> None:
    assert after(one(), one("deleted_elsewhere")).result is Result.ANSWERED
    assert after(one(), one("deleted_missed")).result is Result.MISSED


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"resource": "messages", "data": {"callId": "7"}},
        {"resource": "telephony_calls", "data": []},
        {"resource": "telephony_calls", "data": {}},
    ],
)
def test_what_tells_of_no_call_is_no_event(told: dict[str, Any]) -> None:
    assert read(told) == ()


def test_the_answer_is_an_ok_that_holds_nothing() -> None:
    event = one()
    call = after(event)
    told = Told(
        Request({}, "", b""), event, call, Lookup(Outcome.WITHHELD, call.caller), b'{"a": 1}', b'{"b": 1}'
    )

    for answered in (WEBEX.answer(told), WEBEX.nothing):
        assert (answered.status, answered.body) == (200, b"{}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["callSessionId", "remoteParty", "redirections", "state", "eventTimestamp"])
BODIES = st.binary() | st.fixed_dictionaries(
    {
        "resource": st.just("telephony_calls"),
        "event": VALUES,
        "actorId": VALUES,
        "data": st.builds(
            lambda call, call_id: {**call, "callId": call_id}, st.dictionaries(NAMES, VALUES), VALUES
        )
        | VALUES,
    }
).map(lambda told: json.dumps(told).encode())


@given(BODIES)
@settings(max_examples=200)
def test_any_bytes_are_refused_and_are_an_event_or_rejected(written: bytes) -> None:
    with pytest.raises(Unverified):
        verify({"X-Spark-Signature": "00" * 20}, written, SECRET)
    try:
        WEBEX.read(Request({}, "", written), FACTS)
    except Rejected:
        return
