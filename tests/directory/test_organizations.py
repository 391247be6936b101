"""What people refer to: organizations, sites, teams and calendars, listed, read, created and changed."""

from typing import Any

import pytest
from multidict import CIMultiDict

from cti_lookup.directory import Administration, Grant
from cti_lookup.directory.records.calendars import CALENDARS
from cti_lookup.directory.records.organizations import ORGANIZATIONS
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.records.sites import SITES
from cti_lookup.directory.records.teams import TEAMS
from cti_lookup.directory.web.sources import with_source
from tests.directory.conftest import Api

RESOURCES = (ORGANIZATIONS, SITES, TEAMS, CALENDARS)
every_kind = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.model)

FIELDS: dict[str, dict[str, Any]] = {
    "organizations": {
        "business_unit": True,
        "custom_fields": [{"id": "floor", "value": 3}],
        "disabled": True,
        "end_user_privacy": True,
        "financialID": "F-1",
        "name": "Örg",
        "picture_uri": "https://organizations.example/1.png",
        "region": "EMEA",
        "remarks": "r" * 65536,
        "source": "s" * 30,
        "sourceID": "S-1",
    },
    "sites": {
        "address": "a" * 1024,
        "city": "Houston",
        "state": "TX",
        "zip": "77002",
        "country": "US",
        "custom_fields": None,
        "disabled": True,
        "integration": True,
        "name": "Site",
        "picture_uri": None,
        "remarks": "r",
        "source": "s",
        "sourceID": "S-1",
        "time_zone": "Berlin",
    },
    "teams": {
        "custom_fields": [],
        "disabled": True,
        "inbound_email_local_part": "team",
        "name": "Team",
        "picture_uri": None,
        "remarks": "r",
        "source": "s",
        "sourceID": "S-1",
        "time_zone": "Hawaii",
    },
    "calendars": {"disabled": True, "name": "Calendar", "source": "s", "sourceID": "S-1"},
}
REFERENCES = {
    "organizations": ("parent", "business_unit_organization", "manager", "substitute"),
    "teams": ("coordinator", "manager", "work_hours"),
}


async def made(api: Api, collection: str, **fields: Any) -> Any:
    status, record = await api.call("POST", f"/{collection}", json={"name": "One"} | fields)
    assert status == 201
    return record


@every_kind
async def test_every_field_that_can_be_written_is_kept_and_answered(api: Api, resource: Resource) -> None:
    fields = FIELDS[resource.table]
    references = {f"{name}_id" for name in REFERENCES.get(resource.table, ())}
    assert fields.keys() | references == resource.rules.keys() - {"member_ids"}
    record = await made(api, resource.table, **fields)
    assert record == record | fields
    assert record.keys() == set(resource.shown)
    assert await api.get(f"/{resource.table}/{record['id']}") == record


@every_kind
async def test_a_new_record_needs_no_more_than_a_name(api: Api, resource: Resource) -> None:
    record = await made(api, resource.table)
    assert (record["name"], record["disabled"], record["source"]) == ("One", False, None)
    assert record["created_at"] == record["updated_at"]
    for body in ({}, {"name": " "}, {"name": None}):
        answer = await api.call("POST", f"/{resource.table}", json=body)
        assert answer == (422, {"message": "Validation Failed", "errors": [["name", "can't be blank"]]})


@every_kind
async def test_a_list_has_the_collection_fields_and_is_in_the_order_of_names(
    api: Api, resource: Resource
) -> None:
    for name in ("b", "A", "c"):
        await made(api, resource.table, name=name, disabled=name == "c")
    records = await api.get(f"/{resource.table}")
    assert [record["name"] for record in records] == ["A", "b", "c"]
    assert all(record.keys() == set(resource.collection) for record in records)
    assert [record["name"] for record in await api.get(f"/{resource.table}/enabled")] == ["A", "b"]
    assert [record["name"] for record in await api.get(f"/{resource.table}/disabled")] == ["c"]
    assert await api.get(f"/{resource.table}?fields=name&sort=-id&id=1,2&name=A") == [{"id": 2, "name": "A"}]


@every_kind
async def test_each_documented_filter_sort_and_predefined_filter_is_served(
    api: Api, resource: Resource
) -> None:
    await made(api, resource.table)
    for name in resource.filters:
        await api.get(f"/{resource.table}", params={name: ""})
        await api.get(f"/{resource.table}", params={f"{name}!": ""})
    for name in resource.sorts:
        assert len(await api.get(f"/{resource.table}", params={"sort": f"-{name}"})) == 1
    for word in resource.predefined:
        await api.get(f"/{resource.table}/{word}")
    listed = await api.get(f"/{resource.table}", params={"fields": ",".join(resource.shown)})
    assert listed == [await api.get(f"/{resource.table}/1")]


@every_kind
async def test_a_change_moves_the_time_of_the_update_only_if_it_changes_something(
    api: Api, resource: Resource
) -> None:
    before = await made(api, resource.table, sourceID="S-1")
    path = f"/{resource.table}/{before['id']}"
    assert await api.call("PATCH", path, json={"name": "One", "sourceID": "S-1"}) == (200, before)
    assert await api.call("PATCH", path, json=before) == (200, before)
    status, after = await api.call("PUT", path, json={"name": "Other"})
    assert status == 200
    assert after == before | {"name": "Other", "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]


@every_kind
async def test_all_faults_are_told_at_once_and_unknown_names_refused(api: Api, resource: Resource) -> None:
    body: dict[str, Any] = {name: {} for name in resource.rules}
    status, content = await api.call("POST", f"/{resource.table}", json=body)
    assert (status, sorted(field for field, _ in content["errors"])) == (422, sorted(resource.rules))
    answer = await api.call("POST", f"/{resource.table}", json={"shoe_size": 1})
    assert answer == (400, {"message": "Unknown fields: shoe_size"})


@every_kind
@pytest.mark.parametrize("number", ["0", "x", "99", "9223372036854775808"])
async def test_an_id_of_nothing_is_not_found(api: Api, resource: Resource, number: str) -> None:
    for method in ("GET", "PATCH", "PUT"):
        answer = await api.call(method, f"/{resource.table}/{number}", json={})
        assert answer == (404, {"message": "Not Found"})


@every_kind
@pytest.mark.parametrize(
    ("granted", "status"),
    [
        (("account_administrator", "C"), 201),
        (("service_desk_manager", "C"), 201),
        (("service_desk_analyst", "C"), 403),
        (("account_administrator", "R"), 403),
    ],
)
async def test_writing_takes_a_role_and_a_scope(
    api: Api, administration: Administration, resource: Resource, granted: tuple[str, str], status: int
) -> None:
    (role, action), person = granted, await api.person("Token Holder")
    grant = Grant(str(person["id"]), "tests", (role,), (f"{resource.model}:{action}",))
    token = administration.create_token(grant).secret
    assert (await api.call_with(token, "POST", f"/{resource.table}", json={"name": "One"}))[0] == status


async def test_an_organization_refers_to_others_and_to_people(api: Api) -> None:
    parent = await made(api, "organizations", name="Parent", sourceID="P", disabled=True)
    person = await api.person()
    child = await made(
        api,
        "organizations",
        parent_id=parent["id"],
        manager_id=person["id"],
        substitute_id=str(person["id"]),
        business_unit_organization_id=parent["id"],
    )
    shown = {"id": parent["id"], "name": "Parent", "sourceID": "P", "disabled": True}
    assert (child["parent"], child["business_unit_organization"]) == (shown, shown)
    assert child["manager"] == child["substitute"] == {"id": person["id"], "name": "Ada Example"}
    assert await api.get(f"/organizations?parent={parent['id']}&fields=name") == [
        {"id": child["id"], "name": "One"}
    ]
    status, content = await api.call("PATCH", "/organizations/1", json={"parent_id": 1, "manager_id": 999})
    assert status == 422
    assert content["errors"] == [["parent_id", "can't be the organization"], ["manager_id", "must exist"]]


async def test_all_organizations_of_a_list_are_internal(api: Api) -> None:
    await made(api, "organizations")
    for word, number in (
        ("internal", 1),
        ("external", 0),
        ("trusted", 0),
        ("directory", 0),
        ("support_domain", 1),
    ):
        assert len(await api.get(f"/organizations/{word}")) == number


async def test_an_organization_managed_by_me_is_found(api: Api) -> None:
    me = await api.get("/me")
    await made(api, "organizations", name="Not mine")
    # Whoever holds the program's own token stands in no list, and is nobody to refer to.
    status, content = await api.call("PATCH", "/organizations/1", json={"manager_id": me["id"]})
    assert (status, content["errors"]) == (422, [["manager_id", "must exist"]])
    assert await api.get("/organizations/managed_by_me") == []


async def test_the_organizations_of_a_manager_are_managed_by_them(
    api: Api, administration: Administration
) -> None:
    person = await api.person("Manager")
    organization = await made(api, "organizations", manager_id=person["id"])
    await made(api, "organizations")
    grant = Grant(str(person["id"]), "tests", ("auditor",), ("organization:R",))
    token = administration.create_token(grant).secret
    _, mine = await api.call_with(token, "GET", "/organizations/managed_by_me")
    assert [one["id"] for one in mine] == [organization["id"]]


async def test_a_team_has_members_and_a_person_teams(api: Api) -> None:
    ada, bob = await api.person("Ada"), await api.person("Bob")
    team = await made(api, "teams", name="Team", member_ids=[bob["id"], str(ada["id"]), bob["id"]])
    assert team["members"] == [{"id": ada["id"], "name": "Ada"}, {"id": bob["id"], "name": "Bob"}]
    path = f"/teams/{team['id']}"
    assert await api.call("PATCH", path, json={"member_ids": [ada["id"], bob["id"]]}) == (200, team)
    (listed,) = await api.get(f"/people/{ada['id']}/teams?per_page=100")
    assert listed.keys() == set(TEAMS.collection)
    _, changed = await api.call("PATCH", path, json={"member_ids": [bob["id"]]})
    assert [member["id"] for member in changed["members"]] == [bob["id"]]
    assert await api.get(f"/people/{ada['id']}/teams") == []
    assert (await api.call("GET", "/people/99/teams"))[0] == 404
    for wrong in ([999], ["x"], [None], 5):
        status, content = await api.call("PATCH", path, json={"member_ids": wrong})
        assert (status, [field for field, _ in content["errors"]]) == (422, ["member_ids"])
    _, changed = await api.call("PATCH", path, json={"member_ids": None})
    assert changed["members"] == []


@pytest.mark.parametrize("path", ["/people", "/organizations", "/sites/", "/teams.json", "/calendars"])
async def test_where_a_new_record_is_is_told(api: Api, path: str) -> None:
    body = {"name": "New"} | ({"primary_email": "new@people.example"} if path == "/people" else {})
    async with api.client.post(f"/v1{path}", json=body) as response:
        place, record = response.headers["Location"], await response.json()
    assert await api.get(api.relative(place).removeprefix("/v1")) == record


@pytest.mark.parametrize("path", ["/people", "/organizations", "/sites", "/teams", "/calendars"])
@pytest.mark.parametrize("header", ["X-4me-Source", "x-r-service-source", "X-Xurrent-Source"])
async def test_a_header_says_where_a_new_record_comes_from(api: Api, path: str, header: str) -> None:
    body = {"name": "New", "primary_email": "new@people.example"}
    body = body if path == "/people" else {"name": "New"}
    status, record = await api.call("POST", path, json=body, headers={header: " Workday "})
    assert (status, record["source"]) == (201, "Workday")


@pytest.mark.parametrize(
    ("said", "header", "source"),
    [
        ({"source": "Own"}, "Workday", "Own"),
        ({"source": None}, "Workday", None),
        ({}, "", None),
        ({}, "w" * 31, "w" * 30),
        ({}, "Pers\u00f6nlich", "Pers\u00f6nlich"),
    ],
)
async def test_a_body_says_it_first(api: Api, said: dict[str, Any], header: str, source: str | None) -> None:
    status, site = await api.call(
        "POST", "/sites", json={"name": "New"} | said, headers={"X-4me-Source": header}
    )
    assert (status, site["source"]) == (201, source)


async def test_a_change_does_not_say_where_a_record_comes_from(api: Api) -> None:
    _, site = await api.call("POST", "/sites", json={"name": "New"})
    body = {"remarks": "changed"}
    _, changed = await api.call(
        "PATCH", f"/sites/{site['id']}", json=body, headers={"X-4me-Source": "Workday"}
    )
    assert (changed["remarks"], changed["source"]) == ("changed", None)


def test_bytes_of_a_header_that_are_no_text_are_replaced() -> None:
    assert with_source({}, CIMultiDict({"X-4me-Source": "HR \udcff"})) == {"source": "HR \ufffd"}
