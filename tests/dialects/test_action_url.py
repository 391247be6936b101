"""Action URLs of desk phones: what they fill in, what they leave, and the words of their menus."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.calls import Call, State, advance
from cti_lookup.dialects.action_url import ACTION_URL
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal, Invalid, Withheld
from tests.dialects.asking import ADA, found, matched, told

SAMPLES = Path(__file__).with_name("samples")
NUMBER = E164("+442079460958")


def read_all(query: str) -> tuple[CallEvent, ...]:
    return ACTION_URL.read(Request({}, query, b"", "GET"), Facts("phones", "GB"))


def read(query: str) -> CallEvent:
    (event,) = read_all(query)
    return event


def read_fields(**fields: str) -> CallEvent:
    return read(urlencode(fields))


def event_of(happening: Happening, caller: object, **fields: Any) -> CallEvent:
    common = {"provider_id": "33093", "direction": Direction.INBOUND, "callee": "1002", "agents": ("1002",)}
    return CallEvent(**{"source": "phones", "happening": happening, "caller": caller, **common, **fields})


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (
            "incoming",
            event_of(
                Happening.RINGING,
                Dialled("sip: 442079460958@192.0.2.10", NUMBER),
                display_name="SMITH JO",
            ),
        ),
        (
            "established",
            event_of(
                Happening.ANSWERED,
                Dialled("+442079460958", NUMBER),
                answered_by="1002",
            ),
        ),
        ("terminated", event_of(Happening.ENDED, Dialled("+442079460958", NUMBER))),
        (
            "outgoing",
            event_of(
                Happening.RINGING,
                Dialled("02079460958", NUMBER),
                provider_id="33094",
                direction=Direction.OUTBOUND,
            ),
        ),
        (
            "snom_incoming",
            event_of(
                Happening.RINGING,
                Dialled("<sip:02079460958@pbx.example;user=phone>", NUMBER),
                provider_id="5e8f3a@192.0.2.44",
                leg="000413aabbcc",
                callee='"Desk 1" <sip:ada@pbx.example>',
                agents=("ada",),
            ),
        ),
        (
            "grandstream_missed",
            event_of(
                Happening.ENDED,
                Withheld("anonymous"),
                provider_id=None,
                display_name="Anonymous",
                result=Result.MISSED,
            ),
        ),
        (
            "unfilled",
            event_of(
                Happening.RINGING,
                Invalid("$remote", "placeholder"),
                provider_id=None,
                callee=None,
                agents=(),
            ),
        ),
    ],
)
def test_an_event_reads_as_it_should(sample: str, expected: CallEvent) -> None:
    assert read((SAMPLES / f"action-url.{sample}.txt").read_text()) == expected


@pytest.mark.parametrize(
    ("words", "happening", "result"),
    [
        (
            "incoming|Incoming Call|incoming_call|on-incoming|action_incoming_url|Ringing",
            Happening.RINGING,
            None,
        ),
        ("action_url.incoming_call|receive_call|Received Call", Happening.RINGING, None),
        ("outgoing|Outgoing Call|action_outgoing_url|make_call", Happening.RINGING, None),
        (
            "established|Establish Call|action_url.call_established|Connected|action_connected_url",
            Happening.ANSWERED,
            None,
        ),
        ("answer|Answer New-In Call|action_url.answer_new_incoming_call", Happening.ANSWERED, None),
        ("hold|Hold Call|on-hold|action_hold_url|held", Happening.HELD, None),
        ("unhold|UnHold Call|Resume Call|action_unhold_url|unheld", Happening.ANSWERED, None),
        (
            "terminated|Terminate Call|Terminated Call|action_url.call_terminated|hang up",
            Happening.ENDED,
            None,
        ),
        ("disconnected|on-disconnected|action_disconnected_url", Happening.ENDED, None),
        (
            "missed|Missed Call|action_missed_url|action_url.missed_call|on_missed",
            Happening.ENDED,
            Result.MISSED,
        ),
        ("Reject Incoming Call|action_url.reject_incoming_call|busy", Happening.ENDED, Result.REJECTED),
        ("Forward Incoming Call", Happening.ENDED, None),
        ("cancel_callout|action_url.cancel_callout", Happening.ENDED, Result.MISSED),
        ("transfer|Transfer Finished|Blind Transfer|Attended Transferring", Happening.TRANSFERRED, None),
    ],
)
def test_an_event_goes_by_many_names(words: str, happening: Happening, result: Result | None) -> None:
    for word in words.split("|"):
        event = read_fields(event=word, remote="+442079460958", call_id="1")
        assert (word, event.happening, event.result) == (word, happening, result)


@pytest.mark.parametrize(
    "word", ["outgoing", "Outgoing Call", "action_outgoing_url", "make call", "cancel_callout"]
)
def test_some_words_tell_that_a_call_goes_out(word: str) -> None:
    assert read_fields(event=word, remote="+442079460958").direction is Direction.OUTBOUND


def test_a_direction_may_be_told_apart() -> None:
    assert read_fields(event="established", remote="1", direction="Outgoing").direction is Direction.OUTBOUND


@pytest.mark.parametrize(
    "query",
    [
        "",
        "mac=001565a0b1c2",
        "event=setup_completed&ip=192.0.2.31",
        "event=registered&local=1002",
        "event=Off+Hook&local=1002",
        "event=on_hook&local=1002&remote=%2B442079460958&call_id=1",
        "event=Transfer+Failed&remote=%2B442079460958&call_id=1",
        "event=Open+DND",
        "event=register+failed",
        "event=$event",
        "a&" * 2000,
    ],
)
def test_what_is_no_calls_is_no_event(query: str) -> None:
    assert read_all(query) == ()


def test_a_url_without_event_tells_that_it_rings() -> None:
    assert read_fields(remote="+442079460958").happening is Happening.RINGING


def test_a_caller_whom_the_phone_does_not_show_rings_too() -> None:
    assert read_fields(event="incoming", remote="", local="1002").caller is None


@pytest.mark.parametrize(
    ("remote", "caller"),
    [
        ("+442079460958", Dialled("+442079460958", NUMBER)),
        (" 442079460958", Dialled(" 442079460958", NUMBER)),
        ("sip:1003@pbx.example", Internal("sip:1003@pbx.example", "1003")),
        ("sip:anonymous@anonymous.invalid", Withheld("sip:anonymous@anonymous.invalid")),
        ("192.0.2.77", Invalid("192.0.2.77", "text")),
        ("sip:192.0.2.77:5060", Invalid("sip:192.0.2.77:5060", "text")),
        ("$remote", Invalid("$remote", "placeholder")),
    ],
)
def test_the_other_party_is_whatever_the_phone_shows(remote: str, caller: object) -> None:
    assert read_fields(event="incoming", remote=remote).caller == caller


@pytest.mark.parametrize(
    "name", ["$display_remote", "+442079460958", "sip:+442079460958@pbx.example", '""', " "]
)
def test_a_name_that_is_none_is_left_out(name: str) -> None:
    event = read_fields(event="incoming", remote="+442079460958", display_remote=name)

    assert event.display_name is None


def test_an_ip_address_is_no_line_of_ours() -> None:
    assert read_fields(event="incoming", remote="1", local="192.0.2.31").callee is None


def life(*queries: str) -> Call:
    call = None
    for query in queries:
        call = advance(call, read(query), 0.0)
    assert call is not None
    return call


def test_a_call_lives_from_its_ringing_to_its_end() -> None:
    names = ("incoming", "established", "terminated")
    calls = [
        life(*((SAMPLES / f"action-url.{name}.txt").read_text() for name in names[: n + 1])) for n in range(3)
    ]

    assert [call.state for call in calls] == [State.RINGING, State.ANSWERED, State.ENDED]
    assert (calls[2].result, calls[2].answered_by) == (Result.ANSWERED, "1002")


def test_a_phone_that_stops_ringing_does_not_end_the_call_that_another_took() -> None:
    def at_phone(mac: str, local: str, event: str) -> str:
        return urlencode(
            {"event": event, "call-id": "a1b2@pbx", "mac": mac, "local": local, "remote": "+442079460958"}
        )

    call = life(
        at_phone("01", "1001", "incoming"),
        at_phone("02", "1002", "incoming"),
        at_phone("01", "1001", "connected"),
        at_phone("02", "1002", "disconnected"),
    )

    assert (call.state, call.answered_by) == (State.ANSWERED, "1001")


def test_the_answer_is_empty_and_kept_nowhere() -> None:
    event = read_fields(event="incoming", remote="+442079460958")
    for answered in (ACTION_URL.nothing, ACTION_URL.answer(told(event, found(matched(ADA))))):
        assert (answered.status, answered.body) == (200, b"")
        assert answered.headers["Cache-Control"] == "no-store"
    assert not ACTION_URL.waits


NAMES = st.sampled_from(
    ["event", "remote", "local", "call_id", "call-id", "display_remote", "mac", "direction"]
)


@given(
    st.dictionaries(NAMES, st.text() | st.sampled_from(["incoming", "$remote", "missed"])),
    st.text(),
    st.binary(),
)
def test_any_url_and_any_bytes_are_an_event_or_none(fields: dict[str, str], query: str, body: bytes) -> None:
    read_all(urlencode(fields, errors="replace"))
    read_all(query)
    ACTION_URL.read(Request({}, "", body), Facts("phones", None))
