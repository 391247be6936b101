"""The answers of operations: the headers that come with them, and the errors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.web.openapi.values import Schema

Answer = Mapping[str, object]

HEADERS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "X-Request-Id": {"required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        "Cache-Control": {"required": True, "schema": {"const": "no-store"}},
        "X-Content-Type-Options": {"required": True, "schema": {"const": "nosniff"}},
        "ETag": {"required": True, "schema": {"type": "string", "pattern": '^W/"[0-9a-f]{32}"$'}},
        "X-RateLimit-Limit": {
            "description": "Requests an hour; a billion where nothing is limited.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        },
        "X-RateLimit-Remaining": {"required": True, "schema": {"type": "integer", "minimum": 0}},
        "X-RateLimit-Reset": {
            "description": "When the hour is over, in seconds since 1970.",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        },
        "X-Pagination-Per-Page": {
            "required": True,
            "schema": {"type": "integer", "minimum": 1, "maximum": 100},
        },
        "X-Pagination-Current-Page": {"required": True, "schema": {"type": "integer", "minimum": 1}},
        "X-Pagination-Total-Pages": {"required": True, "schema": {"type": "integer", "minimum": 1}},
        "X-Pagination-Total-Entries": {"required": True, "schema": {"type": "integer", "minimum": 0}},
        "X-Pagination-Throttled": {
            "description": "There are more than can be reached.",
            "schema": {"const": "true"},
        },
        "Link": {
            "description": "The addresses of the pages `first`, `prev` and `next`, where there are such.",
            "schema": {"type": "string"},
        },
        "Retry-After": {
            "description": "Whole seconds to wait.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        },
        "WWW-Authenticate": {"required": True, "schema": {"type": "string"}},
        "Allow": {"required": True, "schema": {"type": "string"}},
        "Content-Disposition": {"required": True, "schema": {"type": "string"}},
        "Pragma": {"required": True, "schema": {"const": "no-cache"}},
    }
)
"""All headers, under the names by which answers refer to them."""

_ALWAYS: Final = ("X-Request-Id", "Cache-Control", "X-Content-Type-Options")
_LIMITS: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
PAGED: Final = (
    "X-Pagination-Per-Page",
    "X-Pagination-Current-Page",
    "X-Pagination-Total-Pages",
    "X-Pagination-Total-Entries",
    "X-Pagination-Throttled",
    "Link",
)

ERROR_SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "Error": {
            "type": "object",
            "properties": {"message": {"type": "string"}},
            "required": ["message"],
            "additionalProperties": False,
        },
        "ValidationError": {
            "type": "object",
            "properties": {
                "message": {"const": "Validation Failed"},
                "errors": {
                    "description": "Each a field, or `base`, and what is wrong with it.",
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
                },
            },
            "required": ["message", "errors"],
            "additionalProperties": False,
        },
        "OAuthError": {
            "type": "object",
            "properties": {
                "error": {"enum": ["invalid_request", "invalid_client", "unsupported_grant_type"]},
                "error_description": {"type": "string"},
            },
            "required": ["error", "error_description"],
            "additionalProperties": False,
        },
    }
)


def headers(*names: str) -> Mapping[str, Schema]:
    """Refer to headers, the ones that every answer has among them."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, *names)}


def json_content(schema: Schema) -> Mapping[str, object]:
    """Describe a body of JSON."""
    return {"application/json": {"schema": schema}}


def json_answer(description: str, schema: Schema, *more: str, tagged: bool = True) -> Answer:
    """Describe an answer with JSON to somebody who showed a token, and the headers it has besides the usual ones."""
    names = (*_LIMITS, *(("ETag",) if tagged else ()), *more)
    return {"description": description, "headers": headers(*names), "content": json_content(schema)}


def empty_answer(description: str, *more: str) -> Answer:
    """Describe an answer without a body to somebody who showed a token."""
    return {"description": description, "headers": headers(*_LIMITS, *more)}


def _error(description: str, *more: str, schema: str = "Error") -> Answer:
    content = json_content({"$ref": f"#/components/schemas/{schema}"})
    return {"description": description, "headers": headers(*more), "content": content}


RESPONSES: Final[Mapping[str, Answer]] = MappingProxyType(
    {
        "NotModified": empty_answer("The client has it already.", "ETag"),
        "BadRequest": _error(
            "Not understood: no JSON, unknown fields, a filter or an order that is not allowed."
        ),
        "Unauthorized": _error("No token, or a wrong one.", "WWW-Authenticate"),
        "Forbidden": _error("The token is known, and may not do this.", *()),
        "NotFound": _error("There is no such record, or no such path."),
        "MethodNotAllowed": _error("The path has other methods; `Allow` says which.", "Allow"),
        "RequestTimeout": _error("The body did not arrive in time."),
        "TooLarge": _error("The body is too large: over 1 MiB, of an import over 1 GiB."),
        "ValidationFailed": _error("All that is wrong with the values.", *_LIMITS, schema="ValidationError"),
        "TooManyRequests": _error("More than the limits allow.", *_LIMITS, "Retry-After"),
        "Unavailable": _error("The file is locked, full or damaged.", "Retry-After"),
    }
)
"""Answers that many operations have, under the names by which they refer to them."""

_STATUS: Final = MappingProxyType(
    {
        "304": "NotModified",
        "400": "BadRequest",
        "401": "Unauthorized",
        "403": "Forbidden",
        "404": "NotFound",
        "408": "RequestTimeout",
        "413": "TooLarge",
        "422": "ValidationFailed",
        "429": "TooManyRequests",
        "503": "Unavailable",
    }
)


def usual(*statuses: str) -> Mapping[str, Schema]:
    """Refer to the usual answers of some statuses."""
    return {status: {"$ref": f"#/components/responses/{_STATUS[status]}"} for status in statuses}
