"""The list of people, filtered by the ids that callers are known by."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from cti_lookup.directory.store import Store
from tests.directory.conftest import Api

# Each person's name stands for its ids: support, employee.
PEOPLE = {
    "Ada": ("S-1", "E-1"),
    "Bob": ("s-2", "e-1"),
    "Cem": ("1,2", None),
    "Dan": ("!x", "E-2"),
    "Eve": (None, r"\y"),
}


@pytest.fixture
async def known(api: Api) -> Api:
    """Return a directory that knows some people by their ids."""
    for name, (support, employee) in PEOPLE.items():
        await api.person(name, supportID=support, employeeID=employee)
    return api


async def names(api: Api, **query: str) -> Sequence[str]:
    return [person["name"] for person in await api.get("/people", params=query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"supportID": "S-1"}, ["Ada"]),
        ({"supportID": "s-1"}, ["Ada"]),
        ({"employeeID": "E-1"}, ["Ada"]),
        ({"employeeID": "e-1"}, ["Bob"]),
        ({"supportID": "S"}, []),
        ({"supportID": "%"}, []),
        ({"supportID": "1,2"}, ["Cem"]),
        ({"supportID": "S-1,s-2"}, []),
        ({"supportID": r"\!x"}, ["Dan"]),
        ({"employeeID": r"\y"}, ["Eve"]),
        ({"supportID": "!S-1"}, ["Bob", "Cem", "Dan", "Eve"]),
        ({"supportID!": "S-1"}, ["Bob", "Cem", "Dan", "Eve"]),
        ({"supportID": ""}, ["Eve"]),
        ({"supportID": "!"}, ["Ada", "Bob", "Cem", "Dan"]),
        ({"employeeID!": ""}, ["Ada", "Bob", "Dan", "Eve"]),
        ({"supportID": "S-1", "employeeID": "E-1"}, ["Ada"]),
        ({"supportID": "S-1", "employeeID": "E-2"}, []),
    ],
)
async def test_a_filter_leaves_whom_it_says(known: Api, query: dict[str, str], found: list[str]) -> None:
    assert await names(known, **query) == found


async def test_a_broken_encoding_is_the_id_of_nobody(known: Api) -> None:
    async with known.client.get("/v1/people?supportID=%FF%ED%A0%80") as response:
        assert (response.status, await response.json()) == (200, [])


async def test_a_filter_holds_over_all_pages(known: Api) -> None:
    seen: list[str] = []
    path = "/v1/people?per_page=1&supportID=!S-1"
    while path:
        async with known.client.get(path) as response:
            assert response.headers["X-Pagination-Total-Entries"] == "4"
            seen += [person["name"] for person in await response.json()]
            following = response.links.get("next")
            path = known.relative(str(following["url"])) if following else ""
    assert seen == ["Bob", "Cem", "Dan", "Eve"]


async def test_a_person_is_found_by_an_id_without_reading_them_all(database: Path) -> None:
    async with Store.open(database):
        pass
    connection = sqlite3.connect(database)
    for condition in ("supportID COLLATE NOCASE IS ?", "employeeID IS ?"):
        query = f"EXPLAIN QUERY PLAN SELECT * FROM people WHERE {condition} ORDER BY name_key, id LIMIT 2"  # noqa: S608
        plan = " ".join(str(row[3]) for row in connection.execute(query, ("x",)))
        assert "USING INDEX people_by_" in plan
        assert "people_by_name" not in plan
    connection.close()
