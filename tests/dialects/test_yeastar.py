"""Yeastar P-Series: a signature over the body, JSON in JSON, and members with a state of their own."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call, State, advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.yeastar import YEASTAR
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "GB")
SECRET = b"0123456789abcdef0123456789abcdef"
LONDON = Dialled("02079460958", E164("+442079460958"))
CALL = "1795292103.280"


def body(name: str) -> bytes:
    return (SAMPLES / f"yeastar.{name}.json").read_bytes()


def sample(name: str) -> tuple[CallEvent, ...]:
    return YEASTAR.read(Request({}, "", body(name)), FACTS)


def states(*members: dict[str, Any], kind: Any = 30011, call_id: Any = CALL) -> tuple[CallEvent, ...]:
    told = {"type": kind, "msg": json.dumps({"call_id": call_id, "members": members})}
    return YEASTAR.read(Request({}, "", json.dumps(told).encode()), FACTS)


def extension(number: str, state: str) -> dict[str, Any]:
    return {"extension": {"number": number, "member_status": state}}


def inbound(state: str) -> dict[str, Any]:
    return {"inbound": {"from": "02079460958", "to": "02079460100", "member_status": state}}


def outbound(state: str) -> dict[str, Any]:
    return {"outbound": {"from": "02079460100", "to": "02079460958", "member_status": state}}


def verify(headers: dict[str, str], written: bytes, *secrets: bytes, token: str = "") -> None:
    assert YEASTAR.verify is not None
    YEASTAR.verify(Request(headers, "", written, token=token), secrets, 0.0)


def signed(written: bytes) -> dict[str, str]:
    return {"X-Signature": base64.b64encode(hmac.new(SECRET, written, hashlib.sha256).digest()).decode()}


def after(*told: tuple[CallEvent, ...]) -> Call:
    call: Call | None = None
    for now, events in enumerate(told, 100):
        for event in events:
            call = advance(call, event, now)
    assert call is not None
    return call


def told(name: str, happening: Happening, leg: str | None = None, **more: Any) -> CallEvent:
    key = f"{hashlib.sha256(body(name)).hexdigest()}\n{FACTS.now // 5:.0f}"
    fields: dict[str, Any] = {
        "provider_id": CALL,
        "direction": Direction.INBOUND,
        "caller": LONDON,
        "callee": "+442079460100",
        "key": key if leg is None else f"{key}\n{leg}",
        **more,
    }
    return CallEvent(source="front-desk", happening=happening, leg=leg, **fields)


FIRST, SECOND = "PJSIP/2001-00000001", "PJSIP/2002-00000002"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("30016", (told("30016", Happening.RINGING),)),
        (
            "30011_ring",
            (
                told("30011_ring", Happening.RINGING, FIRST, agents=("2001",)),
                told("30011_ring", Happening.RINGING, SECOND, agents=("2002",)),
            ),
        ),
        (
            "30011_answer",
            (
                told("30011_answer", Happening.ENDED, FIRST, agents=("2001",)),
                told("30011_answer", Happening.ANSWERED, SECOND, agents=("2002",), answered_by="2002"),
            ),
        ),
        ("30011_hold", (told("30011_hold", Happening.HELD, SECOND, agents=("2002",)),)),
        ("30011_bye", (told("30011_bye", Happening.ENDED),)),
        (
            "30011_out",
            (
                told(
                    "30011_out",
                    Happening.RINGING,
                    FIRST,
                    provider_id="1795292103.281",
                    direction=Direction.OUTBOUND,
                    agents=("2001",),
                ),
            ),
        ),
        (
            "30011_internal",
            (
                told(
                    "30011_internal",
                    Happening.RINGING,
                    SECOND,
                    provider_id="1795292103.282",
                    direction=Direction.INTERNAL,
                    caller=Internal("2001", "2001"),
                    callee="2002",
                    agents=("2002",),
                ),
            ),
        ),
        ("30012_missed", (told("30012_missed", Happening.ENDED, result=Result.MISSED),)),
        ("30008", ()),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: tuple[CallEvent, ...]) -> None:
    assert sample(name) == expected


def test_a_signed_body_verifies() -> None:
    verify(signed(body("30016")), body("30016"), SECRET)
    verify(signed(body("30016")), body("30016"), b"the old one", SECRET)


def test_the_signature_is_that_of_rfc_4231() -> None:
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"  # section 4.3
    shown = base64.b64encode(bytes.fromhex(digest)).decode()

    verify({"X-Signature": shown}, b"what do ya want for nothing?", b"Jefe")


def test_with_one_thing_changed_it_does_not_verify() -> None:
    written = body("30016")
    headers = signed(written)
    shown = headers["X-Signature"]
    for changed in (written + b" ", written.replace(b"0958", b"0959"), b""):
        with pytest.raises(Unverified):
            verify(headers, changed, SECRET)
    for secrets in ((SECRET[:-1],), (b"another",), ()):
        with pytest.raises(Unverified):
            verify(headers, written, *secrets)
    for signature in ("A" + shown[1:], shown[:-1], shown.swapcase(), "ä", "!" + shown):
        with pytest.raises(Unverified):
            verify({"X-Signature": signature}, written, SECRET)


def test_a_request_without_signature_does_not_verify() -> None:
    with pytest.raises(Unverified) as caught:
        verify({}, body("30016"), SECRET)

    assert caught.value.reason == "missing"


def test_a_unit_that_signs_nothing_shows_the_secret_in_its_path() -> None:
    verify({}, body("30016"), SECRET, token=SECRET.decode())
    with pytest.raises(Unverified):
        verify({}, body("30016"), SECRET, token="another")


def test_a_path_does_not_excuse_a_wrong_signature() -> None:
    with pytest.raises(Unverified):
        verify({"X-Signature": "AAAA"}, body("30016"), SECRET, token=SECRET.decode())


def test_what_is_signed_holds_no_time() -> None:
    assert YEASTAR.timeless


def test_a_message_may_be_an_object_or_text() -> None:
    written = json.loads(body("30011_answer"))
    as_object = {**written, "msg": json.loads(written["msg"])}
    events = YEASTAR.read(Request({}, "", json.dumps(as_object).encode()), FACTS)

    assert [event.happening for event in events] == [Happening.ENDED, Happening.ANSWERED]


@pytest.mark.parametrize("call_id", ["1795292103.280", "c1", 1795292103])
def test_an_id_is_text(call_id: Any) -> None:
    assert states(inbound("ALERT"), call_id=call_id)[0].provider_id == str(call_id)


def test_an_id_that_lost_its_quotes_is_the_same_each_time() -> None:
    first, second = (states(inbound(state), call_id=1795292103.28) for state in ("ALERT", "BYE"))

    assert first[0].provider_id == second[0].provider_id == "1795292103.28"


@pytest.mark.parametrize(
    ("state", "happening"),
    [
        ("RING", Happening.RINGING),
        ("ring", Happening.RINGING),
        ("ANSWER", Happening.ANSWERED),
        ("ANSWERED", Happening.ANSWERED),
        ("HOLD", Happening.HELD),
        ("BYE", Happening.ENDED),
    ],
)
def test_a_members_state_is_a_happening(state: str, happening: Happening) -> None:
    (event,) = states(inbound("ANSWERED"), extension("2001", state))

    assert (event.happening, event.agents, event.leg) == (happening, ("2001",), "2001")


def test_a_menu_that_answers_is_nobodys_answer() -> None:
    assert states(inbound("ANSWERED"))[0].happening is Happening.RINGING


def test_a_held_trunk_holds_who_talks() -> None:
    (event,) = states(inbound("HOLD"), extension("2001", "ANSWER"))

    assert (event.happening, event.answered_by) == (Happening.HELD, None)


def test_the_hang_up_of_all_ends_the_call_and_that_of_one_its_own_part() -> None:
    assert states(inbound("BYE"), extension("2001", "BYE"))[0].leg is None
    assert states(inbound("BYE"))[0].leg is None
    assert states(extension("2001", "BYE"))[0].leg == "2001"


def test_a_call_that_goes_out_names_whom_it_goes_to() -> None:
    (event,) = states(extension("2001", "ANSWERED"), outbound("ANSWER"))

    assert (event.direction, event.caller, event.callee, event.answered_by) == (
        Direction.OUTBOUND,
        LONDON,
        "+442079460100",
        "2001",
    )


def test_a_call_that_is_passed_on_comes_in_and_rings_outside() -> None:
    outside = {"outbound": {"from": "2001", "to": "02079460999", "member_status": "RING"}}
    (event,) = states(inbound("ALERT"), outside)

    assert (event.direction, event.caller, event.agents) == (
        Direction.INBOUND,
        LONDON,
        ("+442079460999",),
    )


def test_a_call_within_names_who_calls_as_long_as_that_is_told() -> None:
    (answered,) = states(extension("2001", "ANSWERED"), extension("2002", "ANSWER"))
    (ended,) = states(extension("2001", "BYE"), extension("2002", "BYE"))

    assert (answered.caller, answered.answered_by) == (Internal("2001", "2001"), "2002")
    assert (ended.direction, ended.caller, ended.happening) == (Direction.INTERNAL, None, Happening.ENDED)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("ANSWERED", Result.ANSWERED),
        ("ANSWERD", Result.ANSWERED),
        ("NO ANSWER", Result.MISSED),
        ("BUSY", Result.REJECTED),
        ("VOICEMAIL", Result.VOICEMAIL),
        ("FAILED", Result.FAILED),
        ("something new", None),
    ],
)
def test_details_say_how_a_call_ended(status: str, result: Result | None) -> None:
    msg = {
        "call_id": CALL,
        "call_from": "2001",
        "call_to": "02079460958",
        "type": "Outbound",
        "status": status,
    }
    written = json.dumps({"type": 30012, "msg": json.dumps(msg)}).encode()
    (event,) = YEASTAR.read(Request({}, "", written), FACTS)

    assert (event.direction, event.caller, event.callee) == (Direction.OUTBOUND, LONDON, "2001")
    assert (event.happening, event.result, event.occurred_at) == (Happening.ENDED, result, None)


def test_a_ring_group_is_one_call() -> None:
    ringing = [sample("30016"), sample("30011_ring")]
    call = after(*ringing)
    assert (call.state, call.agents, call.caller) == (State.RINGING, ("2001", "2002"), LONDON)
    talking = [*ringing, sample("30011_answer")]
    assert (after(*talking).state, after(*talking).answered_by) == (State.ANSWERED, "2002")
    assert after(*talking, sample("30011_hold")).state is State.HELD
    call = after(*talking, sample("30011_hold"), sample("30011_bye"))
    assert (call.state, call.result) == (State.ENDED, Result.ANSWERED)


def test_a_call_may_be_held_twice_though_its_messages_are_the_same() -> None:
    def at(now: float, *members: dict[str, Any]) -> tuple[CallEvent, ...]:
        written = json.dumps({"type": 30011, "msg": {"call_id": CALL, "members": members}}).encode()
        return YEASTAR.read(Request({}, "", written), Facts("front-desk", "GB", now))

    talks = (inbound("ANSWERED"), extension("2001", "ANSWER"))
    held = (inbound("HOLD"), extension("2001", "ANSWER"))

    assert after(at(0, *talks), at(9, *held), at(60, *talks)).state is State.ANSWERED
    assert after(at(0, *talks), at(9, *held), at(60, *talks), at(90, *held)).state is State.HELD
    assert at(0, *talks)[0].key == at(1, *talks)[0].key
    assert 0 < YEASTAR.rightly_after < 10


def test_a_call_that_is_transferred_moves_to_the_other_extension() -> None:
    call = after(
        states(inbound("ANSWERED"), extension("2001", "ANSWER")),
        states(inbound("HOLD"), extension("2001", "ANSWER"), extension("2003", "RING")),
        states(inbound("ANSWERED"), extension("2001", "BYE"), extension("2003", "ANSWER")),
    )

    assert (call.state, call.answered_by) == (State.ANSWERED, "2003")


def test_details_of_a_call_that_nobody_answered_end_it() -> None:
    call = after(sample("30016"), sample("30011_ring"), sample("30012_missed"))

    assert (call.state, call.result) == (State.ENDED, Result.MISSED)


@pytest.mark.parametrize(
    "written",
    [
        b"{}",
        b'{"type": 30009, "msg": "{\\"call_id\\": \\"c1\\"}"}',
        b'{"type": 30011, "msg": {"call_id": "c1", "members": []}}',
        b'{"type": 30011, "msg": {"call_id": "c1", "members": [null, {"extension": 1}]}}',
        b'{"type": 30011, "msg": {"members": [{"inbound": {}}]}}',
    ],
)
def test_what_tells_of_no_call_is_no_event(written: bytes) -> None:
    assert YEASTAR.read(Request({}, "", written), FACTS) == ()


def test_a_state_that_nobody_knows_changes_no_telephone() -> None:
    (event,) = states(inbound("ANSWERED"), extension("2001", "PARKED"))

    assert (event.happening, event.leg) == (Happening.RINGING, None)


def test_a_message_that_holds_no_json_is_rejected() -> None:
    with pytest.raises(Rejected):
        YEASTAR.read(Request({}, "", b'{"type": 30011, "msg": "{"}'), FACTS)


def test_the_answer_is_an_ok_that_holds_nothing() -> None:
    (event,) = sample("30016")
    call = advance(None, event, 0.0)
    told = Told(
        Request({}, "", b""), event, call, Lookup(Outcome.WITHHELD, call.caller), b'{"a": 1}', b'{"b": 1}'
    )

    for answered in (YEASTAR.answer(told), YEASTAR.nothing):
        assert (answered.status, answered.body) == (200, b"{}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.dictionaries(
    st.sampled_from(["extension", "inbound", "outbound"]),
    st.dictionaries(st.sampled_from(["number", "from", "to", "member_status", "channel_id"]), VALUES)
    | VALUES,
)
CALLS = st.fixed_dictionaries(
    {"call_id": st.just("7") | VALUES, "members": st.lists(MEMBERS, max_size=3) | VALUES}
)
BODIES = st.binary() | st.fixed_dictionaries(
    {
        "type": st.sampled_from([30011, 30012, 30016, "30011"]) | VALUES,
        "msg": CALLS | CALLS.map(json.dumps) | VALUES,
    }
).map(lambda told: json.dumps(told).encode())


@given(BODIES)
@settings(max_examples=200)
def test_any_bytes_are_refused_and_are_an_event_or_rejected(written: bytes) -> None:
    with pytest.raises(Unverified):
        verify({"X-Signature": "AAAA"}, written, SECRET)
    try:
        YEASTAR.read(Request({}, "", written), FACTS)
    except Rejected:
        return
