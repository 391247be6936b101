"""Telnyx Call Control: JSON under an Ed25519 signature, and one event for each leg."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call, State, advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.telnyx import TELNYX
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
NOW = 1780000000.0
LONDON = Dialled("+442079460958", E164("+442079460958"))
DESK = "+17135550100"
SESSION = "7d3f6a10-52b4-4a1e-9f0e-0a6b2f9c1d11"
FIRST_LEG, SECOND_LEG = (f"c1f0e9d2-aaaa-4bbb-8ccc-00000000000{one}" for one in (1, 2))


def body(name: str) -> bytes:
    return (SAMPLES / f"telnyx.call_{name}.json").read_bytes()


def read(written: bytes) -> CallEvent:
    (event,) = TELNYX.read(Request({}, "", written), FACTS)
    return event


def event(kind: str = "call.initiated", /, **payload: Any) -> CallEvent:
    return read(json.dumps({"data": {"event_type": kind, "payload": payload}}).encode())


def signature(written: bytes, at: str) -> str:
    return base64.b64encode(KEY.sign(at.encode() + b"|" + written)).decode()


def verify(
    written: bytes, shown: str | None = None, *, at: str = "1780000000", now: float = NOW, key: bytes = PUBLIC
) -> None:
    assert TELNYX.verify is not None
    shown = signature(written, at) if shown is None else shown
    headers = CIMultiDict({"Telnyx-Signature-Ed25519": shown, "Telnyx-Timestamp": at})
    TELNYX.verify(Request(headers, "", written), (key,), now)


def test_a_signed_body_verifies() -> None:
    verify(body("initiated_incoming"))


def test_any_of_several_public_keys_verifies() -> None:
    assert TELNYX.verify is not None
    other = base64.b64encode(bytes(32))
    headers = CIMultiDict({"telnyx-signature-ed25519": signature(b"{}", "1"), "telnyx-timestamp": "1"})

    TELNYX.verify(Request(headers, "", b"{}"), (b"no key", other, PUBLIC), 1.0)


def test_each_changed_byte_of_the_body_is_noticed() -> None:
    written = b'{"data":{"event_type":"call.initiated"}}'
    shown = signature(written, "1780000000")
    for place in range(len(written)):
        changed = written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :]
        with pytest.raises(Unverified, match="missing or wrong"):
            verify(changed, shown)


@pytest.mark.parametrize(
    "shown", ["AA==", "?", signature(b"{}", "1780000001"), signature(b"{ }", "1780000000")]
)
def test_a_signature_of_anything_else_does_not(shown: str) -> None:
    with pytest.raises(Unverified) as caught:
        verify(b"{}", shown)

    assert caught.value.reason == "signature"


@pytest.mark.parametrize("place", range(88))
def test_each_changed_letter_of_the_signature_is_noticed(place: int) -> None:
    shown = signature(b"{}", "1780000000")
    letter = "A" if shown[place] != "A" else "B"

    with pytest.raises(Unverified):
        verify(b"{}", shown[:place] + letter + shown[place + 1 :])


@pytest.mark.parametrize("key", [base64.b64encode(bytes(32)), b"", PUBLIC[:-4], b"\xff"])
def test_another_key_or_none_does_not_verify(key: bytes) -> None:
    with pytest.raises(Unverified):
        verify(b"{}", key=key)


@pytest.mark.parametrize("drift", [-300, 300])
def test_five_minutes_between_the_clocks_are_borne(drift: int) -> None:
    verify(b"{}", now=NOW + drift)


@pytest.mark.parametrize("drift", [-301, 301])
def test_more_are_not(drift: int) -> None:
    with pytest.raises(Unverified) as caught:
        verify(b"{}", now=NOW + drift)

    assert caught.value.reason == "stale"


@pytest.mark.parametrize("at", ["1_780_000_000", "1780000000.0", "٢", "-1", "1e9"])
def test_a_time_that_is_none_is_stale(at: str) -> None:
    with pytest.raises(Unverified) as caught:
        verify(b"{}", at=at)

    assert caught.value.reason == "stale"


@pytest.mark.parametrize("name", ["telnyx-signature-ed25519", "telnyx-timestamp"])
def test_a_header_that_is_missing_or_doubled_is_told_apart(name: str) -> None:
    assert TELNYX.verify is not None
    both = {"telnyx-signature-ed25519": signature(b"{}", "1"), "telnyx-timestamp": "1"}
    for headers in (
        CIMultiDict({other: value for other, value in both.items() if other != name}),
        CIMultiDict([*both.items(), (name, both[name])]),
    ):
        with pytest.raises(Unverified) as caught:
            TELNYX.verify(Request(headers, "", b"{}"), (PUBLIC,), 1.0)

        assert caught.value.reason == "missing"


def told(happening: Happening, at: float, number: int, **more: Any) -> CallEvent:
    more = {"direction": Direction.INBOUND, "caller": LONDON, "leg": FIRST_LEG, "callee": DESK, **more}
    return CallEvent(
        "front-desk",
        SESSION,
        happening,
        key=f"0e8a5c1e-0000-4000-8000-00000000000{number}",
        order=at,
        occurred_at=at,
        **more,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "initiated_incoming",
            told(
                Happening.RINGING,
                1780000000.1,
                1,
                display_name="CYD EXAMPLE",
                attestation=Attestation.FULL,
            ),
        ),
        (
            "initiated_agent",
            told(
                Happening.RINGING,
                1780000001.2,
                2,
                direction=Direction.OUTBOUND,
                caller=None,
                agents=("ada",),
                leg=SECOND_LEG,
            ),
        ),
        (
            "answered_agent",
            told(
                Happening.ANSWERED,
                1780000005.3,
                3,
                caller=None,
                callee=None,
                agents=("ada",),
                answered_by="ada",
                leg=SECOND_LEG,
            ),
        ),
        ("bridged", told(Happening.ANSWERED, 1780000005.4, 4)),
        ("hold", told(Happening.HELD, 1780000020.0, 5)),
        ("hangup", told(Happening.ENDED, 1780000080.0, 6, result=Result.MISSED)),
        ("initiated_outgoing", told(Happening.RINGING, 1780000000.1, 7, direction=Direction.OUTBOUND)),
        (
            "machine_detection_ended",
            told(Happening.VOICEMAIL, 1780000010.0, 8, direction=Direction.OUTBOUND),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read(body(name)) == expected


def test_a_number_may_be_written_with_hyphens() -> None:
    assert event(**{"from": "+1-202-555-0133"}).caller == Dialled("+1-202-555-0133", E164("+12025550133"))


@pytest.mark.parametrize("raw", ["anonymous", "sip:anonymous@anonymous.invalid", "", None])
def test_a_caller_may_show_no_number(raw: str | None) -> None:
    assert isinstance(event(**{"from": raw}).caller, Withheld)


def test_a_call_that_came_round_is_the_forwarders() -> None:
    forwarded = [{"name": "Diversion", "value": "<sip:+442079460958@192.0.2.1>;reason=unconditional"}]
    caller = event(**{"from": DESK, "to": DESK, "direction": "incoming", "sip_headers": forwarded}).caller

    assert isinstance(caller, Dialled)
    assert caller.number == E164("+442079460958")


@pytest.mark.parametrize("headers", [None, "Diversion", [], [None], [{"name": "User-to-User", "value": "x"}]])
def test_without_a_forwarder_it_is_whoever_it_says(headers: Any) -> None:
    caller = event(**{"from": DESK, "to": DESK, "sip_headers": headers}).caller

    assert caller == Dialled(DESK, E164(DESK))


@pytest.mark.parametrize(
    ("level", "validated", "expected"),
    [
        ("A", True, Attestation.FULL),
        ("b", True, Attestation.PARTIAL),
        ("C", True, Attestation.GATEWAY),
        ("A", False, Attestation.FAILED),
        ("A", None, None),
        (None, False, None),
        ("D", True, None),
    ],
)
def test_a_level_counts_if_its_signature_was_checked(
    level: str | None, validated: bool | None, expected: Attestation | None
) -> None:
    read_event = event(
        direction="incoming", shaken_stir_attestation=level, shaken_stir_validated=validated, **{"from": DESK}
    )

    assert read_event.attestation is expected


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        ("call_rejected", Result.REJECTED),
        ("user_busy", Result.REJECTED),
        ("originator_cancel", Result.MISSED),
        ("timeout", Result.MISSED),
        ("no_answer", Result.MISSED),
        ("not_found", Result.FAILED),
        ("normal_clearing", None),
        ("time_limit", None),
        ("unspecified", None),
        (None, None),
    ],
)
def test_a_hang_up_says_how_the_call_ended(cause: str | None, result: Result | None) -> None:
    assert event("call.hangup", hangup_cause=cause).result is result


@pytest.mark.parametrize(
    ("kind", "heard", "happening"),
    [
        ("call.machine.detection.ended", "human", Happening.OTHER),
        ("call.machine.detection.ended", "not_sure", Happening.OTHER),
        ("call.machine.premium.detection.ended", "machine", Happening.VOICEMAIL),
        ("call.machine.premium.detection.ended", "fax_detected", Happening.VOICEMAIL),
        ("call.machine.premium.detection.ended", "human_business", Happening.OTHER),
        ("call.recording.saved", "machine", Happening.OTHER),
    ],
)
def test_a_machine_is_no_answer(kind: str, heard: str, happening: Happening) -> None:
    assert event(kind, result=heard).happening is happening


@pytest.mark.parametrize(
    "kind", ["call.dtmf.received", "call.cost", "call.playback.started", "call.enqueued"]
)
def test_what_happens_during_a_call_changes_nothing(kind: str) -> None:
    assert event(kind, call_session_id=SESSION).happening is Happening.OTHER


@pytest.mark.parametrize(
    "written",
    [
        b"{}",
        b'{"data": null}',
        b'{"data": {"event_type": "message.received", "payload": {}}}',
        b'{"data": {"event_type": "conference.created", "payload": {}}}',
        b'{"data": {"event_type": "call.initiated", "payload": []}}',
        b'{"data": {"event_type": 7, "payload": {}}}',
    ],
)
def test_what_tells_of_no_call_is_no_event(written: bytes) -> None:
    assert TELNYX.read(Request({}, "", written), FACTS) == ()


def lived(*names: str) -> Call:
    call = None
    for now, name in enumerate(names):
        call = advance(call, read(body(name)), float(now))
    assert call is not None
    return call


def test_an_agents_leg_moves_the_call_and_not_the_caller() -> None:
    call = lived("initiated_incoming", "initiated_agent", "answered_agent", "bridged")

    assert (call.state, call.caller, call.direction) == (State.ANSWERED, LONDON, Direction.INBOUND)
    assert (call.agents, call.answered_by) == (("ada",), "ada")


def test_disordered_events_tell_the_same() -> None:
    call = lived("bridged", "answered_agent", "initiated_agent", "initiated_incoming")

    assert (call.state, call.caller, call.answered_by) == (State.ANSWERED, LONDON, "ada")


def test_the_answer_is_an_empty_success() -> None:
    read_event = read(body("initiated_incoming"))
    call = advance(None, read_event, 0.0)
    heard = Told(Request({}, "", b""), read_event, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")

    for answered in (TELNYX.answer(heard), TELNYX.nothing):
        assert (answered.status, answered.body) == (204, b"")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [
        "from",
        "to",
        "direction",
        "call_session_id",
        "call_leg_id",
        "hangup_cause",
        "sip_headers",
        "result",
        "queue",
    ]
)
BODIES = st.binary() | st.fixed_dictionaries(
    {
        "event_type": st.sampled_from(["call.initiated", "call.hangup"]) | VALUES,
        "occurred_at": st.sampled_from(["2026-05-28T20:26:40Z", "0001-01-01T00:00:00+23:59"]) | VALUES,
        "id": VALUES,
        "payload": st.dictionaries(NAMES, VALUES) | VALUES,
    }
).map(lambda data: json.dumps({"data": data}).encode())


@given(BODIES, st.text(), st.text())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_and_are_an_event_or_none(written: bytes, shown: str, at: str) -> None:
    with pytest.raises(Unverified):
        verify(written, shown, at=at)
    try:
        TELNYX.read(Request({}, "", written), FACTS)
    except Rejected:
        return
