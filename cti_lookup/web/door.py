"""
The door: how many connections there may be, and how long one may take to say what it wants.

Facts (aiohttp 3.14): an idle connection is closed after the keep-alive time, also where a request of it never becomes whole; four
hundred that drip a byte now and then keep that many places for 75 s. The protocol factory of a listener, `Server.connections` and the
handler of a `Server` are public.
Whoever waits is accepted in one go, up to the backlog, before the first of them is among the connections (asyncio's `_accept_connection`).
Bodies have a limit of their own, see `web.bodies`.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Final, TypeVar

from aiohttp import web

from cti_lookup.web.line import Express, Line, Lines, no_express

HEADERS_WITHIN: Final = 5.0
"""Seconds from connecting, or from the first byte of a later request, until the headers are there."""

KEEP_ALIVE: Final = 75.0
"""Seconds an idle connection stays open; aiohttp's own default is an hour."""

_LOOKS: Final = 1.0
"""Seconds between two looks; as much later may somebody be shown out."""

_GLANCE: Final = 0.02
"""Seconds between two looks at who is left."""

_NO_ROOM: Final = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,"code":"full",'
    b'"detail":"There are too many connections. Try again."}'
)
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_NO_ROOM), _NO_ROOM)
)

Counted = Callable[[str], None]
T = TypeVar("T")


class Door:
    """
    A listener's protocol factory around a runner's server.

    At most `most` connections are let in at a time; `count` is told of those that are turned away (`full`) and of those that are shown
    out because their headers did not come (`slow`). Once `draining` says so, each answer is the last of its connection: whoever keeps a
    line calls elsewhere next, before this process is gone. `express` answers what need not pass the server's handlers; lines on which it
    does are idle for `keep_alive` seconds at most.
    """

    def __init__(  # noqa: PLR0913  # what a door goes by
        self,
        server: web.Server,
        *,
        most: int,
        count: Counted,
        within: float = HEADERS_WITHIN,
        keep_alive: float = KEEP_ALIVE,
        draining: Callable[[], bool] = bool,
        express: Express = no_express,
    ) -> None:
        self._server = server
        self._most = most
        self._count = count
        self._within = within
        self._keep_alive = keep_alive
        self._loop = asyncio.get_running_loop()
        self._lines = Lines(self._loop.time, draining, express)
        self._coming = 0
        self._inside = server.request_handler
        server.request_handler = self._let_in
        self._every = min(_LOOKS, within)
        self._due = self._loop.time() + self._every
        self._timer = self._loop.call_at(self._due, self._look)

    def __call__(self) -> asyncio.Protocol:
        """Give a new connection its protocol."""
        if len(self._server.connections) + self._coming >= self._most:
            self._count("full")
            return _Full()
        self._coming += 1
        self._loop.call_soon(self._came)
        return Line(self._server(), self._lines)

    def _came(self) -> None:
        self._coming -= 1

    async def _let_in(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on: its headers are whole."""
        handler, lines = request.protocol, self._lines
        lines.silent.pop(handler, None)
        lines.asking.add(handler)
        try:
            return await (self._answer_last(request) if lines.draining() else self._inside(request))
        finally:
            lines.asking.discard(handler)

    async def _answer_last(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._inside(request)
        response.force_close()
        return response

    def _look(self) -> None:
        """Show out those who have said nothing whole for too long, and those who have nothing to say."""
        late, self._due = self._loop.time() - self._due, self._loop.time() + self._every
        self._timer = self._loop.call_at(self._due, self._look)
        if late > self._every:
            return  # this process stood still: what they have said meanwhile is read next
        now, lines = self._loop.time(), self._lines
        for handler in _since_before(lines.silent, now - self._within):
            del lines.silent[handler]
            if handler.transport is not None:
                self._count("slow")
                handler.force_close()
        for line in _since_before(lines.idle, now - self._keep_alive):
            line.hang_up()

    async def emptied(self, within: float) -> None:
        """
        Wait until all who asked are answered, `within` seconds at most; nobody new is answered past the server.

        aiohttp waits for its own handlers once it shuts down, and for nobody else; and it hears no more of a body, so that a request whose body
        is on its way would be told that it is too slow.
        """
        self._lines.express = no_express
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._lines.asking or self._lines.answering:  # noqa: ASYNC110  # an event would cost each request, for the last second of all
                    await asyncio.sleep(_GLANCE)

    def close(self) -> None:
        """Look no more, and end what is still being answered past the server."""
        self._timer.cancel()
        for line in [*self._lines.answering]:
            line.hang_up()


def _since_before(known: Mapping[T, float], moment: float) -> list[T]:
    """Give those who stand there since before a moment; who came later stands further behind."""
    return [one for one, _ in takewhile(lambda pair: pair[1] <= moment, known.items())]


class _Full(asyncio.Protocol):
    """A connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and hang up."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(_FULL)
        transport.close()
