"""The caller look-up, over HTTP and in the store."""

import asyncio
import sqlite3
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.directory.people import check_new_person
from cti_lookup.directory.samples import DEMONSTRATIONS
from cti_lookup.directory.store import CALLERS, Store
from cti_lookup.directory.telephones import telephone_digits
from tests.directory.conftest import Api

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize("stored", ["+1 (123) 456 7890", "123-456-7890", "4567890"])
@pytest.mark.parametrize("dialled", ["+11234567890", "0011234567890", "4567890", "123 456 7890"])
async def test_every_documented_spelling_finds_every_other(api: Api, stored: str, dialled: str) -> None:
    person_id = await api.known_by(stored)
    assert await api.callers(dialled) == [person_id]


async def test_a_caller_is_answered_with_the_whole_person(api: Api) -> None:
    person_id = await api.known_by("+1 (713) 987 2967", job_title="Trainee", vip=True)
    (found,) = await api.get("/sd?telephone=7139872967")
    assert found == await api.get(f"/people/{person_id}")
    assert found["contacts"][0]["telephone"] == "+1 (713) 987 2967"


@pytest.mark.parametrize("label", ["work", "mobile", "home"])
async def test_telephones_of_work_mobile_and_home_identify_a_caller(api: Api, label: str) -> None:
    person_id = await api.known_by("020 7946 0958", label=label)
    assert await api.callers("+442079460958") == [person_id]


async def test_a_fax_identifies_nobody(api: Api) -> None:
    await api.known_by("020 7946 0958", label="fax")
    assert await api.callers("+442079460958") == []


async def test_nobody_is_an_empty_list(api: Api) -> None:
    assert await api.get("/sd?telephone=%2B442079460958") == []


@pytest.mark.parametrize(
    "query", ["", "?telephone=", "?telephone=anonymous", "?telephone=%25_'%00", "?phone=4567890"]
)
async def test_a_telephone_without_digits_is_refused_with_a_reason(api: Api, query: str) -> None:
    status, content = await api.call("GET", f"/sd{query}")
    assert status == 400
    assert content == {"message": "The parameter telephone is missing or holds no digits"}


@pytest.mark.parametrize("text", ["%", "_", "4567890%", "4567890'--", '"4567890', "4567890\x00", "*4567890*"])
async def test_characters_of_query_languages_are_ignored_like_any_other(api: Api, text: str) -> None:
    person_id = await api.known_by("456-7890")
    await api.known_by("456-7891", name="Eve Example")
    digits = telephone_digits(text)
    status, content = await api.call("GET", "/sd", params={"telephone": text})
    assert [person["id"] for person in content] == [person_id] if digits else status == 400


async def test_broken_encodings_are_ignored_like_any_other_character(api: Api) -> None:
    person_id = await api.known_by("456-7890")
    for telephone in ("%ED%A0%80456%FF7890", "%zz4567890", "%F0%9F%98%80456+7890"):
        async with api.client.get(f"/v1/sd?telephone={telephone}") as response:
            assert response.status == 200
            assert [person["id"] for person in await response.json()] == [person_id]


async def test_digits_of_other_scripts_are_digits(api: Api) -> None:
    arabic = await api.known_by("+٣٩ ٠٢ ٨٧٤٦ ٢٠٢٢", name="Arabic Indic")
    assert await api.callers("+390287462022") == [arabic]
    assert await api.callers("００３９０２８７４６２０２２") == [arabic]


async def test_six_common_digits_are_no_match_unless_they_are_all(api: Api) -> None:
    extension = await api.known_by("x 567890", name="Short Extension")
    await api.known_by("+1 123 456 7890", name="Long Number")
    assert await api.callers("567890") == [extension]
    assert await api.callers("00567890") == [extension]
    assert await api.callers("4567890") != [extension]


async def test_all_people_who_share_a_number_are_found(api: Api) -> None:
    first = await api.known_by("020 7946 0100", name="First Person")
    second = await api.known_by("+44 (0)20 7946 0100 x12", name="Second Person")
    assert await api.callers("2079460100") == [first, second]


async def test_a_person_who_has_the_number_twice_is_found_once(api: Api) -> None:
    person_id = await api.known_by("020 7946 0100 / 020 7946 0100")
    await api.contact(person_id, label="mobile", telephone="+44 20 7946 0100")
    assert await api.callers("2079460100") == [person_id]


@pytest.mark.parametrize("dialled", ["+18004237848", "8004237848", "+18005550123", "8005550123"])
async def test_a_text_of_two_numbers_is_found_by_each(api: Api, dialled: str) -> None:
    person_id = await api.known_by("+1 (800) 4-BEST-IT or +1 (800) 555 0123")
    assert await api.callers(dialled) == [person_id]


async def test_no_more_than_ten_people_are_found(api: Api) -> None:
    ids = [await api.known_by("(212) 555-0100", name=f"Colleague {number}") for number in range(12)]
    assert await api.callers("+12125550100") == ids[:10]


async def test_longer_common_tails_come_first_then_the_enabled_then_the_older(api: Api) -> None:
    local = await api.known_by("555-0100", name="Local Number")
    gone = await api.known_by("(212) 555-0100", name="Gone Colleague", disabled=True)
    here = await api.known_by("212 555 0100", name="Present Colleague")
    new = await api.known_by("212.555.0100", name="New Colleague")
    assert await api.callers("2125550100") == [here, new, gone, local]


async def test_an_owner_is_not_hidden_behind_ten_who_only_look_alike(api: Api) -> None:
    for number in range(11):
        await api.known_by("555-0100", name=f"Local Number {number}")
    owner = await api.known_by("+1 212 555 0100", name="True Owner", disabled=True)
    assert (await api.callers("2125550100"))[0] == owner


async def test_a_changed_telephone_is_found_and_the_former_one_is_not(api: Api) -> None:
    person_id = await api.known_by("020 7946 0100")
    (contact,) = await api.get(f"/people/{person_id}/contacts")
    path = f"/people/{person_id}/contacts/{contact['id']}"
    await api.call("PATCH", path, json={"telephone": "020 7946 0200"})
    assert await api.callers("2079460100") == []
    assert await api.callers("2079460200") == [person_id]
    await api.call("PATCH", path, json={"label": "fax"})
    assert await api.callers("2079460200") == []


async def test_a_caller_of_eight_thousand_digits_is_nobody(api: Api) -> None:
    await api.known_by("4567890")
    assert await api.callers("1" * 7900) == []


async def test_a_page_size_that_clients_add_to_every_request_is_ignored(api: Api) -> None:
    person_id = await api.known_by("4567890")
    (found,) = await api.get("/sd?telephone=4567890&per_page=100")
    assert found["id"] == person_id


async def test_callers_are_found_through_the_index_and_never_by_a_scan(api: Api, database: Path) -> None:
    await api.known_by("4567890")
    connection = sqlite3.connect(database)
    parameters = {"length": 10, "low": "0", "high": "0:", "tails": "[]", "limit": 10}
    plan = [str(row[3]) for row in connection.execute("EXPLAIN QUERY PLAN " + CALLERS, parameters)]
    connection.close()
    of_keys = [step for step in plan if "telephone_keys" in step]
    assert len(of_keys) == 2
    assert all(step.startswith("SEARCH telephone_keys USING PRIMARY KEY (reversed") for step in of_keys)
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
    assert scanned <= {"hits", "callers", "first_callers", "json_each"}


def test_any_stored_telephone_is_found_by_its_own_digits() -> None:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        resources = AsyncExitStack()
        store = runner.run(resources.enter_async_context(Store.open(Path(folder, "any.sqlite3"))))
        values, faults = check_new_person({"name": "Any Body", "primary_email": "any@people.example"})
        person = runner.run(store.create_person(values, faults, NOON))

        async def store_and_look_up(text: str) -> list[int]:
            await store.add_contact(person.id, {"label": "work", "telephone": text}, NOON)
            found = [caller.id for caller in await store.callers(telephone_digits(text))]
            await store.delete_contacts(person.id, NOON)
            return found

        digit = st.characters(categories=["Nd"])
        anything = st.text(alphabet=st.characters(exclude_categories=["Cs"]) | digit, max_size=254)

        @settings(max_examples=60, deadline=None)
        @given(anything, digit)
        def check(text: str, last: str) -> None:
            assert runner.run(store_and_look_up(text + last)) == [person.id]

        try:
            check()
        finally:
            runner.run(resources.aclose())


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("exactly one person", ["Ashok Kumar"]),
        ("four people on one number", ["Priya Shah", "Tom Fletcher", "Aoife Byrne", "Zoë Clarke"]),
        ("a very important person", ["Sir Edmund Ashworth"]),
        (
            "one number with an extension for each of three people",
            ["Jürgen Groß", "Anke Müller", "Łukasz Wójcik"],
        ),
        (
            "a person who has left, after the one who took over the number",
            ["Olivia Marsh", "Peter Lindqvist"],
        ),
        ("only a person who has left", ["Mia Thompson"]),
        ("nobody: the number is only a fax", []),
        ("two numbers in one text, called from the second", ["Chloé Lefèvre"]),
        ("a number spelled with the letters of the keypad", ["Noah Brandt"]),
        ("nobody: the number is in no one's contacts", []),
    ],
)
async def test_each_demonstration_shows_what_its_title_says(
    samples: Api, title: str, names: list[str]
) -> None:
    (telephone,) = [case.telephone for case in DEMONSTRATIONS if case.title == title]
    found = await samples.get("/sd", params={"telephone": telephone})
    assert sorted(person["name"] for person in found) == sorted(names)


async def test_twelve_people_share_the_switchboard_of_the_samples(samples: Api) -> None:
    (telephone,) = [case.telephone for case in DEMONSTRATIONS if "switchboard" in case.title]
    assert len(await samples.callers(telephone)) == 10
    everyone = await samples.get("/people?per_page=100")
    assert len([person for person in everyone if 60 <= person["id"] < 72]) == 12
