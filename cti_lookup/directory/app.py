"""The composition of the directory: its application, and the server around it."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from cti_lookup.directory import handlers
from cti_lookup.directory.answers import LARGEST_BODY
from cti_lookup.directory.errors import DirectoryListenError
from cti_lookup.directory.middleware import PREFIX, TOKEN, add_headers, bearer_token, errors_as_json
from cti_lookup.directory.samples import fill_with_samples
from cti_lookup.directory.store import Store

SHUTDOWN_SECONDS: Final = 5.0
KEEP_ALIVE_SECONDS: Final = 75.0

_PERSON: Final = "/people/{person_id:[^/]+?}"
_CONTACT: Final = _PERSON + "/contacts/{contact_id:[^/]+?}"


def utc_now() -> datetime:
    """Return the time of the system's clock."""
    return datetime.now(UTC)


def create_directory_app(
    *, database: Path, token: str, samples: bool = False, clock: Callable[[], datetime] = utc_now
) -> web.Application:
    """
    Return the directory as an application that opens its database when it starts and closes it when it stops.

    Starting raises `DirectoryStoreError` when the file cannot be used. With `samples` an empty database is filled
    with sample people, and one that is not empty is left alone.
    """
    if not token:
        msg = "the directory needs a token"
        raise ValueError(msg)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[errors_as_json, bearer_token])
    app[TOKEN] = token.encode("utf-8", "surrogateescape")
    app[handlers.CLOCK] = clock
    app.cleanup_ctx.append(_store_context(database.absolute(), samples=samples))
    app.on_response_prepare.append(add_headers)
    _add_routes(app.router)
    return app


def directory_runner(app: web.Application) -> web.AppRunner:
    """Return a runner for the application that writes no person's data to any log, and stops within seconds."""
    return web.AppRunner(
        app,
        access_log=None,
        logger=_quiet_logger(),
        shutdown_timeout=SHUTDOWN_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )


def run_directory(*, database: Path, host: str, port: int, token: str, samples: bool) -> None:
    """
    Serve the directory until SIGINT or SIGTERM; print its URL once it listens.

    Port 0 means any free one. Raises `DirectoryStoreError` or `DirectoryListenError` when it cannot start.
    """
    asyncio.run(_serve(create_directory_app(database=database, token=token, samples=samples), host, port))


def _add_routes(router: web.UrlDispatcher) -> None:
    _add(router, "", GET=handlers.show_root)
    _add(router, "/sd", GET=handlers.find_callers)
    _add(router, "/people", GET=handlers.list_people, POST=handlers.create_person)
    _add(
        router,
        _PERSON,
        GET=handlers.show_person,
        PATCH=handlers.update_person,
        DELETE=handlers.erase_person,
    )
    _add(
        router,
        _PERSON + "/contacts",
        GET=handlers.list_contacts,
        POST=handlers.create_contact,
        DELETE=handlers.delete_contacts,
    )
    _add(
        router,
        _CONTACT,
        GET=handlers.show_contact,
        PATCH=handlers.update_contact,
        DELETE=handlers.delete_contact,
    )


def _add(
    router: web.UrlDispatcher, path: str, **operations: Callable[[web.Request], Awaitable[web.Response]]
) -> None:
    """Add the operations on a path; it may end in ".json" or a slash, and PUT means PATCH."""
    resource = router.add_resource(PREFIX + path + r"{ending:(?:\.json)?/?}")
    for method, handler in operations.items():
        resource.add_route(method, handler)
        if method == hdrs.METH_PATCH:
            resource.add_route(hdrs.METH_PUT, handler)
        if method == hdrs.METH_GET:
            resource.add_route(hdrs.METH_HEAD, handler)


def _store_context(database: Path, *, samples: bool) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with Store.open(database) as store:
            if samples:
                await fill_with_samples(store)
            app[handlers.STORE] = store
            yield

    return context


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
