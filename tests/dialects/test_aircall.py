"""Aircall: JSON with the webhook's token in it, and one event for each agent it rings."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects.aircall import AIRCALL
from cti_lookup.dialects.dialect import Facts, Request, Told
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
TOKEN = b"0123456789abcdef0123456789abcdef"
CALL = "9007199254740993"
LONDON = Dialled("+44 20 7946 0958", E164("+442079460958"))
ADA, BEN = "ada@desk.example", "ben@desk.example"


def body(name: str) -> bytes:
    return (SAMPLES / f"aircall.call_{name}.json").read_bytes()


def sample(name: str) -> CallEvent:
    (event,) = AIRCALL.read(Request({}, "", body(name)), FACTS)
    return event


def read(event: str = "call.created", **data: Any) -> CallEvent:
    written = json.dumps({"event": event, "timestamp": 1780000000, "data": data}).encode()
    return AIRCALL.read(Request({}, "", written), FACTS)[0]


def verify(written: bytes, *secrets: bytes) -> None:
    assert AIRCALL.verify is not None
    AIRCALL.verify(Request({}, "", written), secrets, 0.0)


def inbound(happening: Happening, at: float, key: str, **more: Any) -> CallEvent:
    return CallEvent(
        "front-desk",
        CALL,
        happening,
        Direction.INBOUND,
        LONDON,
        callee="+17135550100",
        key=f"{CALL}\n{key}",
        order=at,
        occurred_at=at,
        **more,
    )


def test_the_token_in_the_body_verifies() -> None:
    verify(body("created"), TOKEN)
    verify(body("created"), b"the old one", TOKEN)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (body("created").replace(b"0123456789abcdef", b"0123456789abcdee"), "signature"),
        (b'{"token": " 0123456789abcdef0123456789abcdef"}', "signature"),
        (b'{"token": "\xc3\xa9"}', "signature"),
        (b'{"token": ""}', "missing"),
        (b'{"token": null}', "missing"),
        (b'{"token": ["0123456789abcdef0123456789abcdef"]}', "missing"),
        (b'{"data": {"token": "0123456789abcdef0123456789abcdef"}}', "missing"),
        (b"{}", "missing"),
        (b"[]", "missing"),
        (b"", "missing"),
        (b"\xff", "missing"),
        (b'{"a":' * 1000, "missing"),
        (b'{"token": "\\ud800"}', "missing"),
    ],
)
def test_a_body_without_the_token_does_not(written: bytes, reason: str) -> None:
    with pytest.raises(Unverified) as caught:
        verify(written, TOKEN)

    assert caught.value.reason == reason


def test_another_secret_or_none_does_not_verify() -> None:
    for secrets in ((b"1" + TOKEN[1:],), (TOKEN[:-1],), ()):
        with pytest.raises(Unverified):
            verify(body("created"), *secrets)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "created",
            inbound(Happening.RINGING, 1780000000, "call.created\n1780000000\n", display_name="Cyd Example"),
        ),
        (
            "ringing_on_agent",
            inbound(
                Happening.RINGING,
                1780000001,
                "call.ringing_on_agent\n1780000001\n5101",
                agents=(ADA,),
                queue="Support",
            ),
        ),
        (
            "agent_declined",
            inbound(Happening.OTHER, 1780000004, "call.agent_declined\n1780000004\n5101"),
        ),
        (
            "answered",
            inbound(
                Happening.ANSWERED,
                1780000006,
                "call.answered\n1780000006\n5102",
                agents=(BEN,),
                answered_by=BEN,
            ),
        ),
        ("hold", inbound(Happening.HELD, 1780000010, "call.hold\n1780000010\n5102", agents=(BEN,))),
        ("unhold", inbound(Happening.ANSWERED, 1780000015, "call.unhold\n1780000015\n5102", agents=(BEN,))),
        (
            "transferred",
            inbound(Happening.TRANSFERRED, 1780000020, "call.transferred\n1780000020\n5102", agents=(ADA,)),
        ),
        (
            "hungup",
            inbound(
                Happening.ENDED,
                1780000030,
                "call.hungup\n1780000030\n5101",
                agents=(ADA,),
                result=Result.ANSWERED,
            ),
        ),
        (
            "ended_missed",
            inbound(Happening.ENDED, 1780000060, "call.ended\n1780000060\n", result=Result.MISSED),
        ),
        (
            "voicemail_left",
            inbound(
                Happening.VOICEMAIL, 1780000070, "call.voicemail_left\n1780000070\n", result=Result.VOICEMAIL
            ),
        ),
        (
            "tagged",
            inbound(Happening.ENDED, 1780000080, "call.tagged\n1780000080\n5101", result=Result.ANSWERED),
        ),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert sample(name) == expected


@pytest.mark.parametrize(
    ("word", "direction"),
    [("inbound", Direction.INBOUND), ("outbound", Direction.OUTBOUND), (None, Direction.INBOUND)],
)
def test_the_other_party_stands_in_one_field_in_both_directions(
    word: str | None, direction: Direction
) -> None:
    event = read(direction=word, raw_digits="+44 20 7946 0958", number={"digits": "+1 713-555-0100"})

    assert (event.direction, event.caller, event.callee) == (direction, LONDON, "+17135550100")


@pytest.mark.parametrize("raw", ["anonymous", "", None])
def test_a_caller_may_show_no_number(raw: str | None) -> None:
    assert isinstance(read(raw_digits=raw).caller, Withheld)


def test_an_event_that_names_no_caller_has_none() -> None:
    assert read().caller is None


@pytest.mark.parametrize(
    ("user", "agents"),
    [
        ({"id": 5101, "email": ADA}, (ADA,)),
        ({"id": 5101, "email": None}, ("5101",)),
        ({"id": 5101}, ("5101",)),
        ({}, ()),
        (None, ()),
        ("Ada", ()),
    ],
)
def test_an_agent_is_told_by_address_else_by_id(user: Any, agents: tuple[str, ...]) -> None:
    assert read("call.ringing_on_agent", user=user).agents == agents


def test_a_call_may_be_moved_to_a_number_outside() -> None:
    event = read("call.external_transferred", id=7, external_transferred_to="+44 20 7946 0999")

    assert (event.happening, event.agents) == (Happening.TRANSFERRED, ("+442079460999",))


def test_a_transfer_that_failed_moves_nobody() -> None:
    event = read("call.unsuccessful_transfer", transferred_to={"id": 5101, "email": ADA})

    assert (event.happening, event.agents) == (Happening.OTHER, ())


@pytest.mark.parametrize(
    ("data", "result"),
    [
        ({"answered_at": 1780000006, "voicemail": None}, Result.ANSWERED),
        ({"answered_at": None, "voicemail": "https://voicemail.example/1.mp3"}, Result.VOICEMAIL),
        ({"answered_at": None, "voicemail": None, "missed_call_reason": "abandoned_in_ivr"}, Result.MISSED),
        ({}, Result.MISSED),
    ],
)
@pytest.mark.parametrize("event", ["call.hungup", "call.ended"])
def test_an_end_says_how_the_call_ended(event: str, data: dict[str, Any], result: Result) -> None:
    assert read(event, **data).result is result


@pytest.mark.parametrize("event", ["call.tagged", "call.assigned", "call.commented", "call.something_new"])
def test_an_event_of_a_call_under_way_changes_nothing(event: str) -> None:
    told = read(event, id=7, status="answered", user={"id": 5101})

    assert (told.happening, told.agents, told.result) == (Happening.OTHER, (), None)


def test_an_end_with_a_voicemail_tells_of_both() -> None:
    data = {"id": 7, "voicemail": "https://voicemail.example/1.mp3"}
    written = json.dumps({"event": "call.ended", "timestamp": 1780000060, "data": data}).encode()
    ended, recorded = AIRCALL.read(Request({}, "", written), FACTS)

    assert (ended.happening, recorded.happening) == (Happening.ENDED, Happening.VOICEMAIL)
    assert ended.key != recorded.key


def test_two_agents_who_are_rung_at_once_are_two_events() -> None:
    events = [read("call.ringing_on_agent", id=7, user={"id": one}) for one in (5101, 5102)]

    assert len({event.key for event in events}) == 2


@pytest.mark.parametrize(
    "written",
    [
        b'{"event": "user.created", "data": {}}',
        b'{"event": "call.created", "data": []}',
        b'{"event": "call.created"}',
        b'{"event": null, "data": {}}',
        b"{}",
    ],
)
def test_what_tells_of_no_call_is_no_event(written: bytes) -> None:
    assert AIRCALL.read(Request({}, "", written), FACTS) == ()


@pytest.mark.parametrize("at", ["1780000000", True, -1, 1e30, 10**400, None, []])
def test_a_time_that_is_none_orders_nothing(at: Any) -> None:
    written = json.dumps({"event": "call.created", "timestamp": at, "data": {"id": 7}}).encode()
    (event,) = AIRCALL.read(Request({}, "", written), FACTS)

    assert (event.order, event.occurred_at) == (None, None)


def test_the_answer_is_an_ok_that_never_holds_the_token() -> None:
    event = sample("created")
    call = advance(None, event, 0.0)
    request = Request({}, "", body("created"))
    told = Told(request, event, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")

    for answered in (AIRCALL.answer(told), AIRCALL.nothing):
        assert (answered.status, answered.body) == (200, b"{}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["id", "raw_digits", "number", "user", "teams", "contact", "direction", "answered_at"]
)
BODIES = st.binary() | st.fixed_dictionaries(
    {
        "event": st.sampled_from(["call.created", "call.ended", "call.transferred"]) | VALUES,
        "timestamp": VALUES,
        "token": VALUES,
        "data": st.dictionaries(NAMES, VALUES) | VALUES,
    }
).map(lambda message: json.dumps(message).encode())


@given(BODIES)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_and_are_an_event_or_none(written: bytes) -> None:
    with pytest.raises(Unverified):
        verify(written, TOKEN)
    try:
        AIRCALL.read(Request({}, "", written), FACTS)
    except Rejected:
        return
