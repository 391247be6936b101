"""The caller look-up, over HTTP and in the file."""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.directory.access.accounts import settle
from cti_lookup.directory.callers.callers import (
    Question,
    View,
    people_by_employee_id,
    people_by_support_id,
    people_by_telephone,
    who_is_calling,
)
from cti_lookup.directory.callers.telephones import telephone_digits
from cti_lookup.directory.records.contacts import ContactDraft
from cti_lookup.directory.records.inserting import Origin, insert_contact, insert_person
from cti_lookup.directory.samples import DEMONSTRATIONS
from cti_lookup.directory.storage.database import open_writer
from tests.directory.conftest import Api, StartDirectory

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = View(("widget",), "widget")


def ids_of(people: Sequence[bytes]) -> list[int]:
    """Return the ids of people in the order in which they were found."""
    return [json.loads(person)["id"] for person in people]


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


@pytest.mark.parametrize("limits", [False, True])
async def test_the_quick_answer_has_the_headers_of_any_other(start: StartDirectory, limits: bool) -> None:
    api = await start(limits=limits)
    await api.known_by("456-7890")
    quick, body = await answer_to(api, {})
    plain, same_body = await answer_to(api, {"If-None-Match": '"another"'})
    changing = {"Date", "X-Request-ID", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    assert body == same_body
    assert quick.keys() == plain.keys()
    assert {name: quick[name] for name in quick.keys() - changing} == {
        name: plain[name] for name in plain.keys() - changing
    }
    assert quick["X-Request-ID"] != plain["X-Request-ID"]
    assert (await answer_to(api, {"If-None-Match": quick["Etag"]}))[1] == b""


async def answer_to(api: Api, headers: dict[str, str]) -> tuple[dict[str, str], bytes]:
    """Ask who calls, and return the headers and the body of the answer."""
    async with api.client.get("/v1/sd?telephone=4567890", headers=headers) as response:
        return dict(response.headers), await response.read()


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


@pytest.mark.parametrize(
    "query",
    [
        "telephone=%2B4567890",
        "telephone=+4567890",
        "telephone=004567890",
        "telephone=4567890&per_page=100",
        "per_page=100&telephone=4567890",
        "telephone=4567890&per_page=",
        "telephone=456-7890",
        "telephone=4567890&telephone=1",
        "telephone=4567890#fragment",
        "%74elephone=4567890",
        "telephone=%D9%A4567890",
        "telephone=4567890&supportID=nobody",
    ],
)
async def test_however_the_question_is_written_it_is_the_same(api: Api, query: str) -> None:
    person_id = await api.known_by("456-7890")
    (found,) = await api.get(f"/sd?{query}")
    assert found["id"] == person_id


async def test_a_page_size_that_clients_add_to_every_request_is_ignored(api: Api) -> None:
    person_id = await api.known_by("4567890")
    (found,) = await api.get("/sd?telephone=4567890&per_page=100")
    assert found["id"] == person_id


def test_callers_are_found_through_the_index_and_never_by_a_scan(database: Path) -> None:
    with closing(open_writer(database)) as connection:
        settle(connection, NOON)
        person_id = connection.execute("SELECT max(id) FROM people").fetchone()[0]
        for text in ("45678901", "512345678901"):
            insert_contact(connection, person_id, ContactDraft("work", "telephone", text))
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        for text in ("12345678901", "812345678901", "9812345678901"):
            insert_contact(connection, person_id, ContactDraft("work", "telephone", text))
        statements.clear()
        people_by_telephone(connection, "12345678901", OWN)
        people_by_support_id(connection, "S-1", OWN)
        people_by_employee_id(connection, "E-1", OWN)
        connection.set_trace_callback(None)
        plan = [
            str(row["detail"])
            for statement in statements
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    of_keys = [step for step in plan if " keys" in step or " telephone_keys" in step]
    # All that ends alike, which are too many; the keys before and after; longer numbers, and tails of eleven to seven digits.
    assert len(of_keys) == 9
    assert all("USING PRIMARY KEY (reversed" in step and step.startswith("SEARCH") for step in of_keys)
    assert not [step for step in plan if step.startswith("SCAN people")]


def test_any_stored_telephone_is_found_by_its_own_digits(database: Path) -> None:
    digit = st.characters(categories=["Nd"])
    anything = st.text(alphabet=st.characters(exclude_categories=["Cs"]) | digit, max_size=254)
    with closing(open_writer(database)) as connection:
        origin = Origin(settle(connection, NOON).account, NOON)
        values = {"name": "Any Body", "primary_email": "any@people.example"}
        person_id = insert_person(connection, values, origin)

        @settings(max_examples=60, deadline=None)
        @given(anything, digit)
        def check(text: str, last: str) -> None:
            insert_contact(connection, person_id, ContactDraft("work", "telephone", text + last))
            found = people_by_telephone(connection, telephone_digits(text + last), OWN)
            assert ids_of(found) == [person_id]
            connection.execute("DELETE FROM contacts")

        check()


async def test_the_first_that_finds_somebody_decides(api: Api) -> None:
    by_number = await api.known_by("456-7890", name="By Number")
    by_support = (await api.person("By Support", supportID="S-1"))["id"]
    by_employee = (await api.person("By Employee", employeeID="E-1"))["id"]
    for query, found in (
        ("employeeID=E-1&supportID=S-1&telephone=4567890", [by_employee]),
        ("telephone=4567890&supportID=S-1", [by_support]),
        ("employeeID=E-2&supportID=s-1&telephone=4567890", [by_support]),
        ("employeeID=e-1&supportID=S-2&telephone=4567890", [by_number]),
        ("employeeID=&supportID=%20&telephone=4567890", [by_number]),
        ("employeeID=E-1&telephone=anonymous", [by_employee]),
        ("employeeID=E-2&supportID=S-2", []),
    ):
        assert [person["id"] for person in await api.get(f"/sd?{query}")] == found


@pytest.mark.parametrize("query", ["employeeID=", "supportID=%20&employeeID=%09", "supportID=&telephone=x"])
async def test_nothing_but_blanks_is_refused_as_nothing_is(api: Api, query: str) -> None:
    assert (await api.call("GET", f"/sd?{query}"))[0] == 400


async def test_several_people_with_a_support_id_are_found_the_enabled_first(api: Api) -> None:
    gone = (await api.person("Gone Colleague", supportID="S-1", disabled=True))["id"]
    ids = [(await api.person(f"Colleague {number}", supportID="s-1"))["id"] for number in range(11)]
    assert [person["id"] for person in await api.get("/sd?supportID=S-1")] == ids[:10]
    assert gone not in ids


@pytest.mark.parametrize("text", ["%", "_", "S-1' OR '1'='1", "S\x00-1", "*", "S-1;--"])
async def test_whatever_an_id_holds_it_is_just_text(api: Api, text: str) -> None:
    await api.person("Somebody Else", supportID="S-1", employeeID="S-1")
    for name in ("supportID", "employeeID"):
        assert await api.get("/sd", params={name: text}) == []


async def test_who_is_disabled_or_enabled_later_moves_in_the_order(api: Api) -> None:
    first = await api.known_by("212 555 0100", name="First Person")
    second = await api.known_by("212 555 0100", name="Second Person")
    assert await api.callers("2125550100") == [first, second]
    await api.call("PATCH", f"/people/{first}", json={"disabled": True})
    assert await api.callers("2125550100") == [second, first]
    await api.call("PATCH", f"/people/{first}", json={"disabled": False})
    assert await api.callers("2125550100") == [first, second]


@pytest.mark.parametrize("place", ["archive", "trash"])
async def test_who_is_in_the_archive_or_the_trash_does_not_call(api: Api, place: str) -> None:
    person_id = await api.known_by("212 555 0100", supportID="S-1", employeeID="E-1")
    await api.call("POST", f"/people/{person_id}/{place}")
    for query in ("telephone=2125550100", "supportID=S-1", "employeeID=E-1"):
        assert await api.get(f"/sd?{query}") == []
    await api.call("POST", f"/people/{person_id}/restore")
    assert await api.callers("2125550100") == [person_id]
    await api.call("PATCH", f"/people/{person_id}", json={"disabled": True})
    await api.call("POST", f"/people/{person_id}/{place}")
    await api.call("POST", f"/people/{person_id}/restore")
    other = await api.known_by("212 555 0100", name="Other Person")
    assert await api.callers("2125550100") == [other, person_id]


def test_only_people_of_the_accounts_asked_for_are_found(database: Path) -> None:
    with closing(open_writer(database)) as connection:
        for account in ("support", "behind", "foreign"):
            connection.execute("INSERT INTO accounts (id, name) VALUES (?, ?)", (account, account.title()))
            values = {"name": "Ada", "primary_email": "ada@people.example", "employeeID": "E-1"}
            person_id = insert_person(connection, values, Origin(account, NOON))
            insert_contact(connection, person_id, ContactDraft("work", "telephone", "4567890"))
        for accounts in (("support", "behind"), ("behind",), ("foreign", "support")):
            view = View(accounts, home="support")
            found = json.loads(who_is_calling(connection, Question(digits="4567890"), view))
            assert {person.get("account", {}).get("id", "support") for person in found} == set(accounts)
            assert len(people_by_employee_id(connection, "E-1", view)) == len(accounts)


def test_a_crowd_with_one_number_is_cut_by_rank_and_id_and_not_by_chance(database: Path) -> None:
    with closing(open_writer(database)) as connection:
        origin = Origin(settle(connection, NOON).account, NOON)
        ids = [
            insert_person(
                connection,
                {"name": "Ada", "primary_email": f"{number}@people.example", "disabled": number % 3 == 0},
                origin,
            )
            for number in range(120)
        ]
        for number, person_id in reversed(list(enumerate(ids))):
            for text in ("5550100", f"{200 + number} 5550100"):
                insert_contact(connection, person_id, ContactDraft("work", "telephone", text))
        enabled = [person_id for number, person_id in enumerate(ids) if number % 3]
        for digits, found in (
            ("5550100", enabled[:10]),
            ("2005550100", [ids[0], *enabled[:9]]),
            ("13195550100", [ids[119], *enabled[:9]]),
        ):
            assert ids_of(people_by_telephone(connection, digits, OWN)) == found


def test_a_number_of_many_digits_is_found_by_each_of_its_tails(database: Path) -> None:
    digits = "123456789" * 9
    with closing(open_writer(database)) as connection:
        origin = Origin(settle(connection, NOON).account, NOON)
        ids = []
        for length in (80, 60, 40, 20, 8):
            values = {"name": "Ada", "primary_email": f"{length}@people.example"}
            ids.append(insert_person(connection, values, origin))
            for text in (digits[-length:], digits[-length - 1 :]):
                insert_contact(connection, ids[-1], ContactDraft("work", "telephone", text))
        assert ids_of(people_by_telephone(connection, digits, OWN)) == ids


async def test_a_person_reads_the_same_whoever_asks_and_however(api: Api) -> None:
    manager = await api.person("Grace Example", sourceID='so"urce')
    odd = 'O\'Neill "Bob" \\ \x00\x1f\u2028 😀 %s'
    person = await api.person(
        odd,
        primary_email="bob@people.example",
        manager_id=manager["id"],
        information=odd,
        custom_fields=[{"id": "a", "value": [odd, None]}],
    )
    # Who is disabled already may not be named by others.
    await api.call("PATCH", f"/people/{manager['id']}", json={"disabled": True})
    for text in ("+1 212 555 0100", "020 7946 0100 %d"):
        await api.contact(person["id"], label="work", telephone=text)
    await api.contact(person["id"], label="personal", email="bob@people.example")
    alone = await api.get(f"/people/{person['id']}")
    assert alone["name"] == alone["information"] == odd
    assert alone["manager"] == {
        "id": manager["id"],
        "name": "Grace Example",
        "sourceID": 'so"urce',
        "disabled": True,
    }
    assert [contact.get("telephone") for contact in alone["contacts"]] == [
        "+1 212 555 0100",
        "020 7946 0100 %d",
        None,
    ]
    assert await api.get("/sd?telephone=2125550100") == [alone]


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
