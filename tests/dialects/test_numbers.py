"""Numbers as phone systems write them: our own lines, and E.164 that lost its sign."""

from typing import Any

import pytest

from cti_lookup.dialects.numbers import e164_without_sign, own_number, read_signless
from cti_lookup.telephone import E164, Dialled, Internal, Withheld


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("(713) 987-2967", "+17139872967"),
        ("+44 20 7946 0958", "+442079460958"),
        (17139872967, "+17139872967"),
        ("1002", "1002"),
        (1002, "1002"),
        ("support", "support"),
        (" support ", "support"),
        ("", None),
        (" ", None),
        (None, None),
        (True, None),
        (1.5, None),
        ([], None),
        ({}, None),
    ],
)
def test_our_own_line_is_a_number_an_extension_or_a_text(value: Any, told: str | None) -> None:
    assert own_number(value, "US") == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("493023125017", "+493023125017"),
        (" 493023125017 ", "+493023125017"),
        ("1234567", "+1234567"),
        ("123456789012345", "+123456789012345"),
        ("1234567890123456", "1234567890123456"),
        ("123456", "123456"),
        ("03023125017", "03023125017"),
        ("+493023125017", "+493023125017"),
        ("anonymous", "anonymous"),
        ("sip:493023125017@pbx.example", "sip:493023125017@pbx.example"),
        ("٤٩٣٠٢٣١٢٥٠١٧", "٤٩٣٠٢٣١٢٥٠١٧"),
        ("", ""),
    ],
)
def test_only_e164_without_sign_is_given_one(text: str, told: str) -> None:
    assert e164_without_sign(text) == told


@pytest.mark.parametrize("region", [None, "US", "DE", "IT"])
def test_a_number_without_sign_reads_the_same_in_any_region(region: str | None) -> None:
    assert read_signless("493023125017", region) == Dialled("493023125017", E164("+493023125017"))


def test_what_is_no_number_without_sign_reads_as_ever() -> None:
    assert read_signless("anonymous", "DE") == Withheld("anonymous")
    assert read_signless("1002", "DE") == Internal("1002", "1002")


def test_a_word_spelled_on_a_keypad_is_no_number() -> None:
    assert read_signless("266696687", "DE") == Withheld("266696687")
