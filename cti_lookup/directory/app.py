"""The composition of the directory: its application, and the server around it."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from aiohttp import web

from cti_lookup.directory.access.accounts import Home, settle
from cti_lookup.directory.access.doorkeeper import Doorkeeper
from cti_lookup.directory.access.limits import CountedLimits, NoLimits
from cti_lookup.directory.access.secrets import as_bytes, hash_of
from cti_lookup.directory.errors import DirectoryListenError
from cti_lookup.directory.routes import FREE, OPEN, PREFIX, add_routes
from cti_lookup.directory.samples import fill_with_samples
from cti_lookup.directory.storage.database import Database, Trace
from cti_lookup.directory.transfer.supervision import supervise
from cti_lookup.directory.web.answers import LARGEST_BODY
from cti_lookup.directory.web.entity_tags import EntityTags
from cti_lookup.directory.web.keys import CLOCK, DATABASE
from cti_lookup.directory.web.middleware import (
    DOORKEEPER,
    ENTITY_TAGS,
    LIMITS,
    NOT_COUNTED,
    OPEN_TO_ALL,
    REQUEST_NAMES,
    RequestNames,
    add_headers,
    errors_as_json,
    known_callers,
    refusals_as_json,
)
from cti_lookup.directory.webhooks.address import PUBLIC_URL, RUNNER
from cti_lookup.directory.webhooks.deliveries import deliver, wake_courier

SHUTDOWN_SECONDS: Final = 5.0
KEEP_ALIVE_SECONDS: Final = 75.0


@dataclass(frozen=True, slots=True)
class _Start:
    """What a directory starts with."""

    database: Path
    token_hash: bytes
    account: str | None
    account_name: str | None
    samples: bool


def utc_now() -> datetime:
    """Return the time of the system's clock."""
    return datetime.now(UTC)


def create_directory_app(  # noqa: PLR0913 - one for each option of the program
    *,
    database: Path,
    token: str,
    samples: bool = False,
    clock: Callable[[], datetime] = utc_now,
    account: str | None = None,
    account_name: str | None = None,
    limits: bool = False,
    public_url: str = "",
) -> web.Application:
    """
    Return the directory as an application that opens its database when it starts and closes it when it stops.

    Starting raises `DirectoryStoreError` when the file cannot be used. With `samples` an empty database is filled
    with sample people, and one that is not empty is left alone. `account` and `account_name` are those of a new file;
    an older one must have this very account. `limits` are the documented ones, or none at all. `public_url` is where
    others reach the directory; it is told to the receivers of webhooks, and the links of pages begin with it.
    """
    if not token:
        msg = "the directory needs a token"
        raise ValueError(msg)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[errors_as_json, known_callers])
    app[CLOCK] = clock
    app[PUBLIC_URL] = public_url
    app[LIMITS] = CountedLimits(clock) if limits else NoLimits()
    app[OPEN_TO_ALL] = OPEN
    app[NOT_COUNTED] = FREE
    app[ENTITY_TAGS] = EntityTags()
    app[REQUEST_NAMES] = RequestNames()
    start = _Start(database.absolute(), hash_of(as_bytes(token)), account, account_name, samples=samples)
    app.cleanup_ctx.append(partial(_open, start))
    app.cleanup_ctx.extend((deliver, partial(supervise, start.database)))
    app.on_response_prepare.extend((refusals_as_json, add_headers, wake_courier))
    add_routes(app.router)
    return app


def directory_runner(app: web.Application) -> web.AppRunner:
    """Return a runner for the application that writes no person's data to any log, and stops within seconds."""
    app[RUNNER] = web.AppRunner(
        app,
        access_log=None,
        logger=_quiet_logger(),
        shutdown_timeout=SHUTDOWN_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
    return app[RUNNER]


def run_directory(  # noqa: PLR0913 - as above
    *,
    database: Path,
    host: str,
    port: int,
    token: str,
    samples: bool,
    account: str | None = None,
    account_name: str | None = None,
    limits: bool = False,
    public_url: str = "",
) -> None:
    """
    Serve the directory until SIGINT or SIGTERM; print its URL once it listens.

    Port 0 means any free one. Raises `DirectoryStoreError` or `DirectoryListenError` when it cannot start.
    """
    app = create_directory_app(
        database=database,
        token=token,
        samples=samples,
        account=account,
        account_name=account_name,
        limits=limits,
        public_url=public_url,
    )
    asyncio.run(_serve(app, host, port))


async def _open(start: "_Start", app: web.Application) -> AsyncIterator[None]:
    clock = app[CLOCK]
    async with Database.open(start.database) as database:
        home = await database.write(partial(_prepare, start=start, now=clock()), trace=Trace.KEPT)
        app[DATABASE] = database
        app[DOORKEEPER] = Doorkeeper(database, home, start.token_hash, clock)
        yield


def _prepare(connection: Connection, start: "_Start", now: datetime) -> Home:
    home = settle(connection, now, account=start.account, name=start.account_name)
    if start.samples:
        fill_with_samples(connection, home.account)
    return home


def _quiet_logger() -> logging.Logger:
    """Return a logger for aiohttp's server that keeps bytes of requests, which it puts into traces, to itself."""
    logger = logging.getLogger(f"{__name__}.server")
    logger.addFilter(_without_trace)
    return logger


def _without_trace(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


async def _serve(app: web.Application, host: str, port: int) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    runner = directory_runner(app)
    try:
        await runner.setup()
        await _listen(runner, host, port)
        _announce(runner.addresses[0])
        await stopping.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, OverflowError) as error:
        msg = f"the directory cannot listen on {host}, port {port}: {error}"
        raise DirectoryListenError(msg) from error


def _announce(address: tuple[str, int]) -> None:
    host, port = address[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"R-Service directory: http://{shown}:{port}{PREFIX}", flush=True)  # noqa: T201 - whoever started it reads the port here
