"""The composition root: `create_app` is the only place that knows everything."""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_urlsafe

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from pydantic import SecretStr

from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.cache.redis_tier import RedisTier, connect
from cti_lookup.calls import CallBook
from cti_lookup.dialects import DIALECTS
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.directory import create_directory_app, directory_runner
from cti_lookup.keys import Keys
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.ports import NoSharedTier, SharedTier
from cti_lookup.ringing import Ringing, Source
from cti_lookup.rservice.client import RemoteDirectory, open_session
from cti_lookup.settings import Settings
from cti_lookup.tallies import Tallies
from cti_lookup.telephone.plan import preload
from cti_lookup.web import handlers
from cti_lookup.web.bodies import LARGEST_BODY
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.problems import Handler, expectation, guarded, no_route

MEMORY_BESIDE_REDIS = 30.0
"""Seconds that one replica relies on its own memory where others may have learned something newer."""


def create_app(
    settings: Settings, *, log: Log, clock: Callable[[], float] = time.time, samples: bool = False
) -> web.Application:
    """Make the service; it opens what it needs when it starts and closes it in reverse order."""
    app = web.Application(client_max_size=LARGEST_BODY)
    _add_own_paths(app, settings.sources or [GENERIC.name])
    _add_routes(app)

    async def parts(app: web.Application) -> AsyncIterator[None]:
        async with open_parts(settings, log=log, clock=clock, samples=samples) as made:
            app[PARTS] = made
            yield

    app.cleanup_ctx.append(parts)
    return app


def _add_routes(app: web.Application) -> None:
    post, get = partial(_serve, app, "POST"), partial(_serve, app, "GET")
    post("/webhooks/{source}", handlers.webhook)
    get("/webhooks/{source}", handlers.webhook)
    post("/webhooks/{source}/{token}", handlers.webhook)
    get("/webhooks/{source}/{token}", handlers.webhook)
    post("/api/v1/cti/{token}", handlers.zammad)
    get("/v1/lookup", handlers.lookup)
    get("/v1/cnam", handlers.cnam)
    get("/metrics", handlers.metrics)
    get("/livez", handlers.live)
    get("/readyz", handlers.ready)
    app.router.add_route("*", "/{anything:.*}", no_route, expect_handler=expectation)


def _add_own_paths(app: web.Application, sources: Iterable[str]) -> None:
    """Give each source its own path: a plain path is found sooner than a pattern."""
    for name in sources:
        for method in ("POST", "GET"):
            _serve(app, method, f"/webhooks/{name}", handlers.webhook_of(name))


def _serve(app: web.Application, method: str, path: str, handler: Handler) -> None:
    app.router.add_route(method, path, guarded(handler), expect_handler=expectation)


@asynccontextmanager
async def open_parts(
    settings: Settings, *, log: Log, clock: Callable[[], float] = time.time, samples: bool = False
) -> AsyncIterator[Parts]:
    """
    Open all that a lookup needs; `serve` and the shell's `lookup` stand on the same.

    With `samples` an empty embedded directory is filled with sample people.
    """
    preload()
    tallies = Tallies()
    async with (
        _directory_address(settings, samples=samples) as address,
        open_session(address.token, settings.directory_account, settings.directory_account_header) as session,
        _shared_tier(settings, tallies) as shared,
    ):
        remote = RemoteDirectory(
            session, address.url, form=settings.directory_query, count=tallies.count_directory
        )
        freshness = _freshness(settings)
        memory = MemoryTier(freshness, clock)
        lookup = CallerLookup(
            memory=memory,
            shared=shared,
            directory=remote,
            freshness=freshness,
            clock=clock,
            dropped=tallies.count_dropped,
            region=settings.region,
            record_url=settings.record_template,
        )
        calls = CallBook(clock)
        tallies.watch("cti_cache_entries", lambda: len(memory))
        tallies.watch("cti_calls_remembered", lambda: len(calls))
        tallies.watch("cti_lookups_under_way", lambda: lookup.under_way)
        try:
            yield Parts(
                lookup=lookup,
                ringing=Ringing(calls=calls, lookup=lookup, budget=settings.lookup_budget),
                sources=_sources(settings),
                machine_keys=Keys(_revealed(settings.api_keys)),
                region=settings.region,
                tallies=tallies,
                registry=_registry(tallies),
                log=log,
            )
        finally:
            await lookup.close()


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    token: str


@asynccontextmanager
async def _directory_address(settings: Settings, *, samples: bool) -> AsyncIterator[_Address]:
    """Give the directory to ask; where none is set, one of our own on loopback, for as long as this lasts."""
    token = settings.directory_token.get_secret_value() if settings.directory_token else token_urlsafe(24)
    if settings.directory_url:
        yield _Address(settings.directory_url, token)
        return
    app = create_directory_app(database=settings.directory_db, token=token, samples=samples)
    runner = directory_runner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", settings.directory_port).start()
        host, port = runner.addresses[0][:2]
        yield _Address(f"http://{host}:{port}/v1", token)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _shared_tier(settings: Settings, tallies: Tallies) -> AsyncIterator[SharedTier]:
    """Give the Redis tier, or none; Redis need not be there."""
    if settings.redis_url is None:
        yield NoSharedTier()
        return
    client = connect(settings.redis_url.get_secret_value())
    try:
        yield RedisTier(
            client, secret=_hash_secret(settings), tenant=_tenant(settings), count=tallies.count_redis
        )
    finally:
        await client.aclose()
        await client.connection_pool.disconnect()


def _hash_secret(settings: Settings) -> bytes:
    """Give the secret that keys the hashes of numbers: the same after a restart, even where none is set."""
    if settings.secret:
        return settings.secret.get_secret_value().encode()
    others = [*settings.api_keys, settings.directory_token, *_source_secrets(settings)]
    joined = "\0".join(one.get_secret_value() for one in others if one)
    return hashlib.sha256(f"cti-lookup {joined}".encode()).digest()


def _tenant(settings: Settings) -> str:
    """Name all that decides what a stored answer means, so that services which differ in it do not share answers."""
    meaning = (
        settings.directory_url or settings.directory_db.absolute(),
        settings.directory_account,
        settings.directory_query,
        settings.region,
        settings.record_template,
    )
    return hashlib.sha256(repr(meaning).encode()).hexdigest()[:16]


def _freshness(settings: Settings) -> Freshness:
    return Freshness(
        positive=settings.cache_ttl,
        negative=settings.cache_negative_ttl,
        stale=settings.cache_stale_ttl,
        local=MEMORY_BESIDE_REDIS if settings.redis_url else None,
    )


def _sources(settings: Settings) -> dict[str, Source]:
    """Make the sources; where none is configured there is one, `generic`, that takes the machine keys."""
    machine = tuple(_revealed(settings.api_keys))
    if not settings.sources:
        return {GENERIC.name: Source(GENERIC.name, GENERIC, Keys(machine), settings.region)}
    return {
        name: Source(
            name,
            DIALECTS[one.dialect],
            Keys((*_revealed(one.secrets), *machine)),
            one.region or settings.region,
        )
        for name, one in settings.sources.items()
    }


def _source_secrets(settings: Settings) -> list[SecretStr]:
    return [secret for source in settings.sources.values() for secret in source.secrets]


def _revealed(secrets: Iterable[SecretStr]) -> list[str]:
    return [secret.get_secret_value() for secret in secrets]


def _registry(tallies: Tallies) -> CollectorRegistry:
    """Make a registry of this service's own: nothing is registered when modules are imported."""
    registry = CollectorRegistry()
    registry.register(tallies)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
