"""A process that is told to end says so first and goes on meanwhile; those who are slow keep nobody else waiting."""

import asyncio
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.servers.program import Program

KEY = "a-long-key-of-this-test"
LISTENING = r"listens at (http://\S+)"
EVENT = b'{"event":"newCall","from":"+442079460958","to":"100","callId":"1"}'
pytestmark = pytest.mark.slow


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Run the service, which lets 450 in, and takes ten seconds to leave unless it is asked twice."""
    program = Program(
        tmp_path,
        "serve",
        variables={
            "CTI_PORT": "0",
            "CTI_REGION": "GB",
            "CTI_API_KEYS": KEY,
            "CTI_DRAIN": "2",
            "CTI_MAX_CONNECTIONS": "450",
            "CTI_DIRECTORY_DB": str(tmp_path / "directory.sqlite3"),
        },
    )
    yield program
    if program.process.poll() is None:
        program.process.kill()
        program.process.wait()
    assert program.process.stdout is not None
    program.process.stdout.close()


async def _ring(session: ClientSession, url: str) -> int:
    async with session.post(f"{url}/webhooks/generic", data=EVENT, headers={"X-API-Key": KEY}) as answer:
        return answer.status


async def _readiness(session: ClientSession, url: str) -> int:
    async with session.get(f"{url}/readyz") as answer:
        return answer.status


async def _until_readiness_is(status: int, session: ClientSession, url: str) -> None:
    async with asyncio.timeout(60):
        while await _readiness(session, url) != status:  # noqa: ASYNC110  # a start and a signal take their time
            await asyncio.sleep(0.01)


async def test_readiness_falls_while_calls_are_still_taken_and_then_the_process_ends(
    program: Program,
) -> None:
    url = program.await_said(LISTENING)[1]
    async with ClientSession() as session:
        await _until_readiness_is(200, session, url)
        assert await _ring(session, url) == 200
        program.process.send_signal(signal.SIGTERM)
        await _until_readiness_is(503, session, url)
        assert await _ring(session, url) == 200

    assert program.process.wait(60) == 0
    assert "Traceback" not in program.complained


async def test_who_keeps_a_line_is_told_to_call_elsewhere_next_while_the_process_still_answers(
    program: Program,
) -> None:
    url = program.await_said(LISTENING)[1]
    async with ClientSession() as session:
        assert await _parting(session, url) is None
        program.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            while await _readiness(session, url) == 200:  # noqa: ASYNC110  # a signal takes its time
                await asyncio.sleep(0.01)
        assert await _parting(session, url) == "close"
        async with session.get(f"{url}/livez") as answer:
            assert (answer.status, answer.headers.get("Connection")) == (200, "close")


async def test_a_call_whose_body_is_on_its_way_when_nobody_is_let_in_any_more_is_heard(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "directory.sqlite3")
    variables = {"CTI_PORT": "0", "CTI_REGION": "GB", "CTI_API_KEYS": KEY, "CTI_DIRECTORY_DB": database}
    program = Program(tmp_path, "serve", variables=variables)
    try:
        port = int(program.await_said(LISTENING)[1].rpartition(":")[2])
        head = f"POST /webhooks/generic HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nExpect: 100-continue\r\n"
        async with asyncio.timeout(60):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"{head}Content-Length: {len(EVENT)}\r\n\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            program.process.send_signal(signal.SIGTERM)
            await _until_nobody_is_let_in(port)
            writer.write(EVENT)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
            writer.close()
        assert program.process.wait(60) == 0
    finally:
        program.kill()


async def _until_nobody_is_let_in(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except (ConnectionRefusedError, ConnectionResetError):  # reset: it was still waiting to be let in
            return
        writer.close()
        await asyncio.sleep(0.01)


async def _parting(session: ClientSession, url: str) -> str | None:
    """Ring, and give what is said of the connection."""
    async with session.post(f"{url}/webhooks/generic", data=EVENT, headers={"X-API-Key": KEY}) as answer:
        assert answer.status == 200
        assert (await answer.json())["call"]["provider_id"] == "1"
        return answer.headers.get("Connection")


@pytest.mark.parametrize(
    "first", [b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["at once", "after a good request"]
)
async def test_four_hundred_slow_clients_cost_an_ordinary_call_nothing(
    program: Program, first: bytes
) -> None:
    url = program.await_said(LISTENING)[1]
    port = int(url.rpartition(":")[2])
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(400)]
        for one in slow:
            one.sendall(first)
            while first and not one.recv(4096).endswith(b"alive\n"):
                pass
            one.sendall(b"POST /webhooks/generic HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        async with ClientSession() as session:
            assert [await _ring(session, url) for _ in range(100)] == [200] * 100
            async with asyncio.timeout(60):
                while await _turned_away(session, url) < 400:  # noqa: ASYNC110  # told by the metrics alone
                    await asyncio.sleep(0.1)
        assert [one.recv(1) for one in slow] == [b""] * 400


async def _turned_away(session: ClientSession, url: str) -> int:
    async with session.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    told = [line for line in lines if line.startswith('cti_connections_turned_away_total{reason="slow"}')]
    return int(float(told[0].rpartition(" ")[2])) if told else 0


@pytest.fixture
def program_of_few_files(tmp_path: Path) -> Iterator[Program]:
    """Run the service where no more than 400 files may be open, and that cannot be raised."""
    variables = {"CTI_PORT": "0", "CTI_DIRECTORY_DB": str(tmp_path / "directory.sqlite3")}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = Program(tmp_path, "serve", variables=variables, module="tests.edge.few_files")
    yield program
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits
    program.kill()


async def test_where_few_files_may_be_open_so_many_connections_are_let_in_and_others_are_told_so_at_once(
    program_of_few_files: Program,
) -> None:
    url = program_of_few_files.await_said(LISTENING)[1]
    port = int(url.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        async with ClientSession() as session, session.get(f"{url}/livez") as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "full")

    assert "only 144 of 4096 are let in" in program_of_few_files.complained
    assert "OSError" not in program_of_few_files.complained
