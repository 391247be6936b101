"""A person who is erased: gone from every answer, and from every byte on the disk."""

import random
import sqlite3
from pathlib import Path

import pytest

from cti_lookup.directory.database import Database
from cti_lookup.directory.fields import Values
from cti_lookup.directory.store import Store
from tests.directory.conftest import Api
from tests.directory.test_database import NOON


def everything_of(database: Path) -> bytes:
    """Give every byte of the file, of its log, and of the log's index."""
    return b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))


async def test_an_erased_person_is_nobody_afterwards(samples: Api) -> None:
    async with samples.client.delete("/v1/people/30") as response:
        assert (response.status, await response.read()) == (204, b"")
    assert (await samples.call("GET", "/people/30"))[0] == 404
    assert (await samples.call("GET", "/people/30/contacts"))[0] == 404
    assert await samples.callers("+17139872967") == []


@pytest.mark.parametrize("number", ["999999", "0", "-1", "none", "9223372036854775808"])
async def test_nobody_cannot_be_erased(samples: Api, number: str) -> None:
    assert await samples.call("DELETE", f"/people/{number}") == (404, {"message": "Not Found"})


async def test_a_person_is_erased_once(api: Api) -> None:
    person_id = await api.known_by("020 7946 0100")
    statuses = [(await api.call("DELETE", f"/people/{person_id}"))[0] for _ in range(2)]
    assert statuses == [204, 404]


async def test_the_id_of_an_erased_person_is_not_given_out_again(api: Api) -> None:
    person_id = (await api.person())["id"]
    await api.call("DELETE", f"/people/{person_id}")
    assert (await api.person())["id"] > person_id


async def test_no_byte_of_an_erased_person_is_left_on_the_disk(api: Api, database: Path) -> None:
    person = await api.person(
        "Zebulon Quillfeather", information="quillfeather " * 2000, supportID="ZQ-4711", location="Tower Zq"
    )
    await api.contact(person["id"], label="work", telephone="+44 20 7946 0958")
    await api.contact(person["id"], label="personal", email="zeb@home.example")
    await api.call("PATCH", f"/people/{person['id']}", json={"job_title": "Quillfeatherer"})
    await api.call("DELETE", f"/people/{person['id']}")
    left = everything_of(database).lower()
    for trace in ("zebulon", "quillfeather", "zq-4711", "tower zq", "7946 0958", "8590649702", "zeb@home"):
        assert trace.encode() not in left


async def test_whose_manager_was_erased_has_none_and_was_updated(api: Api, database: Path) -> None:
    manager = await api.person("Zebulon Quillfeather")
    member = await api.person("Ada Example", manager_id=manager["id"])
    await api.call("DELETE", f"/people/{manager['id']}")
    after = await api.get(f"/people/{member['id']}")
    assert after["manager"] is None
    assert after["updated_at"] > member["updated_at"]
    assert b"Quillfeather" not in everything_of(database)


async def test_others_stay_as_they_are(samples: Api) -> None:
    before = [person for person in await samples.get("/people?per_page=100") if person["id"] != 30]
    await samples.call("DELETE", "/people/30")
    assert await samples.get("/people?per_page=100") == before


async def test_no_copy_is_left_where_rows_were_moved_between_pages(database: Path) -> None:
    # With `secure_delete` alone the numbers of two or three of these stay readable.
    dice = random.Random(3)  # noqa: S311 - the same people each time
    numbers: dict[int, str] = {}
    async with Store.open(database) as store:
        for turn in range(300):
            values: Values = {"name": "Ada", "primary_email": f"{turn}@people.example"}
            person = await store.create_person(values, (), NOON)
            numbers[person.id] = "".join(dice.choices("123456789", k=14))
            await store.add_contact(person.id, {"label": "work", "telephone": numbers[person.id]}, NOON)
        erased = dice.sample(sorted(numbers), 150)
        for person_id in erased:
            await store.erase_person(person_id, NOON)
        left = everything_of(database)
    written = [(numbers[number], numbers[number][::-1]) for number in erased]
    assert [number for number, key in written if number.encode() in left or key.encode() in left] == []


async def test_a_file_that_cannot_be_written_anew_loses_the_person_all_the_same(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Database.open(database) as opened:
        store = Store(opened)
        values = {"name": "Ada", "primary_email": "ada@people.example"}
        person = await store.create_person({**values}, (), NOON)
        await opened._writer.execute_fetchall("PRAGMA busy_timeout=50")
        other = sqlite3.connect(database, isolation_level=None)
        async with opened.rewriting() as connection:
            await connection.execute("DELETE FROM people WHERE id = ?", (person.id,))
            await connection.commit()
            other.execute("BEGIN IMMEDIATE")
            await connection.execute("SELECT 1")
        other.execute("ROLLBACK")
        other.close()
        assert await store.callers("1") == ()
    assert "could not be written anew" in caplog.text
