"""Poly: XML that desk phones post."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.calls import State, advance
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.dialects.poly import POLY
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Invalid
from tests.dialects.asking import ADA, found, matched, told

SAMPLES = Path(__file__).with_name("samples")
NUMBER = E164("+442079460958")
BEGAN = 1_795_292_100.0
PHONE = "0004f2a0b1c2"


def sample(name: str) -> bytes:
    return (SAMPLES / f"poly.{name}.xml").read_bytes()


def read_all(body: bytes) -> tuple[CallEvent, ...]:
    return POLY.read(Request({}, "", body), Facts("phones", "GB"))


def event_of(
    happening: Happening, key: tuple[str, ...], at: float, caller: object, **fields: Any
) -> CallEvent:
    common = {"direction": Direction.INBOUND, "provider_id": None, "callee": "20300", "agents": ("20300",)}
    times = {"occurred_at": at, "key": "\n".join((PHONE, *key))}
    return CallEvent(
        **{"source": "phones", "happening": happening, "caller": caller, **common, **times, **fields}
    )


def changed(happening: Happening, state: str, time: str, at: float, **fields: Any) -> CallEvent:
    key = ("2", "CallStateChangeEvent", state, f"{time}-0700", "+442079460958", "20300")
    told_of = {"provider_id": f"{PHONE}-2", "order": at, "display_name": "Smith & Sons"}
    return event_of(happening, key, at, Dialled("+442079460958", NUMBER), **told_of, **fields)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "IncomingCallEvent",
            event_of(
                Happening.RINGING,
                ("", "IncomingCallEvent", "", "2026-11-21T13:15:00-07:00", "02079460958@192.0.2.10", "20300"),
                BEGAN,
                Dialled("02079460958@192.0.2.10", NUMBER),
                display_name="SMITH JO",
            ),
        ),
        (
            "OutgoingCallEvent",
            event_of(
                Happening.RINGING,
                ("", "OutgoingCallEvent", "", "2026-11-21T13:15:00-0700", "20300", "02079460958"),
                BEGAN,
                Dialled("02079460958", NUMBER),
                direction=Direction.OUTBOUND,
            ),
        ),
        ("offering", changed(Happening.RINGING, "Offering", "2026-11-21T13:15:00", BEGAN)),
        (
            "connected",
            changed(Happening.ANSWERED, "Connected", "2026-11-21T13:15:05", BEGAN + 5, answered_by="20300"),
        ),
        ("held", changed(Happening.HELD, "CallHold", "2026-11-21T13:16:00", BEGAN + 60)),
        ("disconnected", changed(Happening.ENDED, "Disconnected", "2026-11-21T13:18:00", BEGAN + 180)),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert read_all(sample(name)) == (expected,)


@pytest.mark.parametrize(
    "body",
    [
        sample("OnHookEvent"),
        sample("offering").replace(b"Offering", b"Dialtone"),
        sample("offering").replace(b"Offering", b"Ncas"),
        b"<PolycomIPPhone/>",
        b"<PolycomIPPhone><LineRegistrationEvent/></PolycomIPPhone>",
        b"<CallStateChangeEvent/>",
        b"",
        b"no XML",
        b'<!DOCTYPE a [<!ENTITY b "c">]><IncomingCallEvent/>',
    ],
)
def test_what_is_no_calls_is_no_event(body: bytes) -> None:
    assert read_all(body) == ()


@pytest.mark.parametrize(
    ("state", "kind", "happening", "direction"),
    [
        ("Offering", "Incoming", Happening.RINGING, Direction.INBOUND),
        ("Setup", "Outgoing", Happening.RINGING, Direction.OUTBOUND),
        ("RingBack", "", Happening.RINGING, Direction.OUTBOUND),
        ("Connected", "Outgoing", Happening.ANSWERED, Direction.OUTBOUND),
        ("CallConference", "Incoming", Happening.ANSWERED, Direction.INBOUND),
        ("Hold", "Incoming", Happening.HELD, Direction.INBOUND),
        ("CallConfHeld", "Incoming", Happening.HELD, Direction.INBOUND),
        ("Free", "Incoming", Happening.ENDED, Direction.INBOUND),
    ],
)
def test_a_state_tells_what_happened(
    state: str, kind: str, happening: Happening, direction: Direction
) -> None:
    body = sample("offering").replace(b"Offering", state.encode()).replace(b"Incoming", kind.encode())
    (event,) = read_all(body)

    assert (event.happening, event.direction) == (happening, direction)


def test_of_several_calls_on_the_line_the_one_that_changed_is_told() -> None:
    other = (
        b"<CallInfo><CallState>Connected</CallState><CallType>Incoming</CallType>"
        b"<CallingPartyDirNum>02079460100</CallingPartyDirNum><CallReference>1</CallReference></CallInfo>"
    )
    body = sample("offering").replace(b"<CallInfo>", other + b"<CallInfo>", 1)
    (event,) = read_all(body)

    assert (event.caller, event.happening) == (Dialled("+442079460958", NUMBER), Happening.RINGING)


def test_two_phones_count_their_calls_for_themselves() -> None:
    (one,) = read_all(sample("offering"))
    (two,) = read_all(sample("offering").replace(PHONE.encode(), b"0004f2a0b1c3"))

    assert one.provider_id != two.provider_id


@pytest.mark.parametrize("party", [b"192.0.2.77", b"sip:192.0.2.77"])
def test_an_ip_address_is_no_number(party: bytes) -> None:
    (event,) = read_all(sample("offering").replace(b"+442079460958", party))

    assert event.caller == Invalid(party.decode(), "text")


def test_a_call_is_told_in_whatever_order_its_events_come() -> None:
    for names in (
        ("offering", "connected", "held", "disconnected"),
        ("disconnected", "held", "offering", "connected"),
    ):
        call = None
        for event in (read_all(sample(name))[0] for name in names):
            call = advance(call, event, 0.0)
        assert call is not None
        assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, "20300")


def test_without_a_time_nothing_is_taken_for_repeated() -> None:
    (event,) = read_all(
        b"<IncomingCallEvent><CallingPartyNumber>02079460958</CallingPartyNumber></IncomingCallEvent>"
    )

    assert (event.key, event.order, event.occurred_at, event.agents) == (None, None, None, ())


def test_the_answer_is_empty() -> None:
    (event,) = read_all(sample("offering"))
    for answered in (POLY.nothing, POLY.answer(told(event, found(matched(ADA))))):
        assert (answered.status, answered.body) == (200, b"")


TAGS = st.sampled_from(
    ["IncomingCallEvent", "CallStateChangeEvent", "CallInfo", "CallingPartyNumber", "TimeStamp"]
)
TREES = st.recursive(
    st.text("0+@a", max_size=4),
    lambda inner: st.builds(lambda tag, within: f"<{tag}>{within}</{tag}>", TAGS, inner),
)


@given(st.binary() | TREES.map(str.encode))
def test_any_bytes_are_events_or_none(body: bytes) -> None:
    read_all(body)
