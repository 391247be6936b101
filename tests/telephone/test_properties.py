"""What holds for every text, every number and every way to write it."""

import re
from random import Random
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from phonenumbers import timezone

from cti_lookup.matching import decide
from cti_lookup.people import Contact, Person
from cti_lookup.telephone import (
    E164,
    Caller,
    Dialled,
    Internal,
    Invalid,
    Reading,
    Withheld,
    plan,
    read_caller,
    read_written,
)
from tests.telephone.writing import HOME, a_call, a_number, a_text, another_number, e164, national_text

REGIONS = st.sampled_from(
    [None, "US", "CA", "DE", "GB", "IT", "MX", "RU", "HU", "BR", "JP", "AU", "HK", "SG", "KR"]
)
SHREDS = st.sampled_from(
    [*'+0123456789 ()-./#x;:@<>"%&,[]{}$', "sip:", "tel:", ";ext=", "%2B", "ext", "fax", "00", "\ud800"]
)
CHANCES = st.randoms(use_true_random=False)
TEXTS = st.one_of(
    st.text(),
    st.lists(SHREDS, max_size=24).map("".join),
    st.text(st.characters(categories=["Nd", "Pd", "Zs", "Cf"]), max_size=24),
    st.binary().map(lambda data: data.decode("latin-1")),
)
DIGITS = st.text("0123456789", min_size=1, max_size=17)
SIGNED = st.one_of(CHANCES.map(a_number).map(e164), DIGITS.map("+{}".format))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
SHORTEST_NATIONAL = 8
"""Digits of the shortest national text that is not taken for a North American local number."""

A_DATE = re.compile(
    r"\b[0-9]{1,2}[./][0-9]{1,2}[./](?:19|20)[0-9]{2}\b|\b(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]\b"
)
"""What nobody can tell from a number of eight digits that is written so."""

many = settings(max_examples=300, deadline=None)


@given(JSON, REGIONS)
@settings(max_examples=500, deadline=None)
@example("\ud800", "US")
@example("(" * 1024, "US")
@example("9" * 1024, None)
@example("%25" * 300, None)
def test_any_value_is_one_of_four_callers(raw: Any, region: str | None) -> None:
    caller = read_caller(raw, region)

    assert isinstance(caller, Dialled | Internal | Withheld | Invalid)


@given(TEXTS, REGIONS, REGIONS)
@settings(max_examples=500, deadline=None)
def test_a_number_that_was_read_is_read_as_itself_again(
    raw: str, region: str | None, elsewhere: str | None
) -> None:
    assert _again(read_caller(raw, region), elsewhere)


def _again(caller: Caller, region: str | None) -> bool:
    match caller:
        case Dialled(number=E164(text) as number):
            return read_caller(text, region) == Dialled(text, number)
        case Internal(extension=extension):
            return read_caller(extension, region) == Internal(extension, extension)
    return True


@given(SIGNED, REGIONS)
@settings(max_examples=500, deadline=None)
@example("+266696687", "US")
@example("+5215512345678", "MX")
@example("+00000000", None)
def test_a_number_with_its_sign_is_the_same_caller_alone_and_in_brackets(
    text: str, region: str | None
) -> None:
    in_brackets = read_caller(f"<{text}>", region)

    assert replace(in_brackets, raw=text) == read_caller(text, region)


@given(CHANCES)
@many
def test_a_number_is_at_home_in_the_time_zones_that_the_library_gives(chance: Random) -> None:
    number = a_number(chance)

    zones = timezone.time_zones_for_number(number)

    assert plan.describe(E164(e164(number))).time_zones == tuple(
        filter(timezone.UNKNOWN_TIMEZONE.__ne__, zones)
    )


def test_a_number_that_no_plan_knows_is_at_home_in_no_time_zone() -> None:
    assert plan.describe(E164("+11234567890")).time_zones == ()


@given(SIGNED, st.integers(0, 3), REGIONS)
@settings(max_examples=500, deadline=None)
@example("+494000", 0, "US")
def test_a_number_with_its_sign_is_read_alike_alone_and_before_a_mark(
    text: str, blanks: int, region: str | None
) -> None:
    for position in (10, 6, 3)[:blanks]:
        text = f"{text[:position]} {text[position:]}"

    assert read_written(text, region) == read_written(f"{text};", region)


@given(TEXTS, REGIONS)
@settings(max_examples=500, deadline=None)
@example("(" * 512, "US")
@example("1/" * 256, "US")
@example("+1 " * 170, "US")
@example("x1" * 256, "US")
@example("fax " * 128, "US")
def test_any_text_is_read_without_a_fault(text: str, region: str | None) -> None:
    assert all(isinstance(reading, Reading) for reading in read_written(text, region))


@given(CHANCES)
@many
def test_a_number_is_read_alike_however_a_phone_system_sends_it(chance: Random) -> None:
    number = a_number(chance)
    call = a_call(number, chance)
    assume(
        not (call.region in {"HK", "SG"} and call.raw.startswith("00"))
    )  # claimed, and failing, in a table

    caller = read_caller(call.raw, call.region)

    assert isinstance(caller, Dialled), call
    assert caller.number == E164(e164(number)), call


@given(CHANCES)
@many
def test_a_person_is_found_however_the_number_is_written(chance: Random) -> None:
    number = a_number(chance)
    text = a_text(number, chance)
    digits = sum(map(str.isdigit, national_text(number) or ""))
    assume(text.with_country or (digits >= SHORTEST_NATIONAL and not A_DATE.search(text.text)))

    rules = shown(text.text, e164(number))

    assert rules in ([["e164"]] if text.with_country else [["e164"], ["national"]]), text


@given(CHANCES)
@many
def test_a_number_that_looks_alike_is_never_proof(chance: Random) -> None:
    number = a_number(chance)
    other = another_number(number, chance)
    assume(other is not None and other != number)
    assert other is not None
    text = a_text(number, chance)

    assert "e164" not in shown(text.text, e164(other)), text


def shown(text: str, caller: str) -> list[str]:
    """Give the rules by which the one person in a directory is shown."""
    person = Person(1, "Ada Example", (Contact("work", text),))
    return [match.rule.value for match in decide([person], E164(caller), region=HOME).matches]


@pytest.mark.parametrize("text", ["8 (495) 727-12-34"])
def test_a_russian_trunk_8_is_no_proof_of_a_vietnamese_number(text: str) -> None:
    assert "e164" not in shown(text, "+84957271234")
