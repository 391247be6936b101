"""
One request over HTTP, every wait bounded: no redirect followed, no cookie kept, no oversized answer read.

Facts (aiohttp 3.14): the client waits 300 s by default; `sock_read` does not stop a dripping body, the total does;
1.3 MB of gzip became 300 MB, so compressed bytes are counted here and inflated by hand. A `GET` over a connection that
the server had kept and now cut is sent again by the client itself, past every quota and budget.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from cti_lookup.errors import Unavailable
from cti_lookup.rservice.wire import LARGEST_ANSWER, inflate

CONNECT: Final = 0.3
"""Seconds for one connection; looking the name up and waiting for a slot are bounded elsewhere."""

_CONNECTIONS: Final = 32
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "cti-lookup"}

Learn = Callable[[int, Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, decompressed."""

    status: int
    body: bytes


def open_session(resolver: AbstractResolver, *, connect: float = CONNECT) -> aiohttp.ClientSession:
    """Make a session that sends nobody's credentials of itself; the caller closes it. `connect` is seconds."""
    session = aiohttp.ClientSession(
        headers=_HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=30, resolver=resolver),
    )
    session._retry_connection = False  # noqa: SLF001  # aiohttp's own tests switch it off so; there is no other way
    return session


def no_news(_: int, __: Mapping[str, str]) -> None:
    """Learn nothing from an answer's headers."""


async def fetch(  # noqa: PLR0913  # a request's own parts, by name
    session: aiohttp.ClientSession,
    url: URL,
    *,
    headers: Mapping[str, str],
    deadline: float,
    method: str = "GET",
    form: Mapping[str, str] | None = None,
    learn: Learn = no_news,
) -> Reply:
    """
    Send a request, with a form if there is one, and read the answer until `deadline`, in the event loop's seconds.

    `learn` is told status and headers as soon as they are there, whatever the body is. Raises `Unavailable`.
    """
    try:
        async with (
            asyncio.timeout_at(deadline),
            session.request(method, url, headers=headers, data=form, allow_redirects=False) as response,
        ):
            learn(response.status, response.headers)
            body = await _bounded(response)
            if not body.strip() and response.status in _EMPTY_IS_NOBODY and not _has_length(response):
                raise Unavailable("connection")
            return Reply(response.status, inflate(body, response.headers))
    except TimeoutError as exc:
        raise Unavailable("timeout") from exc
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        raise Unavailable("connection") from exc


def _has_length(response: aiohttp.ClientResponse) -> bool:
    """Tell whether an empty body was meant: without a length its end is the line's, which may have been cut."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


_EMPTY_IS_NOBODY: Final = (200, 404)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            response.close()
            raise Unavailable("oversized")
    return bytes(body)
