"""The list of people, filtered in every documented way."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import BadRequestError
from cti_lookup.directory.records.filters import conditions_of
from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.storage.schema import statements
from tests.directory.conftest import Api

# Everyone is created a minute after the one before: Ada at 20:02, Bob at 20:03 …
CREATED = "2026-11-21T20:0{minute}:00Z"
PEOPLE_OF_TESTS: dict[str, dict[str, Any]] = {
    "Ada": {"supportID": "S-1", "employeeID": "E-1", "source": "AD", "sourceID": "1"},
    "Bob": {"supportID": "s-2", "employeeID": "e-1", "source": "ad", "sourceID": "2", "manager_id": 2},
    "Cem": {"supportID": "1,2", "source": "%", "disabled": True, "manager_id": 2},
    "Dan": {"supportID": "!x", "employeeID": "E-2", "manager_id": 3},
    "Eve": {"employeeID": r"\y", "sourceID": "<5>"},
}
FIRST_ID = 2
EVERYBODY = list(PEOPLE_OF_TESTS)


@pytest.fixture
async def known(api: Api, database: Path) -> Api:
    """Return a directory that knows some people by their ids."""
    for number, (name, fields) in enumerate(PEOPLE_OF_TESTS.items()):
        assert (await api.person(name, **fields))["id"] == FIRST_ID + number
    times = [
        (CREATED.format(minute=FIRST_ID + number), FIRST_ID + number) for number in range(len(EVERYBODY))
    ]
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executemany("UPDATE people SET created_at = ?1, updated_at = ?1 WHERE id = ?2", times)
    return api


async def names(api: Api, *query: tuple[str, str]) -> Sequence[str]:
    return [person["name"] for person in await api.get("/people", params=query)]


FILTERS: dict[str, list[tuple[str, str, list[str]]]] = {
    "text, with regard to letter case and without": [
        ("supportID", "S-1", ["Ada"]),
        ("supportID", "s-1", ["Ada"]),
        ("employeeID", "E-1", ["Ada"]),
        ("employeeID", "e-1", ["Bob"]),
        ("primary_email", "ADA@people.example", ["Ada"]),
        ("primary_email", "!ADA@people.example", ["Bob", "Cem", "Dan", "Eve"]),
        ("name", "Ada", ["Ada"]),
        ("name", "ada", []),
        ("source", "AD", ["Ada"]),
        ("sourceID", "2", ["Bob"]),
    ],
    "text is just text": [
        ("supportID", "S", []),
        ("supportID", "%", []),
        ("source", "%", ["Cem"]),
        ("name", "A*", []),
        ("name", "' OR 1=1 --", []),
        ("name", "Ada\x00", []),
        ("name", "\n", []),
        ("supportID", "1,2", ["Cem"]),
        ("supportID", "S-1,s-2", []),
    ],
    "escapes": [
        ("supportID", r"\!x", ["Dan"]),
        ("sourceID", r"\<5>", ["Eve"]),
        ("employeeID", r"\y", ["Eve"]),
    ],
    "not": [
        ("supportID", "!S-1", ["Bob", "Cem", "Dan", "Eve"]),
        ("supportID!", "S-1", ["Bob", "Cem", "Dan", "Eve"]),
        ("supportID!", "!x", ["Ada", "Bob", "Cem", "Eve"]),
        ("name!", "Ada", ["Bob", "Cem", "Dan", "Eve"]),
    ],
    "none, and any": [
        ("supportID", "", ["Eve"]),
        ("supportID", "!", ["Ada", "Bob", "Cem", "Dan"]),
        ("employeeID!", "", ["Ada", "Bob", "Dan", "Eve"]),
        ("manager", "", ["Ada", "Eve"]),
        ("manager_id", "!", ["Bob", "Cem", "Dan"]),
        ("disabled", "", []),
        ("created_at", "!", EVERYBODY),
    ],
    "numbers and lists of them": [
        ("id", "2", ["Ada"]),
        ("id", "2,4, 6", ["Ada", "Cem", "Eve"]),
        ("ids", "2,3", ["Ada", "Bob"]),
        ("id", "!2,3", ["Cem", "Dan", "Eve"]),
        ("ids", "!2,3", ["Cem", "Dan", "Eve"]),
        ("id!", "2,3", ["Cem", "Dan", "Eve"]),
        ("id", ">4", ["Dan", "Eve"]),
        ("id", ">=4", ["Cem", "Dan", "Eve"]),
        ("id", "<4", ["Ada", "Bob"]),
        ("id", "<=4", ["Ada", "Bob", "Cem"]),
        ("id", ">2<5", ["Bob", "Cem"]),
        ("id", ">=2<=4", ["Ada", "Bob", "Cem"]),
        ("id", "<5>2", ["Bob", "Cem"]),
    ],
    "what is no id is the id of nobody": [
        ("id", "Ada", []),
        ("id", "2 OR 1=1", []),
        ("id", "2,x,٣,9223372036854775808", ["Ada"]),
        ("id", "!x", EVERYBODY),
    ],
    "references, under all their names": [
        ("manager", "2", ["Bob", "Cem"]),
        ("manager_id", "2", ["Bob", "Cem"]),
        ("manager_id", "2,3", ["Bob", "Cem", "Dan"]),
        ("manager_ids", "2,3", ["Bob", "Cem", "Dan"]),
        ("manager", "!2", ["Ada", "Dan", "Eve"]),
        ("organization", "12", []),
    ],
    "booleans: the documented words, and everything else is false": [
        ("disabled", "true", ["Cem"]),
        ("disabled", "Yes", ["Cem"]),
        ("disabled", "false", ["Ada", "Bob", "Dan", "Eve"]),
        ("disabled", "what", ["Ada", "Bob", "Dan", "Eve"]),
        ("disabled", "!1", ["Ada", "Bob", "Dan", "Eve"]),
        ("disabled!", "T", ["Ada", "Bob", "Dan", "Eve"]),
    ],
    "times, whichever way they are written, and days": [
        ("created_at", "2026-11-21T20:03:00Z", ["Bob"]),
        ("created_at", "2026-11-21T14:03:00-06:00", ["Bob"]),
        ("created_at", "!2026-11-21T20:03:00Z", ["Ada", "Cem", "Dan", "Eve"]),
        ("created_at", ">2026-11-21T20:04:00Z", ["Dan", "Eve"]),
        ("created_at", ">2026-11-21T20:03:59.5Z", ["Cem", "Dan", "Eve"]),
        ("updated_at", ">=2026-11-21T21:04:00+01:00", ["Cem", "Dan", "Eve"]),
        ("updated_at", ">=2026-11-21T21:04:00 01:00", ["Cem", "Dan", "Eve"]),
        ("created_at", "<2026-11-21 20:04", ["Ada", "Bob"]),
        ("created_at", "<=2026-11-21T20:04:00Z", ["Ada", "Bob", "Cem"]),
        ("created_at", ">2026-11-21T20:02:00Z<2026-11-21T20:05:00Z", ["Bob", "Cem"]),
        ("created_at", ">=2026-11-21T20:03:00Z<=2026-11-21T20:04:00Z", ["Bob", "Cem"]),
        ("created_at", "2026-11-21", EVERYBODY),
        ("created_at", ">2026-11-20<2026-11-22", EVERYBODY),
        ("created_at", ">2026-11-21", []),
        ("created_at", ">=2026-11-21<=2026-11-21", EVERYBODY),
        ("created_at", "<2026-11-21", []),
        ("created_at", "<=9999-12-31", EVERYBODY),
        ("created_at", ">0001-01-01", EVERYBODY),
    ],
    "what is no field is passed over": [
        ("per_page", "100", EVERYBODY),
        ("account", "x", EVERYBODY),
        ("shoe_size", "!", EVERYBODY),
        ("_id", "1", EVERYBODY),
        ("!", "1", EVERYBODY),
    ],
}


@pytest.mark.parametrize("cases", FILTERS.values(), ids=FILTERS)
async def test_a_filter_leaves_whom_it_says(known: Api, cases: list[tuple[str, str, list[str]]]) -> None:
    for name, value, found in cases:
        assert await names(known, (name, value)) == found, (name, value)


async def test_all_of_several_filters_hold(known: Api) -> None:
    assert await names(known, ("supportID", "S-1"), ("employeeID", "E-1")) == ["Ada"]
    assert await names(known, ("supportID", "S-1"), ("employeeID", "E-2")) == []
    assert await names(known, ("disabled", "0"), ("manager", "2")) == ["Bob"]
    after, before = ("created_at", ">2026-11-21T20:02:00Z"), ("created_at", "<2026-11-21T20:05:00Z")
    assert await names(known, after, before) == ["Bob", "Cem"]


async def test_a_field_that_is_no_filter_is_refused(known: Api) -> None:
    for name in ("vip", "job_title", "contacts", "addresses", "work_hours_id", "location!"):
        field = name.removesuffix("!").removesuffix("_id")
        expected = (400, {"message": f"Filtering not allowed on fields: {field}"})
        assert await known.call("GET", "/people", params={name: "x"}) == expected
    both = await known.call("GET", "/people?vip=1&job_title=x&name=Ada")
    assert both == (400, {"message": "Filtering not allowed on fields: vip, job_title"})


UNFIT = [
    ("name", ">A"),
    ("name", "<=A"),
    ("disabled", ">0"),
    ("manager", ">2"),
    ("id", "!>2"),
    ("id", ">"),
    ("id", ">x"),
    ("id", ">1>"),
    ("id", ">1<2<3"),
    ("created_at", "yesterday"),
    ("created_at", "2026-13-01"),
    ("created_at", ">2026-11-21T25:00:00Z"),
    ("created_at", "2026-11-21,2026-11-22"),
    ("created_at", "0001-01-01T00:00:00+09:00"),
]


async def test_an_operator_or_value_that_the_type_does_not_have_is_refused(known: Api) -> None:
    for name, value in UNFIT:
        answer = await known.call("GET", "/people", params={name: value})
        assert answer == (400, {"message": f"Invalid filter on fields: {name}"}), value


async def test_a_url_full_of_filters_is_refused(known: Api) -> None:
    for number, answer in ((100, 200), (101, 400), (1500, 400)):
        status, _ = await known.call("GET", "/people?" + "&".join(["id=2"] * number))
        assert status == answer


@pytest.fixture
async def with_roles(known: Api, database: Path) -> Api:
    """Return a directory in which Ada is an auditor and Bob a specialist as well."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executemany(
        "INSERT INTO roles (person_id, account_id, role) VALUES (?, 'widget', ?)",
        [(2, "auditor"), (3, "auditor"), (3, "specialist")],
    )
    connection.close()
    return known


BY_ROLES: list[tuple[list[tuple[str, str]], list[str]]] = [
    ([("roles", "auditor")], ["Ada", "Bob"]),
    ([("roles", "specialist")], ["Bob"]),
    ([("roles", "specialist,auditor")], ["Ada", "Bob"]),
    ([("roles", "!specialist")], ["Ada", "Cem", "Dan", "Eve"]),
    ([("roles!", "specialist,auditor")], ["Cem", "Dan", "Eve"]),
    ([("roles", "")], ["Cem", "Dan", "Eve"]),
    ([("roles", "!")], ["Ada", "Bob"]),
    ([("roles", "king")], []),
    # Beside this filter letter case does not matter.
    ([("roles", "auditor"), ("name", "ADA")], ["Ada"]),
    ([("roles", "auditor"), ("source", "ad")], ["Ada", "Bob"]),
    ([("employeeID", "!E-1"), ("roles", "!auditor")], ["Cem", "Dan", "Eve"]),
]


async def test_people_are_found_by_their_roles(with_roles: Api) -> None:
    for query, found in BY_ROLES:
        assert await names(with_roles, *query) == found, query


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


WORDS = {
    "enabled": ["Ada", "Bob", "Dan", "Eve"],
    "disabled": ["Cem"],
    "PeoplePredefinedFilter.disabled": ["Cem"],
    "internal": [],
    "directory": [],
    "support_domain": EVERYBODY,
    "all_with_roles": ["Ada", "Bob"],
    "disabled/": ["Cem"],
    "disabled.json": ["Cem"],
    "disabled?name=Ada": [],
}


async def test_the_word_of_a_predefined_filter_leaves_whom_it_says(with_roles: Api) -> None:
    for word, found in WORDS.items():
        assert [person["name"] for person in await with_roles.get(f"/people/{word}")] == found, word
    assert (await with_roles.call("GET", "/people/everybody"))[0] == 404


async def test_people_of_an_organization_are_internal_and_listed_with_it(known: Api) -> None:
    _, organization = await known.call("POST", "/organizations", json={"name": "Org"})
    for person_id in (2, 4):
        await known.call("PATCH", f"/people/{person_id}", json={"organization_id": organization["id"]})
    path = f"/organizations/{organization['id']}/people"
    for listed, found in (
        ("/people/internal", 2),
        (path, 2),
        (f"{path}/enabled", 1),
        (f"{path}/disabled", 1),
    ):
        assert len(await known.get(listed)) == found
    assert (await known.call("GET", "/organizations/99/people"))[0] == 404


INDEXED = ("supportID", "employeeID", "primary_email", "name", "sourceID", "organization", "manager", "id")


@pytest.mark.parametrize("name", INDEXED)
def test_people_are_found_by_what_names_them_without_reading_them_all(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements():
            connection.execute(statement)
        condition = conditions_of(PEOPLE, [(name, "1")], Identity(1, "widget", "widget"))
        query = f"EXPLAIN QUERY PLAN SELECT id FROM people WHERE {condition.sql} ORDER BY name_key, id"  # noqa: S608
        plan = " ".join(str(row[3]) for row in connection.execute(query, condition.values))
    assert "SEARCH people USING" in plan
    assert "SCAN people" not in plan


field_names = st.sampled_from([*PEOPLE.by_name, "ids", "manager_id", "organization_ids", "shoe_size"])
values = st.text() | st.from_regex(r"[!<>=]{0,3}[0-9,-]{0,6}[<>=]{0,2}[0-9:TZ+ -]{0,12}")


@settings(deadline=None)
@given(st.lists(st.tuples(field_names, st.sampled_from(["", "!"]), values), max_size=3))
def test_any_filters_are_answered_or_refused(query: list[tuple[str, str, str]]) -> None:
    pairs = [(name + ending, value) for name, ending, value in query]
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements():
            connection.execute(statement)
        try:
            condition = conditions_of(PEOPLE, pairs, Identity(1, "widget", "widget"))
        except BadRequestError:
            return
        found = connection.execute(f"SELECT id FROM people WHERE {condition.sql}", condition.values)  # noqa: S608
        assert found.fetchall() == []
