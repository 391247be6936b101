"""Names tell nothing, and a seal opens only where it was closed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.cache.sealing import Seal, Seals

SEAL = Seal(b"one secret")
OTHER = Seal(b"another secret")


@given(st.text())
def test_a_name_is_the_same_each_time_and_shows_64_hex_digits_only(text: str) -> None:
    name = SEAL.name(text)

    assert re.fullmatch("[0-9a-f]{64}", name)
    assert name == SEAL.name(text) == Seal(b"one secret").name(text)


def test_a_text_that_is_no_unicode_has_a_name_too() -> None:
    assert SEAL.name("\ud800") != SEAL.name("\udfff")


def test_names_under_different_secrets_have_nothing_in_common() -> None:
    assert SEAL.name("+17139872967") != OTHER.name("+17139872967")


def test_two_seals_share_no_remembered_names() -> None:
    one, other = Seal(b"one secret"), Seal(b"another secret")
    one.name("+17139872967")

    assert one._names.cache_info().currsize == 1
    assert other._names.cache_info().currsize == 0


@given(st.text(st.characters(codec="utf-8")), st.binary())
def test_what_is_closed_opens_under_its_own_key(key: str, value: bytes) -> None:
    assert SEAL.open(key, SEAL.close(key, value)) == value


def test_a_value_opens_neither_under_another_key_nor_with_another_secret() -> None:
    sealed = SEAL.close("a key", b"a value")

    assert SEAL.open("another key", sealed) is None
    assert OTHER.open("a key", sealed) is None


@given(st.binary())
def test_garbage_does_not_open(garbage: bytes) -> None:
    assert SEAL.open("a key", garbage) is None


@pytest.mark.parametrize("at", range(len(SEAL.close("a key", b"a value"))))
def test_a_value_with_one_changed_byte_does_not_open(at: int) -> None:
    sealed = bytearray(SEAL.close("a key", b"a value"))
    sealed[at] ^= 1

    assert SEAL.open("a key", bytes(sealed)) is None


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert SEAL.close("a key", b"a value") != SEAL.close("a key", b"a value")


def test_the_current_seal_comes_first() -> None:
    assert list(Seals(SEAL, [OTHER])) == [SEAL, OTHER]
    assert Seals(SEAL, [OTHER]).current is SEAL
