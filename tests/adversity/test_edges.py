"""What is promised at the edges: odd URLs, odd answers, strangers who send too much, names that cannot be looked up."""

import asyncio
import gzip
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from socket import AddressFamily
from threading import Event

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti_lookup.app import create_app
from cti_lookup.errors import SettingsError, Unavailable
from cti_lookup.logs import Log
from cti_lookup.questions import Purpose, Question
from cti_lookup.rservice.asking import make_guards
from cti_lookup.rservice.concurrency import Slots
from cti_lookup.rservice.quota_windows import BURST_SECONDS, QuotaLimits
from cti_lookup.rservice.resolving import Address, PatientResolver, look_up
from cti_lookup.settings import load_settings
from cti_lookup.telephone import E164
from tests.conftest import SettableClock
from tests.rservice.opening import ASHOK, opened
from tests.servers.fake_directory import FakeDirectory, replying

_KEY = "a-machine-key"


@asynccontextmanager
async def _service(
    monkeypatch: pytest.MonkeyPatch, lines: list[bytes], **settings: str
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """Run the service with settings that `cti-lookup check` has found no fault in."""
    for name, value in {"api_keys": _KEY, "region": "US", **settings}.items():
        monkeypatch.setenv(f"CTI_{name.upper()}", value)
    app = create_app(load_settings(), log=Log(lambda written: lines.extend(written.splitlines())))
    client = TestClient(TestServer(app))
    try:
        await client.start_server()
        yield client
    finally:
        await client.close()


@pytest.mark.parametrize("url", ["https://oauth.example\\x/token", "https://[::1]x/token"])
async def test_a_token_servers_url_that_cannot_be_asked_is_a_fault_at_the_start(
    monkeypatch: pytest.MonkeyPatch, directory: FakeDirectory, url: str
) -> None:
    credentials = {
        "directory_client_id": "id",
        "directory_client_secret": "secret",
        "directory_oauth_url": url,
    }
    with pytest.raises(SettingsError) as refused:
        async with _service(monkeypatch, [], directory_url=directory.url, **credentials):
            pass
    assert [fault.partition(":")[0] for fault in refused.value.faults] == ["CTI_DIRECTORY_OAUTH_URL"]


@pytest.mark.parametrize("url", ["https://api.directory\\x/v1", "https://[::1]x/v1"])
async def test_a_directorys_url_that_cannot_be_asked_is_a_fault_at_the_start(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        async with _service(monkeypatch, [], directory_url=url, directory_token="token"):
            pass
    assert [fault.partition(":")[0] for fault in refused.value.faults] == ["CTI_DIRECTORY_URL"]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.my_net.example/v1",
        "https://api.bücher.example/v1",
        "https://api.directory.example./v1",
        "http://api.10.1/v1",
    ],
)
async def test_a_directory_whose_accounts_no_allow_list_can_name_does_not_end_the_start(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    async with (
        _service(monkeypatch, [], directory_url=url, directory_token="token") as client,
        client.get("/livez") as response,
    ):
        assert response.status == 200


async def test_a_slow_first_connection_does_not_make_the_directory_count_more_than_it_grants(
    directory: FakeDirectory,
) -> None:
    arrived: list[float] = []

    async def counting(request: web.Request) -> web.StreamResponse:
        arrived.append(time.monotonic())
        return await replying([])(request)

    def slow_look_up(_: str, port: int, family: AddressFamily) -> list[Address]:
        time.sleep(0.25)  # in a thread of its own, as a name server far away
        return look_up("127.0.0.1", port, family)

    directory.behaviour = counting
    url = f"http://directory.example:{directory.port}/v1"
    async with opened(url, make_guards(time.monotonic, time.time), look_up=slow_look_up) as remote:

        async def ring(number: int) -> None:
            try:
                await remote.people_with(Question(E164(f"+1713987{number:04d}")), Purpose.RINGING)
            except Unavailable:
                return

        began = time.monotonic()
        await asyncio.gather(*map(ring, range(20)))
        await asyncio.sleep(began + BURST_SECONDS + 0.01 - time.monotonic())  # the window is the subject
        await asyncio.gather(*map(ring, range(20, 40)))
    bursts = (sum(one <= other < one + BURST_SECONDS for other in arrived) for one in arrived)
    assert max(bursts, default=0) <= QuotaLimits().burst


async def test_background_work_that_is_slow_leaves_a_slot_to_a_ringing_phone() -> None:
    slots = Slots(patience=0.05)
    async with AsyncExitStack() as under_way:
        for _ in range(slots.limit):
            try:
                await under_way.enter_async_context(slots.slot(Purpose.BACKGROUND))
            except Unavailable:
                break
        async with slots.slot(Purpose.RINGING):
            assert slots.under_way >= 1


async def _asked_of(answer: bytes, *, then_closed: bool = False) -> tuple[object, ...]:
    """Ask a directory that sends these very bytes."""

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if not then_closed:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answering, "127.0.0.1", 0)
    async with (
        server,
        opened(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", total=1.0) as remote,
    ):
        return await remote.people_with(ASHOK, Purpose.RINGING)


async def test_an_answer_that_is_cut_before_its_first_byte_is_never_nobody() -> None:
    with pytest.raises(Unavailable):
        await _asked_of(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", then_closed=True)


async def test_an_answer_in_two_gzip_members_is_read_whole_or_not_at_all() -> None:
    body = gzip.compress(b"[]") + gzip.compress(b' [{"id":30,"name":"Ashok","contacts":[]}]')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(Unavailable):
        await _asked_of(head + body)


@pytest.mark.parametrize("body", [b"{upstream unavailable}", b"[error] no route"])
async def test_a_404_that_only_begins_like_json_is_never_nobody(body: bytes) -> None:
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(Unavailable):
        await _asked_of(head + body)


async def test_a_host_whose_name_server_hangs_for_minutes_leaves_threads_to_other_hosts(
    clock: SettableClock,
) -> None:
    gate = Event()

    def hanging_for_one(host: str, port: int, family: AddressFamily) -> list[Address]:
        if host == "directory.example":
            gate.wait(30)
        return look_up("127.0.0.1", port, family)

    resolver = PatientResolver(clock, look_up=hanging_for_one, patience=0.02)
    try:
        for _ in range(4):
            with pytest.raises(OSError, match="not known"):
                await resolver.resolve("directory.example", 443)
            clock.pass_by(31)
        async with asyncio.timeout(10):
            while not await _resolved(resolver, "oauth.example"):  # noqa: ASYNC110  # its thread is its own
                await asyncio.sleep(0.01)
    finally:
        gate.set()


async def _resolved(resolver: PatientResolver, host: str) -> bool:
    try:
        return bool(await resolver.resolve(host, 443))
    except OSError:  # a busy machine may take longer than the resolver's patience
        return False


_HANDSHAKE_WITH_A_HUNG_NAME_SERVER = """
import asyncio, socket, threading
hang = threading.Event()
socket.getaddrinfo = lambda *a, **k: hang.wait(120) or []
from cti_lookup.rservice.handshake import AllowedHosts, open_handshake

async def main():
    hosts = AllowedHosts(["*.directory.example"])
    async with open_handshake(hosts, noted=lambda host, result: None) as handshake:
        handshake.begin("https://account.directory.example/verify")
        await asyncio.sleep(0.2)

asyncio.run(main())
"""


def test_a_handshakes_hung_look_up_does_not_keep_the_process_from_ending() -> None:
    subprocess.run([sys.executable, "-c", _HANDSHAKE_WITH_A_HUNG_NAME_SERVER], check=True, timeout=60)


@pytest.mark.parametrize("line", [b"OPTIONS * HTTP/1.1", b"CONNECT x:80 HTTP/1.1", b"GET http://x HTTP/1.1"])
async def test_a_target_that_has_no_path_is_answered_with_a_problem(
    monkeypatch: pytest.MonkeyPatch, directory: FakeDirectory, line: bytes
) -> None:
    async with _service(monkeypatch, [], directory_url=directory.url, directory_token="token") as client:
        assert client.port is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(line + b"\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    assert b"application/problem+json" in head


async def test_a_stranger_with_a_gzip_bomb_holds_nobody_up_for_a_second(
    monkeypatch: pytest.MonkeyPatch, directory: FakeDirectory
) -> None:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    blanks = b" " * (1 << 24)
    bomb = b"".join(packer.compress(blanks) for _ in range(16)) + packer.flush()
    head = (
        b"POST /webhooks/generic HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    )
    async with _service(monkeypatch, [], directory_url=directory.url, directory_token="token") as client:
        assert client.port is not None
        connections = [await asyncio.open_connection("127.0.0.1", client.port) for _ in range(10)]
        for _, writer in connections:
            writer.write(head % len(bomb) + bomb)
        longest = 0.0
        for _ in range(50):
            began = time.process_time()  # what this process does; the machine may do other things, or nothing
            async with client.get("/livez") as response:
                assert response.status == 200
            longest = max(longest, time.process_time() - began)
        for _, writer in connections:
            writer.transport.abort()
    assert longest < 1.0
