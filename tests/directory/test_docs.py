"""The page says what the program does."""

import re
from pathlib import Path

from cti_lookup.directory.samples import DEMONSTRATIONS
from tests.directory.conftest import Api

PAGE = Path(__file__).parents[2].joinpath("docs", "directory.md").read_text(encoding="utf-8")

_ROUTE = re.compile(r"^\| `((?:GET|POST|PATCH|DELETE) /[^`?]*)", re.MULTILINE)


def test_every_demonstration_is_on_the_page() -> None:
    for case in DEMONSTRATIONS:
        assert f"| `{case.telephone}` | {case.title} |" in PAGE


async def test_every_route_is_on_the_page_and_every_route_of_the_page_is_there(api: Api) -> None:
    served = set()
    for resource in api.app.router.resources():
        path = resource.canonical.removesuffix("{ending}").replace("_id}", "}")
        served |= {f"{route.method} {path}" for route in resource if route.method not in {"HEAD", "PUT"}}
    assert set(_ROUTE.findall(PAGE)) == served
