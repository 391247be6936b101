"""People: listed, read, created and changed."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cti_lookup.directory import Administration, Grant
from cti_lookup.directory.records.people import PEOPLE, RULES
from tests.directory.conftest import Api

EVERY_FIELD = frozenset(
    {
        "addresses",
        "attachments",
        "authenticationID",
        "auto_translation",
        "contacts",
        "cost_per_hour",
        "cost_per_hour_currency",
        "created_at",
        "custom_fields",
        "disabled",
        "do_not_translate_languages",
        "employeeID",
        "exclude_team_notifications",
        "guest",
        "id",
        "information",
        "job_title",
        "locale",
        "location",
        "manager",
        "name",
        "oauth_person_enablement",
        "organization",
        "picture_uri",
        "primary_email",
        "send_email_notifications",
        "show_notification_popup",
        "site",
        "source",
        "sourceID",
        "supportID",
        "time_format_24h",
        "time_zone",
        "ui_extension",
        "updated_at",
        "vip",
        "work_hours",
    }
)


async def test_the_documented_person_has_the_documented_fields(samples: Api) -> None:
    person = await samples.get("/people/30")
    assert person.keys() == EVERY_FIELD
    assert person["name"] == "Ashok Kumar"
    assert person["primary_email"] == "ashok.kumar@virtualsupport.com"
    assert person["job_title"] == "Trainee"
    assert person["location"] == "Room 201, Desk 06"
    assert person["cost_per_hour"] == "80.0"
    assert person["locale"] == "en-US"
    assert person["time_zone"] == "Central Time (US & Canada)"
    assert person["organization"] == {"id": 30, "name": "Widget Data Center, External IT"}
    assert person["site"] == {"id": 13, "name": "Widget Data Center"}
    assert person["manager"] == {"id": 5, "name": "Howard Tanner"}
    assert person["work_hours"]["name"] == "Monday through Friday, 9:00am until 5:00pm"
    assert person["contacts"] == [
        {"label": "work", "id": 327, "telephone": "+1 (713) 987 2967"},
        {"label": "fax", "id": 326, "telephone": "+1 (713) 987 2911"},
    ]
    for field in ("picture_uri", "sourceID", "source", "supportID", "custom_fields", "ui_extension"):
        assert person[field] is None
    assert person["addresses"] == []
    assert (person["disabled"], person["vip"], person["time_format_24h"]) == (False, False, False)


async def test_a_new_person_is_answered_with_all_fields(api: Api) -> None:
    status, person = await api.call(
        "POST", "/people", json={"name": "Ada", "primary_email": "ada@people.example"}
    )
    assert status == 201
    assert person.keys() == EVERY_FIELD
    assert person["created_at"] == person["updated_at"]
    assert re.fullmatch(r"2026-11-21T20:\d\d:00Z", person["created_at"])
    assert await api.get(f"/people/{person['id']}") == person


async def test_every_field_that_can_be_written_is_kept_and_answered(samples: Api) -> None:
    fields: dict[str, Any] = {
        "name": "Zoë Ünal",
        "primary_email": "zoe@people.example",
        "authenticationID": "sso-1",
        "auto_translation": True,
        "cost_per_hour": "80.50",
        "cost_per_hour_currency": "EUR",
        "custom_fields": [{"id": "shirt", "value": {"size": ["L", 1.5, None]}}],
        "disabled": True,
        "do_not_translate_languages": "en, nl",
        "employeeID": "E1",
        "exclude_team_notifications": True,
        "guest": True,
        "information": "i" * 65536,
        "job_title": "t" * 80,
        "locale": "tr-TR",
        "location": "l" * 80,
        "oauth_person_enablement": True,
        "picture_uri": "https://people.example/zoe.png",
        "send_email_notifications": "when_offline",
        "show_notification_popup": "important_only",
        "source": "s" * 30,
        "sourceID": "S-1-5",
        "supportID": "4711",
        "time_format_24h": True,
        "time_zone": "Istanbul",
        "vip": True,
        "organization_id": 30,
        "site_id": "13",
        "manager_id": 5,
        "work_hours_id": 1,
    }
    assert fields.keys() == RULES.keys()
    _, person = await samples.call("POST", "/people", json=fields)
    assert (person["cost_per_hour"], person["do_not_translate_languages"]) == ("80.5", "en,nl")
    assert [person[field]["id"] for field in ("organization", "site", "manager", "work_hours")] == [
        30,
        13,
        5,
        1,
    ]
    changed = {
        "cost_per_hour",
        "do_not_translate_languages",
        "organization_id",
        "site_id",
        "manager_id",
        "work_hours_id",
    }
    for field in fields.keys() - changed:
        assert person[field] == fields[field], field


async def test_all_faults_of_a_person_are_told_at_once_as_pairs(api: Api) -> None:
    body = {
        "name": "n" * 129,
        "primary_email": "no address",
        "auto_translation": [],
        "cost_per_hour": "a lot",
        "cost_per_hour_currency": "XYZ",
        "custom_fields": [{"id": 1}],
        "disabled": {},
        "do_not_translate_languages": "en,xx",
        "employeeID": 7,
        "information": "é" * 32769,
        "job_title": "t" * 81,
        "locale": "en-USA",
        "location": "l" * 81,
        "send_email_notifications": "sometimes",
        "show_notification_popup": True,
        "source": "s" * 31,
        "supportID": "s" * 51,
        "time_zone": "Nowhere",
        "organization_id": 999,
        "site_id": "here",
        "manager_id": 2**64,
        "work_hours_id": -1,
    }
    status, content = await api.call("POST", "/people", json=body)
    assert status == 422
    assert content["message"] == "Validation Failed"
    assert sorted(field for field, _ in content["errors"]) == sorted(body)
    assert dict(content["errors"])["name"] == "is too long (maximum is 128 characters)"
    assert dict(content["errors"])["organization_id"] == "must exist"


@pytest.mark.parametrize("blank", [None, "", "  \t"])
async def test_a_person_needs_a_name_and_an_address(api: Api, blank: str | None) -> None:
    expected = [["name", "can't be blank"], ["primary_email", "can't be blank"]]
    for body in ({}, {"name": blank, "primary_email": blank}):
        status, content = await api.call("POST", "/people", json=body)
        assert (status, sorted(content["errors"])) == (422, expected)


@pytest.mark.parametrize("cost", ["-1", "NaN", "Infinity", "1e999999", 10**13, True, [], "1.1234567"])
async def test_a_cost_is_a_decimal_of_reasonable_size_and_not_negative(api: Api, cost: object) -> None:
    body = {"name": "Ada", "primary_email": "ada@people.example", "cost_per_hour": cost}
    status, content = await api.call("POST", "/people", json=body)
    assert (status, [field for field, _ in content["errors"]]) == (422, ["cost_per_hour"])


@pytest.mark.parametrize(
    ("cost", "kept"), [(80, "80.0"), (80.25, "80.25"), ("0080", "80.0"), ("1e2", "100.0"), ("0", "0.0")]
)
async def test_a_cost_is_answered_as_a_decimal_in_text(api: Api, cost: object, kept: str) -> None:
    assert (await api.person(cost_per_hour=cost))["cost_per_hour"] == kept


async def test_an_address_is_taken_whatever_its_letter_case(api: Api) -> None:
    first = await api.person(primary_email="Ada@People.example")
    taken = {"name": "Other", "primary_email": "aDA@people.EXAMPLE"}
    expected = (
        422,
        {"message": "Validation Failed", "errors": [["primary_email", "has already been taken"]]},
    )
    assert await api.call("POST", "/people", json=taken) == expected
    other = await api.person("Other Person")
    assert await api.call("PATCH", f"/people/{other['id']}", json=taken) == expected
    status, _ = await api.call(
        "PATCH", f"/people/{first['id']}", json={"primary_email": "ADA@people.example"}
    )
    assert status == 200


@pytest.mark.parametrize("word", ["true", "T", "Yes", "on", "1", 1, True])
async def test_the_documented_words_for_true_are_true(api: Api, word: object) -> None:
    assert (await api.person(disabled=word))["disabled"] is True


@pytest.mark.parametrize("word", ["false", "F", "no", "0", "", "ja", 0, None, False])
async def test_everything_else_is_false(api: Api, word: object) -> None:
    assert (await api.person(disabled=word))["disabled"] is False


async def test_a_change_touches_the_named_fields_only(samples: Api) -> None:
    before = await samples.get("/people/30")
    status, after = await samples.call(
        "PATCH", "/people/30", json={"job_title": "Analyst", "manager_id": None}
    )
    assert status == 200
    assert after == before | {"job_title": "Analyst", "manager": None, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert await samples.get("/people/30") == after


async def test_a_change_of_nothing_leaves_the_person_as_it_is(samples: Api) -> None:
    before = await samples.get("/people/30")
    assert await samples.call("PATCH", "/people/30", json={}) == (200, before)
    assert await samples.call("PATCH", "/people/30", json={"vip": False, "job_title": "Trainee"}) == (
        200,
        before,
    )


async def test_a_person_sent_back_as_it_was_read_is_left_as_it_is(samples: Api) -> None:
    before = await samples.get("/people/30")
    sent = before | {
        "id": 7,
        "account": {"id": "x"},
        "nodeID": "x",
        "information_attachments": [{"key": "x"}],
    }
    assert await samples.call("PATCH", "/people/30", json=sent) == (200, before)


async def test_names_that_are_no_field_are_refused_and_only_harmless_ones_repeated(samples: Api) -> None:
    body = {"shoe_size": 46, "hatSize": 58, "ada@people.example": 1, "x" * 65: 1, "name": ""}
    expected = (400, {"message": "Unknown fields: shoe_size, hatSize"})
    assert await samples.call("PATCH", "/people/30", json=body) == expected
    assert await samples.call("POST", "/people", json=body) == expected
    assert await samples.call("POST", "/people", json={"+1 713": 1}) == (400, {"message": "Unknown fields"})


async def test_blank_text_clears_a_field_and_never_a_required_one(samples: Api) -> None:
    _, person = await samples.call("PATCH", "/people/30", json={"job_title": "", "location": None})
    assert (person["job_title"], person["location"]) == (None, None)
    status, content = await samples.call("PATCH", "/people/30", json={"name": ""})
    assert (status, content["errors"]) == (422, [["name", "can't be blank"]])


async def test_put_is_taken_as_patch(samples: Api) -> None:
    status, person = await samples.call("PUT", "/people/30", json={"vip": "true"})
    assert (status, person["vip"], person["name"]) == (200, True, "Ashok Kumar")


async def test_nobody_is_their_own_manager(samples: Api) -> None:
    status, content = await samples.call("PATCH", "/people/30", json={"manager_id": 30})
    assert (status, content["errors"]) == (422, [["manager_id", "can't be the person"]])


async def test_a_reference_tells_the_source_id_and_the_end_of_what_it_names(api: Api) -> None:
    manager = await api.person("Old Manager", disabled=True, sourceID="M1")
    person = await api.person(manager_id=manager["id"])
    assert person["manager"] == {
        "id": manager["id"],
        "name": "Old Manager",
        "sourceID": "M1",
        "disabled": True,
    }


async def test_a_person_in_a_list_with_all_fields_is_the_same_as_alone(samples: Api) -> None:
    await samples.call(
        "PATCH", "/people/30", json={"custom_fields": [{"id": "a", "value": 10**30}], "vip": 1}
    )
    (listed,) = await samples.get("/people", params={"id": "30", "fields": ",".join(PEOPLE.shown)})
    assert listed == await samples.get("/people/30")
    assert listed["contacts"]


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("name", {"id", "name"}),
        ("id", {"id"}),
        (" name ,supportID,,name", {"id", "name", "supportID"}),
        ("contacts,addresses,manager,vip", {"id", "contacts", "addresses", "manager", "vip"}),
        ("account", {"id"}),
        (
            " ",
            {
                "id",
                "sourceID",
                "name",
                "organization",
                "site",
                "manager",
                "disabled",
                "created_at",
                "updated_at",
            },
        ),
    ],
)
async def test_fields_says_which_fields_a_list_has(samples: Api, fields: str, keys: set[str]) -> None:
    (person,) = await samples.get("/people", params={"fields": fields, "id": "30"})
    assert person.keys() == keys


async def test_who_is_disabled_is_listed_so_whatever_the_fields(api: Api) -> None:
    await api.person(disabled=True)
    assert await api.get("/people?fields=name") == [{"id": 2, "name": "Ada Example", "disabled": True}]


async def test_a_field_that_live_systems_show_may_be_asked_for(samples: Api) -> None:
    assert await samples.get("/people?id=30&fields=nodeID,name") == [{"id": 30, "name": "Ashok Kumar"}]
    assert await samples.get("/people?id=30&fields=nodeID") == [{"id": 30}]
    assert await samples.get("/people/30/contacts?fields=nodeID,label") == [
        {"id": 327, "label": "work"},
        {"id": 326, "label": "fax"},
    ]


@pytest.mark.parametrize("fields", ["shoe_size", "name,shoe_size", "roles,shoe_size,a@b"])
async def test_unknown_fields_are_named(api: Api, fields: str) -> None:
    named = "roles, shoe_size" if "roles" in fields else "shoe_size"
    answer = await api.call("GET", "/people", params={"fields": fields})
    assert answer == (400, {"message": f"Unknown fields: {named}"})


async def test_time_zones_are_answered_under_the_names_of_rails(api: Api) -> None:
    person = await api.person(time_zone="America/Chicago")
    assert person["time_zone"] == "Central Time (US & Canada)"


async def _token(api: Api, administration: Administration, *roles: str, scope: str = "person:*") -> str:
    person = await api.person("Token Holder")
    return administration.create_token(Grant(str(person["id"]), "tests", roles, (scope,))).secret


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        ("service_desk_analyst", "person:*", 201),
        ("account_administrator", "person:C", 201),
        ("directory_administrator", "person:C", 201),
        ("auditor", "person:*", 403),
        ("specialist", "person:C", 403),
        ("service_desk_analyst", "person:R", 403),
        ("service_desk_analyst", "site:*", 403),
    ],
)
async def test_creating_a_person_takes_a_role_and_a_scope(
    api: Api, administration: Administration, role: str, scope: str, status: int
) -> None:
    token = await _token(api, administration, role, scope=scope)
    body = {"name": "Bob", "primary_email": "bob@people.example"}
    assert (await api.call_with(token, "POST", "/people", json=body))[0] == status


async def test_only_an_account_administrator_changes_where_a_person_comes_from(
    api: Api, administration: Administration
) -> None:
    token = await _token(api, administration, "service_desk_analyst")
    person = await api.person("Bob", sourceID="S-1", source="AD")
    path = f"/people/{person['id']}"
    assert (await api.call_with(token, "PATCH", path, json={"sourceID": "S-1", "vip": True}))[0] == 200
    for change in ({"sourceID": "S-2"}, {"source": None}):
        assert await api.call_with(token, "PATCH", path, json=change) == (403, {"message": "Forbidden"})
    assert (await api.call("PATCH", path, json={"sourceID": "S-2"}))[0] == 200


async def test_whoever_asks_is_me_and_in_no_list(api: Api) -> None:
    me = await api.get("/people/me")
    assert me.keys() == EVERY_FIELD | {"account"}
    assert await api.get("/me") == me == await api.get(f"/people/{me['id']}")
    assert await api.get(f"/people/{me['id']}/teams") == []
    assert await api.get("/people") == []
    assert (await api.call("PATCH", f"/people/{me['id']}", json={"name": "x"}))[0] == 403


async def test_what_is_in_the_archive_is_in_no_list_and_nothing_to_refer_to(api: Api) -> None:
    gone, stays = await api.person("Gone"), await api.person("Stays")
    assert (await api.call("POST", f"/people/{gone['id']}/archive"))[0] == 200
    assert [person["id"] for person in await api.get("/people")] == [stays["id"]]
    status, content = await api.call("PATCH", f"/people/{stays['id']}", json={"manager_id": gone["id"]})
    assert (status, content["errors"]) == (422, [["manager_id", "must exist"]])
    assert (await api.call("PATCH", f"/people/{gone['id']}", json={"vip": True}))[0] == 422


async def test_webhooks_hear_of_people_created_and_changed_and_of_nothing_else(
    api: Api, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executemany(
            "INSERT INTO webhooks (account_id, event, uri, verified_at, created_at, updated_at)"
            " VALUES ('widget', ?, 'http://127.0.0.1:9/', 'x', 'x', 'x')",
            [("person.create",), ("person.update",)],
        )
        person = await api.person()
        path = f"/people/{person['id']}"
        await api.call("PATCH", path, json={"vip": False})
        await api.call("PATCH", path, json={"vip": True})
        await api.call("PATCH", path, json={"name": ""})
        heard = connection.execute("SELECT event, object_id FROM deliveries ORDER BY id").fetchall()
    assert heard == [("person.create", person["id"]), ("person.update", person["id"])]


async def test_text_of_any_kind_is_just_text(api: Api) -> None:
    name = "Robert'); DROP TABLE people;-- \x00 % _ \" \\ 😀"
    person = await api.person(name, primary_email="bobby@people.example")
    assert (await api.get(f"/people/{person['id']}"))["name"] == name
    broken = '{"name": "half \\ud800 pair", "primary_email": "half@people.example"}'
    status, person = await api.call("POST", "/people", data=broken)
    assert (status, person["name"]) == (201, "half \N{REPLACEMENT CHARACTER} pair")


@pytest.mark.parametrize(
    "number", ["0", "-1", "abc", "1.0", "030", "%00", "٣٠", "9223372036854775808", "1" * 500, "999"]
)
async def test_an_id_of_nobody_is_not_found(samples: Api, number: str) -> None:
    for method, path in (
        ("GET", f"/people/{number}"),
        ("PATCH", f"/people/{number}"),
        ("GET", f"/people/{number}/contacts"),
        ("POST", f"/people/{number}/contacts"),
        ("DELETE", f"/people/{number}/contacts"),
        ("DELETE", f"/people/30/contacts/{number}"),
    ):
        assert await samples.call(method, path, json={}) == (404, {"message": "Not Found"})


async def test_people_are_listed_by_name_with_the_collection_fields(api: Api) -> None:
    for name in ("bob", "Alice", "Carol", "alice"):
        await api.person(name, primary_email=f"{ord(name[0])}@people.example")
    people = await api.get("/people")
    assert [person["name"] for person in people] == ["Alice", "alice", "bob", "Carol"]
    expected = {
        "id",
        "sourceID",
        "name",
        "organization",
        "site",
        "manager",
        "disabled",
        "created_at",
        "updated_at",
    }
    assert all(person.keys() == expected for person in people)
