"""
The door: how many connections there may be, and how long one may take to say what it wants.

Facts (aiohttp 3.14): an idle connection is closed after the keep-alive time, also where a request of it never becomes whole; four
hundred that drip a byte now and then keep that many places for 75 s. The protocol factory of a listener, `Server.connections` and the
handler of a `Server` are public, and its handlers are asyncio's protocols: what a transport tells them may be told by somebody between.
Whoever waits is accepted in one go, up to the backlog, before the first of them is among the connections (asyncio's `_accept_connection`).
Bodies have a limit of their own, see `web.bodies`.
"""

import asyncio
from collections.abc import Callable, Container
from contextlib import suppress
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

HEADERS_WITHIN: Final = 5.0
"""Seconds from connecting, or from the first byte of a later request, until the headers are there."""

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


class Door:
    """
    A listener's protocol factory around a runner's server.

    At most `most` connections are let in at a time; `count` is told of those that are turned away (`full`) and of those that are shown
    out because their headers did not come (`slow`). Once `draining` says so, each answer is the last of its connection: whoever keeps a
    line calls elsewhere next, before this process is gone.
    """

    def __init__(
        self,
        server: web.Server,
        *,
        most: int,
        count: Counted,
        within: float = HEADERS_WITHIN,
        draining: Callable[[], bool] = bool,
    ) -> None:
        self._server = server
        self._most = most
        self._count = count
        self._within = within
        self._draining = draining
        self._loop = asyncio.get_running_loop()
        self._silent: dict[RequestHandler, float] = {}
        self._asking: set[RequestHandler] = set()
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
        handler = self._server()
        self._silent[handler] = self._loop.time()
        return _Line(handler, self._silent, self._asking, self._loop.time)

    def _came(self) -> None:
        self._coming -= 1

    async def _let_in(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on: its headers are whole."""
        handler = request.protocol
        self._silent.pop(handler, None)
        self._asking.add(handler)
        try:
            return await (self._answer_last(request) if self._draining() else self._inside(request))
        finally:
            self._asking.discard(handler)

    async def _answer_last(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._inside(request)
        response.force_close()
        return response

    def _look(self) -> None:
        """Show out those who have said nothing whole for too long; who came later stands further behind."""
        late, self._due = self._loop.time() - self._due, self._loop.time() + self._every
        self._timer = self._loop.call_at(self._due, self._look)
        if late > self._every:
            return  # this process stood still: what they have said meanwhile is read next
        before = self._loop.time() - self._within
        for handler, since in [*self._silent.items()]:
            if since > before:
                break
            del self._silent[handler]
            if handler.transport is not None:
                self._count("slow")
                handler.force_close()

    async def emptied(self, within: float) -> None:
        """
        Wait until all who asked are answered, `within` seconds at most.

        aiohttp hears no more of a body once it shuts down, so a request whose body is on its way would be told that it is too slow.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._asking:  # noqa: ASYNC110  # an event would cost each request, for the last second of all
                    await asyncio.sleep(_GLANCE)

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()


class _Line(asyncio.Protocol):
    """
    A connection, which begins to be waited for when it says something; all that it is told goes on to its handler as it is.

    What is said while a request is answered is its body, or the next one ahead of its time; if that never becomes whole, the byte
    after it begins the wait.
    """

    def __init__(
        self,
        handler: RequestHandler,
        silent: dict[RequestHandler, float],
        asking: Container[RequestHandler],
        clock: Callable[[], float],
    ) -> None:
        self._handler = handler
        self._silent = silent
        self._asking = asking
        self._clock = clock

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass on that it is open."""
        self._handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what was said."""
        handler = self._handler
        if handler not in self._asking and handler not in self._silent:
            self._silent[handler] = self._clock()
        handler.data_received(data)

    def eof_received(self) -> None:
        """Pass on that nothing more will be said."""
        self._handler.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that it is gone."""
        self._handler.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that it takes no more for now."""
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it takes more."""
        self._handler.resume_writing()


class _Full(asyncio.Protocol):
    """A connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and hang up."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(_FULL)
        transport.close()
