"""The order of a collection, and following it page by page."""

import itertools
import random
import re
from functools import partial
from typing import Any

import pytest

from tests.directory.conftest import Api

SORTABLE = ("id", "sourceID", "name", "organization", "site", "manager", "created_at", "updated_at")


@pytest.fixture
async def many(api: Api) -> Api:
    """Return a directory with people who have much in common, and lack much."""
    chance = random.Random(4)  # noqa: S311 - the same people each time
    organizations = [await _made(api, "organizations", name) for name in ("Beta", "alpha", "Beta")]
    sites = [await _made(api, "sites", name) for name in ("North", "south")]
    for number in range(24):
        await api.person(
            chance.choice(("Ada", "ada", "Bob", "Zoë")),
            primary_email=f"{number}@people.example",
            sourceID=chance.choice((None, "A", "b", "a")),
            organization_id=chance.choice((None, *organizations)),
            site_id=chance.choice((None, *sites)),
            manager_id=chance.choice((None, 2, 3)) if number > 1 else None,
        )
    return api


async def _made(api: Api, collection: str, name: str) -> int:
    status, record = await api.call("POST", f"/{collection}", json={"name": name})
    assert status == 201
    return int(record["id"])


def _value(person: dict[str, Any], name: str) -> Any:
    """Return what a person is sorted by; what is missing stands first."""
    value = person[name]
    if isinstance(value, dict) or name == "name":
        value = (value["name"] if isinstance(value, dict) else value).casefold()
    return (value is not None, value if value is not None else 0)


def _sorted(people: list[dict[str, Any]], sort: str) -> list[int]:
    words = sort.split(",")
    ties = "-id" if words[-1].startswith("-") else "id"
    for word in (ties, *reversed(words)):
        key = partial(_value, name=word.removeprefix("-"))
        people = sorted(people, key=key, reverse=word.startswith("-"))
    return [person["id"] for person in people]


async def _follow(api: Api, path: str, rel: str) -> tuple[list[int], str]:
    """Return the ids that following a link visits, and the address of the last page."""
    seen: list[int] = []
    while True:
        async with api.client.get(path) as response:
            assert response.status == 200
            ids = [person["id"] for person in await response.json()]
            seen = seen + ids if rel == "next" else ids + seen
            if rel not in response.links:
                return seen, path
            path = api.relative(str(response.links[rel]["url"]))


async def test_every_order_is_followed_forwards_and_backwards(many: Api) -> None:
    people = await many.get("/people?per_page=100")
    orders = [sign + name for name in SORTABLE for sign in ("", "-")]
    orders += [
        f"{a}{first},{b}{second}"
        for first, second in itertools.permutations(("name", "organization", "sourceID"), 2)
        for a in ("", "-")
        for b in ("", "-")
    ]
    orders += ["-manager,site,-updated_at", "organization,-site,name,id"]
    for sort in orders:
        expected = _sorted(people, sort)
        forwards, last = await _follow(many, f"/v1/people?per_page=7&sort={sort}", "next")
        assert forwards == expected, sort
        backwards, first = await _follow(many, last, "prev")
        assert backwards == expected, sort
        assert first.startswith("/v1/people?per_page=7")


async def test_the_default_is_by_name(many: Api) -> None:
    expected = [person["id"] for person in await many.get("/people?per_page=100")]
    for sort in ("name", "", "%20", ",", "name,-name", "name,-created_at"[:4]):
        people = await many.get(f"/people?per_page=100&sort={sort}")
        assert [person["id"] for person in people] == expected


async def test_fields_need_not_be_shown_to_be_sorted_by(many: Api) -> None:
    people = await many.get("/people?sort=-organization&fields=name")
    assert all(person.keys() == {"id", "name"} for person in people)


@pytest.mark.parametrize(
    ("sort", "named"),
    [
        ("vip", ": vip"),
        ("-primary_email,name,job_title", ": primary_email, job_title"),
        ("name;DROP", ""),
        ("roles", ": roles"),
        ("--name", ""),
        ("account", ": account"),
    ],
)
async def test_what_is_not_to_be_sorted_by_is_refused(api: Api, sort: str, named: str) -> None:
    expected = (400, {"message": f"Sorting not allowed on fields{named}"})
    assert await api.call("GET", "/people", params={"sort": sort}) == expected


async def test_a_record_that_changes_while_it_is_read_leads_on_from_its_new_place(api: Api) -> None:
    for name in ("a", "b", "c", "d"):
        await api.person(name)
    async with api.client.get("/v1/people?per_page=2&sort=name") as response:
        following = api.relative(str(response.links["next"]["url"]))
    await api.call("PATCH", "/people/3", json={"name": "cc"})
    assert [person["name"] for person in await api.get(following.removeprefix("/v1"))] == ["d"]


async def test_no_address_of_a_page_holds_what_is_sorted_by(many: Api) -> None:
    async with many.client.get("/v1/people?per_page=1&sort=organization,name") as response:
        link = response.headers["Link"]
    assert not re.search("alpha|beta|ada", link, re.IGNORECASE)
