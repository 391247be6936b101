"""A call is read from the shared tier as it was written."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from cti_lookup.cache import stored_calls
from cti_lookup.cache.stored_calls import StoredAlias, StoredCall, packed_alias, packed_call, unpacked
from cti_lookup.calls import Call, Entry, Life, advance
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Internal, Invalid, LocalNumber, Withheld

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
OPTIONAL = st.none() | TEXT
AGENTS = st.lists(TEXT, max_size=3).map(tuple)
ORDER = st.none() | st.floats(allow_nan=False)
NUMBERS = st.builds(E164, TEXT) | st.builds(LocalNumber, TEXT, st.integers(1, 999))
CALLERS = (
    st.builds(Dialled, TEXT, NUMBERS, OPTIONAL)
    | st.builds(Internal, TEXT, TEXT)
    | st.builds(Withheld, TEXT)
    | st.builds(Invalid, TEXT, TEXT)
)
EVENTS = st.builds(
    CallEvent,
    st.just("front-desk"),
    OPTIONAL,
    st.sampled_from(Happening),
    st.sampled_from(Direction),
    st.none() | CALLERS,
    callee=OPTIONAL,
    agents=AGENTS,
    answered_by=OPTIONAL,
    queue=OPTIONAL,
    display_name=OPTIONAL,
    result=st.none() | st.sampled_from(Result),
    leg=OPTIONAL,
    continues=OPTIONAL,
    key=OPTIONAL,
    order=ORDER,
    occurred_at=ORDER,
    attestation=st.none() | st.sampled_from(Attestation),
)


@given(st.lists(EVENTS, min_size=1, max_size=6), st.floats(0, 2**40))
def test_a_call_is_read_as_it_was_written(events: list[CallEvent], at: float) -> None:
    call: Call | None = None
    for event in events:
        call = advance(call, event, at)
    assert call is not None

    assert unpacked(packed_call(at, call)) == StoredCall(at, call)


def test_another_name_of_a_call_is_read_as_it_was_written() -> None:
    assert unpacked(packed_alias("CA1")) == StoredAlias("CA1")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_call_or_nothing(value: bytes) -> None:
    assert unpacked(value) is None or isinstance(unpacked(value), StoredCall | StoredAlias)


def test_what_another_version_wrote_is_nothing() -> None:
    assert unpacked(msgspec.msgpack.encode({"version": 2, "provider_id": "CA1"})) is None
    assert unpacked(msgspec.msgpack.encode({"version": 1})) is None


def test_text_that_is_none_is_not_written() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        packed_alias("\ud800")


@pytest.mark.parametrize(
    ("form", "what"),
    [
        (stored_calls.CallForm, Call),
        (stored_calls.LifeForm, Life),
        (stored_calls.EntryForm, Entry),
        (stored_calls.EventForm, CallEvent),
    ],
)
def test_a_form_has_the_fields_of_what_it_holds(form: Any, what: Any) -> None:
    assert [field.name for field in fields(form)] == [field.name for field in fields(what)]
