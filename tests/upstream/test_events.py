"""What the directory says: bytes in, one of three events or a rejection out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.errors import Rejected, Unreadable, WrongField
from cti_lookup.rservice.signatures import verifier_of
from cti_lookup.rservice.upstream import (
    Delivered,
    Event,
    Other,
    PersonChanged,
    VerificationAsked,
    delivery_of,
    read_delivery,
)
from cti_lookup.rservice.writers import Unsigned, Verifier
from tests.upstream.signing import NOW, SECRET, plain

CALLBACK = "https://wdc.r-service.example/webhooks/2/verify?code=c0de&expires_at=1795291200"


def event_of(body: bytes) -> Event:
    return read_delivery(body, {"X-4me-Delivery": "d-1"}, Unsigned(), now=NOW).event


@pytest.mark.parametrize("event", ["person.create", "person.update"])
def test_the_changed_person_is_the_object_and_not_who_changed_it(event: str) -> None:
    assert event_of(plain(event=event)) == PersonChanged(30, "d-1")


def test_a_verification_names_where_to_call_back() -> None:
    body = plain(event="webhook.verify", payload={"callback": CALLBACK})
    assert event_of(body) == VerificationAsked(CALLBACK)


@pytest.mark.parametrize(
    "event", ["organization.update", "person.purged", "Person.Update", "automation_rule"]
)
def test_any_other_event_is_taken_whatever_else_it_says(event: str) -> None:
    assert event_of(plain(event=event, object_id="none", payload=None)) == Other(event)


@pytest.mark.parametrize(
    "number", [0, -1, 1.0, 1.5, "30", True, None, [30], {"id": 30}, 2**53 + 1, 10**400], ids=repr
)
def test_an_id_is_a_positive_integer_that_no_reader_rounds(number: Any) -> None:
    with pytest.raises(WrongField) as caught:
        event_of(plain(object_id=number))
    assert caught.value.field == "object_id"


def test_the_largest_id_is_taken() -> None:
    assert event_of(plain(object_id=2**53)) == PersonChanged(2**53, "d-1")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({}, "event"),
        ({"event": None}, "event"),
        ({"event": ""}, "event"),
        ({"event": "person.update\n"}, "event"),
        ({"event": "a b"}, "event"),
        ({"event": "x" * 101}, "event"),
        ({"event": "person.update"}, "object_id"),
        ({"event": "webhook.verify"}, "payload"),
        ({"event": "webhook.verify", "payload": []}, "payload"),
        ({"event": "webhook.verify", "payload": {}}, "payload.callback"),
        ({"event": "webhook.verify", "payload": {"callback": 1}}, "payload.callback"),
        ({"event": "webhook.verify", "payload": {"callback": ""}}, "payload.callback"),
        ({"event": "webhook.verify", "payload": {"callback": "h" * 2049}}, "payload.callback"),
    ],
    ids=repr,
)
def test_a_field_that_is_missing_or_wrong_is_named(message: Any, field: str) -> None:
    with pytest.raises(WrongField) as caught:
        event_of(json.dumps(message).encode())
    assert caught.value.field == field


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"person.update"',
        b"\xff\xfe",
        b'\xef\xbb\xbf{"event": "x"}',
        '{"event": "x"}'.encode("utf-16"),
        b'{"event": "x", "event": "person.update", "object_id": 1}',
        b'{"event": "x", "payload": {"a": 1, "a": 2}}',
        b'{"event": "x", "payload": NaN}',
        b'{"event": "x", "payload": -Infinity}',
        b'{"event": "x", "payload": 1e999}',
        b'{"event": "x", "payload": "\\ud800"}',
        b'{"event": "x", "payload": ' + b"9" * 5000 + b"}",
        b'{"event": "x", "payload": ' + b"[" * 32 + b"]" * 32 + b"}",
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"event": "x"} {}',
        b"event=person.update&object_id=30",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_could_be_read_in_two_ways_or_in_none_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        event_of(body)


def test_thirty_two_levels_are_not_too_deep() -> None:
    body = b'{"event": "x", "payload": ' + b"[" * 31 + b"]" * 31 + b"}"
    assert event_of(body) == Other("x")


@pytest.mark.parametrize(
    ("headers", "delivery"),
    [
        ({}, ""),
        ({"X-4me-Delivery": "a-1"}, "a-1"),
        ({"x-xurrent-delivery": "a-1"}, "a-1"),
        ({"X-R-Service-Delivery": "a-1"}, "a-1"),
        ({"x-xurrent-delivery-origin": "a-0"}, ""),
        ({"X-4me-Delivery": "+17139872967"}, ""),
        ({"X-4me-Delivery": "x" * 65}, ""),
        ({"X-4me-Delivery": "a\n1"}, ""),
    ],
)
def test_a_delivery_is_named_in_whichever_spelling_of_the_header(
    headers: dict[str, str], delivery: str
) -> None:
    assert delivery_of(headers) == delivery


def read_or_reject(body: bytes, verifier: Verifier) -> Delivered | Rejected:
    try:
        return read_delivery(body, {}, verifier, now=NOW)
    except Rejected as rejected:
        return rejected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = st.sampled_from(["event", "object_id", "payload", "callback", "jwt", "data"])
_EVENTS = st.sampled_from(["person.update", "webhook.verify", "other"])
_MESSAGES = st.dictionaries(_FIELDS, _JSON | _EVENTS | st.dictionaries(_FIELDS, _JSON)).map(
    lambda message: json.dumps(message).encode()
)


@given(st.binary() | _MESSAGES | _JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_any_bytes_whatever_give_an_event_or_a_rejection(body: bytes) -> None:
    for verifier in (Unsigned(), verifier_of([SECRET])):
        assert isinstance(read_or_reject(body, verifier), Delivered | Rejected)
