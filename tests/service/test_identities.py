"""Who is calling, by an id that they typed or that the phone system knows, and then by their telephone."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from cti_lookup.people import Person
from cti_lookup.questions import IdentityKey, IdentityQuestion, marks_of
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person, replying
from tests.service.conftest import BEARER, Service

LONDON = "+442079460110"


@pytest.fixture
def directory(directory: FakeDirectory) -> FakeDirectory:
    """Give a directory in which three people have different keys."""
    directory.people = [
        person("+1 713 987 2967", id=30, name="Ashok Kumar", supportID="S-30", employeeID="E-30"),
        person(LONDON, id=31, name="Gwen Boss", supportID="S-31", employeeID="E-31"),
        person("+442079460199", id=32, name="Ada Example", supportID="S-32", employeeID=None),
    ]
    return directory


async def asked(service: Service, query: Mapping[str, str]) -> tuple[int, Any]:
    """Give status and JSON."""
    async with service.client.get("/v1/lookup", params=query, headers=BEARER) as response:
        return response.status, await response.json()


async def found(service: Service, **query: str) -> Any:
    """Give an answer to some keys."""
    status, told = await asked(service, query)
    assert status == 200
    return told


def ids(told: Any) -> list[int]:
    return [one["id"] for one in told["people"]]


def paths(directory: FakeDirectory) -> list[str]:
    """Give what was asked of the directory, as resource and key."""
    return [f"{one.path.removeprefix('/v1/')}?{'&'.join(one.query)}" for one in directory.requests]


@pytest.mark.parametrize(
    ("query", "matched_by", "person_id", "rule"),
    [
        (
            {"employeeID": "E-30", "supportID": "S-31", "telephone": "+442079460199"},
            "employeeID",
            30,
            "employeeID",
        ),
        ({"supportID": "S-31", "telephone": "+442079460199"}, "supportID", 31, "supportID"),
        (
            {"employeeID": "E-9", "supportID": "S-31", "telephone": ASHOKS_NUMBER},
            "supportID",
            31,
            "supportID",
        ),
        ({"employeeID": "E-9", "supportID": "S-9", "telephone": ASHOKS_NUMBER}, "telephone", 30, "e164"),
        ({"employeeID": "E-30"}, "employeeID", 30, "employeeID"),
        ({"supportID": "S-32"}, "supportID", 32, "supportID"),
        ({"supportID": "s-32"}, "supportID", 32, "supportID"),
    ],
)
async def test_keys_are_tried_in_the_order_of_the_directorys_own_screen(
    service: Service, query: dict[str, str], matched_by: str, person_id: int, rule: str
) -> None:
    told = await found(service, **query)
    assert (told["outcome"], told["matched_by"], ids(told)) == ("matched", matched_by, [person_id])
    assert told["people"][0]["match"]["rule"] == rule


async def test_letters_of_a_support_id_are_capital_or_small_and_those_of_an_employee_id_are_not(
    service: Service, directory: FakeDirectory
) -> None:
    directory.behaviour = replying(directory.people[0])  # whatever is asked
    assert (await found(service, supportID="s-30"))["outcome"] == "matched"
    assert (await found(service, employeeID="e-30"))["outcome"] == "nobody"


def test_who_was_nobody_by_a_support_id_in_small_letters_is_known_once_they_changed() -> None:
    asked = IdentityQuestion(IdentityKey.SUPPORT, "s-30")
    ashok = Person(30, "Ashok Kumar", (), support_id="S-30")
    assert asked.mark in marks_of(ashok, None)


async def test_the_first_key_that_finds_somebody_is_the_last_that_is_tried(
    service: Service, directory: FakeDirectory
) -> None:
    await found(service, employeeID="E-30", supportID="S-31", telephone=LONDON)
    assert paths(directory) == ["people?employeeID", "people/30?"]


async def test_whom_no_key_finds_is_nobody_and_matched_by_nothing(
    service: Service, directory: FakeDirectory
) -> None:
    told = await found(service, employeeID="E-9", supportID="S-9", telephone="+442079460000")
    assert (told["outcome"], told["matched_by"], told["people"]) == ("nobody", None, [])
    assert paths(directory) == ["people?employeeID", "people?supportID", "sd?telephone"]


async def test_without_a_key_an_answer_does_not_tell_by_which_it_was_found(service: Service) -> None:
    assert "matched_by" not in await found(service, telephone=ASHOKS_NUMBER)
    assert "matched_by" not in await found(service, telephone=ASHOKS_NUMBER, supportID="", employeeID="  ")


async def test_without_any_key_the_telephone_is_missed(service: Service) -> None:
    for query in ({}, {"supportID": ""}, {"employeeID": " ", "supportID": " "}):
        status, told = await asked(service, query)
        assert (status, told["code"], told["field"]) == (422, "wrong_field", "telephone")


async def test_a_person_without_contacts_is_found_by_their_key(
    service: Service, directory: FakeDirectory
) -> None:
    directory.people[0]["contacts"] = []
    told = await found(service, supportID="S-30")
    assert (ids(told), told["people"][0]["match"]) == (
        [30],
        {"rule": "supportID", "label": None, "telephone": None},
    )


async def test_several_with_one_key_are_all_listed(service: Service, directory: FakeDirectory) -> None:
    for one in directory.people:
        one["supportID"] = "S-0"
    told = await found(service, supportID="S-0")
    assert (ids(told), told["truncated"]) == ([30, 31, 32], False)


async def test_who_is_disabled_comes_last_and_never_alone(service: Service, directory: FakeDirectory) -> None:
    directory.people[0] |= {"disabled": True, "supportID": "S-31"}
    assert ids(await found(service, supportID="S-31")) == [31, 30]
    told = await found(service, employeeID="E-30")
    assert (told["outcome"], told["people"]) == ("nobody", [])


@pytest.mark.parametrize("value", ["S-3", "S-300", "S30", "Ｓ-30", "S-30.", "30"])
async def test_what_only_looks_like_the_key_is_not_the_key(service: Service, value: str) -> None:
    assert (await found(service, supportID=value))["outcome"] == "nobody"


async def test_a_directory_that_finds_more_than_was_asked_for_is_not_believed(
    service: Service, directory: FakeDirectory
) -> None:
    directory.behaviour = replying(directory.people)
    assert ids(await found(service, supportID="S-31")) == [31]


async def test_a_key_is_remembered_and_apart_from_the_same_text_as_another_key(
    service: Service, directory: FakeDirectory
) -> None:
    directory.people[1]["employeeID"] = "S-30"
    first, second = await found(service, supportID="S-30"), await found(service, supportID="S-30")
    assert (first["tier"], second["tier"], ids(second)) == ("directory", "memory", [30])
    other = await found(service, employeeID="S-30")
    assert (other["tier"], ids(other)) == ("directory", [31])
    assert (await found(service, supportID=" S-30 "))["tier"] == "memory"


async def test_nobody_is_remembered_for_a_shorter_time(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    assert (await found(service, supportID="new"))["tier"] == "directory"
    directory.people[0]["supportID"] = "new"
    assert (await found(service, supportID="new"))["outcome"] == "nobody"
    clock.pass_by(67)
    assert ids(await found(service, supportID="new")) == [30]


async def test_what_is_asked_anew_is_new(service: Service, directory: FakeDirectory) -> None:
    await found(service, supportID="S-30")
    directory.people[0]["name"] = "Ashok K. Kumar"
    told = await found(service, supportID="S-30", refresh="true")
    assert (told["people"][0]["name"], told["tier"]) == ("Ashok K. Kumar", "directory")
    assert (await found(service, supportID="S-30"))["people"][0]["name"] == "Ashok K. Kumar"


@pytest.mark.parametrize(
    "value",
    [
        "1,2",
        "!",
        "!S-31",
        ">S-30",
        "<=9",
        "S-30&employeeID=E-31",
        "a+b c",
        "Zoë 山田",
        "%",
        "*",
        "'\";--",
        "#",
    ],
)
async def test_what_is_syntax_elsewhere_is_text_in_a_key(
    service: Service, directory: FakeDirectory, value: str
) -> None:
    assert (await found(service, supportID=value))["outcome"] == "nobody"
    directory.people[0]["supportID"] = value
    told = await found(service, supportID=value, refresh="true")
    assert (told["outcome"], ids(told)) == ("matched", [30])
    literal = f"\\{value}" if value.startswith("!") else value
    assert {one.query["supportID"] for one in directory.requests if "supportID" in one.query} == {literal}


@pytest.mark.parametrize("value", ["x" * 129, "a\nb", "a\0b", "a\u200bb"])
async def test_what_can_be_no_key_is_refused(service: Service, directory: FakeDirectory, value: str) -> None:
    for key in ("supportID", "employeeID"):
        status, told = await asked(service, {key: value, "telephone": ASHOKS_NUMBER})
        assert (status, told["code"], told["field"]) == (422, "wrong_field", key)
    assert directory.requests == []


class TestUnavailable:
    @staticmethod
    def failing(directory: FakeDirectory, key: str) -> None:
        """Let the directory refuse to answer one key."""
        healthy = directory.answer

        async def behave(request: web.Request) -> web.StreamResponse:
            if key in request.query:
                return web.Response(status=500)
            return await healthy(request)

        directory.behaviour = behave

    @pytest.mark.parametrize("key", ["employeeID", "supportID", "telephone"])
    async def test_who_could_not_be_asked_for_by_one_key_is_not_nobody(
        self, service: Service, directory: FakeDirectory, key: str
    ) -> None:
        self.failing(directory, key)
        told = await found(service, employeeID="E-9", supportID="S-9", telephone="+442079460000")
        assert (told["outcome"], told["matched_by"], told["people"]) == ("unavailable", None, [])

    async def test_the_keys_that_follow_are_tried_all_the_same(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        self.failing(directory, "employeeID")
        told = await found(service, employeeID="E-9", supportID="S-31", telephone=ASHOKS_NUMBER)
        assert (told["outcome"], told["matched_by"], ids(told)) == ("matched", "supportID", [31])

    async def test_a_caller_without_a_number_is_nobody_only_where_every_key_was_asked_for(
        self, service: Service, directory: FakeDirectory
    ) -> None:
        told = await found(service, supportID="S-9", telephone="anonymous")
        assert (told["outcome"], told["matched_by"]) == ("withheld", None)
        self.failing(directory, "supportID")
        told = await found(service, supportID="S-8", telephone="anonymous")
        assert told["outcome"] == "unavailable"


async def test_a_key_is_in_no_line_of_the_log(service: Service) -> None:
    await found(service, supportID="S-30", telephone=ASHOKS_NUMBER)
    await found(service, employeeID="E-9")
    logged = json.dumps(service.logged)
    assert "lookup" in logged
    for trace in ("S-30", "E-9", "Ashok"):
        assert trace not in logged
