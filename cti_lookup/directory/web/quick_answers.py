"""
The answer to who calls, written in one piece.

Facts (aiohttp 3.14): a `Response` has its headers put into a dict, checked and made into text, and goes out in two parts; that takes
longer than to find the caller. Here all of that is one text, of which five values change. It has the headers of any other answer;
whatever is not an ordinary question of HTTP/1.1 gets an ordinary answer.
"""

import time
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from cti_lookup.directory.access.limits import LIMIT_NAMES
from cti_lookup.directory.web.answers import JSON_TYPE, encoded_answer
from cti_lookup.directory.web.keys import IDENTITY
from cti_lookup.directory.web.middleware import ALWAYS, ENTITY_TAGS, LIMITS, REQUEST_NAMES

_HEAD: Final = (
    f"HTTP/1.1 200 OK\r\nContent-Type: {JSON_TYPE}\r\n"
    "ETag: {tag}\r\nContent-Length: {length}\r\nX-Request-Id: {name}\r\n{limits}Date: {date}\r\n"
    f"Server: {SERVER_SOFTWARE}\r\n"
    + "".join(f"{name}: {value}\r\n" for name, value in ALWAYS.items())
    + "\r\n"
)


def quick_answer(request: web.Request, body: bytes) -> web.StreamResponse:
    """Answer somebody who is known with what is JSON already."""
    if not _is_ordinary(request):
        return encoded_answer(body)
    app = request.app
    limits = app[LIMITS].headers(request[IDENTITY].person_id)
    head = _HEAD.format(
        tag=app[ENTITY_TAGS].tag(body),
        length=len(body),
        name=app[REQUEST_NAMES].draw(),
        limits=_lines(tuple(limits.values())),
        date=_date(int(time.time())),
    )
    return _OnePiece(head.encode("ascii") + body)


def _is_ordinary(request: web.Request) -> bool:
    return (
        request.method == hdrs.METH_GET
        and request.version == HttpVersion11
        and request.keep_alive
        and hdrs.IF_NONE_MATCH not in request.headers
    )


class _OnePiece(web.StreamResponse):
    """Head and body, sent at once; the connection stays open unless it is told to close."""

    def __init__(self, piece: bytes) -> None:
        # Nothing of the parent's own state is ever looked at: what would look is overridden below.
        self._piece = piece
        self._closing = False

    @property
    def keep_alive(self) -> bool:
        return not self._closing

    def force_close(self) -> None:
        self._closing = True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        await request.writer.write(self._piece)
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing more: all was sent."""


@lru_cache(maxsize=64)
def _lines(values: tuple[str, ...]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in zip(LIMIT_NAMES, values, strict=True)])


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
