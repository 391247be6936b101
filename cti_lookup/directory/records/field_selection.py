"""
Which fields of its records a collection shows.

Facts (R-Service developer guide, "Field selection"): `?fields=a,b` names the fields of a collection, and `id` is there in any
case; a single record always has all. Answers of the public API were seen to hold `nodeID` too, so that clients ask for it.
"""

from collections.abc import Sequence
from typing import Final

from cti_lookup.directory.records.refusals import refusal

NOT_KEPT: Final = "nodeID"
"""A field of the public API that may be asked for and is never shown."""


def selected_fields(text: str, known: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that the value of `fields=` names, the default if it is blank; raise `BadRequestError`."""
    asked = dict.fromkeys(name for part in text.split(",") if (name := part.strip()))
    if unknown := [name for name in asked if name not in known and name != NOT_KEPT]:
        raise refusal("Unknown fields", unknown)
    if not asked:
        return tuple(default)
    return tuple(name for name in dict.fromkeys(("id", *asked)) if name != NOT_KEPT)
