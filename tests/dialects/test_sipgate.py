"""sipgate.io: forms whose first answer asks for the rest of the call."""

import base64
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects.dialect import Answered, Facts, Request, Told
from cti_lookup.dialects.sipgate import SIPGATE
from cti_lookup.errors import Rejected
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Withheld

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
BERLIN = Dialled("493023125017", E164("+493023125017"))
CALL = "8800553311"
HOOK = "https://cti.example/webhooks/front-desk"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND


def sample(name: str) -> CallEvent:
    return read((SAMPLES / f"sipgate.{name}.form").read_bytes())


def read(body: bytes) -> CallEvent:
    (event,) = SIPGATE.read(Request({}, "", body), FACTS)
    return event


def read_form(**fields: str) -> CallEvent:
    return read(urlencode(fields).encode())


def answer(event: CallEvent, hook: str = HOOK, request: Request | None = None) -> Answered:
    call = advance(None, event, 0.0)
    request = request or Request({}, "", b"", token="s3cret")
    return SIPGATE.answer(
        Told(request, event, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}", hook)
    )


def hooks(answered: Answered) -> set[str]:
    """Give the URLs that an answer subscribes."""
    assert (answered.status, answered.content_type) == (200, "application/xml")
    response = ET.fromstring(answered.body)  # noqa: S314  # our own answer
    assert (response.tag, len(response), response.text) == ("Response", 0, None)
    assert set(response.attrib) in (set(), {"onAnswer", "onHangup"})
    return set(response.attrib.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "newCall_in",
            CallEvent(
                "front-desk",
                CALL,
                Happening.RINGING,
                IN,
                BERLIN,
                callee="+492214710042",
                agents=("Ada Example", "Ben Example"),
                key=f"{CALL}\nnewcall\nAda Example\nBen Example",
            ),
        ),
        (
            "newCall_out",
            CallEvent(
                "front-desk",
                "8800553312",
                Happening.RINGING,
                OUT,
                BERLIN,
                callee="+492214710042",
                agents=("Ada Example",),
                key="8800553312\nnewcall\nAda Example",
            ),
        ),
        (
            "newCall_transferred",
            CallEvent(
                "front-desk",
                "8800553399",
                Happening.RINGING,
                IN,
                BERLIN,
                callee="+492214710043",
                agents=("Cyd Example",),
                continues=CALL,
                key="8800553399\nnewcall\nCyd Example",
            ),
        ),
        (
            "answer",
            CallEvent(
                "front-desk",
                CALL,
                Happening.ANSWERED,
                IN,
                BERLIN,
                callee="+492214710042",
                agents=("Ada Example",),
                answered_by="Ada Example",
                key=f"{CALL}\nanswer\nAda Example",
            ),
        ),
        (
            "answer_voicemail",
            CallEvent(
                "front-desk",
                CALL,
                Happening.VOICEMAIL,
                IN,
                BERLIN,
                callee="+492214710042",
                key=f"{CALL}\nanswer",
            ),
        ),
        (
            "hangup",
            CallEvent(
                "front-desk",
                CALL,
                Happening.ENDED,
                IN,
                BERLIN,
                callee="+492214710042",
                result=Result.MISSED,
                key=f"{CALL}\nhangup",
            ),
        ),
        (
            "hangup_forwarded",
            CallEvent(
                "front-desk",
                CALL,
                Happening.ENDED,
                IN,
                BERLIN,
                callee="+492214710042",
                result=Result.MISSED,
                key=f"{CALL}\nhangup",
            ),
        ),
        ("dtmf", CallEvent("front-desk", CALL, Happening.OTHER, IN, None)),
    ],
)
def test_an_event_reads_as_it_should(name: str, expected: CallEvent) -> None:
    assert sample(name) == expected


@pytest.mark.parametrize("region", [None, "US", "IT"])
def test_no_region_changes_a_number(region: str | None) -> None:
    (event,) = SIPGATE.read(
        Request({}, "", (SAMPLES / "sipgate.newCall_in.form").read_bytes()), Facts("front-desk", region)
    )

    assert (event.caller, event.callee) == (BERLIN, "+492214710042")


@pytest.mark.parametrize("word", ["anonymous", "", " ", "266696687"])
def test_a_caller_may_show_no_number(word: str) -> None:
    assert isinstance(read_form(event="newCall", callId=CALL, **{"from": word}).caller, Withheld)


def test_a_hang_up_may_name_no_number() -> None:
    event = read_form(event="hangup", callId=CALL, cause="normalClearing")

    assert (event.happening, event.caller, event.callee) == (Happening.ENDED, None, None)


def test_the_first_push_of_all_had_no_event_word() -> None:
    assert read_form(**{"from": "493023125017", "to": "492214710042"}).happening is Happening.RINGING


def test_our_own_line_is_no_caller_of_a_call_that_came_round() -> None:
    event = read_form(
        event="newCall", diversion="493023125017", **{"from": "492214710042", "to": "492214710042"}
    )

    assert event.caller == BERLIN


def test_a_diversion_leaves_any_other_caller_alone() -> None:
    event = read_form(
        event="newCall", diversion="492214710040", **{"from": "493023125017", "to": "492214710042"}
    )

    assert event.caller == BERLIN


def test_users_without_names_are_told_by_their_ids() -> None:
    assert read(b"event=newCall&userId[]=w3&fullUserId[]=7654321w3").agents == ("7654321w3",)


def test_who_answered_without_a_name_is_told_by_number() -> None:
    assert read_form(event="answer", answeringNumber="492214710051").answered_by == "492214710051"


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        ("normalClearing", Result.MISSED),
        ("busy", Result.REJECTED),
        ("cancel", Result.MISSED),
        ("noAnswer", Result.MISSED),
        ("congestion", Result.FAILED),
        ("notFound", Result.FAILED),
        ("something new", None),
    ],
)
def test_a_cause_says_how_an_unanswered_call_ended(cause: str, result: Result | None) -> None:
    assert read_form(event="hangup", callId=CALL, cause=cause).result is result


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"a=1", b"a=1&" * 1000])
def test_what_is_no_event_is_answered_with_nothing_to_do(body: bytes) -> None:
    assert SIPGATE.read(Request({}, "", body), FACTS) == ()
    assert hooks(SIPGATE.nothing) == set()


@pytest.mark.parametrize("name", ["newCall_in", "newCall_out", "newCall_transferred"])
def test_a_new_call_is_answered_with_where_the_rest_of_it_goes(name: str) -> None:
    assert hooks(answer(sample(name))) == {HOOK}


@pytest.mark.parametrize("name", ["answer", "answer_voicemail", "hangup", "hangup_forwarded", "dtmf"])
def test_any_other_event_is_answered_with_nothing_to_do(name: str) -> None:
    assert answer(sample(name)) == SIPGATE.nothing


def test_without_a_public_url_nothing_is_asked_for() -> None:
    assert answer(sample("newCall_in"), hook="") == SIPGATE.nothing


@pytest.mark.parametrize(
    "hook", ['https://cti.example/a"b', "https://cti.example/a&b<c>'d", "https://ü.example/"]
)
def test_the_url_is_escaped(hook: str) -> None:
    assert hooks(answer(sample("newCall_in"), hook=hook)) == {hook}


def basic(password: bytes) -> Request:
    shown = base64.b64encode(b"sipgate:" + password).decode()
    return Request(CIMultiDict({"Authorization": f"Basic {shown}"}), "", b"")


def test_a_password_that_opened_the_door_opens_it_again() -> None:
    assert hooks(answer(sample("newCall_in"), request=basic(b"p@ss:w/rd"))) == {
        "https://sipgate:p%40ss%3Aw%2Frd@cti.example/webhooks/front-desk"
    }


def test_a_key_in_the_query_opens_the_door_again() -> None:
    request = Request({}, "", b"", target="/webhooks/front-desk?key=a%26b")

    assert hooks(answer(sample("newCall_in"), request=request)) == {f"{HOOK}?key=a%26b"}


NAMES = st.sampled_from(
    ["event", "from", "to", "direction", "callId", "user[]", "user", "cause", "diversion"]
)
WORDS = st.sampled_from(["newCall", "answer", "hangup", "in", "out", "voicemail", "493023125017"]) | st.text()
BODIES = st.binary() | st.dictionaries(NAMES, WORDS | st.binary()).map(
    lambda fields: urlencode(fields, errors="replace").encode()
)


@given(BODIES, st.binary())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_an_event_or_none_and_the_answer_is_well_formed(body: bytes, password: bytes) -> None:
    try:
        events = SIPGATE.read(Request({}, "", body), FACTS)
    except Rejected:
        return
    for event in events:
        hooks(answer(event, request=basic(password)))


def test_the_number_that_answers_a_call_that_goes_out_is_none_of_our_agents() -> None:
    event = read_form(event="answer", direction="out", answeringNumber="492214710051")

    assert (event.happening, event.answered_by) == (Happening.ANSWERED, None)
