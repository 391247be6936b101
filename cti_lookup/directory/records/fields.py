"""
The types of fields: from a value of a JSON body to the value that is stored.

A rule is a function that takes what a client sent and returns what to store, or raises `FieldFault` with the text
that goes into the answer. `None` and blank text clear a field that may be empty.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

from cti_lookup.directory.errors import Fault

Stored: TypeAlias = str | int | list[object] | None
Rule: TypeAlias = Callable[[object], Stored]
Body: TypeAlias = Mapping[str, object]
Values: TypeAlias = dict[str, Stored]

LARGEST_ID = 2**63 - 1
"""The largest integer SQLite stores as one."""

TEXT_BYTES = 64 * 1024

# What is wrong with a value, in the words of the answer.
BLANK: Final = "can't be blank"
TOO_MANY_BYTES: Final = "is too long (maximum is 64 KB)"
NOT_LISTED: Final = "is not included in the list"
NOT_A_NUMBER: Final = "is not a number"
INVALID: Final = "is invalid"
NOT_A_BOOLEAN: Final = "is not a boolean"
NOT_AN_ID: Final = "is not an id"
NOT_IDS: Final = "is not a list of ids"
NOT_CUSTOM_FIELDS: Final = "is not a list of objects with id and value"
NOT_A_STRING: Final = "is not a string"
NEGATIVE: Final = "must be greater than or equal to 0"

_TRUE_WORDS = frozenset({"1", "t", "y", "true", "yes", "on"})
_ID = re.compile(r"[1-9][0-9]{0,18}")
EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
"""An address: one @ with something on either side, and no blanks."""

_DECIMAL = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?")


class FieldFault(Exception):  # noqa: N818 - a fault of a value, gathered with others before any error is raised
    """A value is not acceptable; the text says why, and never repeats the value."""


def parse_id(text: str) -> int | None:
    """Return the id a text writes in plain ASCII digits, or None when it writes none."""
    if _ID.fullmatch(text) is None:
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None


def required(rule: Rule) -> Rule:
    """Return the rule of a field that must not be blank."""

    def check(value: object) -> Stored:
        stored = rule(value)
        if stored is None:
            raise FieldFault(BLANK)
        return stored

    return check


def string(maximum: int) -> Rule:
    """Return the rule of a string of at most so many characters."""
    too_long = f"is too long (maximum is {maximum} characters)"

    def check(value: object) -> Stored:
        text = _text(value)
        if text is not None and len(text) > maximum:
            raise FieldFault(too_long)
        return text

    return check


def long_text(value: object) -> Stored:
    """Check a text of at most 64 KB, counted in bytes as the pages give it in KB."""
    text = _text(value)
    if text is not None and len(text.encode()) > TEXT_BYTES:
        raise FieldFault(TOO_MANY_BYTES)
    return text


def email(maximum: int) -> Rule:
    """Return the rule of an e-mail address: one @ with something on either side, and no blanks."""
    limited = string(maximum)

    def check(value: object) -> Stored:
        text = limited(value)
        if text is not None and EMAIL.fullmatch(str(text)) is None:
            raise FieldFault(INVALID)
        return text

    return check


def boolean(value: object) -> Stored:
    """Check a boolean: 1, T, Y, TRUE, YES and ON in any letter case are true, everything else is false."""
    if isinstance(value, (list, dict)):
        raise FieldFault(NOT_A_BOOLEAN)
    return is_true(str(value))


def is_true(word: str) -> bool:
    """Say whether a word is one of those for true."""
    return word.strip().lower() in _TRUE_WORDS


def nullable_boolean(value: object) -> Stored:
    """Check a boolean that has no default: null and blank text leave it open."""
    return None if value is None or value == "" else boolean(value)


def choice(options: Collection[str]) -> Rule:
    """Return the rule of an enumeration."""

    def check(value: object) -> Stored:
        text = _text(value)
        if text is not None and text not in options:
            raise FieldFault(NOT_LISTED)
        return text

    return check


def amount(value: object) -> Stored:
    """Check a decimal that is not negative; it is kept as the text that is answered, such as "80.0"."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FieldFault(NOT_A_NUMBER)
    return _decimal_text(str(value).strip())


def list_of(options: Collection[str]) -> Rule:
    """Return the rule of a comma-separated list of codes."""

    def check(value: object) -> Stored:
        text = _text(value)
        if text is None:
            return None
        codes = [code.strip() for code in text.split(",")]
        if not set(codes) <= set(options):
            raise FieldFault(NOT_LISTED)
        return ",".join(dict.fromkeys(codes))

    return check


def reference(value: object) -> Stored:
    """Check the id of another record, as a number or as its digits."""
    if isinstance(value, str):
        value = value.strip()
    elif isinstance(value, float) and value.is_integer():
        value = int(value)  # 12.0 is an integer by JSON Schema, and some writers of JSON know no other
    if value is None or value == "":
        return None
    number = parse_id(str(value)) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    if number is None:
        raise FieldFault(NOT_AN_ID)
    return number


def references(value: object) -> Stored:
    """Check a list of ids of other records; an id named twice counts once."""
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise FieldFault(NOT_IDS)
    numbers = [reference(item) for item in value]
    if None in numbers:
        raise FieldFault(NOT_AN_ID)
    return list(dict.fromkeys(numbers))


def custom_fields(value: object) -> Stored:
    """Check a list of `{"id": …, "value": …}`."""
    if value is None or value == "":
        return None
    if not isinstance(value, list) or not all(_is_custom_field(item) for item in value):
        raise FieldFault(NOT_CUSTOM_FIELDS)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if len(text.encode()) > TEXT_BYTES:
        raise FieldFault(TOO_MANY_BYTES)
    return value


def check_fields(body: Body, rules: Mapping[str, Rule]) -> tuple[Values, tuple[Fault, ...]]:
    """Check every field of a body that has a rule; return the acceptable values and all the faults."""
    values: Values = {}
    faults: list[Fault] = []
    for name, rule in rules.items():
        if name not in body:
            continue
        try:
            values[name] = rule(body[name])
        except FieldFault as fault:
            faults.append((name, str(fault)))
    return values, tuple(faults)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldFault(NOT_A_STRING)
    return value if value.strip() else None


def _decimal_text(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise FieldFault(NOT_A_NUMBER) from None
    plain = f"{number:f}" if number.is_finite() and abs(number.adjusted()) < TEXT_BYTES else ""
    if _DECIMAL.fullmatch(plain) is None:
        raise FieldFault(NOT_A_NUMBER)
    if number < 0:
        raise FieldFault(NEGATIVE)
    whole, _, fraction = plain.lstrip("+-").partition(".")
    return f"{int(whole)}.{fraction.rstrip('0') or '0'}"


def _is_custom_field(item: object) -> bool:
    return isinstance(item, dict) and item.keys() == {"id", "value"} and isinstance(item["id"], str)
