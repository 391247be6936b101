"""The description as a whole, and the operation that answers with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain

import msgspec
from aiohttp import web

from cti_lookup.directory.records.removal_lists import REMOVALS
from cti_lookup.directory.web.answers import encoded_answer
from cti_lookup.directory.web.middleware import PREFIX
from cti_lookup.directory.web.openapi.access_paths import OAUTH_SCHEMAS, api_paths, oauth_paths
from cti_lookup.directory.web.openapi.answers import ERROR_SCHEMAS, HEADERS, RESPONSES
from cti_lookup.directory.web.openapi.operations import TAGS, Described, Operation
from cti_lookup.directory.web.openapi.parameters import (
    ACCOUNT,
    IF_NONE_MATCH,
    PAGING,
    Parameter,
    of_collection,
)
from cti_lookup.directory.web.openapi.record_paths import KINDS, record_paths
from cti_lookup.directory.web.openapi.schemas import SHARED, all_contact_schemas, record_schemas
from cti_lookup.directory.web.openapi.transfer_paths import TRANSFER_SCHEMAS, download_paths, transfer_paths
from cti_lookup.directory.web.openapi.values import Schema
from cti_lookup.directory.web.openapi.webhook_paths import WEBHOOK_SCHEMAS, verification_paths, webhook_paths
from cti_lookup.directory.webhooks.listings import POLICIES, WEBHOOKS

VERSION = "1"
"""The version of the API, which stands in its paths."""


async def show_openapi(_: web.Request) -> web.Response:
    """Answer with the description of the API."""
    return encoded_answer(_encoded())


def openapi_document() -> Described:
    """Return the description of the API."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "R-Service people API, as the embedded directory serves it",
            "version": VERSION,
            "description": (
                "Every path may end in a slash or in `.json`, and HEAD is answered wherever GET is. What is in a"
                " query and is no parameter is passed over. Any other method is answered with 405."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in ("bearer", "oauth", "basic")],
        "tags": [{"name": name, "description": description} for name, description in TAGS.items()],
        "paths": {path: _item(operations) for path, operations in _paths()},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "oauth": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
                },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "API tokens of old: the token is the name, and `x` the password.",
                },
            },
            "parameters": _parameters(),
            "headers": HEADERS,
            "responses": RESPONSES,
            "schemas": _schemas(),
        },
    }


def _paths() -> Iterator[tuple[str, Mapping[str, Operation]]]:
    for path, operations in chain(api_paths(), record_paths(), transfer_paths(), webhook_paths()):
        yield f"{PREFIX}{path}", operations
    yield from chain(oauth_paths(), download_paths(), verification_paths())


def _item(operations: Mapping[str, Operation]) -> Described:
    """Describe a path; PUT means PATCH."""
    if "patch" in operations:
        patch = operations["patch"]
        put = replace(patch, name=f"{patch.name}ByPut", summary=f"{patch.summary} PUT is taken as PATCH.")
        operations = {**operations, "put": put}
    return {method: operation.described() for method, operation in operations.items()}


def _parameters() -> Mapping[str, Parameter]:
    kinds = (*KINDS, REMOVALS, WEBHOOKS, POLICIES)
    of_kinds = dict(chain.from_iterable(of_collection(kind).items() for kind in kinds))
    return {"Account": ACCOUNT, "IfNoneMatch": IF_NONE_MATCH, **PAGING, **of_kinds}


def _schemas() -> Mapping[str, Schema]:
    of_records = [record_schemas(resource) for resource in KINDS]
    shared = (SHARED, ERROR_SCHEMAS, OAUTH_SCHEMAS, TRANSFER_SCHEMAS, WEBHOOK_SCHEMAS)
    return dict(chain.from_iterable(one.items() for one in (*shared, all_contact_schemas(), *of_records)))


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(openapi_document(), enc_hook=dict)  # of read-only mappings
