"""The file: made, reopened, refused, and left whole by a program that is killed."""

import asyncio
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cti_lookup.directory import DirectoryListenError, DirectoryStoreError, run_directory
from cti_lookup.directory.__main__ import main
from cti_lookup.directory.database import Database
from cti_lookup.directory.fields import Values
from cti_lookup.directory.schema import SCHEMA_VERSION
from cti_lookup.directory.store import Store
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


async def test_its_connections_keep_references_and_overwrite_what_is_deleted(database: Path) -> None:
    async with Database.open(database) as opened:
        for lend in (opened.reading, opened.writing):
            async with lend() as connection:
                for pragma, value in (("foreign_keys", 1), ("secure_delete", 1), ("synchronous", 2)):
                    (row,) = await connection.execute_fetchall(f"PRAGMA {pragma}")
                    assert row[0] == value


async def test_a_reader_cannot_write(database: Path) -> None:
    async with Database.open(database) as opened:
        with pytest.raises(DirectoryStoreError):
            async with opened.reading() as connection:
                await connection.execute("DELETE FROM people")


async def test_a_deleted_number_is_gone_from_the_disk(api: Api, database: Path) -> None:
    person_id = await api.known_by("secret line 7139870001")
    await api.call("DELETE", f"/people/{person_id}/contacts")
    everything = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    assert b"7139870001" not in everything
    assert b"1000789317" not in everything


async def test_a_failed_change_leaves_nothing_behind(database: Path) -> None:
    async with Store.open(database) as store:
        values: Values = {"name": "Ada", "primary_email": "ada@people.example"}
        person = await store.create_person(values, (), NOON)
        with pytest.raises(DirectoryStoreError, match="cannot be used"):
            await store.create_person(
                {**values, "primary_email": "b@people.example", "nonsense": 1}, (), NOON
            )
        await store.add_contact(person.id, {"label": "work", "telephone": "4567890"}, NOON)
        assert [caller.id for caller in await store.callers("4567890")] == [person.id]


async def test_a_cancelled_writer_hands_its_turn_on(database: Path) -> None:
    async with Store.open(database) as store:
        values: Values = {"name": "Ada", "primary_email": "ada@people.example"}
        for _ in range(20):
            task = asyncio.create_task(store.create_person(values, (), NOON))
            await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.wait([task])
        person = await store.create_person({**values, "primary_email": "b@people.example"}, (), NOON)
        assert await store.person(person.id) == person


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


async def _open(path: Path) -> None:
    async with Store.open(path):
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


def test_a_locked_file_is_refused_after_the_time_allowed(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti_lookup.directory.database.BUSY_SECONDS", 0.1)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(DirectoryStoreError, match="is locked by another program"):
            asyncio.run(_open(database))
    finally:
        other.close()


async def test_a_store_that_fails_later_is_unavailable_and_recovers(
    start: StartDirectory, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti_lookup.directory.database.BUSY_SECONDS", 0.1)
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
