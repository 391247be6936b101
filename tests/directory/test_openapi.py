"""The description of the API says what the directory does: held against the routes, and against what it answers."""

import json
import os
import re
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import msgspec
import pytest
import schemathesis
from aiohttp.web import AbstractResource
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import (
    CheckFunction,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)
from schemathesis.config import SchemathesisConfig

from cti_lookup.directory.records.fields import FieldFault
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.web.openapi.document import openapi_document
from cti_lookup.directory.web.openapi.record_paths import KINDS
from cti_lookup.directory.web.openapi.values import written
from tests.directory.conftest import TOKEN, Api
from tests.directory.served import Served, served

LONG: Final = "CTI_TEST_EXAMPLES" in os.environ
EXAMPLES: Final = max(4, int(os.environ.get("CTI_TEST_EXAMPLES", "0")) // 100)
"""Of each operation and kind of generation; there are more than a hundred operations."""

DOCUMENT: Final[Any] = json.loads(msgspec.json.encode(openapi_document(), enc_hook=dict))
SCHEMA: Final = schemathesis.openapi.from_dict(
    DOCUMENT,
    config=SchemathesisConfig.from_dict(
        {
            "seed": 4711,
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "no-shrink": not LONG},
            "phases": {"coverage": {"enabled": LONG}, "stateful": {"enabled": False}},
        }
    ),
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("openapi"), "--samples") as directory:
        yield directory


CIRCUMSTANCES: Final = frozenset(
    {
        "must exist",  # a reference to a record that there is not
        "has already been taken",
        "is disabled",  # the policy of a webhook
        "is in the archive; restore it first",
        "is in the trash; restore it first",
        "is used by webhooks, which would send without a signature",
        "needs another key: make another policy",
    }
)
"""What is wrong with a body only because of what the file holds."""

UNSAYABLE: Final = (
    ("base", "must have exactly one of"),  # a contact as it would be after a change
    ("label", "is only for"),
    ("time_zone", "is not included in the list"),  # looks like a name of IANA
    ("secret", "is too short"),  # for the algorithm beside it
    ("secret", "is not for"),
    ("openid_connect_discovery", "is not supported"),
)
"""What JSON Schema cannot say of a body."""

UNSAYABLE_OF_A_REQUEST: Final = frozenset(
    {
        "Invalid cursor",  # none that an earlier answer had
        "The parameter telephone is missing or holds no digits",  # one of three parameters has to be there
        "The multipart body is malformed",  # names of parts that no header can carry
        "The client id or the client secret is wrong",
        "The parameter client_id or client_secret is missing",  # `Basic` may say them
    }
)
NOWHERE: Final = "http://127.0.0.1:9/"
CALLABLE: Final = re.compile(r"https?://[^*]{1,100}$")


@SCHEMA.hook
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """Let webhooks call nobody."""
    uri = body.get("uri") if isinstance(body, dict) else None
    return {**body, "uri": NOWHERE} if isinstance(uri, str) and CALLABLE.match(uri) else body


def excluded(case: schemathesis.Case[Any], response: schemathesis.Response) -> list[CheckFunction]:
    """Return the checks that do not hold for an answer; each for a reason that stands in the documentation."""
    assert case.meta is not None
    if case.meta.generation.mode.is_negative:
        negated = {place.value for place, info in case.meta.components.items() if info.mode.is_negative}
        # What a query has too much of is passed over, and a page size that is none is the default.
        return [negative_data_rejection] if negated <= {"query", "header"} else []
    circumstance = [positive_data_acceptance] if is_circumstance(response) else []
    # Any other method of /people/disabled means the person whose id is `disabled`, who is nobody.
    return [*circumstance, *([unsupported_method] if is_beside_ids(case.path) else [])]


def is_beside_ids(path: str) -> bool:
    """Say whether another path has an id where this one ends in a word."""
    start = path.rpartition("/")[0]
    return any(re.fullmatch(rf"{re.escape(start)}/{{\w+_id}}", other) for other in DOCUMENT["paths"])


def is_circumstance(response: schemathesis.Response) -> bool:
    """Say whether an answer refuses what no schema can tell to be wrong."""
    if response.status_code == 400:
        return not UNSAYABLE_OF_A_REQUEST.isdisjoint(response.json().values())
    if response.status_code != 422:
        return False
    return all(
        text in CIRCUMSTANCES or any(field == name and text.startswith(start) for name, start in UNSAYABLE)
        for field, text in response.json()["errors"]
    )


@SCHEMA.parametrize()
@pytest.mark.slow
def test_answers_are_as_described(case: schemathesis.Case[Any], directory: Served) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = case.call(base_url=directory.address, headers=headers)
    case.validate_response(response, headers=headers, excluded_checks=excluded(case, response))


def test_the_description_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


async def test_it_is_there_for_everybody(api: Api) -> None:
    async with api.client.get("/v1/openapi.json", headers={"Authorization": ""}) as response:
        assert response.status == 200
        assert await response.json() == DOCUMENT


async def test_it_has_every_path_and_method_of_the_routes_and_no_other(api: Api) -> None:
    described = {
        f"{method.upper()} {path}" for path, operations in DOCUMENT["paths"].items() for method in operations
    }
    of_routes = {
        f"{method} {path}" for resource in api.app.router.resources() for method, path in paths_of(resource)
    }

    assert described == of_routes


def paths_of(resource: AbstractResource) -> Iterator[tuple[str, str]]:
    """Yield the methods and the paths of a resource, each word of a predefined filter on its own."""
    path = resource.canonical.removesuffix("{ending}")
    words = [""]
    if "{predefined}" in path:
        found = re.search(r"[:>](\w+(?:\|\w+)+)\)", str(resource.get_info()["pattern"].pattern))
        assert found
        words = found[1].split("|")
    for word, route in product(words, resource):
        if route.method != "HEAD":  # answered wherever GET is
            yield route.method, path.replace("{predefined}", word)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("resource", KINDS, ids=lambda resource: resource.model)
def test_texts_are_as_long_as_the_rules_allow(resource: Resource) -> None:
    for one in resource.fields:
        rule = resource.rules.get(one.name)
        longest = dict(written(one)).get("maxLength") if rule else None
        if rule is None or not isinstance(longest, int):
            continue
        domain = "@x" if one.name == "primary_email" else ""
        start = "x" * (longest - len(domain))
        assert rule(start + domain) == start + domain
        with pytest.raises(FieldFault):
            rule(f"x{start}{domain}")


@pytest.mark.parametrize("resource", KINDS, ids=lambda resource: resource.model)
def test_every_field_of_a_body_is_described(resource: Resource) -> None:
    name = "".join(map(str.capitalize, resource.model.split("_")))
    described = DOCUMENT["components"]["schemas"][f"{name}Draft"]["properties"]

    assert described.keys() >= resource.rules.keys()
