"""The commands as people run them: real processes, real ports, and the very line that is printed."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from cti_lookup.terminal import cell
from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.servers.program import PROGRAM, Program, environment, run

pytestmark = pytest.mark.slow

SECRET = "hunter2-gEh3im-and-more-of-it"
LISTENING = r"cti-lookup listens at (http://127\.0\.0\.1:\d+)"
Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs in the test's folder; those that still run when the test ends are killed."""
    started: list[Program] = []

    def start_program(*arguments: str, afresh: bool = False, **variables: str) -> Program:
        chosen = {"CTI_PORT": "0"} | variables
        started.append(Program(tmp_path, *arguments, variables=chosen, afresh=afresh))
        return started[-1]

    yield start_program
    for program in started:
        program.kill()


def fetch(url: str, body: bytes | None = None, **headers: str) -> Any:
    with urlopen(Request(url, body, headers), timeout=30) as response:  # noqa: S310  # a URL of this test's
        return json.load(response)


@pytest.fixture
def occupied() -> Iterator[str]:
    """Give a port that somebody else listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


class TestCheck:
    def test_settings_that_are_right_are_said_to_be(self, tmp_path: Path) -> None:
        right = {"CTI_REGION": "US", "CTI_API_KEYS": SECRET, "CTI_SECRET": SECRET}
        done = run(tmp_path, "check", variables=right)
        assert (done.returncode, done.stderr) == (0, "")
        assert SECRET not in done.stdout

    def test_all_faults_are_said_at_once_and_no_secret_is(self, tmp_path: Path) -> None:
        (tmp_path / "cti.toml").write_text(f'[sources.desk]\ndialect = "x"\nsecrets = "{SECRET}"\n')
        variables = {
            "CTI_PORT": SECRET,
            "CTI_REGION": SECRET,
            "CTI_REDIS_URL": f"http://:{SECRET}@host",
            "CTI_DIRECTORY_URL": f"https://user:{SECRET}@host/v1",
            "CTI_DIRECTORY_TOKEN": SECRET,
            "CTI_LOOKUP_BUDGET": "60",
            "CTI_CONFIG": str(tmp_path / "cti.toml"),
            "CTI_SECRETS_DIR": str(tmp_path / "nothing"),
        }
        done = run(tmp_path, "check", variables=variables)
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert all(line.startswith("✗ ") for line in lines)
        for name in {*variables} - {"CTI_DIRECTORY_TOKEN", "CTI_CONFIG"} | {"desk.dialect", "desk.secrets"}:
            assert len([line for line in lines if name in line]) == 1, name
        assert len(lines) == 8
        assert SECRET not in done.stdout + done.stderr

    def test_a_fault_stops_every_command_that_reads_settings(self, tmp_path: Path) -> None:
        for command in (["serve"], ["lookup", "1234"]):
            done = run(tmp_path, *command, variables={"CTI_PORT": SECRET})
            assert done.returncode == 2
            assert "CTI_PORT" in done.stderr
            assert "Traceback" not in done.stderr
            assert SECRET not in done.stdout + done.stderr

    def test_what_is_probably_not_meant_is_warned_of(self, tmp_path: Path) -> None:
        done = run(tmp_path, "check", variables={"CTI_API_KEY": SECRET, "CTI_REDIS_URL": "redis://h"})
        assert done.returncode == 0
        for name in ("CTI_API_KEY:", "CTI_REGION:", "CTI_API_KEYS:", "CTI_SECRET:"):
            assert f"! {name}" in done.stderr
        assert SECRET not in done.stderr

    def test_a_redis_url_nobody_can_use_is_said_without_its_password(self, tmp_path: Path) -> None:
        for command in (["check"], ["serve"]):
            done = run(tmp_path, *command, variables={"CTI_REDIS_URL": f"redis://:{SECRET}/x@host:6379"})
            assert done.returncode == 2
            assert "CTI_REDIS_URL" in done.stderr
            assert SECRET not in done.stderr
            assert "Traceback" not in done.stderr


def sample_directory(start: Start) -> tuple[Program, dict[str, str]]:
    """Start a directory with the sample people, and give the settings of a service that asks it."""
    program = start("directory", "--port", "0", "--db", "d.sqlite3", "--token", "a-token", "--samples")
    url = program.await_said(r"(http://127\.0\.0\.1:\d+/v1)")[1]
    return program, {"CTI_DIRECTORY_URL": url, "CTI_DIRECTORY_TOKEN": "a-token", "CTI_REGION": "US"}


def seeded(start: Start) -> dict[str, str]:
    return sample_directory(start)[1]


def add_person(url: str, name: str, telephone: str) -> None:
    """Add a person with one telephone to a sample directory."""
    headers = {"Authorization": "Bearer a-token", "Content-Type": "application/json"}
    made = {"name": name, "primary_email": "ada@people.example"}
    person = fetch(f"{url}/people", json.dumps(made).encode(), **headers)["id"]
    contact = {"label": "work", "telephone": telephone}
    fetch(f"{url}/people/{person}/contacts", json.dumps(contact).encode(), **headers)


class TestLookup:
    def test_a_person_is_shown_to_people(self, tmp_path: Path, start: Start) -> None:
        done = run(tmp_path, "lookup", "0017139872967", variables=seeded(start))
        assert done.returncode == 0
        assert "Ashok Kumar" in done.stdout
        assert "from directory" in done.stdout

    def test_a_person_is_shown_to_programs_as_the_service_gives_them(
        self, tmp_path: Path, start: Start
    ) -> None:
        done = run(tmp_path, "lookup", "--json", ASHOKS_NUMBER, variables=seeded(start))
        answer = json.loads(done.stdout)
        assert done.returncode == 0
        assert done.stdout.count("\n") == 1
        assert (answer["outcome"], answer["tier"]) == ("matched", "directory")
        assert [one["name"] for one in answer["people"]] == ["Ashok Kumar"]

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            ("+1 212 555 0999", "nobody"),
            ("anonymous", "withholds"),
            ("nonsense", "no telephone number"),
            ("1234", "extension"),
        ],
    )
    def test_each_other_outcome_is_said_in_a_sentence(self, tmp_path: Path, number: str, said: str) -> None:
        done = run(tmp_path, "lookup", number, variables={"CTI_REGION": "US"})
        assert done.returncode == 0
        assert said in done.stdout

    def test_a_directory_that_is_not_there_is_unavailable_and_exit_1(self, tmp_path: Path) -> None:
        variables = {"CTI_DIRECTORY_URL": "http://127.0.0.1:1/v1", "CTI_DIRECTORY_TOKEN": SECRET}
        done = run(tmp_path, "lookup", ASHOKS_NUMBER, variables=variables)
        assert done.returncode == 1
        assert "could not be asked" in done.stdout
        assert SECRET not in done.stdout + done.stderr

    def test_a_region_may_be_given(self, tmp_path: Path, start: Start) -> None:
        done = run(tmp_path, "lookup", "--json", "--region", "DE", "030 23125100", variables=seeded(start))
        assert json.loads(done.stdout)["caller"]["e164"] == "+493023125100"

    def test_a_region_that_is_none_is_said_in_a_sentence(self, tmp_path: Path) -> None:
        done = run(tmp_path, "lookup", "1234", "--region", "XX")
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert "--region" in done.stderr

    def test_a_region_may_be_given_where_sources_are_configured(self, tmp_path: Path) -> None:
        (tmp_path / "cti.toml").write_text('[sources.desk]\nsecrets = ["a-token"]\n')
        variables = {"CTI_CONFIG": str(tmp_path / "cti.toml")}
        done = run(tmp_path, "lookup", "1234", "--region", "US", variables=variables)
        assert "Traceback" not in done.stderr
        assert done.returncode == 0

    def test_a_region_that_is_given_is_only_the_one_the_number_is_read_in(
        self, tmp_path: Path, start: Start
    ) -> None:
        variables = seeded(start)
        add_person(variables["CTI_DIRECTORY_URL"], "Ada Example", "(212) 555-0198")
        done = run(tmp_path, "lookup", "--json", "--region", "DE", "0012125550198", variables=variables)
        (person,) = json.loads(done.stdout)["people"]
        assert person["match"]["rule"] == "e164"  # the stored number is of CTI_REGION, as for every call

    def test_programs_are_given_the_answers_bytes_and_a_newline(self, tmp_path: Path, start: Start) -> None:
        variables = seeded(start)
        name = f"Łucja {'Example' * 12}"
        add_person(variables["CTI_DIRECTORY_URL"], name, "+1 212 555 0198")
        done = subprocess.run(
            [PROGRAM, "lookup", "--json", "+12125550198"],
            cwd=tmp_path,
            env=environment(variables | {"PYTHONIOENCODING": "ascii"}),
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert name.encode() in done.stdout
        assert done.stdout.endswith(b"}\n")
        assert done.stdout.count(b"\n") == 1

    def test_what_programs_read_is_not_decorated(self, tmp_path: Path) -> None:
        done = run(tmp_path, "lookup", "--json", "call :key: [/red]")
        assert json.loads(done.stdout)["caller"]["raw"] == "call :key: [/red]"

    @pytest.mark.parametrize("name", ["Ada [/] Example", "Ada [red]:key: Example"])
    def test_a_name_is_shown_as_it_is_and_is_no_markup(self, tmp_path: Path, start: Start, name: str) -> None:
        variables = seeded(start)
        add_person(variables["CTI_DIRECTORY_URL"], name, "+1 212 555 0198")
        done = run(tmp_path, "lookup", "+12125550198", variables=variables)
        assert done.returncode == 0, done.stderr
        assert name in done.stdout

    def test_a_name_does_not_steer_the_terminal(self) -> None:
        assert cell("Ada\x1b[2J\r\nExample").plain == "Ada�[2J��Example"


SIGNALLED_AT_ONCE = """
import asyncio, os, signal
from cti_lookup.serve import serve
from cti_lookup.settings import load_settings

async def main():
    for number in (signal.SIGTERM, signal.SIGINT):  # come at the first await, while nothing is open yet
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
    await serve(load_settings(), samples=False, listening=print)

asyncio.run(main())
"""


class TestServe:
    def curl_line(self, program: Program) -> str:
        program.await_said(r"Ctrl-C")
        (line,) = re.findall(r"^ +(curl .*/webhooks/.*)$", program.said, re.MULTILINE)
        return str(line)

    def test_the_line_that_is_printed_makes_the_phone_ring(self, start: Start, tmp_path: Path) -> None:
        program = start("serve", "--demo", afresh=True)
        line = self.curl_line(program)
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        answer = json.loads(done.stdout)
        assert answer["lookup"]["outcome"] == "matched"
        assert [one["name"] for one in answer["lookup"]["people"]] == ["Ashok Kumar"]
        assert answer["call"]["state"] == "ringing"

    def test_the_agents_page_is_named_first_and_plays_calls(self, start: Start) -> None:
        program = start("serve", "--demo", CTI_API_KEYS="a-key")
        program.await_said(r"Ctrl-C")
        page = re.match(r"The agent's page.*: (http://127\.0\.0\.1:\d+/)\n", program.said)
        assert page
        with urlopen(page[1], timeout=30) as response:  # noqa: S310  # a URL of this test's
            assert response.headers["Content-Type"].startswith("text/html")
        assert fetch(f"{page[1]}demo/token", b"")["token"]
        with urlopen(f"{page[1]}demo/ring", b'{"event": "colleague"}', timeout=30) as response:  # noqa: S310  # as above
            assert response.status == 202
        deadline = time.monotonic() + 60
        while not (calls := fetch(f"{page[1]}v1/calls?key=a-key")["calls"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert calls[0]["lookup"]["outcome"] == "internal"

    @pytest.mark.parametrize(
        "key", ["it's-$(id)", "base64+key/with==", "a&b c%41", '"`id`\\ :key: [/] [red]#?;*!~', "schlüssel"]
    )
    def test_every_line_that_is_printed_works_whatever_the_key(
        self, start: Start, tmp_path: Path, key: str
    ) -> None:
        program = start("serve", "--demo", CTI_API_KEYS=key)
        program.await_said(r"Ctrl-C")
        lines = re.findall(r"^ +(curl .*)$", program.said, re.MULTILINE)
        assert len(lines) == 2
        for line in lines:
            done = subprocess.run(
                ["/bin/sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
            )
            assert "Ashok Kumar" in done.stdout

    def test_the_line_that_is_printed_rings_at_a_source_that_is_configured(
        self, start: Start, tmp_path: Path
    ) -> None:
        (tmp_path / "cti.toml").write_text('[sources.other]\ndialect = "zammad"\n[sources.front-desk]\n')
        program = start("serve", "--demo", CTI_CONFIG=str(tmp_path / "cti.toml"))
        line = self.curl_line(program)
        assert "/webhooks/front-desk" in line
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60, check=True)
        assert json.loads(done.stdout)["lookup"]["outcome"] == "matched"

    def test_no_line_is_printed_that_no_source_would_answer(self, start: Start, tmp_path: Path) -> None:
        (tmp_path / "cti.toml").write_text('[sources.desk]\ndialect = "zammad"\n')
        program = start("serve", "--demo", CTI_CONFIG=str(tmp_path / "cti.toml"))
        program.await_said(r"Ctrl-C")
        assert "/webhooks/" not in program.said
        assert "No source speaks the generic dialect" in program.said

    def test_every_number_to_try_that_is_printed_has_an_answer(self, start: Start) -> None:
        program = start("serve", "--demo", CTI_API_KEYS="a-key")
        url = program.await_said(LISTENING)[1]
        program.await_said(r"Ctrl-C")
        numbers = re.findall(r"^  (\+[0-9 ]+?)  +(.*)$", program.said, re.MULTILINE)
        assert len(numbers) >= 5
        for number, title in numbers:
            digits = re.sub(r"\D", "", number)
            answer = fetch(f"{url}/v1/lookup?telephone=%2B{digits}&key=a-key")
            unknown = title.startswith(("nobody", "only a person who has left"))
            assert answer["outcome"] == ("nobody" if unknown else "matched"), title

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_within_seconds_with_exit_0(self, start: Start, number: signal.Signals) -> None:
        program = start("serve", afresh=True)
        program.await_said(LISTENING)
        program.process.send_signal(number)
        assert program.process.wait(20) == 0
        assert "Traceback" not in program.complained

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_while_it_starts_ends_it_with_exit_0(
        self, start: Start, tmp_path: Path, number: signal.Signals
    ) -> None:
        program = start("serve", "--demo", afresh=True)
        deadline = time.monotonic() + 60
        while not (tmp_path / "cti-directory.sqlite3").exists():  # what it opens first
            assert time.monotonic() < deadline
            time.sleep(0.001)
        program.process.send_signal(number)
        assert program.process.wait(20) == 0
        assert "Traceback" not in program.complained
        assert not (tmp_path / "cti-directory.sqlite3-wal").exists()  # closed, not abandoned

    def test_a_signal_before_it_listens_keeps_it_from_listening(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-c", SIGNALLED_AT_ONCE],
            cwd=tmp_path,
            env=environment({"CTI_PORT": "0"}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_a_signal_ends_it_while_calls_wait_and_redis_and_the_directory_are_silent(
        self, start: Start
    ) -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            program = start(
                "serve",
                CTI_API_KEYS="a-key",
                CTI_DIRECTORY_URL=f"http://127.0.0.1:{port}/v1",
                CTI_DIRECTORY_TOKEN="t",
                CTI_REDIS_URL=f"redis://127.0.0.1:{port}",
            )
            url = program.await_said(LISTENING)[1]
            answer = fetch(f"{url}/webhooks/generic/a-key", b'{"from":"+17139872967"}')
            assert answer["lookup"]["outcome"] == "pending"
            assert program.terminate() == 0
        assert "Traceback" not in program.complained

    def test_a_port_in_use_is_one_clear_sentence_and_exit_1(self, tmp_path: Path, occupied: str) -> None:
        variables = {"CTI_PORT": occupied, "CTI_REGION": "US", "CTI_API_KEYS": SECRET, "CTI_SECRET": SECRET}
        done = run(tmp_path, "serve", variables=variables)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert occupied in done.stderr
        assert "in use" in done.stderr

    @pytest.mark.parametrize(
        "variables",
        [
            {"CTI_HOST": "no.such.host.invalid"},
            {"CTI_HOST": "203.0.113.1"},
            {"CTI_DIRECTORY_DB": "/dev/null/nothing.sqlite3"},
            {"CTI_DIRECTORY_DB": "."},
        ],
    )
    def test_what_cannot_be_opened_is_one_clear_sentence_and_exit_1(
        self, tmp_path: Path, variables: dict[str, str]
    ) -> None:
        quiet = {"CTI_PORT": "0", "CTI_REGION": "US", "CTI_API_KEYS": SECRET, "CTI_SECRET": SECRET}
        done = run(tmp_path, "serve", variables=quiet | variables)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("✗ ")

    def test_the_embedded_directorys_file_is_where_the_setting_says(
        self, start: Start, tmp_path: Path
    ) -> None:
        program = start("serve", "--demo", CTI_DIRECTORY_DB=str(tmp_path / "people.sqlite3"))
        program.await_said(LISTENING)
        assert (tmp_path / "people.sqlite3").exists()
        assert not (tmp_path / "cti-directory.sqlite3").exists()

    def test_without_the_demonstration_there_are_no_sample_people(self, start: Start) -> None:
        program = start("serve", CTI_API_KEYS="a-key", CTI_REGION="US")
        url = program.await_said(LISTENING)[1]
        assert fetch(f"{url}/v1/lookup?telephone=%2B17139872967&key=a-key")["outcome"] == "nobody"

    def test_ipv6_is_listened_to_and_written_as_a_url(self, start: Start) -> None:
        program = start("serve", CTI_HOST="::1")
        url = program.await_said(r"listens at (http://\[::1\]:\d+)")[1]
        with urlopen(f"{url}/livez", timeout=30) as response:  # noqa: S310  # a URL of this test's
            assert response.status == 200


class TestDirectory:
    def test_a_service_asks_a_directory_that_runs_alone_and_outlives_it(self, start: Start) -> None:
        people, variables = sample_directory(start)
        service = start("serve", CTI_API_KEYS="a-key", **variables)
        url = service.await_said(LISTENING)[1]
        asked = f"{url}/v1/lookup?telephone=%2B17139872967&key=a-key"
        first = fetch(asked)
        assert (first["outcome"], first["tier"]) == ("matched", "directory")
        assert first["people"][0]["name"] == "Ashok Kumar"
        people.kill()
        stale = fetch(f"{asked}&refresh=true")
        assert (stale["outcome"], stale["tier"]) == ("matched", "stale")
        other = fetch(f"{url}/v1/lookup?telephone=%2B442079460110&key=a-key")
        assert (other["outcome"], other["people"]) == ("unavailable", [])

    def test_a_wrong_token_is_unavailable_and_never_nobody(self, start: Start) -> None:
        variables = seeded(start) | {"CTI_DIRECTORY_TOKEN": "wrong"}
        service = start("serve", CTI_API_KEYS="a-key", **variables)
        url = service.await_said(LISTENING)[1]
        asked = f"{url}/v1/lookup?telephone=%2B17139872967&key=a-key"
        assert fetch(asked)["outcome"] == "unavailable"

    def test_a_token_is_made_up_and_printed_where_none_is_given(self, start: Start) -> None:
        program = start("directory", "--port", "0")
        token = program.await_said(r"The token is (\S+)")[1]
        url = program.await_said(r"(http://\S+/v1)")[1]
        assert fetch(f"{url}/people", Authorization=f"Bearer {token}") == []

    def test_a_port_in_use_is_one_clear_sentence_and_exit_1(self, tmp_path: Path, occupied: str) -> None:
        done = run(tmp_path, "directory", "--port", occupied, "--token", SECRET)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert occupied in done.stderr
        assert SECRET not in done.stderr


def test_no_command_at_all_lists_the_commands(tmp_path: Path) -> None:
    done = run(tmp_path)
    for command in ("serve", "directory", "lookup", "check"):
        assert command in done.stdout + done.stderr
