"""Parameters of paths, queries and headers."""

from collections.abc import Mapping
from typing import Any, Final

from cti_lookup.calls import State
from cti_lookup.events import Result
from cti_lookup.web.openapi.schemas import Schema, words

Parameter = Mapping[str, Any]

NAME: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
_SEGMENT: Final[Schema] = {"type": "string", "minLength": 1}


def in_query(
    name: str, description: str, schema: Schema, example: object, *, required: bool = False
) -> Parameter:
    """Describe a parameter of a query."""
    return {
        "name": name,
        "in": "query",
        "description": description,
        "required": required,
        "schema": schema,
        "example": example,
    }


def in_path(name: str, description: str, example: str, schema: Schema = _SEGMENT) -> Parameter:
    """Describe a variable of a path."""
    return {
        "name": name,
        "in": "path",
        "description": description,
        "required": True,
        "schema": schema,
        "example": example,
    }


def telephone(description: str, *, name: str = "telephone", required: bool = False) -> Parameter:
    """Describe a telephone number, in whatever writing."""
    return in_query(name, description, {"type": "string"}, "0017139872967", required=required)


REGION: Final = in_query(
    "region",
    "ISO 3166 region that national numbers are read in; without it that of `source`, or else `CTI_REGION`.",
    {"type": "string", "pattern": "^[A-Za-z]{2}$"},
    "US",
)
SOURCE: Final = in_query("source", "A configured source, whose region is meant.", NAME, "generic")
PLACE: Final = (REGION, SOURCE)
"""Where a national number is at home."""

SOURCE_IN_PATH: Final = in_path("source", "A configured source.", "generic", NAME)
CALL_ID: Final = in_path("id", "The call's `id`.", "01KBK3R1C0ZZZZZZZZZZZZZZZZ")

LOG: Final = (
    in_query("state", "Only calls in this state.", words(State), "ringing"),
    in_query("result", "Only calls that ended in this way.", words(Result), "missed"),
    in_query("source", "Only calls of this source.", NAME, "generic"),
    in_query(
        "since",
        "Only calls that began since then: RFC 3339, or seconds since 1970.",
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "pattern": r"^[0-9]{1,11}(\.[0-9]{1,6})?$"},
            ]
        },
        "2026-11-21T20:15:03Z",
    ),
    in_query(
        "limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}, 50
    ),
)
LAST_EVENT_ID: Final[Parameter] = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The `id` of the last event that was read: what was missed since is told, for 120 s.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH: Final[Parameter] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of a file that the browser has.",
    "schema": {"type": "string"},
}
