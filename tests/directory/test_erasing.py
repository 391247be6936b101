"""A person who is erased: gone from every answer, and from every byte on the disk."""

import random
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from cti_lookup.directory import Administration, Grant
from cti_lookup.directory.access.accounts import settle
from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.erasing import erase
from cti_lookup.directory.storage.database import Database, Trace
from cti_lookup.directory.transfer.files import folder_of
from tests.directory.conftest import Api
from tests.directory.listeners import announced, listen
from tests.directory.test_database import NOON, add_person, callers
from tests.directory.test_import_over_http import finished


def everything_of(database: Path) -> bytes:
    """Give every byte of the file, of its log, and of the log's index."""
    return b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))


def _other_program(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, isolation_level=None, check_same_thread=False)


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


async def test_whatever_else_names_an_erased_person_names_nobody(api: Api, database: Path) -> None:
    person = await api.person("Zebulon Quillfeather")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        values = (person["id"], person["id"], "2016", "2016")
        for table, first, second in (
            ("organizations", "manager_id", "substitute_id"),
            ("teams", "coordinator_id", "manager_id"),
        ):
            other.execute(
                f"INSERT INTO {table} (account_id, name, name_key, {first}, {second}, created_at, updated_at)"  # noqa: S608
                " VALUES ('widget', 'One', 'one', ?, ?, ?, ?)",
                values,
            )
    assert (await api.call("DELETE", f"/people/{person['id']}"))[0] == 204
    with closing(sqlite3.connect(database)) as other:
        found = [
            *other.execute("SELECT manager_id, substitute_id, updated_at > '2016' FROM organizations"),
            *other.execute("SELECT coordinator_id, manager_id, updated_at > '2016' FROM teams"),
        ]
    assert found == [(None, None, 1), (None, None, 1)]


async def test_the_keeper_of_the_token_cannot_be_erased(api: Api) -> None:
    me = await api.get("/people/me")
    assert (await api.call("DELETE", f"/people/{me['id']}"))[0] == 404


async def test_no_copy_is_left_where_rows_were_moved_between_pages(database: Path) -> None:
    # With `secure_delete` alone the numbers of two or three of these stay readable.
    dice = random.Random(3)  # noqa: S311 - the same people each time
    numbers: dict[int, str] = {}
    async with Database.open(database) as opened:
        home = await opened.write(partial(settle, now=NOON))
        identity = Identity(person_id=home.keeper_id, home=home.account, account=home.account)
        for _ in range(300):
            number = "".join(dice.choices("123456789", k=14))
            numbers[await opened.write(partial(add_person, telephone=number), trace=Trace.KEPT)] = number
        erased = dice.sample(sorted(numbers), 150)
        for person_id in erased:
            work = partial(erase, person_id=person_id, identity=identity, now=NOON)
            await opened.write(work, trace=Trace.GONE)
        left = everything_of(database)
    written = [(numbers[number], numbers[number][::-1]) for number in erased]
    assert [number for number, key in written if number.encode() in left or key.encode() in left] == []


async def test_a_file_that_cannot_be_written_anew_loses_the_person_all_the_same(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Database.open(database, patience=0.05) as opened:
        person_id = await opened.write(add_person)
        with closing(_other_program(database)) as other:

            def erase_and_be_locked_out(connection: sqlite3.Connection) -> None:
                connection.execute("DELETE FROM people WHERE id = ?", (person_id,))
                connection.execute("COMMIT")
                other.execute("BEGIN IMMEDIATE")
                connection.execute("BEGIN")

            await opened.write(erase_and_be_locked_out, trace=Trace.GONE)
        assert await opened.read(callers) == []
    assert "could not be written anew" in caplog.text


async def test_people_of_the_directory_account_are_erased_by_directory_administrators_only(
    api: Api, administration: Administration
) -> None:
    administration.create_account("widget-directory", "Widget Directory", "widget")
    body = {"name": "Ada Example", "primary_email": "ada@people.example"}
    _, person = await api.call("POST", "/people", json=body, headers={"X-4me-Account": "widget-directory"})
    holder = await api.person("Token Holder")
    for role, expected in (("account_administrator", 403), ("directory_administrator", 204)):
        token = administration.create_token(Grant(str(holder["id"]), "tests", (role,), ("*:*",))).secret
        assert (await api.call_with(token, "DELETE", f"/people/{person['id']}"))[0] == expected


async def test_what_an_erased_person_brought_about_is_told_all_the_same(
    api: Api, administration: Administration, database: Path
) -> None:
    person, holder = await api.person(), await api.person("Zebulon Quillfeather")
    grant = Grant(str(holder["id"]), "tests", ("account_administrator",), ("*:*",))
    token = administration.create_token(grant).secret
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        listen(connection, "person.update")
        await api.call_with(token, "PATCH", f"/people/{person['id']}", json={"vip": True})
        await api.call("DELETE", f"/people/{holder['id']}")
        assert announced(connection) == [("person.update", person["id"]), ("person.update", holder["id"])]
        by = connection.execute("SELECT count(*) FROM deliveries WHERE person_id = ?", (holder["id"],))
        assert by.fetchone() == (0,)


async def test_who_and_what_named_an_erased_person_is_announced_as_changed(api: Api, database: Path) -> None:
    manager = await api.person("Zebulon Quillfeather")
    report = await api.person("Ada Example", manager_id=manager["id"])
    body = {"name": "One", "manager_id": manager["id"]}
    _, organization = await api.call("POST", "/organizations", json=body)
    _, team = await api.call("POST", "/teams", json=body | {"coordinator_id": manager["id"]})
    events = ("person.update", "organization.update", "team.update")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        listen(connection, *events)
        await api.call("DELETE", f"/people/{manager['id']}")
        told = announced(connection)
    assert told[0] == ("person.update", manager["id"])
    assert told[1:] == list(zip(events, (report["id"], organization["id"], team["id"]), strict=True))


async def test_an_erased_person_is_in_no_export_that_can_still_be_fetched(api: Api, database: Path) -> None:
    person = await api.person("Zebulon Quillfeather")
    _, answer = await api.call("POST", "/export", json={"type": "people"})
    job = await finished(api, f"/export/{answer['token']}")
    await api.call("DELETE", f"/people/{person['id']}")
    async with api.client.get(job["url"]) as fetched:
        assert fetched.status == 404
    files = {file for file in folder_of(database).iterdir() if file.suffix != ".lock"}  # it goes any moment
    assert not [file for file in files if b"Quillfeather" in file.read_bytes()]
