"""
Cells of files against the rules of the API's fields: from texts to the values that are stored, a column at a time.

A rule takes a microsecond for each cell, and a million people have millions of cells. What is the same for all cells of a column is
therefore found out at once, and what files repeat is remembered. A column with a fault raises `FieldFault`, and does not say where.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from cti_lookup.directory.records.fields import EMAIL, FieldFault, Rule, Stored, parse_id, string
from cti_lookup.directory.transfer.columns import PEOPLE_TITLES, Kind
from cti_lookup.directory.transfer.entries import Cells
from cti_lookup.directory.transfer.faults import Rejection

NOT_AN_ID: Final = "is not an id"
LONGEST_NAME: Final = 128

REMEMBERED: Final = 4096
"""Values of a field that are not checked again."""

NAME_RULE: Final = string(LONGEST_NAME)
_ACCOUNT: Final = re.compile(r"\s@\S+\Z")

Column = Sequence[str]
ColumnRule = Callable[[Column], Sequence[Any]]
"""Returns what to store of each cell, or raises `FieldFault`."""

Value = Callable[..., object]


def each(rule: Callable[[str], object]) -> ColumnRule:
    """Return the rule of a column whose cells are checked one by one."""
    return lambda cells: list(map(rule, cells))


def repeated(rule: Callable[[str], object]) -> ColumnRule:
    """Return the rule of a column that repeats few words, as of sites and time zones, over and over."""
    return each(lru_cache(REMEMBERED)(rule))


def texts(rule: Rule) -> ColumnRule:
    """
    Return the rule of a column of texts, of which `rule` asks no more than that they are not too long.

    If the longest is acceptable, all are; and what is not blank is stored as it is.
    """

    def check(cells: Column) -> Sequence[Any]:
        if not all(map(str.strip, cells)):
            return list(map(rule, cells))
        rule(max(cells, key=len))
        return cells

    return check


def addresses(rule: Rule) -> ColumnRule:
    """Return the rule of a column of e-mail addresses, likewise."""

    def check(cells: Column) -> Sequence[Any]:
        if not all(map(EMAIL.fullmatch, cells)):
            return list(map(rule, cells))
        rule(max(cells, key=len))
        return cells

    return check


def reference_text(value: object) -> str | None:
    """Return the name of another record that a cell holds."""
    stored = NAME_RULE(without_account(str(value)))
    return None if stored is None else str(stored)


def without_account(text: str) -> str:
    """
    Return the text of a reference without the account it may name.

    Facts (4me developer guide, "Import API"): a reference to a record of another account is followed by ` @` and the account's id.
    """
    return _ACCOUNT.sub("", text).strip()


def id_in_cell(value: object) -> Stored:
    """Check the id of a record; there may be none."""
    text = str(value).strip()
    number = parse_id(text)
    if text and number is None:
        raise FieldFault(NOT_AN_ID)
    return number


def checker(line: int, cells: Cells, faults: list[Rejection]) -> Value:
    """Return a function that gives the value of a field, None where there is none, and notes what is wrong with it."""

    def value(field: str, rule: Rule) -> object:
        text = cells.get(field)
        if text is None:
            return None
        try:
            return rule(text)
        except FieldFault as fault:
            faults.append(Rejection(line, field, str(fault)))
            return None

    return value


def titles_of(kind: Kind) -> Mapping[str, str]:
    """Return the titles under which faults of a file's fields are reported."""
    return MappingProxyType({**PEOPLE_TITLES, **kind.titles})
