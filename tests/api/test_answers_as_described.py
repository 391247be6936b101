"""What the service answers is what its description says: asked whatever that allows and forbids, with a key and without."""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

import pytest
import schemathesis
from schemathesis.checks import CheckFunction, negative_data_rejection, positive_data_acceptance
from schemathesis.config import SchemathesisConfig

from cti_lookup.web.openapi.document import encoded_openapi
from tests.api.running import BEARER, KEY, UPSTREAM_TOKEN, Running

LONG: Final = "CTI_TEST_EXAMPLES" in os.environ
EXAMPLES: Final = max(6, int(os.environ.get("CTI_TEST_EXAMPLES", "0")) // 20)
"""Of each operation and kind of generation."""

DOCUMENT: Final[Any] = json.loads(encoded_openapi())
ASKED_WITH: Final = frozenset(
    {"GenericEvent", "Journal", "DirectoryEvent", "TokenRequest", "Choice", "Erasure"}
)
"""Schemas of bodies of requests, which say themselves what more they take."""


def closed(schema: Any) -> Any:
    """Forbid what a schema does not tell of, so that an answer that holds more than is described is found."""
    match schema:
        case {"properties": dict(), "type": "object"}:
            inner = {name: closed(value) for name, value in schema.items()}
            return {"additionalProperties": False} | inner
        case dict():
            return {name: closed(value) for name, value in schema.items()}
        case list():
            return [closed(one) for one in schema]
    return schema


def strict() -> Any:
    schemas = DOCUMENT["components"]["schemas"]
    told = {name: one if name in ASKED_WITH else closed(one) for name, one in schemas.items()}
    return DOCUMENT | {"components": DOCUMENT["components"] | {"schemas": told}}


SCHEMA: Final = schemathesis.openapi.from_dict(
    strict(),
    config=SchemathesisConfig.from_dict(
        {
            "seed": 4711,
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": not LONG},
            "phases": {"coverage": {"enabled": LONG}, "stateful": {"enabled": False}},
        }
    ),
)
ENDING: Final = SCHEMA.exclude(path="/v1/calls/stream")
"""All but the stream, whose answer does not end; see test_feed_description.py."""


CIRCUMSTANCES: Final = {
    "telephone": "that it is missing beside no id, or is no number",
    "region": "that it has no numbering plan",
    "source": "that it is not configured",
    "supportID": "that not all of it can be printed",
    "employeeID": "that not all of it can be printed",
    "object_id": "that the event is about a person, and names none",
    "payload": "that a callback is asked for, and none is named",
    "jwt": "that it is no token",
}
"""What a 422 may find wrong that no schema can say, by the field that it names."""

FORM: Final = "application/x-www-form-urlencoded"
ADDRESSES: Final = (f"2001:db8::{number:x}" for number in range(1, 2**16))
"""Addresses to ask from, a new one each time: whoever is refused too often from one is told so, and no more."""

PATIENT: Final = frozenset({"/v1/cnam", "/v1/3cx/journal"})
"""Where what is wrong is answered with nothing: telephones show any text, and 3CX would say the same again."""


@SCHEMA.hook
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """Write ids as they are written: 30, and not 30.0, which JSON Schema takes for an integer too."""
    if not isinstance(body, dict):
        return body
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in body.items()
    }


def excluded(case: schemathesis.Case[Any], response: schemathesis.Response) -> list[CheckFunction]:
    """Give the checks that do not hold for an answer, each for a reason."""
    if not negated(case):
        return [positive_data_acceptance] if is_circumstance(response) else []
    # What a query, a header or a form has too much of is passed over, and so is a word that is none.
    is_passed_over = negated(case) <= {"query", "header", "cookie"} or case.media_type == FORM
    return [negative_data_rejection] if is_passed_over or case.path in PATIENT else []


def negated(case: schemathesis.Case[Any]) -> set[str]:
    """Tell which parts of a request the description forbids."""
    assert case.meta is not None
    return {place.value for place, info in case.meta.components.items() if info.mode.is_negative}


def is_circumstance(response: schemathesis.Response) -> bool:
    """
    Tell whether an answer refuses what no schema can tell to be wrong.

    405: this source knows no handshake. 400: all fields of a form or a query are blank.
    """
    request = response.request
    if response.status_code == 405:
        return request.method == "OPTIONS"
    if response.status_code == 400:
        return request.method == "GET" or request.headers.get("Content-Type") == FORM
    return response.status_code == 422 and response.json()["field"] in CIRCUMSTANCES


def ask(case: schemathesis.Case[Any], program: Running, headers: Mapping[str, str]) -> None:
    if "path" not in negated(case):
        name_what_there_is(case)
    case.headers["X-Forwarded-For"] = next(ADDRESSES)
    response = case.call(base_url=program.url, headers=dict(headers), timeout=30)
    case.validate_response(response, headers=dict(headers), excluded_checks=excluded(case, response))


def name_what_there_is(case: schemathesis.Case[Any]) -> None:
    """Write the source that there is into a path, and the tokens that are good."""
    token = UPSTREAM_TOKEN if case.path.startswith("/upstream/") else KEY
    for name, value in (("source", "generic"), ("token", token)):
        if name in case.path_parameters:
            case.path_parameters[name] = value


@ENDING.parametrize()
@pytest.mark.slow
def test_answers_to_a_key_are_as_described(case: schemathesis.Case[Any], program: Running) -> None:
    ask(case, program, BEARER)


@SCHEMA.parametrize()
@pytest.mark.slow
def test_answers_to_anybody_are_as_described(case: schemathesis.Case[Any], program: Running) -> None:
    ask(case, program, {})
