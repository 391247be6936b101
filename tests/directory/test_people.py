"""People: listed, read, created and changed."""

import base64
import re
from typing import Any

import pytest

from cti_lookup.directory.pages import Cursor
from cti_lookup.directory.people import RULES
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
        {"label": "fax", "id": 326, "telephone": "+1 (713) 987 2911"},
        {"label": "work", "id": 327, "telephone": "+1 (713) 987 2967"},
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
    assert person["created_at"] == person["updated_at"] == "2026-11-21T20:01:00Z"
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
        "cost_per_hour_currency": "euro",
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
    assert after == before | {"job_title": "Analyst", "manager": None, "updated_at": "2026-11-21T20:01:00Z"}
    assert await samples.get("/people/30") == after


async def test_a_change_of_nothing_leaves_the_person_as_it_is(samples: Api) -> None:
    before = await samples.get("/people/30")
    assert await samples.call("PATCH", "/people/30", json={}) == (200, before)
    assert await samples.call("PATCH", "/people/30", json={"id": 7, "contacts": [], "unknown": 1}) == (
        200,
        before,
    )


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


async def test_text_of_any_kind_is_just_text(api: Api) -> None:
    name = "Robert'); DROP TABLE people;-- \x00 % _ \" \\ 😀"
    person = await api.person(name, primary_email="bobby@people.example")
    assert (await api.get(f"/people/{person['id']}"))["name"] == name
    broken = '{"name": "half \\ud800 pair", "primary_email": "half@people.example", "\\udfff": 1}'
    status, person = await api.call("POST", "/people", data=broken)
    assert (status, person["name"]) == (201, "half \N{REPLACEMENT CHARACTER} pair")


@pytest.mark.parametrize(
    "number", ["0", "-1", "abc", "1.0", "030", "%00", "٣٠", "9223372036854775808", "1" * 500, "999", "me"]
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


async def _walk(api: Api, path: str, rel: str) -> list[list[int]]:
    """Follow a link from page to page and return the ids of each."""
    pages = []
    following: str | None = path
    while following:
        async with api.client.get(following) as response:
            assert response.status == 200
            pages.append([item["id"] for item in await response.json()])
            links = _links(response.headers.get("Link", ""))
            following = api.relative(links[rel]) if rel in links else None
    return pages


def _links(header: str) -> dict[str, str]:
    """Read a Link header as the simplest client does: split it at every comma, and each part at its semicolon."""
    links = {}
    for part in filter(None, header.split(",")):
        address, rel = part.split(";")
        links[rel.strip().removeprefix('rel="').removesuffix('"')] = address.strip().strip("<>")
    return links


async def test_following_next_visits_everybody_once_and_following_prev_returns(samples: Api) -> None:
    everyone = [person["id"] for person in await samples.get("/people?per_page=100")]
    pages = await _walk(samples, "/v1/people?per_page=7", "next")
    assert [number for page in pages for number in page] == everyone
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 7, 4]
    async with samples.client.get(f"/v1/people?per_page=7&search_after={_last_cursor(everyone)}") as response:
        assert await response.json() == []
    last = await _last_page(samples)
    back = await _walk(samples, last, "prev")
    assert back == pages[::-1]


def _last_cursor(everyone: list[int]) -> str:
    return Cursor(len(everyone) - 1, everyone[-1]).encode()


async def _last_page(api: Api) -> str:
    following = "/v1/people?per_page=7"
    while True:
        async with api.client.get(following) as response:
            links = _links(response.headers["Link"])
        if "next" not in links:
            return following
        following = api.relative(links["next"])


async def test_the_links_of_each_page_are_the_documented_ones(samples: Api) -> None:
    seen = []
    following = "/v1/people?per_page=20&note=a,b=c;d"
    while following:
        async with samples.client.get(following) as response:
            links = _links(response.headers["Link"])
            seen.append((list(links), response.headers["X-Pagination-Current-Page"]))
            for link in links.values():
                assert link.startswith("http://127.0.0.1:")
                assert "note=a%2Cb%3Dc%3Bd" in link
                assert "per_page=20" in link
            following = samples.relative(links["next"]) if "next" in links else ""
    assert seen == [(["next"], "1"), (["first", "prev", "next"], "2"), (["first", "prev"], "3")]


async def test_a_cursor_stands_in_a_link_with_its_equals_sign_escaped(samples: Api) -> None:
    async with samples.client.get("/v1/people?per_page=1") as response:
        links = response.headers["Link"]
    assert re.fullmatch(r'<http://[^<>,;]+search_after=[A-Za-z0-9%]+>; rel="next"', links)


async def test_one_page_has_no_links_and_tells_its_size(api: Api) -> None:
    await api.person()
    async with api.client.get("/v1/people") as response:
        assert "Link" not in response.headers
        assert response.headers["X-Pagination-Per-Page"] == "20"
        assert response.headers["X-Pagination-Current-Page"] == "1"
        assert response.headers["X-Pagination-Total-Pages"] == "1"
        assert response.headers["X-Pagination-Total-Entries"] == "1"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("5", 5),
        ("100", 100),
        ("101", 100),
        ("9" * 5000, 100),
        ("0", 20),
        ("-5", 20),
        ("x", 20),
        ("٥", 20),
        ("", 20),
    ],
)
async def test_a_page_size_out_of_bounds_is_brought_within_them(samples: Api, asked: str, given: int) -> None:
    async with samples.client.get("/v1/people", params={"per_page": asked}) as response:
        assert response.headers["X-Pagination-Per-Page"] == str(given)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "%00",
        "e30=",
        "W10=",
        "eyJvZmZzZXQiOi0xLCJjdXJzb3IiOlsxXX0=",
        "eyJvZmZzZXQiOjAsImN1cnNvciI6Wzk5OV19",
        "\ud800",
    ],
)
@pytest.mark.parametrize("name", ["search_after", "search_before"])
async def test_a_cursor_nobody_gave_out_is_refused(samples: Api, name: str, cursor: str) -> None:
    query = f"{name}={cursor}" if cursor.isascii() else f"{name}=%ED%A0%80"
    assert await samples.call("GET", f"/people?{query}") == (400, {"message": "Invalid cursor"})


async def test_cursors_hold_no_name(samples: Api) -> None:
    async with samples.client.get("/v1/people?per_page=1") as response:
        link = response.headers["Link"]
    found = re.search("search_after=([A-Za-z0-9]+)", link)
    assert found
    assert b"Abigail" not in base64.b64decode(found[1] + "==")
