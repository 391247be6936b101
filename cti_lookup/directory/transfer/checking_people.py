"""
People of files against the rules of the API's fields.

A cell that is blank clears its field, or gives a boolean its default. Names and addresses cannot be blank: such a cell leaves what an
existing person has, and a new person cannot be made of it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from cti_lookup.directory.records.fields import FieldFault, Rule, Stored, boolean, email
from cti_lookup.directory.records.inserting import email_key, name_key
from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.records.resource import Detail
from cti_lookup.directory.transfer.checking import (
    LONGEST_NAME,
    NAME_RULE,
    ColumnRule,
    addresses,
    checker,
    each,
    id_in_cell,
    reference_text,
    repeated,
    texts,
)
from cti_lookup.directory.transfer.entries import Entry, Sheet
from cti_lookup.directory.transfer.faults import Rejection

NOT_JSON: Final = "is not JSON"

_LONG: Final = frozenset({"information", "picture_uri"})
_COLUMNS: Final = MappingProxyType({"manager": "manager_key"})
"""The columns that have another name than their field."""

_NO_MORE: Final[Mapping[str, Sequence[object]]] = MappingProxyType({})
_encode: Final = msgspec.json.encode


class PersonRows(NamedTuple):
    """Staged people: rows, and what they hold, in the words of `staging.sql`; columns that are not named are null."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


class _Rules(NamedTuple):
    """The rule of a field for a cell, and for a whole column."""

    cell: Rule
    column: ColumnRule


class PersonCheck:
    """Checks the people of one file, all of which have the same fields; `source` is for those who have a key and no source."""

    def __init__(self, fields: frozenset[str], source: str | None = None) -> None:
        self._source = source
        self._rules = {name: rules for name, rules in _PERSON_RULES.items() if name in fields}
        details = [one for one in PEOPLE.fields if isinstance(one, Detail) and one.name in fields]
        self._details = {one.name: _detail_rules(one) for one in details}

    def check(self, entry: Entry) -> PersonRows | tuple[Rejection, ...]:
        """Return the row to store, or all that is wrong with an entry."""
        if entry.fault:
            return (Rejection(entry.line, "", entry.fault),)
        sheet = Sheet((entry.line,), {field: (cell,) for field, cell in entry.cells.items()})
        names = {"name_in_file": (entry.name,), "manager_key": (entry.manager,)}
        try:
            return self.rows(sheet, {column: told for column, told in names.items() if told[0]})
        except FieldFault:
            return self._faults(entry)

    def rows(self, sheet: Sheet, more: Mapping[str, Sequence[object]] = _NO_MORE) -> PersonRows:
        """Return the rows to store, with more columns, or raise `FieldFault` if anything is wrong with any of them."""
        found = {field: rules.column(sheet.cells[field]) for field, rules in self._rules.items()}
        columns = {"line": sheet.lines, "details": self._texts_of_details(sheet)}
        columns |= {_COLUMNS.get(field, field): values for field, values in found.items()}
        if "name" in found:
            columns["name_key"] = _folded(name_key, found["name"])
        if "primary_email" in found:
            columns["email_key"] = _folded(email_key, found["primary_email"])
        if self._source is not None and "sourceID" in found:
            columns["source"] = self._sources(found.get("source"), found["sourceID"])
        columns |= more
        return PersonRows(tuple(columns), tuple(zip(*columns.values(), strict=True)))

    def _sources(self, sources: Sequence[object] | None, keys: Sequence[object]) -> Sequence[object]:
        pairs = zip(sources or (None,) * len(keys), keys, strict=True)
        return [self._source if source is None and key is not None else source for source, key in pairs]

    def _texts_of_details(self, sheet: Sheet) -> Sequence[str]:
        """Return the JSON of all that has no column of its own, put together from its members, which many people share."""
        members = [rules.column(sheet.cells[field]) for field, rules in self._details.items()]
        if not members:
            return ("{}",) * len(sheet.lines)
        return [f"{{{text}}}" for text in map(",".join, zip(*members, strict=True))]

    def _faults(self, entry: Entry) -> tuple[Rejection, ...]:
        faults: list[Rejection] = []
        value = checker(entry.line, entry.cells, faults)
        for field, rules in (self._rules | self._details).items():
            value(field, rules.cell)
        return tuple(faults)


def _folded(fold: Callable[[str], str], written: Sequence[str | None]) -> Sequence[str | None]:
    return [None if text is None else fold(text) for text in written]


def _detail_rules(detail: Detail) -> _Rules:
    """Return the rules of a field without a column: that of a whole column gives members of JSON objects."""
    if detail.name == "custom_fields":
        rule = _json_of(detail.rule)
        return _Rules(rule, each(_member(detail, rule)))
    column = each if detail.name in _LONG else repeated
    return _Rules(detail.rule, column(_member(detail, detail.rule)))


def _member(detail: Detail, rule: Rule) -> Callable[[str], str]:
    """Return a function that makes a member of a JSON object of a cell; null is what is to be cleared."""

    def member(text: str) -> str:
        stored = rule(text)
        return f'"{detail.name}":{_encode(None if stored == detail.default else stored).decode()}'

    return member


def _json_of(rule: Rule) -> Rule:
    def check(value: object) -> Stored:
        text = str(value).strip()
        try:
            return rule(json.loads(text)) if text else None
        except (ValueError, RecursionError):
            raise FieldFault(NOT_JSON) from None

    return check


def _manager(value: object) -> Stored:
    stored = reference_text(value)
    return None if stored is None else stored.casefold()


def _disabled(value: object) -> Stored:
    return int(bool(boolean(value)))


def _of_texts(rule: Rule) -> _Rules:
    return _Rules(rule, texts(rule))


def _of_words(rule: Rule) -> _Rules:
    return _Rules(rule, repeated(rule))


_ADDRESS: Final = email(LONGEST_NAME)
_PERSON_RULES: Final[Mapping[str, _Rules]] = MappingProxyType(
    {
        "id": _Rules(id_in_cell, each(id_in_cell)),
        "name": _of_texts(NAME_RULE),
        "primary_email": _Rules(_ADDRESS, addresses(_ADDRESS)),
        "disabled": _of_words(_disabled),
        "source": _of_words(PEOPLE.rules["source"]),
        **{name: _of_texts(PEOPLE.rules[name]) for name in ("sourceID", "employeeID", "supportID")},
        **{name: _of_words(reference_text) for name in ("organization", "site", "work_hours")},
        "manager": _of_words(_manager),
    }
)
"""The rules of what has a column of its own; a name and an address may be blank, as existing people then keep theirs."""
