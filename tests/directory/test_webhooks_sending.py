"""One attempt: what counts as a success, and the few words for what went wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import MappingProxyType

import pytest
from aiohttp import ClientSession, ClientTimeout

from cti_lookup.directory.webhooks.messages import Message
from cti_lookup.directory.webhooks.sending import TIMEOUT, open_session, send

MESSAGE = Message(MappingProxyType({"Content-Type": "application/json"}), b"{}")
Serve = Callable[[bytes], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers that answer with some bytes, with nothing at all if there are none; give their addresses."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> str:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                if answer:
                    await reader.read(1)
                    writer.write(answer)
                await reader.read()
            writer.close()

        servers.append(await asyncio.start_server(take, "127.0.0.1", 0))
        host, port = servers[-1].sockets[0].getsockname()
        return f"{host}:{port}"

    yield start
    for server in servers:
        server.close()


def http(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http("200 OK"), ""),
        (http("204 No Content"), ""),
        (http("299 Whatever"), ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx", ""),
        (http("404 Somebody's secret"), "404 Not Found"),
        (http("302 Found"), "302 Found"),
        (http("500 Oops"), "500 Internal Server Error"),
        (http("599 Oops"), "599"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", "no answer of HTTP"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "no answer of HTTP"),
    ],
    ids=lambda value: repr(value[:40]),
)
async def test_an_answer_counts_by_its_status_alone(serve: Serve, answer: bytes, error: str) -> None:
    async with open_session() as session:
        assert await send(session, f"http://{await serve(answer)}/hook", MESSAGE) == error


async def test_who_answers_nothing_has_ten_seconds(serve: Serve) -> None:
    address = await serve(b"")
    async with ClientSession(timeout=ClientTimeout(total=0.1)) as hasty:
        assert await send(hasty, f"http://{address}/", MESSAGE) == "timeout"
    assert TIMEOUT.total == 10


async def test_who_speaks_no_tls_is_not_told_anything(serve: Serve) -> None:
    address = await serve(http("200 OK"))
    async with open_session() as session:
        assert await send(session, f"https://{address}/", MESSAGE) == "no secure connection"


@pytest.mark.parametrize(
    "uri", ["http://[::1]:1/", "http://127.0.0.1:1/", "http://exa_mple..test/", "http://%zz/"]
)
async def test_whoever_cannot_be_reached_is_a_word_and_never_an_exception(uri: str) -> None:
    async with open_session() as session:
        error = await send(session, uri, MESSAGE)
    assert error in {"no connection", "unknown host", "no answer of HTTP", "timeout"}
