"""What a real `cti-lookup serve` writes: one JSON line per event, and nobody's number, name or key in it."""

import asyncio
import gc
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cti_lookup.logs import Log, _WithoutValues, masked
from cti_lookup.telephone import read_caller
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person, replying
from tests.servers.program import Program
from tests.service.conftest import KEY, Service
from tests.service.wire import exchange, request_line

KEYED = b"X-API-Key: " + KEY.encode()
PERSONAL = (
    "7139872",
    "9872967",
    "987-2967",
    "2079460",
    "Ashok",
    "Kumar",
    "people.example",
    "Traceback",
    "hunter2",
    "a-directory-token",
    KEY,
)


@pytest.fixture
def program(tmp_path: Path, directory: FakeDirectory) -> Iterator[Program]:
    """Give a service that runs as in production, but for where it listens."""
    variables = {
        "CTI_PORT": "0",
        "CTI_API_KEYS": KEY,
        "CTI_REGION": "US",
        "CTI_DIRECTORY_URL": directory.url,
        "CTI_DIRECTORY_TOKEN": "a-directory-token",
        "CTI_REDIS_URL": f"unix://:hunter2@{tmp_path}/nothing.sock",
    }
    program = Program(tmp_path, "serve", variables=variables)
    yield program
    program.kill()


@pytest.mark.slow
async def test_no_call_however_hostile_leaves_personal_data_in_the_log(
    program: Program, directory: FakeDirectory
) -> None:
    port = int(program.await_said(r"http://127\.0\.0\.1:(\d+)")[1])
    event = {
        "event": "newCall",
        "from": ASHOKS_NUMBER,
        "to": "+442079460110",
        "callId": "CA-17139872967",
        "user": ["ashok.kumar@people.example"],
        "display_name": "Ashok Kumar",
        "queue": "Ashok Kumar's",
    }
    bodies = [
        json.dumps(event).encode(),
        json.dumps({**event, "event": "answer", "answeringNumber": "+1 713 987-2967"}).encode(),
        json.dumps({**event, "from": "Ashok Kumar <call me>"}).encode(),
        json.dumps({**event, "from": "+442079460999"}).encode(),
        json.dumps({**event, "from": {"name": "Ashok Kumar +17139872967"}}).encode(),
        json.dumps({**event, "callId": {"Ashok": "+17139872967"}}).encode(),
        json.dumps({**event, "direction": "Ashok Kumar +17139872967"}).encode(),
        b'{"from":"+17139872967","name":"Ashok Kumar',
        b"from=%2B17139872967&name=Ashok+Kumar&event=newCall",
        b"Ashok Kumar +17139872967",
        b"[" * 10_000 + b'"+17139872967"',
        b'"+17139872967' + b"x" * 100_000,
        b"\xff+17139872967",
    ]
    for body in bodies:
        length = b"Content-Length: %d" % len(body)
        await exchange(port, request_line(b"POST", b"/webhooks/generic", KEYED, length, body=body))
        await exchange(port, request_line(b"POST", b"/api/v1/cti/" + KEY.encode(), length, body=body))
    for target in (
        b"/v1/lookup?telephone=%2B17139872967&key=" + KEY.encode(),
        b"/v1/lookup?telephone=Ashok+Kumar&key=" + KEY.encode(),
        b"/v1/cnam?number=%2B17139872967&key=" + KEY.encode(),
        b"/v1/lookup?telephone=%2B17139872967&region=Ashok&key=" + KEY.encode(),
        b"/Ashok/Kumar/+17139872967?key=" + KEY.encode(),
        b"/webhooks/+17139872967",
        b"/v1/lookup?telephone=+17139872967\xff",
        b"/v1/lookup?telephone=+17139872967 HTTP/9.9",
    ):
        await exchange(port, request_line(b"GET", target))
    for header, body in (
        (b"Content-Encoding: gzip", b"Ashok Kumar +17139872967"),
        (b"Transfer-Encoding: chunked", b"5\r\nAshok\r\n+17139872967\r\n"),
        (b"Expect: +17139872967", b""),
        (b"X-+17139872967 Ashok: Kumar", b""),
        (b"Content-Length: +17139872967", b""),
    ):
        measured = b"-Length" in header or b"Transfer" in header
        headers = [KEYED, header, *([] if measured else [b"Content-Length: %d" % len(body)])]
        await exchange(port, request_line(b"POST", b"/webhooks/generic", *headers, body=body))
    for behaviour in (
        replying(b'{"name":"Ashok Kumar +17139872967"'),
        replying([person(ASHOKS_NUMBER, id="Ashok Kumar +17139872967")]),
        replying({"message": "Ashok Kumar +17139872967"}, status=500),
        replying(b"Ashok Kumar", status=302, headers={"Location": "http://+17139872967/"}),
    ):
        directory.behaviour = behaviour
        target = b"/v1/lookup?refresh=true&telephone=%2B17139872967"
        assert b'"stale"' in await exchange(port, request_line(b"GET", target, KEYED))
    await directory.stop()
    target = b"/v1/lookup?refresh=true&telephone=%2B17139872967"
    assert b'"stale"' in await exchange(port, request_line(b"GET", target, KEYED))
    status = await asyncio.to_thread(program.terminate)
    assert status == 0
    written = program.complained + program.said
    assert [word for word in PERSONAL if word in written] == []
    lines = [json.loads(line) for line in program.complained.splitlines() if line.startswith("{")]
    assert len([line for line in lines if line["event"] in ("webhook", "lookup")]) > 10
    assert [line for line in program.complained.splitlines() if not line.startswith(("{", "! CTI_"))] == []


async def test_a_call_is_one_line_with_its_number_masked(service: Service) -> None:
    await service.ring(callId="7")
    (line,) = service.logged
    assert line.pop("us") >= 0
    assert line.pop("at").endswith("Z")
    assert len(line.pop("call")) == 26
    assert len(line.pop("request")) == 32
    assert line == {
        "level": "info",
        "event": "webhook",
        "source": "generic",
        "state": "ringing",
        "caller": "+1713•••2967",
        "outcome": "matched",
        "tier": "directory",
    }


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (ASHOKS_NUMBER, "+1713•••2967"),
        ("1234", "internal"),
        ("anonymous", "withheld"),
        ("Ashok Kumar", "invalid"),
    ],
)
def test_of_a_caller_a_log_shows_at_most_the_ends(raw: str, shown: str) -> None:
    assert masked(read_caller(raw, "US")) == shown


@pytest.fixture
def library_lines() -> Iterator[list[str]]:
    """Collect what the libraries' loggers would write, in the service's format."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    collector = Collector()
    collector.setFormatter(_WithoutValues())
    root = logging.getLogger()
    root.addHandler(collector)
    yield lines
    root.removeHandler(collector)


def test_a_librarys_arguments_and_exceptions_are_not_written(library_lines: list[str]) -> None:
    try:
        int(f"no number: {ASHOKS_NUMBER}")
    except ValueError:
        logging.getLogger("some.library").exception("failed for %s", ASHOKS_NUMBER)
    (line,) = map(json.loads, library_lines)
    assert line["message"] == "failed for %s"
    assert line["exception"] == "ValueError"
    assert "test_logs.py" in line["failed"]
    assert "9872967" not in library_lines[0]


async def test_what_asyncio_says_of_a_failed_task_tells_of_nobody(library_lines: list[str]) -> None:
    async def fail() -> None:
        raise ValueError(ASHOKS_NUMBER)

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    assert len(library_lines) == 1
    assert "9872967" not in library_lines[0]


def test_lines_of_every_kind_go_out_together_in_their_order() -> None:
    written: list[bytes] = []
    log = Log(written.append, lambda: 0.0)

    async def note() -> None:
        log.info("first", count=1)
        log.line(_Line("1970-01-01T00:00:00.000Z", "second"))
        log.info("third")
        log.flush()

    asyncio.run(note())

    told = [json.loads(line)["event"] for line in written[0].splitlines()]
    assert told == ["first", "second", "third"]
    assert len(written) == 1
    assert written[0].endswith(b"}\n")


def test_a_line_that_is_no_text_is_left_out_and_takes_no_other_along() -> None:
    written: list[bytes] = []
    log = Log(written.append, lambda: 0.0)

    async def note() -> None:
        log.info("first")
        log.line(_Line("1970-01-01T00:00:00.000Z", "half of a surrogate: \ud800"))
        log.line(_Line("1970-01-01T00:00:00.000Z", "third"))
        log.flush()

    asyncio.run(note())

    assert [json.loads(line)["event"] for line in written[0].splitlines()] == ["first", "third"]


class _Line(msgspec.Struct):
    at: str
    event: str
