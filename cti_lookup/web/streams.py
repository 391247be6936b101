"""
An agent's screen listens: one connection, one task, and bytes that were made for all who get them.

Facts: aiohttp waits in `write` while more than 64 KiB are on their way, for as long as the client likes; what the kernel takes for a
socket grows to megabytes unless it is bounded; a network that swallows packets is noticed after a quarter of an hour unless
TCP_USER_TIMEOUT (RFC 5482) says sooner.
"""

import asyncio
import socket
from contextlib import suppress
from functools import partial
from typing import Final

from aiohttp import web

from cti_lookup.audit import How
from cti_lookup.feed.viewer import Viewer
from cti_lookup.request_ids import passed_on
from cti_lookup.web.answers import NO_STORE
from cti_lookup.web.keys import PARTS, WHO, Parts
from cti_lookup.web.origins import headers_for
from cti_lookup.web.visitors import visitor

_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    **NO_STORE,
    "X-Accel-Buffering": "no",  # nginx would hold back what is to arrive at once
}
_SENDING: Final = 32 * 1024
_PIECE: Final = 16 * 1024
_UNHEARD_MS: Final = 35_000
_FAREWELL: Final = 1.0
_LONGEST_EVENT_ID: Final = 128


async def stream(request: web.Request) -> web.StreamResponse:
    """Tell of calls as they happen; see docs/feed.md."""
    agent = await visitor(request)
    parts = request.app[PARTS]
    response = web.StreamResponse(headers={**_HEADERS, **passed_on(), **headers_for(request)})
    if request.transport is not None:
        _bound(request.transport)
    try:
        await response.prepare(request)
    except ConnectionError:
        return response  # they left before it began
    viewer = parts.screen.live.open(agent, _last_event_id(request))
    viewer.cut_off = partial(_cut_off, request.transport)
    try:
        await _write_on(response, viewer, parts, request[WHO])
    except ConnectionError:
        pass  # they have left, or were cut off
    finally:
        parts.screen.live.close(viewer)
    return response


async def _write_on(response: web.StreamResponse, viewer: Viewer, parts: Parts, who: str) -> None:
    """Write whatever there is to say until there is a farewell."""
    steady, wall = parts.screen.clock.steady, parts.screen.clock.wall
    while True:
        await viewer.wait()
        is_last, noted_at = viewer.is_ending, viewer.waits_since
        viewer.waits_since = None
        written, people = viewer.take()
        frames = memoryview(written)
        for at in range(0, len(frames), _PIECE):
            viewer.busy_since = steady()  # anew for each piece: who reads slowly does read
            await response.write(frames[at : at + _PIECE])
        viewer.busy_since = None
        if people:
            parts.audit.saw(who, How.STREAM, people)
        if noted_at is not None:
            parts.tallies.count_streamed(max(0.0, wall() - noted_at))
        if is_last:
            return


def _cut_off(transport: asyncio.Transport | None, farewell: bytes) -> None:
    """End a connection whose client does not read: it has a second to read on, and is told why."""
    if transport is not None:
        transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(farewell), farewell))  # in chunks, as all before
        transport.close()
        asyncio.get_running_loop().call_later(_FAREWELL, transport.abort)


def _last_event_id(request: web.Request) -> str | None:
    told = request.headers.get("Last-Event-ID")
    return told[:_LONGEST_EVENT_ID] if told else None


def _bound(transport: asyncio.Transport) -> None:
    """Let neither the kernel nor asyncio hold much for somebody who does not read."""
    transport.set_write_buffer_limits(high=_SENDING)
    line = transport.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENDING)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNHEARD_MS)
