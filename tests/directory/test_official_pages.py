"""
The three official pages that the directory follows: each request they show, against the answer printed there.

Facts (R-Service developer guide, "People", "People - Contacts API", "Organizations - Contacts API"). Where a page prints
`"...": "..."` an answer holds more than is printed; times are compared by their form, as are texts that nobody depends on.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from cti_lookup.directory import Administration, Grant
from tests.directory.conftest import Api

TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})")
TEXT: Final = re.compile(r".+", re.DOTALL)
AN_ID: Final = re.compile(r"[1-9][0-9]*")

DATA_CENTER: Final = {"name": "Widget Data Center", "id": 13}
EXTERNAL_IT: Final = {"name": "Widget Data Center, External IT", "id": 30}
HOWARD: Final = {"name": "Howard Tanner", "id": 5}

LISTED: Final = (
    {
        "name": "Ashok Kumar",
        "created_at": TIME,
        "sourceID": None,
        "updated_at": TIME,
        "manager": HOWARD,
        "id": 30,
        "site": DATA_CENTER,
        "organization": EXTERNAL_IT,
        "disabled": False,
    },
    {
        "name": "Barney Turban",
        "created_at": TIME,
        "sourceID": None,
        "updated_at": TIME,
        "manager": HOWARD,
        "id": 58,
        "site": DATA_CENTER,
        "organization": EXTERNAL_IT,
        "disabled": False,
    },
)
ASHOK: Final = {
    "picture_uri": None,
    "name": "Ashok Kumar",
    "location": "Room 201, Desk 06",
    "created_at": TIME,
    "sourceID": None,
    "primary_email": "ashok.kumar@virtualsupport.com",
    "job_title": "Trainee",
    "addresses": [],
    "updated_at": TIME,
    "manager": HOWARD,
    "cost_per_hour": "80.0",
    "information": TEXT,
    "id": 30,
    "time_format_24h": False,
    "site": DATA_CENTER,
    "time_zone": "Central Time (US & Canada)",
    "organization": EXTERNAL_IT,
    "locale": "en-US",
    "disabled": False,
    "vip": False,
    "work_hours": {"name": "Monday through Friday, 9:00am until 5:00pm"},
    "contacts": [
        {"label": "work", "id": 327, "telephone": "+1 (713) 987 2967"},
        {"label": "fax", "id": 326, "telephone": "+1 (713) 987 2911"},
    ],
    "source": None,
    "supportID": None,
    "custom_fields": None,
    "ui_extension": None,
}

FIELDS: Final = (
    "addresses attachments authenticationID auto_translation contacts cost_per_hour cost_per_hour_currency created_at"
    " custom_fields disabled do_not_translate_languages employeeID exclude_team_notifications guest id information"
    " job_title locale location manager name oauth_person_enablement organization picture_uri primary_email"
    " send_email_notifications show_notification_popup site source sourceID supportID time_format_24h time_zone"
    " ui_extension updated_at vip work_hours"
)
"""The fields of the page, without those that are only ever written."""

CONTACTS_OF_PERSON: Final = (
    {"label": "mobile", "id": AN_ID, "telephone": "+1 03 413 7223"},
    {"label": "personal", "id": AN_ID, "website": "www.my-stie.com"},
)
CONTACTS_OF_ORGANIZATION: Final = (
    {"label": "general", "id": AN_ID, "telephone": "+1 (203) 413 4880"},
    {"label": "service_desk", "id": AN_ID, "telephone": "+1 (800) 4-BEST-IT or +1 (800) 423 7848"},
    {"label": "fax", "id": AN_ID, "telephone": "+1 (203) 413 4881"},
    {"label": "general", "id": AN_ID, "email": "info@best-it.com"},
    {"label": "service_desk", "id": AN_ID, "email": "helpdesk@best-it.com"},
    {"label": "general", "id": AN_ID, "website": "www.best-it.com"},
    {"label": "service_desk", "id": AN_ID, "website": "www.support.best-it.com"},
)


def check(printed: object, answer: Any) -> None:
    """Assert that an answer holds what is printed, and may hold more fields."""
    if isinstance(printed, re.Pattern):
        assert printed.fullmatch(str(answer))
    elif isinstance(printed, Mapping):
        for name, value in printed.items():
            assert name in answer
            check(value, answer[name])
    elif isinstance(printed, (list, tuple)):
        assert len(printed) == len(answer)
        for expected, item in zip(printed, answer, strict=True):
            check(expected, item)
    else:
        assert answer == printed
        assert type(answer) is type(printed)


async def token_with(api: Api, administration: Administration, role: str) -> str:
    """Make a token of a person who has nothing but a role."""
    person = await api.person("Token Holder")
    return administration.create_token(Grant(str(person["id"]), "tests", (role,), ("*:*",))).secret


async def test_people_are_listed_as_printed(samples: Api) -> None:
    people = {person["id"]: person for person in await samples.get("/people?per_page=100")}
    for printed in LISTED:
        check(printed, people[printed["id"]])
        assert people[printed["id"]].keys() == printed.keys()


async def test_the_fields_of_the_list_are_those_of_the_page_and_whether_one_is_disabled(samples: Api) -> None:
    fields = {"id", "sourceID", "name", "organization", "site", "manager", "created_at", "updated_at"}
    for person in await samples.get("/people"):
        assert person.keys() == fields | {"disabled"}


@pytest.mark.parametrize("field", FIELDS.split())
async def test_any_field_can_be_asked_for_instead(samples: Api, field: str) -> None:
    (person,) = await samples.get(f"/people?id=30&fields={field}")
    assert person.keys() == {"id", field}
    assert person[field] == (await samples.get("/people/30"))[field]


@pytest.mark.parametrize("word", ["enabled", "disabled", "internal", "directory", "support_domain"])
async def test_the_predefined_filters_are_there(samples: Api, word: str) -> None:
    assert isinstance(await samples.get(f"/people/{word}"), list)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("id=30", [30]),
        ("source=", "everybody"),
        ("sourceID=", "everybody"),
        ("name=Ashok%20Kumar", [30]),
        ("name=ashok%20kumar", []),
        ("disabled=true&name=Mia%20Thompson", [181]),
        ("organization=30&manager=5&name=!Olivia%20Marsh&disabled=false", [30, 58]),
        ("site=13&id=5", [5]),
        ("manager=5&id=58", [58]),
        ("created_at=<2016-01-01", []),
        ("updated_at=>2016-01-01&id=30", [30]),
        ("employeeID=E-0100", [100]),
        ("employeeID=e-0100", []),
        ("primary_email=Ashok.Kumar@VirtualSupport.com", [30]),
        ("supportID=vip-1", [100]),
        ("roles=auditor", []),
    ],
)
async def test_the_filters_of_the_page_are_there_with_their_rule_of_letter_case(
    samples: Api, query: str, ids: object
) -> None:
    found = [person["id"] for person in await samples.get(f"/people?per_page=100&{query}")]
    if ids == "everybody":
        assert len(found) == len(await samples.get("/people?per_page=100"))
    else:
        assert found == ids


async def test_people_are_sorted_by_name_unless_asked_otherwise(samples: Api) -> None:
    people = await samples.get("/people?per_page=100")
    assert people == await samples.get("/people?per_page=100&sort=name")
    names = [person["name"].casefold() for person in people]
    assert names == sorted(names)


@pytest.mark.parametrize(
    "field", ["id", "sourceID", "name", "organization", "site", "manager", "created_at", "updated_at"]
)
async def test_people_are_sorted_by_any_field_of_the_page(samples: Api, field: str) -> None:
    forth = [person["id"] for person in await samples.get(f"/people?per_page=100&sort={field}")]
    back = [person["id"] for person in await samples.get(f"/people?per_page=100&sort=-{field}")]
    assert forth == back[::-1]


async def test_one_person_is_answered_as_printed(samples: Api) -> None:
    person = await samples.get("/people/30")
    check(ASHOK, person)
    assert person.keys() == set(FIELDS.split())


async def test_a_number_finds_whoever_has_it_under_whichever_of_the_three_labels(api: Api) -> None:
    for label in ("work", "mobile", "home"):
        await api.known_by("1234567890", label=label, name=f"{label} person")
    await api.known_by("1234567890", label="fax", name="A fax")
    found = await api.get("/sd?telephone=1234567890")
    assert {person["name"] for person in found} == {"work person", "mobile person", "home person"}
    for person in found:
        assert person == await api.get(f"/people/{person['id']}")


async def test_a_number_finds_ten_people_at_most(api: Api) -> None:
    for number in range(11):
        await api.known_by("1234567890", name=f"Person {number}")
    assert len(await api.get("/sd?telephone=1234567890")) == 10


async def test_a_number_is_looked_up_for_service_desk_analysts_only(
    api: Api, administration: Administration
) -> None:
    token = await token_with(api, administration, "account_administrator")
    assert (await api.call_with(token, "GET", "/sd?telephone=1234567890"))[0] == 403


async def test_a_person_is_created_as_printed(api: Api) -> None:
    body = {"name": "Ada Example", "primary_email": "ada@people.example"}
    status, person = await api.call("POST", "/people", json=body)
    assert status == 201
    check(body | {"addresses": []}, person)
    assert person.keys() == set(FIELDS.split())
    assert person["updated_at"] == person["created_at"]


async def test_a_person_is_updated_as_printed(samples: Api) -> None:
    status, person = await samples.call("PATCH", "/people/30", json={"job_title": "Engineer"})
    assert status == 200
    check(ASHOK | {"job_title": "Engineer"}, person)


@pytest.mark.parametrize(("operation", "mark"), [("archive", "archived"), ("trash", "trashed")])
async def test_a_person_is_moved_as_printed_and_restored_as_printed(
    samples: Api, operation: str, mark: str
) -> None:
    status, person = await samples.call("POST", f"/people/30/{operation}")
    assert status == 200
    check(ASHOK | {mark: "true"}, person)
    status, person = await samples.call("POST", "/people/30/restore")
    assert status == 200
    check(ASHOK, person)
    assert person.keys() == set(FIELDS.split())


@pytest.mark.parametrize(
    ("role", "status"),
    [("account_administrator", 200), ("directory_administrator", 200), ("service_desk_manager", 403)],
)
async def test_a_person_is_moved_by_administrators_only(
    api: Api, administration: Administration, role: str, status: int
) -> None:
    token, person = await token_with(api, administration, role), await api.person("Somebody Else")
    for operation in ("archive", "trash", "restore"):
        assert (await api.call_with(token, "POST", f"/people/{person['id']}/{operation}"))[0] == status


@pytest.fixture(params=["people", "organizations"])
async def owner(api: Api, request: pytest.FixtureRequest) -> str:
    """Create whoever has contacts and return the path of their contacts."""
    body = {"name": "Best IT", "primary_email": "owner@people.example"}
    fields = body if request.param == "people" else {"name": body["name"]}
    status, content = await api.call("POST", f"/{request.param}", json=fields)
    assert status == 201
    return f"/{request.param}/{content['id']}/contacts"


def printed_on_the_page(owner: str) -> tuple[Mapping[str, object], ...]:
    """Return the contacts that the page of an owner prints."""
    return CONTACTS_OF_PERSON if owner.startswith("/people") else CONTACTS_OF_ORGANIZATION


async def add(api: Api, owner: str, contact: Mapping[str, object], **more: object) -> Any:
    """Add a contact as it is printed, without its id, and return the answer."""
    body = {name: value for name, value in contact.items() if name != "id"} | more
    status, added = await api.call("POST", owner, json=body)
    assert status == 201
    return added


async def test_contacts_are_listed_as_printed(api: Api, owner: str) -> None:
    printed = printed_on_the_page(owner)
    for contact in printed:
        await add(api, owner, contact)
    listed = await api.get(owner)
    check(printed, listed)
    assert [contact.keys() for contact in listed] == [contact.keys() for contact in printed]


async def test_a_single_contact_is_answered_as_printed(api: Api, owner: str) -> None:
    first = printed_on_the_page(owner)[0]
    added = await add(api, owner, first, integration=True)
    contact = await api.get(f"{owner}/{added['id']}")
    check({**first, "integration": True}, contact)
    assert contact.keys() == {*first, "integration"}


async def test_a_contact_is_created_as_printed(api: Api, owner: str) -> None:
    for contact in printed_on_the_page(owner):
        added = await add(api, owner, contact)
        assert added == await api.get(f"{owner}/{added['id']}")
        check({**contact, "integration": False}, added)


async def test_a_contact_is_updated_as_printed(api: Api, owner: str) -> None:
    label = "work" if owner.startswith("/people") else "general"
    added = await add(api, owner, printed_on_the_page(owner)[0])
    status, contact = await api.call("PATCH", f"{owner}/{added['id']}", json={"label": label})
    assert (status, contact) == (200, added | {"label": label})


async def test_contacts_are_removed_as_printed(api: Api, owner: str) -> None:
    ids = [(await add(api, owner, contact))["id"] for contact in printed_on_the_page(owner)]
    assert await api.call("DELETE", f"{owner}/{ids[0]}") == (204, None)
    assert [contact["id"] for contact in await api.get(owner)] == ids[1:]
    assert await api.call("DELETE", f"{owner}/") == (204, None)
    assert await api.get(owner) == []


@pytest.mark.parametrize(
    ("collection", "label", "fields"),
    [
        ("people", "chat_skype", "chat"),
        ("people", "chat_slack", "chat"),
        ("people", "chat_teams", "chat"),
        ("people", "chat_workchat", "chat"),
        ("people", "fax", "telephone"),
        ("people", "home", "telephone"),
        ("people", "mobile", "telephone"),
        ("people", "personal", "email website"),
        ("people", "work", "telephone email website"),
        ("organizations", "general", "telephone email website"),
        ("organizations", "service_desk", "telephone email website"),
        ("organizations", "fax", "telephone"),
        ("organizations", "service_desk_fax", "telephone"),
    ],
)
async def test_a_label_is_for_the_printed_fields_only(
    api: Api, collection: str, label: str, fields: str
) -> None:
    email = {"primary_email": "owner@people.example"} if collection == "people" else {}
    _, record = await api.call("POST", f"/{collection}", json={"name": "Owner"} | email)
    for field in ("telephone", "email", "website", "chat"):
        path, body = f"/{collection}/{record['id']}/contacts", {"label": label, field: "x" * 255}
        status, _ = await api.call("POST", path, json=body)
        assert (status == 201) == (field in fields.split())
