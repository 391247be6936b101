"""People moved to the archive and the trash, and back; the lists of who is there."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from cti_lookup.directory import Administration, Grant
from tests.directory.conftest import Api
from tests.directory.listeners import announced, listen

NOT_FOUND = (404, {"message": "Not Found"})
PLACES = [("archive", "archived"), ("trash", "trashed")]


async def moved(api: Api, person_id: int, place: str = "archive") -> Any:
    """Move a person and return the answer."""
    status, person = await api.call("POST", f"/people/{person_id}/{place}")
    assert status == 200
    return person


async def archived_people(api: Api, *names: str) -> list[int]:
    """Create people, move each to the archive and return their ids in that order."""
    ids = [(await api.person(name))["id"] for name in names]
    for person_id in ids:
        await moved(api, person_id)
    return ids


@pytest.mark.parametrize(("place", "mark"), PLACES)
async def test_the_answer_is_the_whole_person_with_the_documented_text(
    samples: Api, place: str, mark: str
) -> None:
    before = await samples.get("/people/30")
    person = await moved(samples, 30, place)
    assert person == before | {mark: "true", "updated_at": person["updated_at"]}
    assert person["updated_at"] > before["updated_at"]


@pytest.mark.parametrize("place", ["archive", "trash"])
async def test_who_was_moved_is_in_no_list_and_not_found_by_number(samples: Api, place: str) -> None:
    await moved(samples, 30, place)
    for path in (
        "/people?per_page=100",
        "/people/enabled?per_page=100",
        "/people?id=30",
        "/organizations/30/people",
    ):
        assert 30 not in [person["id"] for person in await samples.get(path)]
    assert await samples.callers("7139872967") == []


@pytest.mark.parametrize("place", ["archive", "trash"])
async def test_who_was_moved_can_still_be_read_by_id(samples: Api, place: str) -> None:
    person = await moved(samples, 30, place)
    assert await samples.get("/people/30") == person
    assert len(await samples.get("/people/30/contacts")) == 2


async def test_who_was_moved_by_somebody_is_still_their_manager(samples: Api) -> None:
    await moved(samples, 5)
    assert (await samples.get("/people/30"))["manager"] == {"id": 5, "name": "Howard Tanner"}


@pytest.mark.parametrize("place", ["archive", "trash"])
async def test_who_was_moved_cannot_be_changed_until_they_are_back(samples: Api, place: str) -> None:
    person = await moved(samples, 30, place)
    expected = (
        422,
        {"message": "Validation Failed", "errors": [["base", f"is in the {place}; restore it first"]]},
    )
    contact = {"label": "home", "telephone": "1"}
    assert await samples.call("PATCH", "/people/30", json={"name": "Ashok"}) == expected
    assert await samples.call("POST", "/people/30/contacts", json=contact) == expected
    assert await samples.call("PATCH", "/people/30/contacts/327", json=contact) == expected
    assert await samples.call("DELETE", "/people/30/contacts/327") == expected
    assert await samples.call("DELETE", "/people/30/contacts") == expected
    assert await samples.get("/people/30") == person


@pytest.mark.parametrize("place", ["archive", "trash"])
async def test_who_is_restored_is_as_before_and_found_again(samples: Api, place: str) -> None:
    before = await samples.get("/people/30")
    await moved(samples, 30, place)
    person = await moved(samples, 30, "restore")
    assert person == before | {"updated_at": person["updated_at"]}
    assert await samples.callers("7139872967") == [30]
    assert 30 in [person["id"] for person in await samples.get("/people?id=30")]
    assert await samples.get(f"/{place}") == []


async def test_who_is_moved_twice_is_moved_once(samples: Api) -> None:
    first, listed = await moved(samples, 30), await samples.get("/archive")
    assert await moved(samples, 30) == first
    assert await samples.get("/archive") == listed


async def test_restoring_who_was_never_moved_changes_nothing(samples: Api) -> None:
    before = await samples.get("/people/30")
    assert await moved(samples, 30, "restore") == before


async def test_the_way_leads_from_the_archive_to_the_trash_and_back(samples: Api) -> None:
    for place, mark, other in (
        ("archive", "archived", "trash"),
        ("trash", "trashed", "archive"),
        ("archive", "archived", "trash"),
    ):
        person = await moved(samples, 30, place)
        assert {"archived", "trashed"} & person.keys() == {mark}
        assert [entry["person"]["id"] for entry in await samples.get(f"/{place}")] == [30]
        assert await samples.get(f"/{other}") == []


async def test_a_person_disabled_and_moved_comes_back_disabled_and_after_the_others(samples: Api) -> None:
    before = await samples.callers("7135550142")
    await moved(samples, 103, "trash")
    assert await samples.callers("7135550142") == before[:1]
    assert (await moved(samples, 103, "restore"))["disabled"] is True
    assert await samples.callers("7135550142") == before == [102, 103]


@pytest.mark.parametrize(("place", "mark"), PLACES)
async def test_an_entry_of_a_list_tells_who_moved_whom_and_when(samples: Api, place: str, mark: str) -> None:
    me = await samples.get("/me")
    person = await moved(samples, 30, place)
    (entry,) = await samples.get(f"/{place}")
    assert entry == {
        "id": entry["id"],
        "created_at": person["updated_at"],
        f"{mark}_by": {"id": me["id"], "name": me["name"], "account": me["account"]},
        mark: "person",
        "person": {"id": 30, "href": "/people/30", "display_name": "Ashok Kumar"},
    }


async def test_the_newest_entry_is_the_first(api: Api) -> None:
    ids = await archived_people(api, "Ada", "Bea", "Cyd")
    assert [entry["person"]["id"] for entry in await api.get("/archive")] == ids[::-1]


async def test_a_list_is_sorted_by_the_documented_fields_only(api: Api) -> None:
    ids = await archived_people(api, "Ada", "Bea", "Cyd")
    for sort, expected in (
        ("id", ids),
        ("-id", ids[::-1]),
        ("created_at", ids),
        ("-created_at,id", ids[::-1]),
    ):
        assert [entry["person"]["id"] for entry in await api.get(f"/archive?sort={sort}")] == expected
    refused = (400, {"message": "Sorting not allowed on fields: person"})
    assert await api.call("GET", "/archive?sort=-person") == refused


async def test_a_list_is_filtered_by_id_and_time(api: Api) -> None:
    ids = await archived_people(api, "Ada", "Bea", "Cyd")
    newest, middle, oldest = await api.get("/archive")
    for query, expected in (
        ({"id": str(middle["id"])}, [ids[1]]),
        ({"ids": f"{oldest['id']},{newest['id']}"}, [ids[2], ids[0]]),
        ({"id": f"!{middle['id']}"}, [ids[2], ids[0]]),
        ({"created_at": middle["created_at"]}, [ids[1]]),
        ({"created_at": f">={middle['created_at']}"}, [ids[2], ids[1]]),
        ({"created_at": f"<{middle['created_at']}"}, [ids[0]]),
        ({"nothing": "at all"}, ids[::-1]),
    ):
        assert [entry["person"]["id"] for entry in await api.get("/archive", params=query)] == expected


async def test_a_list_is_paginated_in_both_directions(api: Api) -> None:
    ids = (await archived_people(api, *"ABCDE"))[::-1]
    async with api.client.get("/v1/archive?per_page=2") as response:
        assert [entry["person"]["id"] for entry in await response.json()] == ids[:2]
        assert response.headers["X-Pagination-Total-Entries"] == "5"
        following = URL(response.links["next"]["url"])
    async with api.client.get(str(following.relative())) as response:
        assert [entry["person"]["id"] for entry in await response.json()] == ids[2:4]
        previous = URL(response.links["prev"]["url"])
    async with api.client.get(str(previous.relative())) as response:
        assert [entry["person"]["id"] for entry in await response.json()] == ids[:2]
    status, content = await api.call("GET", "/archive?search_after=eyJvZmZzZXQiOjEsImN1cnNvciI6Wzk5OV19")
    assert (status, content) == (400, {"message": "Invalid cursor"})


async def test_a_list_gives_the_fields_that_are_asked_for(api: Api) -> None:
    await archived_people(api, "Ada")
    (entry,) = await api.get("/archive")
    assert await api.get("/archive?fields=created_at") == [
        {"id": entry["id"], "created_at": entry["created_at"]}
    ]
    expected = (400, {"message": "Unknown fields: trashed"})
    assert await api.call("GET", "/archive?fields=person,trashed") == expected


async def test_who_is_erased_is_gone_from_the_archive(samples: Api) -> None:
    await moved(samples, 30)
    assert await samples.call("DELETE", "/people/30") == (204, None)
    assert await samples.get("/archive") == []
    assert await samples.call("POST", "/people/30/restore") == NOT_FOUND


@pytest.mark.parametrize("person_id", ["999999", "x", "0", "12345678901234567890"])
async def test_who_is_nobody_cannot_be_moved(samples: Api, person_id: str) -> None:
    for operation in ("archive", "trash", "restore"):
        assert await samples.call("POST", f"/people/{person_id}/{operation}") == NOT_FOUND


@pytest.mark.parametrize("ending", ["/", ".json"])
async def test_the_paths_may_end_as_all_paths_may(samples: Api, ending: str) -> None:
    person = await moved(samples, 30, f"archive{ending}")
    assert person["archived"] == "true"
    assert len(await samples.get(f"/archive{ending}")) == 1


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [
        ("account_administrator", "person:U", True),
        ("directory_administrator", "person:*", True),
        ("service_desk_analyst", "*:*", False),
        ("account_administrator", "person:R", False),
    ],
)
async def test_only_administrators_move_people(
    api: Api, administration: Administration, role: str, scope: str, *, allowed: bool
) -> None:
    person, holder = await api.person(), await api.person("Token Holder")
    token = administration.create_token(Grant(str(holder["id"]), "tests", (role,), (scope,))).secret
    for operation in ("archive", "trash", "restore"):
        status, _ = await api.call_with(token, "POST", f"/people/{person['id']}/{operation}")
        assert status == (200 if allowed else 403)


async def test_people_of_the_directory_account_are_moved_by_directory_administrators_only(
    api: Api, administration: Administration
) -> None:
    administration.create_account("widget-directory", "Widget Directory", "widget")
    body = {"name": "Ada Example", "primary_email": "ada@people.example"}
    status, person = await api.call(
        "POST", "/people", json=body, headers={"X-4me-Account": "widget-directory"}
    )
    assert status == 201
    holder = await api.person("Token Holder")
    for role, expected in (("account_administrator", 403), ("directory_administrator", 200)):
        token = administration.create_token(Grant(str(holder["id"]), "tests", (role,), ("*:*",))).secret
        status, _ = await api.call_with(token, "POST", f"/people/{person['id']}/archive")
        assert status == expected
    (entry,) = await api.get("/archive")
    assert entry["person"]["id"] == person["id"]


async def test_people_of_another_account_are_not_there_to_be_moved(
    api: Api, administration: Administration
) -> None:
    administration.create_account("other", "Other", None)
    person, other = await api.person(), {"X-4me-Account": "other"}
    assert await api.call("POST", f"/people/{person['id']}/archive", headers=other) == NOT_FOUND
    await moved(api, person["id"])
    assert await api.call("POST", f"/people/{person['id']}/restore", headers=other) == NOT_FOUND
    assert await api.call("GET", "/archive", headers=other) == (200, [])


async def test_every_move_is_announced_as_a_change_of_the_person(samples: Api, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        listen(connection, "person.update")
        for operation in ("archive", "archive", "trash", "restore", "restore"):
            await moved(samples, 30, operation)
        assert announced(connection) == [("person.update", 30)] * 3


async def test_who_is_restored_while_the_archive_is_read_hides_nobody_else(api: Api) -> None:
    people = [await api.person(f"Number {number}") for number in range(5)]
    for person in people:
        await moved(api, person["id"])
    met = []
    following: str | None = "/v1/archive?per_page=2"
    while following:
        async with api.client.get(following) as response:
            entries = await response.json()
            links = re.findall(r'<([^>]*)>; rel="next"', response.headers.get("Link", ""))
            following = api.relative(links[0]) if links else None
        for entry in entries:
            met.append(entry["person"]["id"])
            await moved(api, met[-1], "restore")
    assert sorted(met) == [person["id"] for person in people]
