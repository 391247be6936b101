"""The description of all routes as a whole."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, Final

import msgspec

from cti_lookup.web.openapi import agent_paths, event_paths, lookup_paths, operation_paths
from cti_lookup.web.openapi.operations import HEADERS, TAGS, Operation
from cti_lookup.web.openapi.problems import ALONE, PROBLEM, responses
from cti_lookup.web.openapi.schemas import Schema, schemas

_ABOUT: Final = (
    "Tells a service desk who is calling while the phone still rings. Errors are problem documents (RFC 9457) with a stable `code`, of "
    "which `Problem` has the closed list; where there is no route it is `not_found`, and where there is one, but not with this method, "
    "`method_not_allowed` with `Allow`. Bodies have at most 64 KiB and arrive within 3 s. What is in a query and is no parameter is "
    "passed over. Browsers may ask what takes an agent token, from the pages of `CTI_ORIGINS`: preflights are answered. What `serve --demo` adds is "
    "not described."
)
_SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A machine key."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A machine key."},
    "basic": {"type": "http", "scheme": "basic", "description": "A machine key as password, any name."},
    "queryKey": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "A machine key, for phones that can do no better.",
    },
    "agentToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An agent token, from `POST /v1/tokens`; never in the URL.",
    },
}


def openapi_document() -> Mapping[str, Any]:
    """Return the description."""
    paths = _paths()
    every = [operation for item in paths.values() for operation in item.values()]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cti-lookup",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": {
            path: {method: one.described() for method, one in item.items()} for path, item in paths.items()
        },
        "components": {
            "securitySchemes": _SCHEMES,
            "headers": HEADERS,
            "responses": responses([*(one.all_codes for one in every), *ALONE]),
            "schemas": all_schemas(),
        },
    }


def all_schemas() -> Mapping[str, Schema]:
    """Return what goes in and comes out, under the names by which it is referred to."""
    of_paths = (one.SCHEMAS for one in (lookup_paths, event_paths, agent_paths, operation_paths))
    return dict(chain(schemas().items(), *(one.items() for one in of_paths), [("Problem", PROBLEM)]))


def _paths() -> dict[str, Mapping[str, Operation]]:
    return dict(
        chain(
            lookup_paths.lookup_paths(),
            event_paths.event_paths(),
            agent_paths.agent_paths(),
            operation_paths.administration_paths(),
            operation_paths.page_paths(),
            operation_paths.operation_paths(),
        )
    )


def encoded_openapi() -> bytes:
    """Return the description as JSON."""
    return msgspec.json.encode(openapi_document())
