"""CloudEvents: three modes of one event, a handshake, and the generic words in the data."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import advance
from cti_lookup.dialects.cloudevents import CLOUDEVENTS
from cti_lookup.dialects.dialect import Answered, Facts, Request, Told
from cti_lookup.errors import Rejected, Unreadable, WrongField
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled

SAMPLES = Path(__file__).with_name("samples")
FACTS = Facts("front-desk", "US")
CALL = "5b0c1c3e-8f1d-4f0e-9a52-0d4c5b6f7a81"
LONDON = Dialled("442079460958", E164("+442079460958"))
SOURCE = "https://pbx.example/trunk/1"
STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json"
BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": SOURCE,
    "ce-type": "com.example.call.ringing",
    "ce-time": "2026-05-28T20:26:40.250Z",
    "Content-Type": "application/json",
}
DATA = {"from": "442079460958", "callId": 7}


def body(name: str) -> bytes:
    return (SAMPLES / f"cloudevents.{name}.json").read_bytes()


def read(written: bytes, headers: dict[str, str]) -> tuple[CallEvent, ...]:
    return CLOUDEVENTS.read(Request(CIMultiDict(headers), "", written), FACTS)


def structured(**fields: Any) -> tuple[CallEvent, ...]:
    event = {"specversion": "1.0", "id": "e-1", "source": SOURCE, "type": "call.ringing", **fields}
    return read(json.dumps(event).encode(), {"Content-Type": STRUCTURED})


RINGING = CallEvent(
    "front-desk",
    CALL,
    Happening.RINGING,
    Direction.INBOUND,
    LONDON,
    callee="+17135550100",
    agents=("Ada Example",),
    key=f"{SOURCE}\ne-1",
    order=1780000000.25,
    occurred_at=1780000000.25,
)
HANGUP = CallEvent(
    "front-desk",
    CALL,
    Happening.ENDED,
    Direction.INBOUND,
    LONDON,
    callee="+17135550100",
    result=Result.MISSED,
    key=f"{SOURCE}\ne-2",
    order=1780000080.0,
    occurred_at=1780000080.0,
)


@pytest.mark.parametrize(
    ("name", "headers", "expected"),
    [
        ("binary", BINARY, (RINGING,)),
        ("structured", {"Content-Type": STRUCTURED}, (RINGING,)),
        ("structured", {"Content-Type": "text/plain"}, (RINGING,)),
        ("structured", {"Content-Type": STRUCTURED, "ce-id": "another"}, (RINGING,)),
        ("batch", {"Content-Type": BATCH}, (RINGING, HANGUP)),
        ("batch", {}, (RINGING, HANGUP)),
    ],
)
def test_an_event_reads_the_same_in_every_mode(
    name: str, headers: dict[str, str], expected: tuple[CallEvent, ...]
) -> None:
    assert read(body(name), headers) == expected


def test_attributes_in_headers_are_percent_encoded() -> None:
    (event,) = read(body("binary"), {**BINARY, "ce-source": "/Z%C3%BCrich%2F1", "ce-id": "%22e%22"})

    assert event.key == '/Zürich/1\n"e"'


@pytest.mark.parametrize("data", [DATA, json.dumps(DATA)])
def test_data_may_be_json_in_json(data: Any) -> None:
    (event,) = structured(data=data)

    assert (event.caller, event.provider_id) == (LONDON, "7")


def test_data_may_be_base64() -> None:
    (event,) = structured(data_base64=base64.b64encode(json.dumps(DATA).encode()).decode())

    assert event.caller == LONDON


def test_two_sources_may_use_one_id() -> None:
    keys = {event.key for source in ("/a", "/b") for event in structured(source=source, data=DATA)}

    assert len(keys) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"data": None},
        {"data": "a text"},
        {"data": [1]},
        {"data": {"temperature": 21}},
        {"data": DATA, "type": "com.example.contact.updated"},
    ],
)
def test_what_tells_of_no_call_is_no_event(fields: dict[str, Any]) -> None:
    assert structured(**fields) == ()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": None}, "id"),
        ({"id": " "}, "id"),
        ({"id": 7}, "id"),
        ({"source": ""}, "source"),
        ({"data_base64": "?"}, "data_base64"),
        ({"data_base64": 7}, "data_base64"),
        ({"data": {"from": "1", "callId": []}}, "callId"),
    ],
)
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongField) as caught:
        structured(**fields)

    assert caught.value.field == field


@pytest.mark.parametrize("headers", [{**BINARY, "ce-id": ""}, {**BINARY, "ce-source": ""}])
def test_a_header_that_is_missing_is_named(headers: dict[str, str]) -> None:
    with pytest.raises(WrongField):
        read(body("binary"), headers)


@pytest.mark.parametrize(
    ("written", "headers"),
    [
        (b"", {}),
        (b"", {"Content-Type": STRUCTURED}),
        (b"a=1", BINARY),
        (b"[{}", {}),
        (b"{}", {"Content-Type": BATCH}),
        (b"[1]", {"Content-Type": BATCH}),
        (json.dumps([{}] * 101).encode(), {"Content-Type": BATCH}),
    ],
)
def test_what_is_no_event_is_unreadable(written: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        read(written, headers)


def test_one_bad_event_keeps_no_other_out() -> None:
    events = [{"id": "broken"}, 7, *json.loads(body("batch"))]

    assert read(json.dumps(events).encode(), {"Content-Type": BATCH}) == (RINGING, HANGUP)


def test_an_empty_batch_tells_of_nothing() -> None:
    assert read(b"[]", {"Content-Type": BATCH}) == ()


def greet(headers: dict[str, str], method: str = "OPTIONS") -> Answered | None:
    return CLOUDEVENTS.greet(Request(CIMultiDict(headers), "", b"", method), (), 0.0)


@pytest.mark.parametrize("origin", ["eventemitter.example.com", "*.example.com", "localhost:8080"])
def test_a_sender_that_asks_is_given_consent(origin: str) -> None:
    answered = greet({"webhook-request-origin": origin, "WebHook-Request-Rate": "120"})

    assert answered is not None
    assert (answered.status, answered.body) == (200, b"")
    assert answered.headers == {
        "Allow": "POST, OPTIONS",
        "WebHook-Allowed-Origin": origin,
        "WebHook-Allowed-Rate": "*",
    }


@pytest.mark.parametrize(
    "origin", ["", "a b", "a\r\nSet-Cookie: x", "<script>", "a" * 254, "ü.example", "http://a"]
)
def test_a_sender_that_is_no_host_name_is_given_none(origin: str) -> None:
    answered = greet({"WebHook-Request-Origin": origin})

    assert answered is not None
    assert answered.headers == {"Allow": "POST, OPTIONS"}


def test_an_event_is_no_handshake() -> None:
    assert greet({"WebHook-Request-Origin": "eventemitter.example.com"}, "POST") is None


def test_the_answer_is_an_empty_success() -> None:
    call = advance(None, RINGING, 0.0)
    heard = Told(Request({}, "", b""), RINGING, call, Lookup(Outcome.WITHHELD, call.caller), b"{}", b"{}")

    for answered in (CLOUDEVENTS.answer(heard), CLOUDEVENTS.nothing):
        assert (answered.status, answered.body) == (204, b"")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["id", "source", "type", "time", "data", "data_base64", "from", "callId", "event"])
EVENTS = st.fixed_dictionaries(
    {"id": st.text(min_size=1) | VALUES, "source": st.text(min_size=1) | VALUES},
    optional={"data": st.dictionaries(NAMES, VALUES) | VALUES, "type": VALUES, "data_base64": VALUES},
)
BODIES = st.binary() | (EVENTS | st.lists(EVENTS, max_size=3)).map(lambda told: json.dumps(told).encode())


@given(
    BODIES, st.sampled_from([{}, BINARY, {"Content-Type": BATCH}, {"Content-Type": STRUCTURED}]), st.text()
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_events_or_none_or_are_refused(
    written: bytes, headers: dict[str, str], origin: str
) -> None:
    greet({"WebHook-Request-Origin": origin})
    try:
        read(written, headers)
    except Rejected:
        return
