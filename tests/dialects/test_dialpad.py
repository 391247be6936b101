"""Dialpad: the body is a signed token, and each person a group rings is a leg."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import State, advance
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.dialects.dialpad import DIALPAD
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Withheld
from tests.dialects.tokens import signed

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1780000000.0
CALL, PERSONS_CALL = "9007199254740993", "9007199254741003"
LONDON = Dialled("+442079460958", E164("+442079460958"))
ADA = "ada@desk.example"


def body(name: str) -> bytes:
    return (SAMPLES / f"dialpad.{name}.json").read_bytes()


def token(name: str, secret: bytes = SECRET) -> bytes:
    return signed(body(name), secret).encode()


def verify(written: bytes, *secrets: bytes, now: float = NOW) -> None:
    assert DIALPAD.verify is not None
    DIALPAD.verify(Request({}, "", written), secrets or (SECRET,), now)


def refused(written: bytes, *secrets: bytes, now: float = NOW) -> str:
    with pytest.raises(Unverified) as caught:
        verify(written, *secrets, now=now)
    return caught.value.reason


def read(written: bytes) -> CallEvent:
    (event,) = DIALPAD.read(Request({}, "", written), FACTS)
    return event


def told(**fields: Any) -> CallEvent:
    return read(json.dumps({"call_id": 7, "state": "ringing", **fields}).encode())


def test_a_signed_body_verifies() -> None:
    verify(token("ringing"))
    verify(token("ringing"), b"the old one", SECRET)


def test_each_changed_letter_of_the_body_is_noticed() -> None:
    written = token("ringing")
    for place in range(0, len(written), 7):
        refused(written[:place] + bytes([written[place] ^ 1]) + written[place + 1 :])
    for bit in range(8):
        refused(written[:-1] + bytes([written[-1] ^ (1 << bit)]))


@pytest.mark.parametrize("secret", [SECRET[:-1], b"", b"another"])
def test_another_secret_does_not_verify(secret: bytes) -> None:
    assert refused(token("ringing"), secret) == "signature"


def test_plain_json_does_not_verify() -> None:
    assert refused(body("ringing")) == "signature"
    assert refused(b"") == "missing"
    assert refused("é.é.é".encode()) == "signature"


@pytest.mark.parametrize("algorithm", ["none", "HS512", "RS256"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    assert refused(signed(body("ringing"), SECRET, {"alg": algorithm}).encode()) == "algorithm"


def test_a_time_of_signing_counts_where_there_is_one() -> None:
    verify(signed({"iat": NOW}, SECRET).encode())

    assert refused(signed({"iat": NOW - 301}, SECRET).encode()) == "stale"
    assert refused(signed({"exp": NOW - 301}, SECRET).encode()) == "stale"


def test_the_same_body_again_is_a_replay() -> None:
    assert DIALPAD.timeless


def event(happening: Happening, state: str, stamp: int, **more: Any) -> CallEvent:
    more = {"direction": Direction.INBOUND, "leg": CALL, "agents": (ADA,), **more}
    return CallEvent(
        "front-desk",
        CALL,
        happening,
        caller=LONDON,
        callee="+17135550100",
        display_name="Cyd Example",
        key=f"{more['leg']}\n{state}\n{stamp}",
        order=stamp / 1000,
        occurred_at=stamp / 1000,
        **more,
    )


EVENTS = [
    ("ringing", event(Happening.RINGING, "ringing", 1780000000500)),
    ("queued_group", event(Happening.RINGING, "queued", 1780000000400, agents=(), queue="Support")),
    (
        "ringing_of_group",
        event(Happening.RINGING, "ringing", 1780000001000, leg=PERSONS_CALL, queue="Support"),
    ),
    ("connected", event(Happening.ANSWERED, "connected", 1780000006100, answered_by=ADA)),
    ("hold", event(Happening.HELD, "hold", 1780000010000)),
    ("hangup", event(Happening.ENDED, "hangup", 1780000060500, result=Result.ANSWERED)),
    ("missed", event(Happening.ENDED, "missed", 1780000020500, result=Result.MISSED)),
    ("voicemail", event(Happening.VOICEMAIL, "voicemail", 1780000021000)),
    ("calling_outbound", event(Happening.RINGING, "calling", 1780000000100, direction=Direction.OUTBOUND)),
    ("recording", event(Happening.OTHER, "recording", 1780000030000)),
]


@pytest.mark.parametrize(("name", "expected"), EVENTS)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read(token(name)) == expected


@pytest.mark.parametrize(("name", "expected"), EVENTS)
def test_plain_json_reads_the_same(name: str, expected: CallEvent) -> None:
    assert read(body(name)) == expected


def test_an_id_keeps_all_its_digits() -> None:
    assert told(call_id=2**63 - 1).provider_id == "9223372036854775807"
    assert told(call_id="9223372036854775807").provider_id == "9223372036854775807"


@pytest.mark.parametrize(
    ("target", "agents", "queue"),
    [
        ({"type": "user", "email": ADA, "name": "Ada"}, (ADA,), None),
        ({"type": "user", "email": "", "name": "Ada Example", "id": 7}, ("Ada Example",), None),
        ({"type": "room", "id": 7}, ("7",), None),
        ({"type": "department", "name": "Sales"}, (), "Sales"),
        ({"type": "call_center", "name": "Support", "email": "x@desk.example"}, (), "Support"),
        ({}, (), None),
        (None, (), None),
        ("Ada", (), None),
    ],
)
def test_a_person_is_an_agent_and_a_group_is_a_queue(
    target: Any, agents: tuple[str, ...], queue: str | None
) -> None:
    read_event = told(target=target)

    assert (read_event.agents, read_event.queue) == (agents, queue)


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"date_connected": 1780000006000}, Result.ANSWERED),
        ({"date_connected": "1780000006000"}, Result.ANSWERED),
        ({"voicemail_link": "https://voicemail.example/1"}, Result.VOICEMAIL),
        ({"date_connected": None}, None),
    ],
)
def test_a_hang_up_says_how_the_call_ended(fields: dict[str, Any], result: Result | None) -> None:
    assert told(state="hangup", **fields).result is result


def test_a_blocked_caller_is_rejected() -> None:
    assert told(state="blocked").result is Result.REJECTED


def test_a_call_between_colleagues_is_internal() -> None:
    assert told(is_internal=True, direction="outbound").direction is Direction.INTERNAL


@pytest.mark.parametrize("raw", ["", None, "anonymous", "blocked"])
def test_a_caller_may_show_no_number(raw: str | None) -> None:
    assert isinstance(told(external_number=raw).caller, Withheld)


def test_a_leg_of_another_call_names_it() -> None:
    assert told(master_call_id=8).continues == "8"
    assert told(master_call_id=7).continues is None
    assert told(master_call_id=None).continues is None


@pytest.mark.parametrize("stamp", ["", "soon", True, -1, 1e30, 10**400, None, []])
def test_a_time_that_is_none_orders_nothing(stamp: Any) -> None:
    assert told(event_timestamp=stamp).order is None


@pytest.mark.parametrize("written", [b"{}", b'{"state": "ringing"}', b'{"call_id": 7}'])
def test_what_tells_of_no_call_is_no_event(written: bytes) -> None:
    assert DIALPAD.read(Request({}, "", written), FACTS) == ()
    assert DIALPAD.read(Request({}, "", signed(written, SECRET).encode()), FACTS) == ()


def test_a_group_that_rings_a_person_is_one_call() -> None:
    call = None
    for now, name in enumerate(("queued_group", "ringing_of_group")):
        call = advance(call, read(body(name)), float(now))

    assert call is not None
    assert (call.state, call.caller, call.queue, call.agents) == (State.RINGING, LONDON, "Support", (ADA,))


def test_the_answer_is_an_empty_success() -> None:
    read_event = read(body("ringing"))
    call = advance(None, read_event, 0.0)
    heard = Told(Request({}, "", b""), read_event, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")

    for answered in (DIALPAD.answer(heard), DIALPAD.nothing):
        assert (answered.status, answered.body) == (204, b"")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["call_id", "state", "target", "external_number", "direction", "contact", "event_timestamp"]
)
BODIES = st.binary() | st.dictionaries(NAMES, VALUES).map(lambda fields: json.dumps(fields).encode())


@given(BODIES)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_and_are_an_event_or_none(written: bytes) -> None:
    refused(written)
    refused(signed(written, b"another").encode())
    for one in (written, signed(written, SECRET).encode()):
        try:
            DIALPAD.read(Request({}, "", one), FACTS)
        except Rejected:
            continue
