"""A request's body: bounded in size and time, before anything else looks at it."""

import asyncio
from typing import Final

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from cti_lookup.errors import TooLarge, TooSlow, Unreadable

LARGEST_BODY: Final = 64 * 1024
"""Bytes; the largest real event known is under 5 KiB."""

LONGEST_WAIT: Final = 3.0
"""Seconds for the whole body; aiohttp itself would wait for ever."""


async def read_body(request: web.Request) -> bytes:
    """Read the whole body. Raises `TooLarge`, `TooSlow`, or `Unreadable` for a broken transfer or compression."""
    content = request.content
    try:
        if content.is_eof():  # it came with the headers, as nearly all do: nothing to wait for
            return _bounded(content.read_nowait())  # 2 µs sooner than `request.read`
        if request.content_length is not None and request.content_length > LARGEST_BODY:
            raise TooLarge("The body is larger than 64 KiB.")
        async with asyncio.timeout(LONGEST_WAIT):
            return await request.read()
    except TimeoutError as exc:
        raise TooSlow("The body did not arrive in time.") from exc
    except HTTPRequestEntityTooLarge as exc:
        raise TooLarge("The body is larger than 64 KiB.") from exc
    except (web.RequestPayloadError, ClientPayloadError, HttpProcessingError, ConnectionError) as exc:
        raise Unreadable("The body is broken, or is not compressed as it says.") from exc


def _bounded(body: bytes) -> bytes:
    if len(body) > LARGEST_BODY:
        raise TooLarge("The body is larger than 64 KiB.")
    return body
