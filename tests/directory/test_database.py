"""The file: made, reopened, refused, and left whole by a program that is killed."""

import asyncio
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cti_lookup.directory import DirectoryListenError, DirectoryStoreError, run_directory
from cti_lookup.directory.__main__ import main
from cti_lookup.directory.access.accounts import settle
from cti_lookup.directory.callers.callers import View, people_by_telephone
from cti_lookup.directory.records.contacts import ContactDraft
from cti_lookup.directory.records.inserting import Origin, insert_contact, insert_person
from cti_lookup.directory.storage.database import Database, Trace
from cti_lookup.directory.storage.schema import SCHEMA_VERSION
from tests.directory.conftest import TOKEN, Api, StartDirectory

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_what_was_written_is_there_after_a_restart(start: StartDirectory) -> None:
    first = await start()
    person_id = await first.known_by("020 7946 0100")
    before = await first.get(f"/people/{person_id}")
    await first.aclose()
    second = await start()
    assert await second.get(f"/people/{person_id}") == before
    assert await second.callers("2079460100") == [person_id]


async def test_samples_fill_an_empty_file_once_and_leave_others_alone(start: StartDirectory) -> None:
    first = await start()
    await first.person()
    await first.aclose()
    second = await start(samples=True)
    assert len(await second.get("/people?per_page=100")) == 1


async def test_samples_are_not_filled_in_twice(start: StartDirectory) -> None:
    first = await start(samples=True)
    await first.call("DELETE", "/people/30/contacts")
    await first.aclose()
    second = await start(samples=True)
    assert await second.get("/people/30/contacts") == []


async def test_the_file_is_for_its_owner_and_in_write_ahead_mode(api: Api, database: Path) -> None:
    await api.person()
    for file in database.parent.glob(f"{database.name}*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()


def _pragmas(connection: sqlite3.Connection) -> list[int]:
    names = ("foreign_keys", "secure_delete", "synchronous")
    return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]


async def test_its_connections_keep_references_and_overwrite_what_is_deleted(database: Path) -> None:
    async with Database.open(database) as opened:
        for way in (opened.read, opened.look_up, opened.write):
            assert await way(_pragmas) == [1, 1, 2]


async def test_a_reader_cannot_write(database: Path) -> None:
    async with Database.open(database) as opened:
        for way in (opened.read, opened.look_up):
            with pytest.raises(DirectoryStoreError, match="cannot be used"):
                await way(lambda connection: connection.execute("DELETE FROM people").rowcount)


async def test_a_deleted_number_is_gone_from_the_disk(api: Api, database: Path) -> None:
    person_id = await api.known_by("secret line 7139870001")
    await api.call("DELETE", f"/people/{person_id}/contacts")
    everything = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    assert b"7139870001" not in everything
    assert b"1000789317" not in everything


def add_person(connection: sqlite3.Connection, *, telephone: str = "4567890") -> int:
    """Add a person with a telephone to a file's own account, and return the id."""
    home = settle(connection, NOON)
    origin = Origin(home.account, NOON)
    (count,) = connection.execute("SELECT count(*) FROM people").fetchone()
    person_id = insert_person(connection, {"name": "Ada", "primary_email": f"{count}@people.example"}, origin)
    insert_contact(connection, person_id, ContactDraft("work", "telephone", telephone))
    return person_id


def callers(connection: sqlite3.Connection) -> list[int]:
    """Return who calls from 4567890."""
    found = people_by_telephone(connection, "4567890", View(("widget",), "widget"))
    return [json.loads(person)["id"] for person in found]


async def test_a_failed_change_leaves_nothing_behind(database: Path) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        add_person(connection)
        connection.execute("INSERT INTO people (nonsense) VALUES (1)")

    async with Database.open(database) as opened:
        person_id = await opened.write(add_person)
        with pytest.raises(DirectoryStoreError, match="cannot be used"):
            await opened.write(fail)
        assert await opened.read(callers) == [person_id]


async def test_what_fails_is_told_to_the_one_who_asked_and_to_nobody_else(database: Path) -> None:
    async with Database.open(database) as opened:
        person_id = await opened.write(add_person)
        for way in (opened.read, opened.look_up, opened.write):
            asked = [way(callers), way(lambda _: 1 // 0), way(callers)]
            first, broken, last = await asyncio.gather(*asked, return_exceptions=True)
            assert first == last == [person_id]
            assert isinstance(broken, ZeroDivisionError)


@pytest.mark.parametrize("way", ["read", "look_up"])
async def test_a_reader_that_cannot_begin_tells_all_who_asked_and_goes_on(database: Path, way: str) -> None:
    def close(connection: sqlite3.Connection) -> None:
        connection.close()

    async with Database.open(database) as opened:
        do = getattr(opened, way)
        with pytest.raises(DirectoryStoreError):
            await do(close)
        for _ in range(2):
            told = await asyncio.gather(do(callers), do(callers), return_exceptions=True)
            assert [type(error) for error in told] == [DirectoryStoreError, DirectoryStoreError]


async def test_a_transaction_that_a_reader_leaves_open_is_ended(database: Path) -> None:
    def leave_and_begin(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        connection.execute("BEGIN")

    async with Database.open(database) as opened:
        await opened.look_up(leave_and_begin)
        person_id = await opened.write(add_person)
        assert await opened.look_up(callers) == [person_id]


async def test_all_that_one_asks_belongs_to_one_moment(database: Path) -> None:
    def count_twice(connection: sqlite3.Connection) -> tuple[int, int]:
        first = len(callers(connection))
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("UPDATE telephone_keys SET rank = 2")
        return first, len(callers(connection))

    async with Database.open(database) as opened:
        await opened.write(add_person)
        assert await opened.read(count_twice) == (1, 1)
        assert await opened.read(callers) == []


async def test_those_who_stop_waiting_keep_nobody_from_their_turn(database: Path) -> None:
    async with Database.open(database) as opened:
        for way in (opened.write, opened.read, opened.look_up) * 10:
            tasks = [asyncio.create_task(way(callers)) for _ in range(3)]
            await asyncio.sleep(0)
            for task in tasks[:2]:
                task.cancel()
            await asyncio.wait(tasks)
            assert tasks[2].result() == []
        person_id = await opened.write(add_person)
        assert await opened.look_up(callers) == [person_id]


async def test_an_opening_that_nobody_waits_for_any_more_leaves_no_thread(database: Path) -> None:
    before = threading.active_count()
    for _ in range(5):
        task = asyncio.create_task(_open(database))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert threading.active_count() == before


def _log_size(database: Path) -> int:
    return database.with_name(f"{database.name}-wal").stat().st_size


async def test_a_log_that_a_reader_holds_keeps_no_writer_waiting_for_long(database: Path) -> None:
    async with Database.open(database) as opened:
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM people").fetchone()
            await opened.write(add_person)
            await opened.write(lambda connection: connection.execute("DELETE FROM people").rowcount)
            assert _log_size(database) > 0
        await opened.write(add_person)
        assert _log_size(database) == 0


async def test_a_change_that_only_adds_may_leave_the_log_as_it_is(database: Path) -> None:
    async with Database.open(database) as opened:
        await opened.write(add_person, trace=Trace.KEPT)
        assert _log_size(database) > 0


def _folder(path: Path) -> None:
    path.mkdir()


def _text_file(path: Path) -> None:
    path.write_text("This is no database at all. " * 100)


def _newer_version(path: Path) -> None:
    asyncio.run(_open(path))
    _execute(path, f"PRAGMA user_version={SCHEMA_VERSION + 1}")


def _other_program(path: Path) -> None:
    _execute(path, "CREATE TABLE bookmarks (url TEXT)")


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


async def _open(path: Path, **options: float) -> None:
    async with Database.open(path, **options):
        pass


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_folder, "it is a folder"),
        (_text_file, "is damaged, or no SQLite database"),
        (_newer_version, f"has schema version {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}"),
        (_other_program, "is the database of another program"),
    ],
)
def test_a_file_that_cannot_be_ours_is_refused_with_a_reason(
    database: Path, prepare: Any, reason: str
) -> None:
    prepare(database)
    before = database.read_bytes() if database.is_file() else b""
    with pytest.raises(DirectoryStoreError, match=reason):
        run_directory(database=database, host="127.0.0.1", port=0, token=TOKEN, samples=True)
    assert (database.read_bytes() if database.is_file() else b"") == before


def test_a_missing_folder_is_named_as_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--db", str(tmp_path / "nowhere" / "x.sqlite3"), "--token", TOKEN]) == 2
    output = capsys.readouterr()
    assert output.err.endswith("cannot be made: its folder does not exist\n")
    assert "Traceback" not in output.err


def test_the_program_needs_a_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CTI_DIRECTORY_TOKEN", raising=False)
    assert main([]) == 2
    assert "no token" in capsys.readouterr().err


def test_a_locked_file_is_refused_after_the_time_allowed(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DirectoryStoreError, match="is locked by another program"):
            asyncio.run(_open(database, patience=0.1))


@pytest.mark.slow
async def test_a_store_that_fails_later_is_unavailable_and_recovers(
    start: StartDirectory, database: Path
) -> None:
    api = await start()
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    body = {"name": "Ada", "primary_email": "ada@people.example"}
    async with api.client.post("/v1/people", json=body) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert await response.json() == {"message": "Service Unavailable"}
    assert await api.get("/people") == []
    other.execute("ROLLBACK")
    other.close()
    assert (await api.call("POST", "/people", json=body))[0] == 201


def test_a_port_in_use_is_refused_with_a_reason(database: Path) -> None:
    with _running(database) as (process, url):
        port = int(url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(DirectoryListenError, match=f"cannot listen on 127.0.0.1, port {port}"):
            run_directory(
                database=database.with_name("other.sqlite3"),
                host="127.0.0.1",
                port=port,
                token=TOKEN,
                samples=False,
            )
        process.terminate()
        assert process.wait(timeout=10) == 0


@contextmanager
def _running(database: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the directory as a program; give its process and its URL."""
    command = [sys.executable, "-m", "cti_lookup.directory", "--db", str(database)]
    environment = os.environ | {"CTI_DIRECTORY_TOKEN": TOKEN}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("R-Service directory: http://127.0.0.1:")
            yield process, line.split()[-1]
        finally:
            process.kill()


def _call(method: str, url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310 - http on loopback
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
        return json.load(response)


def test_nothing_that_was_answered_is_lost_by_kill_9(database: Path) -> None:
    with _running(database) as (process, url):
        person = _call("POST", f"{url}/people", {"name": "Ada", "primary_email": "ada@people.example"})
        contact = {"label": "work", "telephone": "020 7946 0100"}
        _call("POST", f"{url}/people/{person['id']}/contacts", contact)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=10) == -signal.SIGKILL
    with _running(database) as (process, url):
        (found,) = _call("GET", f"{url}/sd?telephone=2079460100")
        assert (found["id"], found["name"]) == (person["id"], "Ada")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert [file.name for file in database.parent.glob(f"{database.name}*")] == [database.name]
