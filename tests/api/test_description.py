"""The description holds every route, parameter and code that there is, and nothing else."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from cti_lookup.dialects.generic import _Fields
from cti_lookup.errors import Rejected
from cti_lookup.questions import IdentityKey
from cti_lookup.web.openapi.document import encoded_openapi
from tests.project.test_readme import rejections, served
from tests.service.conftest import Service

WEB: Final = Path(__file__).parents[2] / "cti_lookup" / "web"
DOCUMENT: Final[Any] = json.loads(encoded_openapi())
OPERATIONS: Final[dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
SCHEMAS: Final = DOCUMENT["components"]["schemas"]


def test_the_description_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_route_is_described_and_no_other() -> None:
    assert set(OPERATIONS) == served()


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("route", OPERATIONS)
def test_every_variable_of_a_path_is_described(route: str) -> None:
    told = {one["name"] for one in OPERATIONS[route].get("parameters", []) if one["in"] == "path"}
    assert told == set(re.findall(r"\{(\w+)\}", route))


def parsed() -> Iterator[ast.AST]:
    for path in WEB.glob("*.py"):
        if path.name == "demo.py":
            continue  # routes that only a demonstration has
        yield from ast.walk(ast.parse(path.read_text()))


def asked_of_queries() -> Iterator[str]:
    """Yield what handlers look for in queries: `query.get("x")`, `query["x"]`, `"x" in query`, `_word(request, "x", …)`."""
    for node in parsed():
        match node:
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="query") | ast.Name("query"), attr="get"),
                    args=[ast.Constant(str() as name), *_],
                )
                | ast.Subscript(
                    value=ast.Attribute(attr="query") | ast.Name("query"), slice=ast.Constant(str() as name)
                )
                | ast.Compare(
                    left=ast.Constant(str() as name),
                    comparators=[ast.Attribute(attr="query") | ast.Name("query")],
                )
                | ast.Call(func=ast.Name("_word"), args=[_, ast.Constant(str() as name), *_])
            ):
                yield name
    yield from IdentityKey


def test_every_parameter_that_is_asked_of_a_query_is_described() -> None:
    events = {
        one for route, operation in OPERATIONS.items() if "/webhooks/" in route for one in queried(operation)
    }
    told = {one for operation in OPERATIONS.values() for one in queried(operation)}
    keys = {
        one["name"] for one in DOCUMENT["components"]["securitySchemes"].values() if one.get("in") == "query"
    }

    assert (told - events) | keys == set(asked_of_queries())


def queried(operation: Any) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}


def test_every_field_of_a_generic_event_is_described() -> None:
    assert set(SCHEMAS["GenericEvent"]["properties"]) == set(_Fields.__struct_encode_fields__)
    assert set(SCHEMAS["GenericForm"]["properties"]) == set(_Fields.__struct_encode_fields__)


def codes_in_code() -> Iterator[str]:
    """Yield the codes of all problems: those of rejections, and those that are written where they are answered."""
    yield from (kind.reason for kind in rejections(Rejected)[1:])
    for node in parsed():
        match node:
            case ast.Call(func=ast.Name("problem" | "document"), args=[_, told, *_]):
                yield from (
                    one.value
                    for one in ast.walk(told)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )
            case ast.Constant(bytes() as text):
                yield from re.findall(r'"code":"(\w+)"', text.decode(errors="replace"))


def test_every_code_of_a_problem_is_described_and_no_other() -> None:
    assert set(SCHEMAS["Problem"]["properties"]["code"]["enum"]) == set(codes_in_code())


@pytest.mark.parametrize("kind", rejections(Rejected)[1:], ids=lambda kind: kind.__name__)
def test_every_rejection_is_described_with_its_status(kind: type[Rejected]) -> None:
    told = {
        code: one["value"]["status"]
        for response in DOCUMENT["components"]["responses"].values()
        for content in response["content"].values()
        for code, one in content["examples"].items()
    }
    assert told[kind.reason] == kind.status


def examples() -> Iterator[tuple[str, Any, Any]]:
    """Yield every example, where it stands, and its schema."""
    for route, operation in OPERATIONS.items():
        for one in operation.get("parameters", []):
            if "example" in one and one["schema"].get("type") not in ("boolean", "integer"):
                yield f"{route} {one['name']}", one["schema"], one["example"]
        yield from of_content(route, operation.get("requestBody", {}))
        for status, response in operation["responses"].items():
            yield from of_content(f"{route} {status}", response)
    for name, response in DOCUMENT["components"]["responses"].items():
        yield from of_content(name, response)


def of_content(place: str, described: Any) -> Iterator[tuple[str, Any, Any]]:
    for media, content in described.get("content", {}).items():
        told = [one["value"] for one in content.get("examples", {}).values()]
        told += [content["example"]] if "example" in content else []
        yield from ((f"{place} {media}", content["schema"], one) for one in told)


@pytest.mark.parametrize(
    ("schema", "example"), [pytest.param(*rest, id=place) for place, *rest in examples()]
)
def test_every_example_is_as_its_schema_says(schema: Any, example: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    assert [error.message for error in Draft202012Validator(whole).iter_errors(example)] == []


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
async def test_it_is_there_for_everybody_and_sent_once(service: Service, path: str) -> None:
    async with service.client.get(path, headers={"Origin": "https://any.example"}) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        tag = response.headers["ETag"]
    async with service.client.get(path, headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


async def test_what_is_served_is_what_is_tested(service: Service) -> None:
    async with service.client.get("/openapi.json") as response:
        assert await response.json() == DOCUMENT
