"""The service as a process: one listener, SIGINT and SIGTERM, and what a person at the terminal is told."""

import asyncio
import gc
import resource
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from cti_lookup.app import create_app
from cti_lookup.logs import open_log
from cti_lookup.saying import complain
from cti_lookup.settings import Settings
from cti_lookup.web.door import KEEP_ALIVE, Door
from cti_lookup.web.express import express_lane
from cti_lookup.web.keys import DRAINING, PARTS

SHUTDOWN = 10.0
"""Seconds that requests under way have to end."""

LAST_ANSWERS = 6.0
"""Seconds before, in which bodies that are on their way may come (none may take longer than 3), and events be answered past aiohttp (5)."""

_ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000

_OTHER_FILES = 256
"""File descriptors beside the connections: Redis, the directory, SQLite, Python's own, and connections that are being turned away."""

_FEWEST_CONNECTIONS = 16

_BACKLOG = 1024
"""Connections that may wait to be accepted; asyncio accepts all of them before the first is turned away."""


async def serve(
    settings: Settings,
    *,
    samples: bool,
    listening: Callable[[str], None],
    make: Callable[..., web.Application] = create_app,
) -> None:
    """
    Serve until SIGINT or SIGTERM; `listening` is told the URL once there is one. Raises `OSError` if there is none.

    After a signal `/readyz` says so at once, and for `CTI_DRAIN` seconds all else goes on: whoever spreads the calls has to see it first.
    Meanwhile each answer is the last of its connection.
    """
    stop = _stop_on_signals()
    log = open_log()
    app = make(settings, log=log, samples=samples)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN, keepalive_timeout=KEEP_ALIVE)
    try:
        await runner.setup()
        _settle()
        if not stop.is_set():
            async with _listening(runner, settings) as url:
                listening(url)
                await stop.wait()
                app[DRAINING].set()
                await asyncio.sleep(settings.drain)
    finally:
        await runner.cleanup()
        log.flush()


def _settle() -> None:
    """
    Spare the garbage collector what it would look through in vain.

    Numbering plans, settings and modules are some 200,000 objects that stay, and a request leaves next to no cycles:
    walking all that every 700 allocations costs a fifth of a busy service's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS, 20, 50)


@asynccontextmanager
async def _listening(runner: web.AppRunner, settings: Settings) -> AsyncIterator[str]:
    """Keep the port open behind its door, and give its URL."""
    if runner.server is None:
        raise RuntimeError("the runner is not set up")
    parts = runner.app[PARTS]
    door = Door(
        runner.server,
        most=_room_for(settings.max_connections),
        count=parts.tallies.count_turned_away,
        draining=runner.app[DRAINING].is_set,
        express=express_lane(parts),
    )
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(door, settings.host, settings.port, backlog=_BACKLOG)
    try:
        host, port = listener.sockets[0].getsockname()[:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        listener.close()
        parts.screen.live.shut("shutdown")  # streams do not end by themselves
        await door.emptied(LAST_ANSWERS)
        door.close()


def _room_for(connections: int) -> int:
    """
    Raise the number of files that may be open as far as that is ours to raise, and give how many connections that allows.

    Many systems begin with 1,024. Where no file is left, asyncio accepts nobody for a second, and those whom there is room for wait.
    """
    wanted = connections + _OTHER_FILES + _BACKLOG
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    room = min(connections, max(_FEWEST_CONNECTIONS, most - _OTHER_FILES))
    if room < connections:
        complain(
            f"! CTI_MAX_CONNECTIONS: only {room} of {connections} are let in, as no more than {most} files may be open; raise ulimit -Hn"
        )
    return room


def _stop_on_signals() -> asyncio.Event:
    """
    Make the event that SIGINT and SIGTERM set.

    Called before anything is opened: a signal that came between opening and listening for it would end the process
    on the spot, with nothing closed. A second signal changes nothing, so that closing is not cut short.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
