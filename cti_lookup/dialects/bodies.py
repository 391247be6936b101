"""
Bodies as phone systems write them: JSON, JSON in JSON, forms in old encodings, XML; any bytes give a value or `Unreadable`.

Values of no known shape are asked for with `at`, which gives None where there is nothing, and read with `text_of` and
`texts_of`; ids are text from end to end, as 64-bit integers are more than some readers of JSON can hold.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote_to_bytes

from cti_lookup.errors import Unreadable
from cti_lookup.messages import read_object
from cti_lookup.strict_json import read_json

LONGEST_TEXT: Final = 255
MOST_FIELDS: Final = 1000
"""Fields of a form; sipgate sends three for each user of a group."""

Fields: TypeAlias = Mapping[str, tuple[str, ...]]
"""A form or a query: each name with its values, in their order."""


def object_of(body: bytes) -> dict[str, Any]:
    """Decode a JSON object, strictly. Raises `Unreadable`."""
    return read_object(body)


def value_of(text: object) -> Any:
    """Decode JSON that stands as text inside JSON; what is no text is given back. Raises `Unreadable`."""
    if not isinstance(text, str):
        return text
    try:
        return read_json(text.encode(errors="surrogatepass"))
    except ValueError:
        raise Unreadable("A field that should hold JSON holds none.") from None


def form_of(body: bytes, *, most: int = MOST_FIELDS) -> Fields:
    """Read a form or a query; UTF-8, or Latin-1 from old PBXs. Raises `Unreadable` for more than `most` fields."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    encoding = "utf-8" if _is_utf8(body) else "latin-1"
    try:
        pairs = parse_qsl(text, keep_blank_values=True, encoding=encoding, max_num_fields=most)
    except ValueError:
        raise Unreadable("The form has too many fields.") from None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return fields


def first(fields: Fields, *names: str) -> str | None:
    """Give the first value that is not blank of the first of these names that has one."""
    for name in names:
        for value in fields.get(name, ()):
            if value.strip():
                return value
    return None


def at(value: object, *path: str | int) -> Any:
    """Follow names and places into decoded JSON; None where there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text_of(value: object) -> str | None:
    """Give a text or the digits of an integer as text, at most 255 characters; blank is None, and so is all else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int) and abs(value) >= 10**_MOST_DIGITS:
        return None
    return str(value).strip()[:LONGEST_TEXT] or None


def texts_of(*values: object) -> tuple[str, ...]:
    """Give those of the values that are texts, each once."""
    return tuple(dict.fromkeys(text for value in values if (text := text_of(value)) is not None))


_MOST_DIGITS: Final = 40


def _is_utf8(body: bytes) -> bool:
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        return False
    return True
