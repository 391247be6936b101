"""The composition root: `create_app` is the only place that knows everything."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from pydantic import SecretStr

from cti_lookup.audit import LoggedAudit, NoAudit
from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.cache.waits import RedisLimits
from cti_lookup.deferred import Deferred
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.directories import guards_of, open_directory_of
from cti_lookup.erasure import Erasure
from cti_lookup.explain import Explainer
from cti_lookup.feed.opening import open_screen
from cti_lookup.fetching import Fetching
from cti_lookup.invalidation import Invalidation
from cti_lookup.keys import Keys
from cti_lookup.lag import noticing_lag
from cti_lookup.logs import Log
from cti_lookup.lookup import HEAD_START, CallerLookup
from cti_lookup.ports import Directory
from cti_lookup.rates import Rates
from cti_lookup.reading import Reading
from cti_lookup.ringing import Ringing, Source
from cti_lookup.rservice.handshake import AllowedHosts, open_handshake
from cti_lookup.rservice.quota_windows import QuotaLimits
from cti_lookup.rservice.transport import CONNECT
from cti_lookup.rservice.writers import Unsigned, Verifier
from cti_lookup.settings import Settings
from cti_lookup.shapes import Shapes
from cti_lookup.sharing import Replicas, alone
from cti_lookup.sweeping import sweeping
from cti_lookup.tallies import Tallies
from cti_lookup.timed import TimedDirectory
from cti_lookup.times import Clock
from cti_lookup.traced import TracedDirectory, TracedLookup, TracedTallies
from cti_lookup.traces import NO_TRACES, Traces
from cti_lookup.upstream import Upstream
from cti_lookup.warming import MOST_BUSY, warming
from cti_lookup.web import (
    administration,
    agent_tokens,
    call_log,
    descriptions,
    lookups,
    operations,
    pages,
    stats,
    streams,
    threecx,
    upstream,
    webhooks,
)
from cti_lookup.web.allowances import Allowances
from cti_lookup.web.bodies import LARGEST_BODY
from cti_lookup.web.keys import DRAINING, PARTS, Parts
from cti_lookup.web.origins import shared
from cti_lookup.web.problems import expectation, guarded, unrouted
from cti_lookup.web.tracks import Handler
from cti_lookup.web.unserved import no_route
from cti_lookup.windows import looking

_ON_REDIS: Final[
    Deferred[
        Callable[
            [str, Settings, Tallies, Clock, RedisLimits, Traces | None], AbstractAsyncContextManager[Replicas]
        ]
    ]
] = Deferred("cti_lookup.replicas:open_replicas")
_SIGNED: Final[Deferred[Callable[[Iterable[str], str | None, str | None], Verifier]]] = Deferred(
    "cti_lookup.rservice.signatures:verifier_of"
)
_TRACES: Final[Deferred[Callable[[str], AbstractAsyncContextManager[Traces]]]] = Deferred(
    "cti_lookup.opentelemetry_traces:open_traces"
)
"""Parts that only some settings ask for: redis-py, what reads the keys of signatures, and OpenTelemetry."""

MEMORY_ENTRIES = 10_000
"""Answers that one process keeps; some 20 MiB of them."""

MEMORY_BESIDE_REDIS = 30.0
"""Seconds that one replica relies on its own memory where others may have learned something newer."""


def create_app(  # noqa: PLR0913  # a program's choices, by name
    settings: Settings,
    *,
    log: Log,
    clock: Clock | None = None,
    samples: bool = False,
    memory_entries: int = MEMORY_ENTRIES,
    limits: QuotaLimits | None = None,
    redis_limits: RedisLimits | None = None,
    head_start: float = HEAD_START,
    connect: float = CONNECT,
    most_busy: int = MOST_BUSY,
    files: Path = pages.FOLDER,
    extended: Callable[[web.Application], None] | None = None,
    traces: Traces | None = None,
) -> web.Application:
    """
    Make the service; it opens what it needs when it starts and closes it in reverse order.

    `extended` adds routes that not every service has; `traces` are made instead of those that the settings ask for.
    """
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[unrouted])
    app[DRAINING] = asyncio.Event()
    _add_own_paths(app, settings.sources or [GENERIC.name])
    if extended:
        extended(app)
    _add_routes(app)
    app[pages.FILES] = pages.files_in(files)

    async def parts(app: web.Application) -> AsyncIterator[None]:
        async with open_parts(
            settings,
            log=log,
            clock=clock,
            samples=samples,
            memory_entries=memory_entries,
            limits=limits,
            redis_limits=redis_limits,
            head_start=head_start,
            connect=connect,
            most_busy=most_busy,
            traces=traces,
        ) as made:
            app[PARTS] = made
            yield

    app.cleanup_ctx.append(parts)
    app.on_shutdown.append(_say_goodbye)
    return app


async def _say_goodbye(app: web.Application) -> None:
    """End the streams, which would not end by themselves, before connections are waited for."""
    if PARTS in app:
        app[PARTS].screen.live.shut("shutdown")


def _add_routes(app: web.Application) -> None:
    post, get = partial(_serve, app, "POST"), partial(_serve, app, "GET")
    delete = partial(_serve, app, "DELETE")
    post("/webhooks/{source}", webhooks.webhook)
    get("/webhooks/{source}", webhooks.webhook)
    post("/webhooks/{source}/{token}", webhooks.webhook)
    get("/webhooks/{source}/{token}", webhooks.webhook)
    options = partial(_serve, app, "OPTIONS")  # the handshake of CloudEvents
    options("/webhooks/{source}", webhooks.webhook)
    options("/webhooks/{source}/{token}", webhooks.webhook)
    post("/api/v1/cti/{token}", webhooks.zammad)
    agents_get, agents_post = partial(_serve_agents, app, "GET"), partial(_serve_agents, app, "POST")
    agents_get("/v1/lookup", lookups.lookup)
    agents_get("/v1/explain", administration.explain)
    agents_get("/v1/calls", call_log.calls)
    agents_get("/v1/calls/stream", streams.stream)
    agents_post("/v1/calls/{id}/seen", call_log.seen)
    agents_post("/v1/calls/{id}/person", call_log.choose)
    delete("/v1/calls", call_log.erase)
    post("/v1/tokens", agent_tokens.mint)
    delete("/v1/tokens/{id}", agent_tokens.revoke)
    delete("/v1/tokens", agent_tokens.revoke_all)
    get("/v1/cnam", lookups.cnam)
    get("/v1/3cx/lookup", threecx.lookup)
    post("/v1/3cx/journal", threecx.journal)
    get("/v1/3cx/template.xml", threecx.template_file)
    get("/v1/stats", stats.stats)
    delete("/v1/cache", administration.forget)
    post("/v1/erasures", administration.erase)
    post("/upstream/{token}", upstream.upstream)
    shown = partial(_serve_shown, app)
    shown("/", pages.page)
    shown("/pop", pages.page)
    shown("/debug", pages.explanation)
    shown("/widget/{file}", pages.widget_file)
    shown("/docs", pages.docs)
    shown("/openapi.json", descriptions.openapi)
    shown("/asyncapi.json", descriptions.asyncapi)
    shown("/metrics", operations.metrics)
    shown("/livez", operations.live)
    shown("/readyz", operations.ready)
    app.router.add_route("*", "/{anything:.*}", guarded(no_route), expect_handler=expectation)


def _add_own_paths(app: web.Application, sources: Iterable[str]) -> None:
    """Give each source its own path: a plain path is found sooner than a pattern."""
    for name in sources:
        for method in ("POST", "GET", "OPTIONS"):
            _serve(app, method, f"/webhooks/{name}", webhooks.webhook_of(name))


def _serve(app: web.Application, method: str, path: str, handler: Handler) -> None:
    app.router.add_route(method, path, guarded(handler), expect_handler=expectation)


def _serve_shown(app: web.Application, path: str, handler: Handler) -> None:
    """Serve what holds nothing of anybody's; monitors and balancers ask by HEAD whether it is there."""
    for method in ("GET", "HEAD"):
        _serve(app, method, path, handler)


def _serve_agents(app: web.Application, method: str, path: str, handler: Handler) -> None:
    """Serve what browsers ask too, from the pages that may."""
    app.router.add_route(method, path, shared(guarded(handler)), expect_handler=expectation)


@asynccontextmanager
async def open_parts(  # noqa: PLR0913  # a program's choices, by name
    settings: Settings,
    *,
    log: Log,
    clock: Clock | None = None,
    samples: bool = False,
    memory_entries: int = MEMORY_ENTRIES,
    limits: QuotaLimits | None = None,
    redis_limits: RedisLimits | None = None,
    head_start: float = HEAD_START,
    connect: float = CONNECT,
    most_busy: int = MOST_BUSY,
    traces: Traces | None = None,
) -> AsyncIterator[Parts]:
    """
    Open all that a lookup needs; `serve` and the shell's `lookup` stand on the same.

    With `samples` an empty embedded directory is filled with sample people.
    """
    clock = clock or Clock()
    reading = Reading(settings.region, settings.record_template)
    freshness = _freshness(settings)
    memory = MemoryTier(freshness, clock.steady, most=memory_entries)
    async with AsyncExitStack() as stack:
        traces = traces or await stack.enter_async_context(_traces(settings))
        tallies = Tallies() if traces is None else TracedTallies(traces, clock.wall)
        replicas = await stack.enter_async_context(_replicas(settings, tallies, clock, redis_limits, traces))
        guards = guards_of(settings, clock, replicas.count, limits)
        directory = await stack.enter_async_context(
            open_directory_of(
                settings,
                guards,
                tallies,
                clock,
                samples=samples,
                traces=traces or NO_TRACES,
                connect=connect,
            )
        )
        await stack.enter_async_context(replicas.listening(memory))
        fetching = Fetching(
            memory=memory,
            shared=replicas.tier,
            directory=_observed(directory, tallies, clock, traces),
            freshness=freshness,
            clock=clock.steady,
            dropped=tallies.count_dropped,
            reading=reading,
        )
        make = CallerLookup if traces is None else partial(TracedLookup, traces)
        lookup = make(memory=memory, fetching=fetching, clock=clock.steady, head_start=head_start)
        stack.push_async_callback(lookup.close)
        invalidation = Invalidation(
            memory=memory,
            shared=replicas.tier,
            directory=directory,
            region=settings.region,
            count=tallies.count_forgotten,
        )
        stack.push_async_callback(invalidation.close)
        screen, publisher = await stack.enter_async_context(
            open_screen(settings, replicas.shared, lookup, tallies, clock, log)
        )
        calls = await stack.enter_async_context(replicas.calls(publisher))
        ringing = Ringing(calls=calls, lookup=lookup, budget=settings.lookup_budget, clock=clock.wall)
        await stack.enter_async_context(sweeping(calls))
        rates, shapes = Rates(tallies.lookups, clock.steady), Shapes(clock.steady)
        await stack.enter_async_context(looking(rates.look, shapes.look))
        warmth = await stack.enter_async_context(warming(memory, fetching, replicas.busiest, most=most_busy))
        await stack.enter_async_context(noticing_lag(tallies.loop_lag.add))
        tallies.watch("cti_cache_entries", lambda: len(memory))
        tallies.watch("cti_calls_remembered", lambda: len(calls))
        tallies.watch("cti_lookups_under_way", lambda: lookup.under_way)
        yield Parts(
            lookup=lookup,
            ringing=ringing,
            invalidation=invalidation,
            erasure=Erasure(
                invalidation, None if settings.directory_url else directory, screen.calls, screen.choices
            ),
            explainer=Explainer(
                memory=memory,
                shared=replicas.tier,
                directory=directory,
                reading=reading,
                form=settings.directory_query,
                clock=clock.steady,
            ),
            upstream=await stack.enter_async_context(
                _open_upstream(settings, invalidation, log, tallies, clock)
            ),
            sources=_sources(settings),
            machine_keys=Keys(_revealed(settings.api_keys)),
            screen=screen,
            origins=frozenset(settings.origins),
            warmth=warmth,
            allowances=Allowances(
                key_rate=settings.key_rate,
                agent_lookups=settings.agent_lookups,
                proxies=settings.trusted_proxies,
                clock=clock.steady,
            ),
            region=settings.region,
            public_url=settings.public_url or "",
            tallies=tallies,
            rates=rates,
            shapes=shapes,
            quota=lambda: guards.quota.remaining if settings.directory_url else None,
            registry=_registry(tallies),
            log=log,
            audit=LoggedAudit(log, settings.own_secret) if settings.audit == "on" else NoAudit(),
            traces=traces,
        )


def _traces(settings: Settings) -> AbstractAsyncContextManager[Traces | None]:
    """Open what sends spans; nothing of it is imported where none are wanted."""
    return nullcontext() if settings.traces is None else _TRACES.get()(settings.traces)


def _observed(directory: Directory, tallies: Tallies, clock: Clock, traces: Traces | None) -> Directory:
    """Time the directory's answers, and trace them."""
    timed = TimedDirectory(directory, clock=clock.steady, note=tallies.directory_seconds.add)
    return timed if traces is None else TracedDirectory(traces, timed)


@asynccontextmanager
async def _open_upstream(
    settings: Settings, invalidation: Invalidation, log: Log, tallies: Tallies, clock: Clock
) -> AsyncIterator[Upstream]:
    """Open the way in for the directory's own messages."""

    def noted(host: str, result: str) -> None:
        log.info("handshake", host=host, result=result)
        tallies.count_handshake(result)

    async with open_handshake(AllowedHosts(settings.callback_hosts), noted=noted) as handshake:
        yield Upstream(
            keys=Keys(_revealed(settings.upstream_tokens)),
            verifier=_verifier(settings),
            handshake=handshake,
            changed=invalidation.person,
            clock=clock.wall,
        )


def _verifier(settings: Settings) -> Verifier:
    """Make what tells who wrote the directory's messages."""
    if not settings.upstream_jwt_keys:
        return Unsigned()
    keys = _revealed(settings.upstream_jwt_keys)
    return _SIGNED.get()(keys, settings.upstream_issuer, settings.upstream_audience)


def _replicas(
    settings: Settings, tallies: Tallies, clock: Clock, limits: RedisLimits | None, traces: Traces | None
) -> AbstractAsyncContextManager[Replicas]:
    """Open what is shared through Redis; nothing where none is set."""
    if settings.redis_url is None:
        return alone(clock)
    url = settings.redis_url.get_secret_value()
    return _ON_REDIS.get()(url, settings, tallies, clock, limits or RedisLimits(), traces)


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
            one.spoken,
            Keys((*_revealed(one.secrets), *machine)),
            one.region or settings.region,
            tuple(secret.encode() for secret in _revealed(one.secrets)),
            one.insecure,
        )
        for name, one in settings.sources.items()
    }


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
