"""What a probe is told: by the small program, and by the command of the same name."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cti_lookup.health import complaint
from tests.servers.ports import free_port
from tests.servers.program import PATIENCE, environment, run


class Answers(HTTPServer):
    """A server on loopback that answers one status, and remembers what it was asked."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []


class _Answer(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[Answers]:
    with Answers() as answers:
        thread = threading.Thread(target=answers.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield answers
        answers.shutdown()
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost", ""])  # noqa: S104  # what a setting may say
def test_a_service_that_is_ready_is_well_wherever_it_listens(server: Answers, host: str) -> None:
    assert complaint({"CTI_HOST": host, "CTI_PORT": str(server.server_port)}) is None
    assert server.asked == ["/readyz"]


def test_a_service_that_is_not_ready_is_complained_of(server: Answers) -> None:
    server.status = 503

    assert (
        complaint({"CTI_PORT": str(server.server_port)})
        == f"/readyz at port {server.server_port} answered 503"
    )


def test_a_port_where_nobody_listens_is_complained_of() -> None:
    assert "did not answer" in str(complaint({"CTI_PORT": str(free_port())}))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٨٠٨٠", "9" * 5000])
def test_what_is_no_port_is_complained_of_and_not_quoted(port: str) -> None:
    assert complaint({"CTI_PORT": port}) == "CTI_PORT names no port that could be asked"


def test_an_answer_that_is_no_http_is_complained_of() -> None:
    with HTTPServer(("127.0.0.1", 0), _Gibberish) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        said = complaint({"CTI_PORT": str(server.server_port)})
        thread.join()

    assert "BadStatusLine" in str(said)


class _Gibberish(BaseHTTPRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"+PONG\r\n\r\n")


@pytest.mark.slow
def test_the_command_and_the_small_program_say_the_same(server: Answers, tmp_path: Path) -> None:
    for status, expected in ((200, 0), (503, 1)):
        server.status = status
        variables = {"CTI_PORT": str(server.server_port)}
        command = run(tmp_path, "health", variables=variables)
        program = subprocess.run(
            [sys.executable, "-m", "cti_lookup.health"],
            env=environment(variables),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

        assert (command.returncode, program.returncode) == (expected, expected)
        assert command.stderr == program.stderr


def test_the_small_program_loads_next_to_nothing() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, cti_lookup.health; print(*sys.modules)"],
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout.split()

    assert not {"aiohttp", "pydantic", "typer", "asyncio"} & set(loaded)
