"""The service as a process: one listener, SIGINT and SIGTERM, and what a person at the terminal is told."""

import asyncio
import gc
import signal
from collections.abc import Callable

from aiohttp import web

from cti_lookup.app import create_app
from cti_lookup.logs import open_log
from cti_lookup.settings import Settings
from cti_lookup.web.shortcut import take_shortcut

SHUTDOWN = 10.0
"""Seconds that requests under way have to end."""

_ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000

KEEP_ALIVE = 75.0
"""Seconds an idle connection stays open; aiohttp's own default is an hour."""


async def serve(
    settings: Settings,
    *,
    samples: bool,
    listening: Callable[[str], None],
    make: Callable[..., web.Application] = create_app,
) -> None:
    """Serve until SIGINT or SIGTERM; `listening` is told the URL once there is one. Raises `OSError` if there is none."""
    stop = _stop_on_signals()
    log = open_log()
    app = make(settings, log=log, samples=samples)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN, keepalive_timeout=KEEP_ALIVE)
    try:
        await runner.setup()
        take_shortcut(runner)
        _settle()
        if not stop.is_set():
            listening(await _listen(runner, settings))
        await stop.wait()
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


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    """Open the port and give its URL."""
    await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


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
