"""The rule by which telephone texts match, without a database."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.directory.callers.telephones import (
    LONGEST_KEY,
    MOST_KEYS,
    all_keys,
    telephone_digits,
    telephone_keys,
)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+1 (713) 987 2967", "17139872967"),
        ("0017139872967", "17139872967"),
        ("020 7946 0958", "2079460958"),
        ("＋４９ ３０ ２３１２５", "493023125"),
        ("+٣٩ ٠٢ ٨٧٤٦", "39028746"),
        ("x²³¼", ""),
        ("000", "0"),
        ("%_'\x00\ud800", ""),
        ("", ""),
    ],
)
def test_only_decimal_digits_without_leading_zeros_count(text: str, digits: str) -> None:
    assert telephone_digits(text) == digits


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+1 (800) 4-BEST-IT or +1 (800) 423 7848", "18004237848"),
        ("+1 (800) 4-BEST-IT or +1 (800) 555 0123", "18004237848"),
        ("+1 (800) 4-BEST-IT or +1 (800) 555 0123", "18005550123"),
        ("1-800-FLOWERS", "18003569377"),
        ("1-800-CONTACTS", "18002668228"),
        ("(800) lawyers", "8005299377"),
        ("1 800 GO FEDEX", "18004633339"),
        ("020 7946 0100 x12", "2079460100"),
        ("020 7946 0100 ext. 12", "2079460100"),
        ("020 7946 0100 #12", "2079460100"),
        ("020 7946 0100;ext=12", "2079460100"),
        ("020 7946 0100 Durchwahl 12", "2079460100"),
        ("020 7946 0100 доб. 12", "2079460100"),
        ("020 7946 0100 (24/7)", "2079460100"),
        ("020 7946 0100 (9-17h)", "2079460100"),
        ("+44 (0)20 7946 0100", "442079460100"),
        ("+44 [ 0 ] 20 7946 0100", "442079460100"),
        ("Line 1: 020 7946 0100", "2079460100"),
        ("020 7946 0100/020 7946 0200", "2079460100"),
        ("020 7946 0100/020 7946 0200", "2079460200"),
        ("020 7946 0100\n020 7946 0200", "2079460200"),
        ("020 7946 0100 020 7946 0200", "2079460100"),
        ("020 7946 0100 | 020 7946 0200 (UK)", "2079460200"),
        ("06/89139566 & 030/2385983", "689139566"),
        ("4567890", "4567890"),
        ("ext 1002", "1002"),
    ],
)
def test_a_text_is_indexed_under_each_number_a_reader_sees_in_it(text: str, key: str) -> None:
    assert key in telephone_keys(text)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("(713) 987 2967", ("7139872967",)),
        ("+1 (713) 987-2967", ("17139872967",)),
        ("049/30/123456", ("4930123456",)),
        ("+44 20 7946 0958", ("442079460958",)),
        ("no number", ()),
    ],
)
def test_an_everyday_text_is_indexed_once(text: str, keys: tuple[str, ...]) -> None:
    assert telephone_keys(text) == keys


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=255))
def test_any_text_is_indexed_first_under_all_its_digits_and_under_few_more(text: str) -> None:
    keys = telephone_keys(text)
    digits = telephone_digits(text)
    assert keys[:1] == ((digits,) if digits else ())
    assert len(keys) <= MOST_KEYS
    assert all(len(key) <= LONGEST_KEY for key in keys[1:])
    assert all(key.isascii() and key.isdecimal() for key in keys)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="0123456789 +/,;x(A", max_size=255))
def test_a_text_made_to_hold_many_numbers_has_few_keys(text: str) -> None:
    assert len(telephone_keys(text)) <= MOST_KEYS


_PARTS = st.sampled_from(
    [
        "+",
        "tel:",
        "(",
        ")",
        "(0)",
        "(713)",
        " ",
        "-",
        ".",
        "/",
        "0",
        "1",
        "98",
        "765",
        "4321",
        "x",
        "\n",
        "(0 )",
        "٣",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(_PARTS, max_size=14).map("".join))
def test_what_is_read_quickly_is_read_as_everything_else_is(text: str) -> None:
    assert telephone_keys(text) == all_keys(text)


@pytest.mark.parametrize(
    "text", ["+1 (713) 987 2967", "(030) 2312-5100", "tel:+49-30-23125100", "0171/3920012"]
)
def test_a_usual_writing_has_one_key(text: str) -> None:
    assert telephone_keys(text) == all_keys(text)
    assert len(telephone_keys(text)) == 1
