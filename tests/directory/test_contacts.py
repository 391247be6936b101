"""The six operations on people's contacts."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from yarl import URL

from cti_lookup.directory import Administration, Grant
from cti_lookup.directory.records.contacts import LABELS, PROTOCOLS
from tests.directory.conftest import Api
from tests.directory.listeners import announced, listen

EXACTLY_ONE = ["base", "must have exactly one of telephone, email, website and chat"]


IN_ORDER: Final = (
    ("work", "telephone", "1"),
    ("mobile", "telephone", "2"),
    ("home", "telephone", "3"),
    ("fax", "telephone", "4"),
    ("work", "email", "a@b.example"),
    ("personal", "email", "c@d.example"),
    ("work", "website", "b.example"),
    ("chat_teams", "chat", "e"),
)
"""Contacts of a person, as they are ordered."""


async def test_the_documented_contacts_are_listed_in_the_documented_order(samples: Api) -> None:
    assert await samples.get("/people/30/contacts") == [
        {"label": "work", "id": 327, "telephone": "+1 (713) 987 2967"},
        {"label": "fax", "id": 326, "telephone": "+1 (713) 987 2911"},
    ]


async def test_contacts_are_ordered_by_kind_and_label_wherever_they_stand(api: Api) -> None:
    person = await api.person()
    path = f"/people/{person['id']}"
    ids = {
        (label, kind, text): (await api.contact(person["id"], label=label, **{kind: text}))["id"]
        for label, kind, text in reversed(IN_ORDER)
    }
    expected = [ids[one] for one in IN_ORDER]
    assert [one["id"] for one in (await api.get(path))["contacts"]] == expected
    assert [one["id"] for one in await api.get(f"{path}/contacts")] == expected
    (listed,) = await api.get("/people?fields=contacts")
    assert [one["id"] for one in listed["contacts"]] == expected


async def test_contacts_that_are_deleted_while_they_are_read_hide_no_others(api: Api) -> None:
    person = await api.person()
    for label, kind, text in reversed(IN_ORDER):
        await api.contact(person["id"], label=label, **{kind: text})
    path, seen, following = f"/v1/people/{person['id']}/contacts", [], "?per_page=3"
    while following:
        async with api.client.get(path + following) as response:
            page, links = await response.json(), response.links
        for contact in page:
            await api.call("DELETE", f"{path.removeprefix('/v1')}/{contact['id']}")
        seen += [contact["label"] for contact in page]
        following = f"?{URL(links['next']['url']).raw_query_string}" if "next" in links else ""
    assert seen == [label for label, _, _ in IN_ORDER]


async def test_a_single_contact_tells_whether_an_integration_keeps_it(samples: Api) -> None:
    expected = {"label": "work", "id": 327, "telephone": "+1 (713) 987 2967", "integration": False}
    assert await samples.get("/people/30/contacts/327") == expected


async def test_a_new_contact_is_answered_and_kept(api: Api) -> None:
    person = await api.person()
    body = {"label": "mobile", "telephone": "+1 03 413 7223", "integration": "true"}
    status, contact = await api.call("POST", f"/people/{person['id']}/contacts", json=body)
    assert status == 201
    assert contact == {
        "label": "mobile",
        "id": contact["id"],
        "telephone": "+1 03 413 7223",
        "integration": True,
    }
    assert await api.get(f"/people/{person['id']}/contacts/{contact['id']}") == contact
    listed = {"label": "mobile", "id": contact["id"], "telephone": "+1 03 413 7223"}
    assert (await api.get(f"/people/{person['id']}"))["contacts"] == [listed]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_label_takes_the_documented_kinds_of_value_only(api: Api, protocol: str) -> None:
    person = await api.person()
    for label, allowed in LABELS.items():
        status, content = await api.call(
            "POST", f"/people/{person['id']}/contacts", json={"label": label, protocol: "some value"}
        )
        if protocol in allowed:
            assert (status, content[protocol]) == (201, "some value")
        else:
            (fault,) = content["errors"]
            assert (status, fault[0]) == (422, "label")
            assert fault[1].replace("is only for ", "").replace(" and ", ", ").split(", ") == list(allowed)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [["label", "can't be blank"], EXACTLY_ONE]),
        ({"label": None, "telephone": ""}, [["label", "can't be blank"], EXACTLY_ONE]),
        ({"label": "work"}, [EXACTLY_ONE]),
        ({"label": "work", "telephone": "1", "email": "a@b.example"}, [EXACTLY_ONE]),
        ({"label": "office", "telephone": "1"}, [["label", "is not included in the list"]]),
        ({"label": "work", "telephone": 7139872967}, [["telephone", "is not a string"]]),
        ({"label": "work", "telephone": "1" * 256}, [["telephone", "is too long (maximum is 255 characters)"]]),
        ({"label": ["work"], "integration": [], "chat": {}}, [
            ["label", "is not a string"],
            ["chat", "is not a string"],
            ["integration", "is not a boolean"],
        ]),
    ],
)  # fmt: skip
async def test_all_faults_of_a_contact_are_told_at_once(api: Api, body: object, errors: object) -> None:
    person = await api.person()
    expected = (422, {"message": "Validation Failed", "errors": errors})
    assert await api.call("POST", f"/people/{person['id']}/contacts", json=body) == expected
    assert await api.get(f"/people/{person['id']}/contacts") == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_value_may_have_255_characters(api: Api, protocol: str) -> None:
    person = await api.person()
    label = next(label for label, allowed in LABELS.items() if protocol in allowed)
    contact = await api.contact(person["id"], label=label, **{protocol: "é" * 255})
    assert contact[protocol] == "é" * 255


async def test_a_change_keeps_what_it_does_not_name(samples: Api) -> None:
    path = "/people/30/contacts/327"
    status, contact = await samples.call("PATCH", path, json={"label": "mobile"})
    expected = {"label": "mobile", "id": 327, "telephone": "+1 (713) 987 2967", "integration": False}
    assert (status, contact) == (200, expected)
    status, contact = await samples.call("PUT", path, json={"telephone": "1", "integration": True})
    assert (status, contact) == (200, expected | {"telephone": "1", "integration": True})
    assert await samples.get(path) == contact


async def test_a_contact_changes_its_kind_when_the_former_value_is_cleared(samples: Api) -> None:
    path = "/people/30/contacts/327"
    status, content = await samples.call("PATCH", path, json={"email": "a@b.example"})
    assert (status, content["errors"]) == (422, [EXACTLY_ONE])
    status, contact = await samples.call("PATCH", path, json={"telephone": None, "email": "a@b.example"})
    assert (status, contact) == (
        200,
        {"label": "work", "id": 327, "email": "a@b.example", "integration": False},
    )
    assert await samples.callers("7139872967") == []


async def test_one_contact_is_deleted_and_the_others_stay(samples: Api) -> None:
    assert await samples.call("DELETE", "/people/30/contacts/327") == (204, None)
    assert [contact["id"] for contact in await samples.get("/people/30/contacts")] == [326]
    assert await samples.call("DELETE", "/people/30/contacts/327") == (404, {"message": "Not Found"})
    assert await samples.callers("7139872967") == []


@pytest.mark.parametrize("ending", ["", "/"])
async def test_all_contacts_are_deleted_even_when_there_are_none(samples: Api, ending: str) -> None:
    for _ in range(2):
        assert await samples.call("DELETE", f"/people/30/contacts{ending}") == (204, None)
    assert await samples.get("/people/30/contacts") == []
    assert await samples.get("/people/5/contacts") != []


async def test_a_contact_of_somebody_else_is_not_found(samples: Api) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        status, _ = await samples.call(method, "/people/5/contacts/327", json={"label": "home"})
        assert status == 404
    assert (await samples.get("/people/30/contacts/327"))["label"] == "work"


async def test_every_change_of_a_contact_moves_the_person(samples: Api) -> None:
    moments = [(await samples.get("/people/30"))["updated_at"]]
    for method, path, body in (
        ("POST", "/people/30/contacts", {"label": "home", "telephone": "1"}),
        ("PATCH", "/people/30/contacts/327", {"label": "home"}),
        ("DELETE", "/people/30/contacts/327", None),
        ("DELETE", "/people/30/contacts", None),
    ):
        await samples.call(method, path, json=body)
        moments.append((await samples.get("/people/30"))["updated_at"])
    assert len(set(moments)) == 5
    assert moments == sorted(moments)


async def test_a_change_that_changes_nothing_does_not_move_the_person(samples: Api) -> None:
    before = await samples.get("/people/30")
    unchanged = {"id": 327, "label": "work", "telephone": "+1 (713) 987 2967", "integration": "false"}
    status, contact = await samples.call("PATCH", "/people/30/contacts/327", json=unchanged)
    assert (status, contact) == (200, unchanged | {"integration": False})
    await samples.call("DELETE", "/people/58/contacts")
    emptied = await samples.get("/people/58")
    await samples.call("DELETE", "/people/58/contacts")
    assert await samples.get("/people/30") == before
    assert await samples.get("/people/58") == emptied


async def test_a_contact_kept_by_an_integration_can_be_changed_through_the_api(api: Api) -> None:
    person = await api.person()
    contact = await api.contact(person["id"], label="work", telephone="1", integration=True)
    path = f"/people/{person['id']}/contacts/{contact['id']}"
    assert await api.call("PATCH", path, json={"telephone": "2"}) == (200, contact | {"telephone": "2"})


async def test_a_name_that_is_no_field_of_a_contact_is_refused_and_repeated(samples: Api) -> None:
    body = {"label": "home", "telephone": "1", "phone": "2", "Ada Example +1 713": "3"}
    expected = (400, {"message": "Unknown fields: phone"})
    assert await samples.call("POST", "/people/30/contacts", json=body) == expected
    assert await samples.call("PATCH", "/people/30/contacts/327", json=body) == expected


async def test_a_contact_changed_to_another_number_is_found_by_it_and_not_by_the_former(samples: Api) -> None:
    await samples.call("PATCH", "/people/30/contacts/327", json={"telephone": "+1 713 555 0777"})
    assert await samples.callers("7135550777") == [30]
    assert await samples.callers("7139872967") == []


@pytest.mark.parametrize(
    "path",
    ["/people/999999/contacts", "/people/x/contacts", "/people/30/contacts/0", "/people/30/contacts/x"],
)
async def test_what_is_no_id_or_the_id_of_nobody_is_not_found(samples: Api, path: str) -> None:
    body = {"label": "home", "telephone": "1"}
    for method in ("GET", "DELETE", "POST" if path.endswith("contacts") else "PATCH"):
        assert await samples.call(method, path, json=body) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("text", ["'; DROP TABLE contacts; --", "%", "a\x00b", '"', "\\!", "1\n2"])
async def test_any_text_is_just_the_value_of_a_contact(api: Api, text: str) -> None:
    person = await api.person()
    contact = await api.contact(person["id"], label="work", website=text)
    assert contact["website"] == text
    assert await api.get(f"/people/{person['id']}/contacts/{contact['id']}") == contact


async def test_a_token_that_may_only_read_changes_no_contact(
    api: Api, administration: Administration
) -> None:
    person = await api.person()
    contact = await api.contact(person["id"], label="home", telephone="1")
    path = f"/people/{person['id']}/contacts"
    for role, scope in (("service_desk_analyst", "person:R"), ("auditor", "person:*")):
        token = administration.create_token(Grant(str(person["id"]), "tests", (role,), (scope,))).secret
        assert (await api.call_with(token, "GET", f"{path}/{contact['id']}")) == (200, contact)
        for method, target in (("POST", path), ("PATCH", f"{path}/{contact['id']}"), ("DELETE", path)):
            status, _ = await api.call_with(token, method, target, json={"label": "work", "telephone": "2"})
            assert status == 403
    assert await api.get(f"{path}/{contact['id']}") == contact


async def test_a_refused_change_does_not_move_the_person(samples: Api) -> None:
    before = await samples.get("/people/30")
    await samples.call("PATCH", "/people/30/contacts/327", json={"label": "personal"})
    await samples.call("POST", "/people/30/contacts", json={"label": "personal"})
    assert await samples.get("/people/30") == before


async def test_contacts_are_paginated_like_any_collection(api: Api) -> None:
    person = await api.person()
    ids = [(await api.contact(person["id"], label="home", telephone=str(n)))["id"] for n in range(5)]
    path = f"/v1/people/{person['id']}/contacts?per_page=2"
    async with api.client.get(path) as response:
        assert [contact["id"] for contact in await response.json()] == ids[:2]
        following = URL(response.links["next"]["url"])
    async with api.client.get(str(following.relative())) as response:
        assert [contact["id"] for contact in await response.json()] == ids[2:4]
        assert response.headers["X-Pagination-Total-Entries"] == "5"
        previous = URL(response.links["prev"]["url"])
    async with api.client.get(str(previous.relative())) as response:
        assert [contact["id"] for contact in await response.json()] == ids[:2]


async def test_a_list_gives_the_fields_that_are_asked_for(api: Api) -> None:
    person = await api.person()
    path = f"/people/{person['id']}/contacts"
    first = await api.contact(person["id"], label="home", telephone="1", integration=True)
    second = await api.contact(person["id"], label="work", email="a@b.example")
    assert await api.get(f"{path}?fields=telephone,integration") == [
        {"id": first["id"], "telephone": "1", "integration": True},
        {"id": second["id"], "integration": False},
    ]
    expected = (400, {"message": "Unknown fields: phone"})
    assert await api.call("GET", f"{path}?fields=label,phone") == expected


async def test_every_change_of_a_contact_is_announced_as_a_change_of_its_person(
    api: Api, database: Path
) -> None:
    person = await api.person()
    path = f"/people/{person['id']}/contacts"
    with closing(sqlite3.connect(database)) as connection:
        listen(connection, "person.update", "organization.update")
        contact = await api.contact(person["id"], label="home", telephone="1")
        for label in ("mobile", "mobile", "personal"):
            await api.call("PATCH", f"{path}/{contact['id']}", json={"label": label})
        await api.call("DELETE", f"{path}/{contact['id']}")
        await api.contact(person["id"], label="home", telephone="2")
        for _ in range(2):
            await api.call("DELETE", path)
        assert announced(connection) == [("person.update", person["id"])] * 5
