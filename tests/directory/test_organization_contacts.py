"""The six operations on organizations' contacts."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from cti_lookup.directory import Administration, Grant
from cti_lookup.directory.records.contacts import ORGANIZATION_CONTACTS, ORGANIZATION_LABELS
from tests.directory.conftest import Api
from tests.directory.listeners import announced, listen

EXACTLY_ONE = ["base", "must have exactly one of telephone, email and website"]


async def organization(api: Api) -> int:
    """Create an organization and return its id."""
    status, content = await api.call("POST", "/organizations", json={"name": "Best IT"})
    assert status == 201
    return int(content["id"])


async def added(api: Api, owner: int, **fields: Any) -> Any:
    """Add a contact and return it."""
    status, contact = await api.call("POST", f"/organizations/{owner}/contacts", json=fields)
    assert status == 201, contact
    return contact


async def test_a_new_contact_is_answered_kept_and_shown_in_its_organization(api: Api) -> None:
    owner = await organization(api)
    contact = await added(api, owner, label="general", telephone="+1 (203) 413 4880", integration=True)
    listed = {"label": "general", "id": contact["id"], "telephone": "+1 (203) 413 4880"}
    assert contact == listed | {"integration": True}
    assert await api.get(f"/organizations/{owner}/contacts/{contact['id']}") == contact
    assert await api.get(f"/organizations/{owner}/contacts") == [listed]
    assert (await api.get(f"/organizations/{owner}"))["contacts"] == [listed]


@pytest.mark.parametrize("protocol", ORGANIZATION_CONTACTS.protocols)
async def test_a_label_takes_the_documented_kinds_of_value_only(api: Api, protocol: str) -> None:
    owner = await organization(api)
    for label, allowed in ORGANIZATION_LABELS.items():
        body = {"label": label, protocol: "some value"}
        status, content = await api.call("POST", f"/organizations/{owner}/contacts", json=body)
        if protocol in allowed:
            assert (status, content[protocol]) == (201, "some value")
        else:
            assert (status, content["errors"]) == (422, [["label", "is only for telephone"]])


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [["label", "can't be blank"], EXACTLY_ONE]),
        ({"label": "service_desk"}, [EXACTLY_ONE]),
        ({"label": "general", "telephone": "1", "website": "a.example"}, [EXACTLY_ONE]),
        ({"label": "work", "telephone": "1"}, [["label", "is not included in the list"]]),
        ({"label": "fax", "email": "a@b.example", "telephone": 5}, [
            ["telephone", "is not a string"], ["label", "is only for telephone"]]),
        ({"label": "fax", "telephone": "1" * 256}, [["telephone", "is too long (maximum is 255 characters)"]]),
    ],
)  # fmt: skip
async def test_all_faults_of_a_contact_are_told_at_once(api: Api, body: object, errors: object) -> None:
    owner = await organization(api)
    expected = (422, {"message": "Validation Failed", "errors": errors})
    assert await api.call("POST", f"/organizations/{owner}/contacts", json=body) == expected
    assert await api.get(f"/organizations/{owner}/contacts") == []


async def test_organizations_have_no_chats(api: Api) -> None:
    owner = await organization(api)
    body = {"label": "general", "chat": "a"}
    expected = (400, {"message": "Unknown fields: chat"})
    assert await api.call("POST", f"/organizations/{owner}/contacts", json=body) == expected


async def test_a_change_keeps_what_it_does_not_name(api: Api) -> None:
    owner = await organization(api)
    contact = await added(api, owner, label="general", email="info@best.example")
    path = f"/organizations/{owner}/contacts/{contact['id']}"
    changed = contact | {"label": "service_desk"}
    assert await api.call("PATCH", path, json={"label": "service_desk"}) == (200, changed)
    assert await api.call("PUT", path, json={"integration": "1"}) == (200, changed | {"integration": True})


async def test_a_contact_of_an_organization_and_one_of_a_person_are_two_even_under_one_id(api: Api) -> None:
    owner, person = await organization(api), await api.person()
    ours = await added(api, owner, label="general", telephone="1")
    theirs = await api.contact(person["id"], label="home", telephone="2")
    assert ours["id"] == theirs["id"]
    await api.call("DELETE", f"/organizations/{owner}/contacts")
    assert await api.get(f"/people/{person['id']}/contacts/{theirs['id']}") == theirs


async def test_one_contact_is_deleted_and_the_others_stay(api: Api) -> None:
    owner = await organization(api)
    gone, kept = [await added(api, owner, label="general", telephone=number) for number in "12"]
    path = f"/organizations/{owner}/contacts"
    assert await api.call("DELETE", f"{path}/{gone['id']}") == (204, None)
    assert await api.call("DELETE", f"{path}/{gone['id']}") == (404, {"message": "Not Found"})
    assert [contact["id"] for contact in await api.get(path)] == [kept["id"]]


@pytest.mark.parametrize("ending", ["", "/"])
async def test_all_contacts_are_deleted_even_when_there_are_none(api: Api, ending: str) -> None:
    owner = await organization(api)
    await added(api, owner, label="general", telephone="1")
    for _ in range(2):
        assert await api.call("DELETE", f"/organizations/{owner}/contacts{ending}") == (204, None)
    assert await api.get(f"/organizations/{owner}/contacts") == []


async def test_every_change_of_a_contact_moves_the_organization(api: Api) -> None:
    owner = await organization(api)
    contact = await added(api, owner, label="general", telephone="1")
    path = f"/organizations/{owner}/contacts"
    moments = [(await api.get(f"/organizations/{owner}"))["updated_at"]]
    for method, target, body in (
        ("POST", path, {"label": "fax", "telephone": "2"}),
        ("PATCH", f"{path}/{contact['id']}", {"telephone": "3"}),
        ("DELETE", f"{path}/{contact['id']}", None),
        ("DELETE", path, None),
    ):
        await api.call(method, target, json=body)
        moments.append((await api.get(f"/organizations/{owner}"))["updated_at"])
    assert len(set(moments)) == 5
    assert moments == sorted(moments)


async def test_the_number_of_an_organization_identifies_nobody(api: Api) -> None:
    owner = await organization(api)
    await added(api, owner, label="general", telephone="+1 203 555 0148")
    assert await api.callers("12035550148") == []


async def test_contacts_are_paginated_like_any_collection(api: Api) -> None:
    owner = await organization(api)
    ids = [(await added(api, owner, label="general", telephone=number))["id"] for number in "12345"]
    async with api.client.get(f"/v1/organizations/{owner}/contacts?per_page=2") as response:
        assert [contact["id"] for contact in await response.json()] == ids[:2]
        following = URL(response.links["next"]["url"])
    async with api.client.get(str(following.relative())) as response:
        assert [contact["id"] for contact in await response.json()] == ids[2:4]
        assert response.headers["X-Pagination-Total-Entries"] == "5"


@pytest.mark.parametrize("owner", ["999999", "x", "0"])
async def test_contacts_of_an_organization_that_there_is_not_are_not_found(api: Api, owner: str) -> None:
    body = {"label": "general", "telephone": "1"}
    for method in ("GET", "POST", "DELETE"):
        status, _ = await api.call(method, f"/organizations/{owner}/contacts", json=body)
        assert status == 404


async def test_a_change_of_a_contact_is_announced_as_a_change_of_its_organization(
    api: Api, database: Path
) -> None:
    owner = await organization(api)
    with closing(sqlite3.connect(database)) as connection:
        listen(connection, "person.update", "organization.update")
        await added(api, owner, label="general", telephone="1")
        assert announced(connection) == [("organization.update", owner)]


async def test_who_may_write_people_may_not_write_organizations(
    api: Api, administration: Administration
) -> None:
    owner, person = await organization(api), await api.person()
    grant = Grant(str(person["id"]), "tests", ("service_desk_analyst",), ("*:*",))
    token = administration.create_token(grant).secret
    path, body = f"/organizations/{owner}/contacts", {"label": "general", "telephone": "1"}
    assert (await api.call_with(token, "POST", path, json=body))[0] == 403
    assert await api.call_with(token, "GET", path) == (200, [])
