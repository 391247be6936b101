"""A message somebody sent us, without I/O: bytes in, an object of JSON out, and its fields by their shape; or a `Rejected`."""

import re
from typing import Any, Final, TypeVar

import msgspec

from cti_lookup.errors import Unreadable, WrongField
from cti_lookup.strict_json import DEEPEST, read_json

Shape = TypeVar("Shape")
_PLACE: Final = re.compile(r"`\$\.([A-Za-z_.]{1,60})")
_MISSING: Final = re.compile(r"missing required field `([A-Za-z_]{1,60})`")


def read_object(body: bytes) -> dict[str, Any]:
    """Read an object. Raises `Unreadable` for anything else, and for what could be read in two ways."""
    try:
        value = read_json(body)
    except ValueError:  # its text may hold parts of the body
        raise Unreadable(
            f"The body is no JSON, has a name twice, or is nested over {DEEPEST} deep."
        ) from None
    if not isinstance(value, dict):
        raise Unreadable("The body is JSON, but no object.")
    return value


def shaped(message: dict[str, Any], shape: type[Shape]) -> Shape:
    """Give a message its shape; a field that has none is passed over. Raises `WrongField`."""
    try:
        return msgspec.convert(message, shape)
    except msgspec.ValidationError as exc:  # tells types and place, never the value
        field = _field(str(exc))
        raise WrongField(field, f"'{field}' is missing, of the wrong type, or out of its bounds.") from None


def _field(message: str) -> str:
    """Name the field at fault; of one that is missing the place is that of its object."""
    found = (_PLACE.search(message), _MISSING.search(message))
    return ".".join(one[1] for one in found if one) or "body"
