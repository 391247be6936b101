"""
One connection: what is said on it goes to aiohttp's handler, or an event that came whole is answered here.

Facts (aiohttp 3.14): its handler makes two tasks, a writer, a request, a stream and a timer of each request, and wakes up twice; that
takes as long as all that is done about an event whose caller is known. Handlers are asyncio's protocols, so that what a transport
tells them may be told by somebody between. A handler that has been told nothing waits; `RequestHandler.keep_alive` and `transport` are
public.

A line belongs to the handler for good once something was said on it that is no whole event: nobody but the handler knows how much of
the next request it has heard by then.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp.web_protocol import RequestHandler

_MOST_BEHIND: Final = 64 * 1024
"""Bytes that may be said ahead of their time; then no more is read until those before are answered."""

Answering = Coroutine[Any, Any, bytes | None]
Express = Callable[[bytes, bool], Answering | None]
"""
Given what was said, and whether the answer is the last of its line: gives what answers it, or None where that is not a whole event.
What answers gives None where the handler is to do it all the same; then nothing was done about it.
"""


def no_express(_said: bytes, _last: bool) -> None:
    """Leave everything to the handlers."""


@dataclass(slots=True)
class Lines:
    """
    What is known of the lines of a listener; moments are seconds of `clock`.

    `silent` have not come to the end of their headers since. `asking` are being answered by their handler, `answering` past it; `idle` were
    answered past it last, and have said nothing since. `express` becomes :func:`no_express` once the listener is to end.
    """

    clock: Callable[[], float]
    draining: Callable[[], bool] = bool
    express: Express = no_express
    silent: dict[RequestHandler, float] = field(default_factory=dict)
    asking: set[RequestHandler] = field(default_factory=set)
    idle: dict["Line", float] = field(default_factory=dict)
    answering: set["Line"] = field(default_factory=set)


class Line(asyncio.Protocol):
    """
    A connection; its wait for headers begins when it says something, and ends when they are whole.

    What is said while a request is answered is its body, or the next one ahead of its time; if that never becomes whole, the byte
    after it begins the wait.
    """

    def __init__(self, handler: RequestHandler, lines: Lines) -> None:
        self._handler = handler
        self._lines = lines
        self._task: asyncio.Task[None] | None = None
        self._behind = b""
        self._is_full = False
        self._is_handed_over = False
        lines.silent[handler] = lines.clock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass on that it is open."""
        self._handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Answer what was said, keep it for later, or pass it on."""
        if self._is_handed_over:
            self._pass_on(data)
        elif self._task is not None or self._is_full:
            self._keep(data)
        else:
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        lines, handler, last = self._lines, self._handler, self._lines.draining()
        answering = lines.express(data, last)
        if answering is None:
            self._hand_over(data)
            return
        if lines.silent.pop(handler, None) is not None:
            handler.keep_alive(False)  # its own timer would end a line on which it hears nothing
        lines.idle.pop(self, None)
        lines.answering.add(self)
        self._task = asyncio.create_task(self._answer(data, answering, last))

    async def _answer(self, data: bytes, answering: Answering, last: bool) -> None:
        try:
            piece = await answering
        except BaseException:  # a cancellation; nobody else would end the line
            self._handler.force_close()
            raise
        finally:
            self._task = None
            self._lines.answering.discard(self)
        if piece is None:
            self._hand_over(data + self._behind)
        elif (transport := self._handler.transport) is not None:  # whose client has not left
            transport.write(piece)
            self._lines.idle[self] = self._lines.clock()
            if last:
                transport.close()
            elif self._behind:
                self._go_on()

    def _keep(self, data: bytes) -> None:
        """Keep what was said ahead of its time."""
        self._behind += data
        if len(self._behind) > _MOST_BEHIND and self._handler.transport is not None:
            self._handler.transport.pause_reading()

    def _go_on(self) -> None:
        """Hear what was kept."""
        if self._task is not None or self._is_full or self._handler.transport is None:
            return
        self._handler.transport.resume_reading()
        data, self._behind = self._behind, b""
        self.data_received(data)

    def _hand_over(self, data: bytes) -> None:
        """Leave this and all that follows to the handler."""
        self._is_handed_over, self._behind = True, b""
        self._lines.idle.pop(self, None)
        if self._handler.transport is not None:
            self._handler.transport.resume_reading()
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        lines, handler = self._lines, self._handler
        if handler not in lines.asking and handler not in lines.silent:
            lines.silent[handler] = lines.clock()
        handler.data_received(data)

    def hang_up(self) -> None:
        """End the line; what is being answered on it is ended too."""
        if self._task is not None:
            self._task.cancel()
        self._handler.force_close()

    def eof_received(self) -> None:
        """Pass on that nothing more will be said."""
        self._handler.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that it is gone; what is being looked up is looked up to its end."""
        self._behind = b""
        self._lines.idle.pop(self, None)
        self._handler.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that it takes no more for now."""
        self._is_full = True
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it takes more."""
        self._is_full = False
        self._handler.resume_writing()
        if self._behind:
            self._go_on()
