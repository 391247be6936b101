"""The commands of the directory as people run them: real processes on a real file."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest

from tests.servers.program import Program, run

pytestmark = pytest.mark.slow

DB = ("--db", "d.sqlite3")
ASHOK = "--person=30"
URL = r"(http://127\.0\.0\.1:\d+)/v1"

Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a directory with the sample people and return its address; it is killed when the test ends."""
    started: list[Program] = []

    def start_program(*arguments: str) -> str:
        program = Program(
            tmp_path, "directory", "--port", "0", *DB, "--token", "t", "--samples", *arguments, variables={}
        )
        started.append(program)
        return str(program.await_said(URL)[1])

    yield start_program
    for program in started:
        program.kill()


def said(folder: Path, *arguments: str) -> str:
    """Run a command of the directory that succeeds, and return what it printed."""
    done = run(folder, "directory", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(folder: Path, *arguments: str) -> str:
    """Run a command of the directory that fails, and return what it said."""
    done = run(folder, "directory", *arguments)
    assert done.returncode != 0
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)
    return done.stderr


def ask(url: str, path: str, token: str, form: dict[str, str] | None = None) -> tuple[int, Any]:
    """Ask a directory and return the status and the JSON of its answer."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST" if form else "GET", path, urlencode(form) if form else None, headers)
    answer = connection.getresponse()
    content = msgspec.json.decode(answer.read())
    connection.close()
    return answer.status, content


def await_status(url: str, path: str, token: str, status: int) -> None:
    """Ask until the status is the wanted one."""
    deadline = time.monotonic() + 15
    while ask(url, path, token)[0] != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_token_is_printed_once_works_at_once_and_ends_when_it_is_revoked(
    tmp_path: Path, start: Start
) -> None:
    url = start()
    token = said(tmp_path, "token", "create", *DB, ASHOK, "--role", "auditor", "--scope", "person:R").strip()
    assert token.startswith("rsd_")
    assert ask(url, "/v1/people/me", token)[1]["id"] == 30
    listed = said(tmp_path, "token", "list", *DB)
    assert "auditor" in listed
    assert "person:read" in listed
    assert token[4:] not in listed
    said(tmp_path, "token", "revoke", "1", *DB)
    await_status(url, "/v1/people/me", token, 401)


def test_an_application_is_printed_as_its_client_wants_it(tmp_path: Path, start: Start) -> None:
    url = start()
    lines = said(tmp_path, "application", "create", *DB, ASHOK, "--role", "auditor").splitlines()
    form = dict(line.split("=", 1) for line in lines) | {"grant_type": "client_credentials"}
    status, answer = ask(url, "/oauth/token", "", form)
    assert status == 200
    assert ask(url, "/v1/people/me", answer["access_token"])[0] == 200
    assert form["client_secret"] not in said(tmp_path, "application", "list", *DB)
    said(tmp_path, "application", "revoke", "1", *DB)
    await_status(url, "/v1/people/me", answer["access_token"], 401)


def test_accounts_are_made_and_listed(tmp_path: Path, start: Start) -> None:
    start("--account", "acme", "--account-name", "Acme Inc.")
    said(tmp_path, "account", "create", "company", *DB, "--name", "The Company", "--directory-of", "acme")
    first, second = said(tmp_path, "account", "list", *DB).splitlines()[1:]
    assert first.split() == ["acme", "Acme", "Inc.", "company"]
    assert second.split() == ["company", "The", "Company"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("token", "list", "--db", "slip.sqlite3"), "there is no file"),
        (("--db", "d.sqlite3", "token", "list"), "after the command"),
        (("token", "create", "--person", "1", "--expires", "soon"), "90d"),
        (("token", "revoke", "x"), "ID"),
    ],
)
def test_a_slip_is_said_in_a_sentence_and_makes_no_file(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    assert reason in " ".join(refused(tmp_path, *arguments).split())
    assert list(tmp_path.glob("*.sqlite3")) == []


def test_what_cannot_be_meant_is_said_in_a_sentence(tmp_path: Path, start: Start) -> None:
    start()
    for arguments, reason in (
        (
            ("token", "create", *DB, "--person", "nobody@people.example", "--role", "auditor"),
            "no such person",
        ),
        (("token", "create", *DB, ASHOK, "--role", "king"), "no role: 'king'"),
        (("token", "create", *DB, ASHOK, "--role", "auditor", "--scope", "person"), "no scope: 'person'"),
        (("token", "create", *DB, ASHOK, "--role", "auditor", "--expires", "2020-01-01"), "expired"),
        (("token", "revoke", "9", *DB), "none with the id 9"),
        (("account", "create", "widget", *DB), "already"),
    ):
        text = refused(tmp_path, *arguments)
        assert reason in text
        assert len(text.splitlines()) == 1


def test_limits_are_switched_on_with_an_option(tmp_path: Path, start: Start) -> None:
    url = start("--limits")
    resources = ask(url, "/v1/rate_limit", "t")[1]["resources"]
    assert [one["limit"] for one in resources] == [20, 3600]
    assert tmp_path.joinpath("d.sqlite3").stat().st_mode & 0o077 == 0


def test_the_program_alone_has_the_same_options(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cti_lookup.directory", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for option in ("--db", "--account", "--account-name", "--limits", "--public-url", "--token"):
        assert option in done.stdout
