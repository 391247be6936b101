"""Calling the directory back: only where it is allowed, and without believing anything that is answered."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cti_lookup.errors import Rejected, StrangeHost, WrongField
from cti_lookup.rservice.handshake import (
    MOST_AT_ONCE,
    AllowedHosts,
    Handshake,
    open_handshake,
)

HOSTS = AllowedHosts(
    [
        "wdc.r-service.example",
        "*.r-service.tech",
        "other.example:8443",
        "localhost:8090",
        "[::1]:8090",
        "127.0.0.1",
    ]
)


@pytest.mark.parametrize(
    ("callback", "asked"),
    [
        ("https://wdc.r-service.example/webhooks/2/verify?code=c%2Fo&expires_at=1",
         "https://wdc.r-service.example/webhooks/2/verify?code=c%2Fo&expires_at=1"),
        ("HTTPS://WDC.R-Service.Example/Verify", "https://wdc.r-service.example/Verify"),
        ("https://wdc.r-service.example:443/x", "https://wdc.r-service.example/x"),
        ("https://wdc.r-service.example", "https://wdc.r-service.example/"),
        ("https://wdc.r-service.tech/x", "https://wdc.r-service.tech/x"),
        ("https://a.b.r-service.tech/x", "https://a.b.r-service.tech/x"),
        ("https://other.example:8443/x", "https://other.example:8443/x"),
        ("http://localhost:8090/x", "http://localhost:8090/x"),
        ("http://[::1]:8090/x", "http://[::1]:8090/x"),
        ("http://[0:0:0:0:0:0:0:1]:8090/x", "http://[::1]:8090/x"),
        ("http://127.0.0.1/x", "http://127.0.0.1/x"),
        ("https://127.0.0.1/x", "https://127.0.0.1/x"),
    ],
)  # fmt: skip
def test_an_address_on_an_allowed_host_is_asked_as_it_was_written(callback: str, asked: str) -> None:
    url = HOSTS.url(callback)
    assert str(url).replace(":443/", "/").replace("127.0.0.1:80/", "127.0.0.1/") == asked


@pytest.mark.parametrize(
    "callback",
    [
        "https://evil-r-service.tech/x",
        "https://r-service.tech/x",
        "https://r-service.tech.evil.example/x",
        "https://wdc.r-service.example.evil.example/x",
        "https://wdc.r-service.exampl/x",
        "https://xn--r-service-abc.tech/x",
        "https://evil.example/?https://wdc.r-service.example/",
        "https://evil.example/wdc.r-service.example",
        "https://wdc.r-service.example:8443/x",
        "https://wdc.r-service.example:80/x",
        "https://other.example/x",
        "https://localhost/x",
        "http://wdc.r-service.example/x",
        "http://wdc.r-service.example:443/x",
        "http://localhost/x",
        "http://127.0.0.1:8090/x",
        "http://127.0.0.2/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_a_host_that_only_looks_alike_is_strange(callback: str) -> None:
    with pytest.raises(StrangeHost) as caught:
        HOSTS.url(callback)
    assert (caught.value.status, caught.value.reason) == (403, "strange_host")


@pytest.mark.parametrize(
    "callback",
    [
        "",
        "wdc.r-service.example/x",
        "//wdc.r-service.example/x",
        "/x",
        "ftp://wdc.r-service.example/x",
        "file:///etc/passwd",
        "https:wdc.r-service.example/x",
        "https:/wdc.r-service.example/x",
        "https:\\\\wdc.r-service.example/x",
        "https://wdc.r-service.example\\@evil.example/x",
        "https://evil.example\\.r-service.tech/x",
        "https://wdc.r-service.example/x\\y",
        "https://user@wdc.r-service.example/x",
        "https://user:password@wdc.r-service.example/x",
        "https://wdc.r-service.example@evil.example/x",
        "https://wdc.r-service.example:443@evil.example/x",
        "https://wdc.r-service.example%2eevil.example/x",
        "https://wdc.r-service.example%00.evil.example/x",
        "https://wdc.r-service.example./x",
        "https://.r-service.tech/x",
        "https://a..r-service.tech/x",
        "https://-.r-service.tech/x",
        "https://wdc.r‐service.tech/x",
        "https://wdc.r-service.tech。evil.example/x",
        "https://wdc.r-ſervice.tech/x",
        "https://wdc.r-service.tec\u212a/x",
        "https://wdc.r-service.tech/é",
        "https://wdc.r-service.example /x",
        " https://wdc.r-service.example/x",
        "https://wdc.r-service.example/x\n",
        "https://wdc.r-service.example/x y",
        "https://wdc.r-service.example/x\r\nHost: evil",
        "https://wdc.r-service.example/x#y",
        "https://wdc.r-service.example#@evil.example/x",
        "https://wdc.r-service.example?x",
        "https://wdc.r-service.example:/x",
        "https://wdc.r-service.example:0/x",
        "https://wdc.r-service.example:99999/x",
        "https://wdc.r-service.example:443:80/x",
        "https://wdc.r-service.example:４４３/x",
        "https://[::1/x",
        "https://[::1%25eth0]/x",
        "https://[:::]/x",
        "https://::1/x",
    ],
)
def test_an_address_that_two_readers_could_read_differently_is_refused(callback: str) -> None:
    with pytest.raises(WrongField) as caught:
        HOSTS.url(callback)
    assert caught.value.field == "payload.callback"


def test_where_no_host_is_allowed_none_is_asked() -> None:
    with pytest.raises(StrangeHost):
        AllowedHosts([]).url("https://wdc.r-service.example/x")


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.", "*.tech", "*.*.tech", "a.*.tech", "*.0.0.1", "https://a.example", "a.example/", "a.example.", "a b",
     "user@a.example", "a.example:0", "a.example:70000", "a.example:x", "::1", "[::1", "[:::]", "é.example"],
)  # fmt: skip
def test_an_entry_that_is_no_host_is_refused_at_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match=r"^(names no|allows too much)"):
        AllowedHosts([entry])


@dataclass
class Callers:
    """A server that is called back, and what came of it."""

    server: TestServer
    seen: list[web.BaseRequest] = field(default_factory=list)
    noted: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)

    @property
    def hosts(self) -> AllowedHosts:
        return AllowedHosts([f"127.0.0.1:{self.server.port}"])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    def note(self, host: str, result: str) -> None:
        self.noted.put_nowait((host, result))


StartCallers = Callable[[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]], Awaitable[Callers]]


@pytest.fixture
async def start() -> AsyncIterator[StartCallers]:
    """Start servers that answer as a function does; they stop when the test ends."""
    servers: list[TestServer] = []

    async def start_callers(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> Callers:
        app = web.Application()
        callers = Callers(TestServer(app, host="127.0.0.1"))

        async def handle(request: web.Request) -> web.StreamResponse:
            callers.seen.append(request)
            return await answer(request)

        app.router.add_route("*", "/{anything:.*}", handle)
        await callers.server.start_server()
        servers.append(callers.server)
        return callers

    yield start_callers
    for server in servers:
        await server.close()


async def ok(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="ok")


async def test_the_address_is_fetched_once_without_any_credential(start: StartCallers) -> None:
    callers = await start(ok)
    async with open_handshake(callers.hosts, noted=callers.note) as handshake:
        handshake.begin(callers.url("/webhooks/2/verify?code=c%2F0de&expires_at=1"))
        assert await callers.noted.get() == ("127.0.0.1", "verified")
    (request,) = callers.seen
    assert (request.method, request.raw_path) == ("GET", "/webhooks/2/verify?code=c%2F0de&expires_at=1")
    assert not {"Authorization", "Cookie", "X-4me-Account"} & set(request.headers)


async def test_a_redirect_is_not_followed(start: StartCallers) -> None:
    async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
        raise web.HTTPFound(f"http://{request.host}/second")

    callers = await start(elsewhere)
    async with open_handshake(callers.hosts, noted=callers.note) as handshake:
        handshake.begin(callers.url("/first"))
        assert await callers.noted.get() == ("127.0.0.1", "redirect")
    assert [request.path for request in callers.seen] == ["/first"]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 500, 503])
async def test_an_error_is_noted(start: StartCallers, status: int) -> None:
    async def fail(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status)

    callers = await start(fail)
    async with open_handshake(callers.hosts, noted=callers.note) as handshake:
        handshake.begin(callers.url("/"))
        assert await callers.noted.get() == ("127.0.0.1", "status")


async def test_an_endless_answer_is_left_after_its_status(start: StartCallers) -> None:
    left = asyncio.Event()

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            left.set()

    callers = await start(endless)
    async with open_handshake(callers.hosts, noted=callers.note) as handshake:
        handshake.begin(callers.url("/"))
        assert await callers.noted.get() == ("127.0.0.1", "verified")
        await asyncio.wait_for(left.wait(), 5)


async def test_a_host_that_cannot_be_reached_is_noted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    noted: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    hosts = AllowedHosts([f"127.0.0.1:{port}"])
    async with open_handshake(
        hosts, noted=lambda host, result: noted.put_nowait((host, result))
    ) as handshake:
        handshake.begin(f"http://127.0.0.1:{port}/")
        assert await noted.get() == ("127.0.0.1", "connection")


@pytest.fixture
async def silent(start: StartCallers) -> AsyncIterator[Callers]:
    """Give a server that never answers."""
    released = asyncio.Event()

    async def wait(_: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    yield await start(wait)
    released.set()


async def test_silence_ends_with_the_time_allowed(silent: Callers) -> None:
    timeout = aiohttp.ClientTimeout(total=0.1)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        handshake = Handshake(session, silent.hosts, noted=silent.note)
        handshake.begin(silent.url("/"))
        assert await silent.noted.get() == ("127.0.0.1", "timeout")
        await handshake.close()


async def test_no_more_are_under_way_than_a_few(silent: Callers) -> None:
    async with open_handshake(silent.hosts, noted=silent.note) as handshake:
        for _ in range(MOST_AT_ONCE + 1):
            handshake.begin(silent.url("/"))
        assert await silent.noted.get() == ("127.0.0.1", "busy")


async def test_closing_ends_what_is_under_way_without_noting_it(silent: Callers) -> None:
    async with open_handshake(silent.hosts, noted=silent.note) as handshake:
        handshake.begin(silent.url("/"))
    assert silent.noted.empty()


async def test_a_strange_host_is_refused_before_anything_is_sent(start: StartCallers) -> None:
    callers = await start(ok)
    async with open_handshake(AllowedHosts(["wdc.r-service.example"]), noted=callers.note) as handshake:
        with pytest.raises(Rejected):
            handshake.begin(callers.url("/"))
    assert callers.seen == []
    assert callers.noted.empty()
