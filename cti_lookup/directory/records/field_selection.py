"""
Which fields of its records a collection shows.

Facts (R-Service developer guide, "Field selection"): `?fields=a,b` names the fields of a collection, and `id` is there in any
case; a single record always has all.
"""

from collections.abc import Sequence

from cti_lookup.directory.records.refusals import refusal


def selected_fields(text: str, known: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that the value of `fields=` names, the default if it is blank; raise `BadRequestError`."""
    asked = dict.fromkeys(name for part in text.split(",") if (name := part.strip()))
    if unknown := [name for name in asked if name not in known]:
        raise refusal("Unknown fields", unknown)
    return tuple(dict.fromkeys(("id", *asked))) if asked else tuple(default)
