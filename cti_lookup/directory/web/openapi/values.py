"""
The values of fields as JSON Schema: what clients may write, and what they read.

The rules of `records.fields` decide; these schemas say the same to others, and tests hold the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from cti_lookup.directory.records.currencies import CURRENCIES
from cti_lookup.directory.records.fields import LARGEST_ID, TEXT_BYTES
from cti_lookup.directory.records.people import LANGUAGES
from cti_lookup.directory.records.resource import Column, Detail, Field, Members, Reference, Type
from cti_lookup.directory.records.time_zones import LONGEST, RAILS_NAMES

Schema: TypeAlias = Mapping[str, object]

ANYTHING: Final[Schema] = MappingProxyType({})
ID: Final[Schema] = MappingProxyType({"type": "integer", "minimum": 1, "maximum": LARGEST_ID})
TIME: Final[Schema] = MappingProxyType({"type": "string", "format": "date-time"})
BLANK: Final[Schema] = MappingProxyType({"type": ["string", "null"], "pattern": r"^[\s\u001c-\u001f]*$"})
"""What clears a field."""

_NOT_BLANK: Final = r"[^\s\u001c-\u001f]"
_LENGTHS: Final = MappingProxyType(
    {
        "address": 1024,
        "authenticationID": 128,
        "city": 128,
        "country": 128,
        "employeeID": 128,
        "financialID": 128,
        "inbound_email_local_part": 64,
        "job_title": 80,
        "locale": 5,
        "location": 80,
        "region": 128,
        "source": 30,
        "sourceID": 128,
        "state": 30,
        "supportID": 50,
        "zip": 20,
    }
)
_LONG: Final = frozenset({"information", "picture_uri", "remarks"})


def text(longest: int) -> Schema:
    """Describe a text that may be cleared."""
    return {"type": ["string", "null"], "maxLength": longest}


def needed_text(longest: int) -> Schema:
    """Describe a text that must not be blank."""
    return {"type": "string", "maxLength": longest, "pattern": _NOT_BLANK}


def one_of_words(words: tuple[str, ...]) -> Schema:
    """Describe an enumeration that may be cleared."""
    return {"anyOf": [{"type": "string", "enum": list(words)}, BLANK]}


BOOLEAN: Final[Schema] = MappingProxyType(
    {
        "description": "1, T, Y, TRUE, YES and ON in any letter case are true, and everything else is false.",
        "type": ["boolean", "string", "number", "null"],
    }
)
OPEN_BOOLEAN: Final[Schema] = MappingProxyType(
    {**BOOLEAN, "description": "As other booleans; null and blank text leave it open."}
)
REFERENCE: Final[Schema] = MappingProxyType(
    {
        "description": "The id of another record, as a number or as its digits; null or blank text for none.",
        "anyOf": [ID, {"type": "string", "pattern": "^([1-9][0-9]{0,17})?$"}, {"type": "null"}],
    }
)
REFERENCES: Final[Schema] = MappingProxyType(
    {
        "description": "The ids of all of them; who is not named goes.",
        "anyOf": [{"type": "array", "items": ID}, {"type": "null"}, {"const": ""}],
    }
)
CUSTOM_FIELDS: Final[Schema] = MappingProxyType(
    {
        "type": "array",
        "description": "At most 64 KB as JSON.",
        "items": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "value": ANYTHING},
            "required": ["id", "value"],
            "additionalProperties": False,
        },
    }
)
_LANGUAGE: Final = f"({'|'.join(sorted(LANGUAGES))})"

_WRITTEN: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "name": needed_text(128),
        "primary_email": {
            "type": "string",
            "maxLength": 128,
            "pattern": r"^[^\s@\u001c-\u001f]+@[^\s@\u001c-\u001f]+$",
        },
        "custom_fields": {"anyOf": [CUSTOM_FIELDS, {"type": "null"}, {"const": ""}]},
        "cost_per_hour": {
            "description": "A decimal that is not negative; it is answered as text.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 10**12 - 1},
                {"type": "number", "minimum": 0, "maximum": 10**6, "multipleOf": 0.25},
                {"type": "string", "pattern": r"^([0-9]{1,12}(\.[0-9]{1,6})?)?$"},
                {"type": "null"},
            ],
        },
        "cost_per_hour_currency": one_of_words(tuple(sorted(CURRENCIES))),
        "do_not_translate_languages": {
            "description": "Codes of languages with commas between them.",
            "anyOf": [{"type": "string", "pattern": f"^{_LANGUAGE}(,{_LANGUAGE})*$"}, BLANK],
        },
        "send_email_notifications": one_of_words(("always", "when_offline", "never")),
        "show_notification_popup": one_of_words(("always", "important_only", "never")),
        "time_format_24h": OPEN_BOOLEAN,
        "time_zone": {
            "description": "A name of Rails or of IANA; it is answered by that of Rails, if there is one.",
            "anyOf": [
                {"type": "string", "enum": list(RAILS_NAMES)},
                {"type": "string", "pattern": "^[A-Z][A-Za-z]+/[A-Z][A-Za-z0-9_+/-]*$", "maxLength": LONGEST},
                BLANK,
            ],
        },
        **{name: text(length) for name, length in _LENGTHS.items()},
        **{name: {**text(TEXT_BYTES), "description": "At most 64 KB in UTF-8."} for name in _LONG},
    }
)


def written(one: Field) -> Schema:
    """Describe what a client may write into a field that has a rule."""
    match one:
        case Reference():
            return REFERENCE
        case Members():
            return REFERENCES
        case Column(type=Type.FLAG) | Detail(default=False):
            return BOOLEAN
        case _:
            return _WRITTEN[one.name]


def read(one: Field) -> Schema:
    """Describe what a column or a detail is answered as."""
    match one:
        case Detail(name="custom_fields"):
            return {"anyOf": [CUSTOM_FIELDS, {"type": "null"}]}
        case Detail(name="time_format_24h"):
            return {"type": ["boolean", "null"]}
        case Column(type=Type.FLAG) | Detail(default=False):
            return {"type": "boolean"}
        case Column(type=Type.TIME | Type.NUMBER):
            return TIME if one.type is Type.TIME else ID
        case Column(nullable=False):
            return {"type": "string"}
        case _:
            return {"type": ["string", "null"]}
