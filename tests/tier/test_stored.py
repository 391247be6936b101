"""What is stored is read as it was written, or not at all."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.answers import NOBODY, Answer
from cti_lookup.cache.stored import (
    VERSION,
    Notice,
    Stored,
    packed,
    packed_notice,
    unpacked,
    unpacked_notice,
)
from cti_lookup.questions import Forgotten

IDS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20).map(tuple)
MOMENTS = st.floats(allow_nan=False)
PEOPLE = b'[{"id":30}]'


@given(IDS, st.binary(), st.booleans(), MOMENTS)
def test_somebody_is_read_as_written(
    ids: tuple[int, ...], inner: bytes, truncated: bool, asked_at: float
) -> None:
    people = b"[{" + inner + b"}]"

    written = packed(Answer(people, truncated, 0.0, ids), asked_at)

    assert unpacked(written) == Stored(people, truncated, asked_at, ids)


def test_nobody_is_read_as_nobody() -> None:
    assert unpacked(packed(Answer(NOBODY, False, 0.0), 7.5)) == Stored(NOBODY, False, 7.5, ())


@given(st.binary())
def test_garbage_is_nothing_or_at_least_an_array(garbage: bytes) -> None:
    for value in (garbage, bytes([VERSION]) + garbage):
        found = unpacked(value)
        assert found is None or (found.people[:1], found.people[-1:]) == (b"[", b"]")


@pytest.mark.parametrize("length", range(len(packed(Answer(PEOPLE, False, 0.0, (30,)), 1.0))))
def test_what_is_cut_short_is_nothing(length: int) -> None:
    assert unpacked(packed(Answer(PEOPLE, False, 0.0, (30,)), 1.0)[:length]) is None


@pytest.mark.parametrize(
    ("people", "ids"),
    [
        (b"", ()),
        (b"[", ()),
        (b"{}", (30,)),
        (b"[]", (30,)),
        (b'[{"id":30}]', ()),
        (b"[ ]", ()),
        (b"null", (1,)),
    ],
)
def test_people_who_do_not_fit_their_ids_are_nothing(people: bytes, ids: tuple[int, ...]) -> None:
    assert unpacked(packed(Answer(people, False, 0.0, ids), 1.0)) is None


def test_another_version_is_nothing() -> None:
    written = packed(Answer(PEOPLE, False, 0.0, (30,)), 1.0)

    assert unpacked(bytes([VERSION + 1]) + written[1:]) is None


@pytest.mark.parametrize("ids", [(2**63,), tuple(range(70_000))])
def test_ids_that_no_directory_gives_out_cannot_be_written(ids: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        packed(Answer(PEOPLE, False, 0.0, ids), 1.0)


@given(st.lists(st.text(st.characters(codec="utf-8"))), st.none() | st.integers(0, 2**63 - 1), st.booleans())
def test_a_notice_is_read_as_written(marks: list[str], person: int | None, erased: bool) -> None:
    notice = Notice(struct.pack(">q", 7), Forgotten(tuple(marks), person, erased))

    assert unpacked_notice(packed_notice(notice)) == notice


@given(st.binary())
def test_garbage_is_no_notice(garbage: bytes) -> None:
    assert unpacked_notice(garbage) is None


def test_a_deep_notice_is_none() -> None:
    assert unpacked_notice(b"12345678" + b"[" * 100_000) is None
