"""The generic dialect: Zammad's words and plainer ones, as JSON or form, and whatever else may come instead."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects import DIALECTS, Answered, Facts, Request, Told
from cti_lookup.errors import Rejected, Unreadable, WrongField
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal, Invalid, Withheld

SAMPLES = Path(__file__).with_name("samples")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
CALL = "5b0c1c3e-8f1d-4f0e-9a52-0d4c5b6f7a81"


def read(body: bytes, content_type: str = JSON, **query: str) -> CallEvent:
    request = Request({"Content-Type": content_type}, urlencode(query), body)
    (event,) = DIALECTS["generic"].read(request, Facts("front-desk", "US"))
    return event


def read_json(**fields: Any) -> CallEvent:
    return read(json.dumps(fields).encode())


def read_form(*pairs: tuple[str, str]) -> CallEvent:
    return read(urlencode(pairs).encode(), FORM)


def sample(name: str) -> CallEvent:
    return read((SAMPLES / name).read_bytes(), FORM if name.endswith(".form") else JSON)


LONDON = Dialled("442079460958", E164("+442079460958"))


def test_a_new_call_rings() -> None:
    assert sample("zammad.newCall_in.json") == CallEvent(
        source="front-desk",
        provider_id=CALL,
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=LONDON,
        callee="+17135550100",
        agents=("Ada Example", "Ben Example"),
        queue="support",
    )


def test_an_answer_tells_who_answered() -> None:
    event = sample("zammad.answer_in.json")

    assert (event.happening, event.answered_by) == (Happening.ANSWERED, "ada@desk.example")
    assert event.agents == ("Ada Example", "Ben Example")


def test_a_hang_up_ends_the_call() -> None:
    event = sample("zammad.hangup_in.json")

    assert (event.happening, event.provider_id) == (Happening.ENDED, CALL)


def test_of_an_outgoing_call_the_caller_is_whom_we_called() -> None:
    event = sample("zammad.newCall_out.json")

    assert (event.direction, event.caller, event.callee) == (Direction.OUTBOUND, LONDON, "+17135550100")
    assert (event.provider_id, event.agents) == ("7001", ("Ada Example",))


def test_a_form_tells_the_same_as_json() -> None:
    event = sample("zammad.newCall_in.form")

    assert (event.happening, event.caller, event.provider_id) == (Happening.RINGING, LONDON, "7001")
    assert event.agents == ("Ada Example", "Ben Example")


@pytest.mark.parametrize("name", ["origCallId", "orig_call_id"])
@pytest.mark.parametrize("value", ["7001", 7001])
def test_a_transferred_call_goes_on_from_the_first(name: str, value: Any) -> None:
    assert read_json(**{"event": "newCall", "callId": "7002", name: value}).continues == "7001"


def test_a_transfer_tells_whom_the_call_was_moved_to() -> None:
    event = read_json(event="transfer", callId="7001", user="Cyd Example")

    assert (event.happening, event.agents) == (Happening.TRANSFERRED, ("Cyd Example",))


def test_voicemail_that_picks_up_is_no_agent_and_no_answer() -> None:
    event = read_json(event="answer", callId="7001", user="voicemail")

    assert (event.happening, event.agents) == (Happening.VOICEMAIL, ())


def test_an_event_of_reused_ids_has_no_key() -> None:
    assert sample("zammad.newCall_in.json").key is None


@pytest.mark.parametrize("name", ["callId", "call_id"])
@pytest.mark.parametrize("value", ["7001", 7001, " 7001 "])
def test_a_call_is_named_by_text_or_number(name: str, value: Any) -> None:
    assert read_json(**{name: value}).provider_id == "7001"


@pytest.mark.parametrize("fields", [{}, {"callId": None}, {"callId": ""}, {"callId": " "}])
def test_a_call_may_have_no_name(fields: dict[str, Any]) -> None:
    assert read_json(**fields).provider_id is None


@pytest.mark.parametrize("name", ["user", "user[]", "caller", "caller[]"])
@pytest.mark.parametrize("value", ["Ada", ["Ada"], ["Ada", ""], ["Ada", None]])
def test_agents_are_one_or_many(name: str, value: Any) -> None:
    assert read_json(**{name: value}).agents == ("Ada",)


def test_repeated_fields_of_a_form_are_many_agents() -> None:
    assert read_form(("user[]", "Ada"), ("user[]", "Ben"), ("user[]", "42")).agents == ("Ada", "Ben", "42")


@pytest.mark.parametrize(
    ("word", "happening"),
    [
        ("newCall", Happening.RINGING),
        ("NEWCALL", Happening.RINGING),
        ("ringing", Happening.RINGING),
        ("answer", Happening.ANSWERED),
        ("connected", Happening.ANSWERED),
        ("hold", Happening.HELD),
        ("unhold", Happening.ANSWERED),
        ("transfer", Happening.TRANSFERRED),
        ("voicemail", Happening.VOICEMAIL),
        ("hangup", Happening.ENDED),
        ("missed", Happening.ENDED),
        ("dtmf", Happening.OTHER),
        (0, Happening.OTHER),
        ("", Happening.RINGING),
        (None, Happening.RINGING),
    ],
)
def test_an_event_says_what_has_happened(word: str | int | None, happening: Happening) -> None:
    assert read_json(event=word).happening is happening


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("in", Direction.INBOUND),
        ("Inbound", Direction.INBOUND),
        ("incoming", Direction.INBOUND),
        ("out", Direction.OUTBOUND),
        ("outbound", Direction.OUTBOUND),
        ("OUTGOING", Direction.OUTBOUND),
        ("internal", Direction.INTERNAL),
        (None, Direction.INBOUND),
        ("", Direction.INBOUND),
    ],
)
def test_a_direction_is_told_in_several_words(word: str | None, direction: Direction) -> None:
    assert read_json(direction=word).direction is direction


@pytest.mark.parametrize(
    ("cause", "result"),
    [
        ("normalClearing", Result.MISSED),
        ("busy", Result.REJECTED),
        ("cancel", Result.MISSED),
        ("noAnswer", Result.MISSED),
        ("congestion", Result.FAILED),
        ("notFound", Result.FAILED),
        ("forwarded", Result.MISSED),
        ("VoiceMail", Result.VOICEMAIL),
        ("something new", None),
        (None, None),
    ],
)
def test_a_cause_says_how_an_unanswered_call_ended(cause: str | None, result: Result | None) -> None:
    assert read_json(event="hangup", cause=cause).result is result


@pytest.mark.parametrize("value", ["+17135550100", "ada", "ada@desk.example", 1002])
def test_who_answered_is_a_number_a_login_an_address_or_an_id(value: Any) -> None:
    assert read_json(event="answer", answeringNumber=value).answered_by == str(value)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("anonymous", Withheld),
        (None, Withheld),
        (442079460958, Dialled),
        (["442079460958"], Dialled),
        (1045, Internal),
        ({"number": "442079460958"}, Invalid),
        (True, Invalid),
        ([[[]]], Invalid),
        (1.5, Invalid),
    ],
)
def test_a_caller_may_be_anything_and_the_phone_rings_on(raw: Any, kind: type) -> None:
    assert isinstance(read_json(**{"event": "newCall", "from": raw}).caller, kind)


def test_an_event_that_names_no_caller_has_none() -> None:
    assert read_json(event="hangup", callId="7001").caller is None


@pytest.mark.parametrize(
    ("raw", "callee"),
    [("1002", "1002"), ("support", "support"), ("(713) 987-2967", "+17139872967"), ("", None), ({}, None)],
)
def test_the_called_line_is_a_number_an_extension_or_a_text(raw: Any, callee: str | None) -> None:
    assert read_json(to=raw).callee == callee


@pytest.mark.parametrize(
    "body",
    [
        "callerName=J%FCrgen".encode("latin-1"),
        "callerName=Jürgen".encode("latin-1"),
        b"callerName=J%C3%BCrgen",
        "callerName=Jürgen".encode(),
    ],
)
def test_a_form_is_utf_8_or_latin_1(body: bytes) -> None:
    assert read(body, FORM).display_name == "Jürgen"


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", FORM, JSON, ""])
def test_json_is_json_whatever_it_is_called(content_type: str) -> None:
    assert read(b' {"callId": "7001"} ', content_type).provider_id == "7001"


@pytest.mark.parametrize("content_type", ["text/plain", FORM, JSON, ""])
def test_a_form_is_a_form_whatever_it_is_called(content_type: str) -> None:
    assert read(b"callId=7001", content_type).provider_id == "7001"


def test_without_a_body_the_query_tells_the_event() -> None:
    assert read(b"", "", **{"callId": "7001", "from": "442079460958"}).caller == LONDON


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"42",
        b"null",
        b'"text"',
        b"{",
        b'{"a":',
        b"\xff\xfe",
        b"{" * 10_000,
        b'{"a":' * 10_000,
        b"[" * 10_000,
        b'{"from":"\\ud800"',
    ],
)
def test_what_is_neither_an_object_nor_a_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_a_form_of_too_many_fields_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(b"a=1&" * 1000, FORM)


@pytest.mark.parametrize(
    "name", ["event", "direction", "callId", "call_id", "answeringNumber", "queue", "cause", "display_name"]
)
@pytest.mark.parametrize("value", [True, 1.5, [], {}])
def test_a_field_of_the_wrong_type_is_named(name: str, value: Any) -> None:
    with pytest.raises(WrongField) as caught:
        read_json(**{name: value})

    assert caught.value.field == name


@pytest.mark.parametrize("name", ["user", "user[]", "caller", "caller[]"])
@pytest.mark.parametrize("value", [True, {}, [{}], [["Ada"]], [1.5]])
def test_agents_of_the_wrong_type_are_named(name: str, value: Any) -> None:
    with pytest.raises(WrongField) as caught:
        read_json(**{name: value})

    assert caught.value.field == name


@pytest.mark.parametrize("word", ["sideways", 0])
def test_a_direction_nobody_knows_is_refused(word: str | int) -> None:
    with pytest.raises(WrongField) as caught:
        read_json(direction=word)

    assert caught.value.field == "direction"


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(WrongField) as caught:
        read_json(**{"from": "+442079460958", "direction": "+442079460958"})

    assert "442079460958" not in str(caught.value)


def told() -> Told:
    event = read_json(callId="7001")
    call = advance(None, event, 0.0)
    lookup = Lookup(Outcome.WITHHELD, call.caller)
    return Told(Request({}, "", b""), event, call, lookup, b'{"id":1}', b"{}")


def test_our_own_answer_holds_the_call_and_the_lookup() -> None:
    assert DIALECTS["generic"].answer(told()) == Answered(b'{"call":{"id":1},"lookup":{}}')


def test_zammads_answer_asks_for_nothing() -> None:
    assert DIALECTS["zammad"].answer(told()) == Answered(b"{}")


NAMES = st.sampled_from(
    ["event", "from", "to", "direction", "callId", "user", "user[]", "cause", "queue", "x"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.one_of(
    st.binary(),
    st.dictionaries(NAMES, VALUES).map(lambda fields: json.dumps(fields).encode()),
    st.dictionaries(NAMES, st.binary()).map(lambda fields: urlencode(fields).encode()),
    st.lists(st.tuples(NAMES, st.text(st.characters(codec="latin-1")))).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode("latin-1")
    ),
)


@given(BODIES, st.sampled_from([FORM, JSON, "text/plain", "", "application/xml"]) | st.text())
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_event_or_are_refused(body: bytes, content_type: str) -> None:
    try:
        event = read(body, content_type)
    except Rejected:
        return
    assert isinstance(event, CallEvent)


@pytest.mark.parametrize("written", ["442079460958", "+44 20 7946 0958"])
def test_the_number_that_answers_a_call_that_goes_out_is_none_of_our_agents(written: str) -> None:
    fields = {"event": "answer", "direction": "out", "from": "+17135550100", "to": "+442079460958"}

    assert read_json(**fields, answeringNumber=written).answered_by is None
    assert read_json(**fields, answeringNumber="ada@example.com").answered_by == "ada@example.com"


@pytest.mark.parametrize(
    "written", [b'{"from":"+442079460958","callId":"7"}', b"from=%2B442079460958&callId=7"]
)
def test_a_byte_order_mark_before_the_body_is_passed_over(written: bytes) -> None:
    assert read(b"\xef\xbb\xbf" + written) == read(written)
