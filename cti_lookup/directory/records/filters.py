r"""
Filters of a collection: from the parameters of a URL to conditions.

Facts (R-Service developer guide, "Filtering"; "People", Filtering): an operator is the start of the value: `!` for not, and
`<`, `<=`, `>`, `>=` of numbers and times, of which two make a range. Older clients write `!` before the equals sign, which makes
it the end of the name. `\!` at the start is a literal `!`. No value means that there is none. Lists are for numbers and
enumerations; of a text a comma is part. `ids` is also `id`, `organization_id` also `organization`. Texts are compared with
regard to letter case, but for `primary_email` and `supportID`, and but for all of them beside a filter by `roles`.
"""

# ruff: noqa: S608 - conditions are put together from the names of columns, never from what a client sent

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import BadRequestError
from cti_lookup.directory.records.conditions import Condition, all_of, negation
from cti_lookup.directory.records.fields import is_true, parse_id
from cti_lookup.directory.records.presets import having_roles
from cti_lookup.directory.records.refusals import refusal
from cti_lookup.directory.records.resource import Column, Field, Reference, Resource, Roles, Type
from cti_lookup.directory.records.times import Span, parse_span

PARAMETERS: Final = frozenset(
    {"fields", "sort", "per_page", "page", "search_after", "search_before", "account"}
)
"""What stands in a URL beside filters."""

MOST_FILTERS: Final = 100
"""Filters of one URL; SQLite takes no expression that is nested more than a thousand deep."""

_COMPARISON: Final = re.compile(r"(<=|>=|<|>)([^<>=]+)")
_BY_ID: Final = re.compile(r"(.+)_ids?")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a URL says of a field: a value, a list or a range of it, and whether that is what it must not be."""

    field: Field
    text: str
    negated: bool = False
    caseless: bool = False


class _Unfit(Exception):  # noqa: N818 - gathered with others before any error is raised
    """The type of a field has no such operator, or no such value."""


def conditions_of(resource: Resource, query: Iterable[tuple[str, str]], identity: Identity) -> Condition:
    """Return what all filters of a URL mean; what is no field is passed over. Raise `BadRequestError`."""
    found = [filter_ for name, text in query if (filter_ := _filter(resource, name, text))]
    if len(found) > MOST_FILTERS:
        raise BadRequestError("Too many filters")
    forbidden = [one.field.name for one in found if one.field.name not in resource.filters]
    if forbidden:
        raise refusal("Filtering not allowed on fields", forbidden)
    if any(isinstance(one.field, Roles) for one in found):
        found = [Filter(one.field, one.text, one.negated, caseless=True) for one in found]
    conditions, unfit = [], []
    for one in found:
        try:
            conditions.append(_condition(resource.table, one, identity))
        except _Unfit:
            unfit.append(one.field.name)
    if unfit:
        raise refusal("Invalid filter on fields", unfit)
    return all_of(*conditions)


def _filter(resource: Resource, name: str, text: str) -> Filter | None:
    field = _field(resource, name.removesuffix("!"))
    if field is None:
        return None
    if name.endswith("!"):
        return Filter(field, text, negated=True)
    return Filter(field, text[1:], negated=True) if text.startswith("!") else Filter(field, text)


def _field(resource: Resource, name: str) -> Field | None:
    if name in PARAMETERS:
        return None
    if name == "ids":
        return resource.by_name["id"]
    by_id = _BY_ID.fullmatch(name)
    reference = resource.by_name.get(by_id[1]) if by_id else None
    return reference if isinstance(reference, Reference) else resource.by_name.get(name)


def _condition(table: str, one: Filter, identity: Identity) -> Condition:
    if isinstance(one.field, Roles):
        meant = _role_condition(one.text, identity)
    elif isinstance(one.field, Reference):
        meant = _ids_condition(f"{table}.{one.field.column}", one.text)
    elif isinstance(one.field, Column):
        meant = _column_condition(table, one.field, one)
    else:
        raise _Unfit
    return negation(meant) if one.negated else meant


def _column_condition(table: str, column: Column, one: Filter) -> Condition:
    if not one.text:
        return Condition(f"{table}.{column.name} IS NULL")
    if one.negated and one.text[0] in "<>":
        raise _Unfit
    if column.type is Type.TEXT:
        return _text_condition(table, column, one)
    return _OF_TYPE[column.type](f"{table}.{column.name}", one.text)


def _text_condition(table: str, column: Column, one: Filter) -> Condition:
    if one.text[0] in "<>":
        raise _Unfit
    text = one.text[1:] if one.text[0] == "\\" and one.text[1:2] in set("!<>") else one.text
    if not column.folded:
        collation = " COLLATE NOCASE" if one.caseless or column.caseless else ""
        return Condition(f"{table}.{column.name} = ?{collation}", (text,))
    folded = Condition(f"{table}.{column.folded} = ?", (text.casefold(),))  # an index has this one
    if one.caseless or column.caseless:
        return folded
    return all_of(folded, Condition(f"{table}.{column.name} = ?", (text,)))


def _flag_condition(expression: str, text: str) -> Condition:
    if text[0] in "<>":
        raise _Unfit
    return Condition(f"{expression} = ?", (int(is_true(text)),))


def _number_condition(expression: str, text: str) -> Condition:
    if text[0] not in "<>":
        return _ids_condition(expression, text)
    return all_of(*(_compared(expression, sign, _number(value)) for sign, value in _comparisons(text)))


def _time_condition(expression: str, text: str) -> Condition:
    if text[0] in "<>":
        return all_of(*(_compared_time(expression, sign, _span(value)) for sign, value in _comparisons(text)))
    span = _span(text)
    return all_of(_compared(expression, ">=", span.start), _compared(expression, "<", span.end))


_OF_TYPE: Final = MappingProxyType[Type, Callable[[str, str], Condition]](
    {Type.FLAG: _flag_condition, Type.NUMBER: _number_condition, Type.TIME: _time_condition}
)


def _compared(expression: str, sign: str, value: str | int) -> Condition:
    return Condition(f"{expression} {sign} ?", (value,))


def _compared_time(expression: str, sign: str, span: Span) -> Condition:
    """Compare with a stretch of time: what is later than a day begins when the day has ended."""
    bounds = {">": (">=", span.end), ">=": (">=", span.start), "<": ("<", span.start), "<=": ("<", span.end)}
    return _compared(expression, *bounds[sign])


def _ids_condition(expression: str, text: str) -> Condition:
    """Compare with one id or several; what is no id is the id of nobody."""
    if not text:
        return Condition(f"{expression} IS NULL")
    if text[0] in "<>":
        raise _Unfit
    ids = [number for part in text.split(",") if (number := parse_id(part.strip()))]
    return Condition(f"{expression} IN (SELECT value FROM json_each(?))", (json.dumps(ids),))


def _role_condition(text: str, identity: Identity) -> Condition:
    """Return who has one of some roles in the addressed account; no role named is nobody's role."""
    if not text:
        return negation(having_roles(identity))
    names = [part.strip().lower() for part in text.split(",")]
    query = (
        "people.id IN (SELECT person_id FROM roles WHERE account_id = ?"
        " AND role IN (SELECT value FROM json_each(?)))"
    )
    return Condition(query, (identity.account, json.dumps(names)))


def _comparisons(text: str) -> list[tuple[str, str]]:
    """Split a comparison or a range into its signs and values."""
    found = [(match[1], match[2].strip()) for match in _COMPARISON.finditer(text)]
    if sum(len(match[0]) for match in _COMPARISON.finditer(text)) != len(text) or len(found) > len("<>"):
        raise _Unfit
    return found


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise _Unfit
    return int(text)


def _span(text: str) -> Span:
    span = parse_span(text)
    if span is None:
        raise _Unfit
    return span
