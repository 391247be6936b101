r"""
Filters of the list of people: from the parameters of a URL to conditions.

Facts (R-Service developer guide, "Filtering"; "People", Filtering): an operator is the start of the value, `!` for not;
older clients write it before the equals sign, which makes it the end of the name. `\!` at the start is a literal `!`. No
value means that there is none. Of a text a comma is part: lists of values are for integers and enumerations. `supportID`
is compared without regard to letter case, `employeeID` with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FIELDS: Final = ("employeeID", "supportID")


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition: a field is a value, or is not; None is the value of a field that has none."""

    field: str
    value: str | None
    negated: bool = False


def filters_of(query: Mapping[str, str]) -> tuple[Filter, ...]:
    """Read the conditions that all must hold; what is no filter is passed over."""
    plain = [_filter(field, query[field]) for field in FIELDS if field in query]
    older = [_not(field, query[f"{field}!"]) for field in FIELDS if f"{field}!" in query]
    return (*plain, *older)


def _filter(field: str, text: str) -> Filter:
    if text.startswith("!"):
        return _not(field, text[1:])
    return Filter(field, text.removeprefix("\\") if text.startswith("\\!") else text or None)


def _not(field: str, text: str) -> Filter:
    return Filter(field, text or None, negated=True)
