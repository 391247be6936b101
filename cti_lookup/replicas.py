"""What this process has in common with its replicas through Redis: answers, calls, a count of requests, an ear for forgettings."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from cti_lookup.background import beside
from cti_lookup.breaker import Breaker
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.cache.naming import Names
from cti_lookup.cache.notices import Notices
from cti_lookup.cache.outbox import Outbox
from cti_lookup.cache.redis_clients import Client, connect
from cti_lookup.cache.redis_link import RedisLink, RedisSilent
from cti_lookup.cache.redis_tier import RedisTier
from cti_lookup.cache.sealing import Seal, Seals
from cti_lookup.cache.shared_busiest import SharedBusiest
from cti_lookup.cache.shared_calls import SharedCalls
from cti_lookup.cache.shared_quota import SharedQuota
from cti_lookup.cache.traced_link import TracedLink
from cti_lookup.cache.waits import RedisLimits
from cti_lookup.settings import Settings
from cti_lookup.sharing import Replicas, closing
from cti_lookup.tallies import Tallies
from cti_lookup.times import Clock
from cti_lookup.traces import Traces

STATED_AGAIN: Final = 60.0
"""Seconds between two looks whether Redis still knows who was erased."""

_ORIGIN: Final = 8


@dataclass(frozen=True, slots=True)
class Shared:
    """
    What more is to be shared needs: the line, a way to another client, under which names and seals; `begin` is in seconds.

    `outbox` is where calls are noted.
    """

    link: RedisLink
    connect: Callable[[], Client]
    seals: Seals
    tenant: str
    begin: float
    outbox: Outbox


@asynccontextmanager
async def open_replicas(  # noqa: PLR0913, PLR0917  # what it depends on, named at the composition root
    url: str, settings: Settings, tallies: Tallies, clock: Clock, limits: RedisLimits, traces: Traces | None
) -> AsyncIterator[Replicas]:
    """Open what is shared through a Redis, which need not be there."""
    seals, tenant = _seals(settings), tenant_of(settings)
    origin, breaker = os.urandom(_ORIGIN), Breaker(clock.steady)
    tallies.watch("cti_redis_breaker_open", lambda: breaker.is_open)
    make = RedisLink if traces is None else partial(TracedLink, traces)
    link = make(
        connect(url, waits=limits.waits), breaker=breaker, count=tallies.count_redis, within=limits.call
    )
    tier = RedisTier(
        link,
        seals=seals,
        tenant=tenant,
        origin=origin,
        count=tallies.count_redis,
        wall=clock.wall,
        steady=clock.steady,
        lock_seconds=limits.lock,
    )

    @asynccontextmanager
    async def listening(memory: MemoryTier) -> AsyncIterator[None]:
        async def erased() -> frozenset[int]:
            return await tier.erased(memory.erased_people)

        async def state_again() -> None:
            """See to it that Redis knows who was erased, though it may have lost them."""
            while True:
                await asyncio.sleep(STATED_AGAIN)
                with suppress(RedisSilent):
                    await erased()

        def cut_off(is_cut_off: bool) -> None:
            memory.is_cut_off = is_cut_off

        client = connect(url, patient=True, waits=limits.waits)
        notices = Notices(
            client,
            link,
            seals=seals,
            tenant=tenant,
            origin=origin,
            heard=memory.forget,
            distrust=memory.distrust_all,
            cut_off=cut_off,
            erased=erased,
            count=tallies.count_redis,
            clock=clock.steady,
        )
        tallies.watch("cti_notices_silent_seconds", lambda: notices.silent_for)
        tasks = [asyncio.create_task(one) for one in (notices.run(), state_again())]
        try:
            await notices.begin(limits.begin)
            yield
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.aclose()

    quota = SharedQuota(link, Names(seals.current, _token_of(settings)))
    outbox = Outbox(link, [Names(seal, tenant) for seal in seals])
    calls = partial(
        SharedCalls,
        link,
        seals=seals,
        tenant=tenant,
        clock=clock.wall,
        within=limits.call,
        outbox=outbox,
    )
    try:
        patient = partial(connect, url, patient=True, waits=limits.waits)
        shared = Shared(link, patient, seals, tenant, limits.begin, outbox)
        busiest = SharedBusiest(link, seals=seals, tenant=tenant)
        async with beside(tier.renew_turns()):
            yield Replicas(tier, quota, partial(closing, calls), listening, busiest, shared)
    finally:
        await link.close()


def _seals(settings: Settings) -> Seals:
    """Give the seals of the secret and of the one that was before it, or is to come."""
    previous = settings.secret_previous
    others = (Seal(previous.get_secret_value().encode()),) if previous else ()
    return Seals(Seal(settings.own_secret), others)


def _token_of(settings: Settings) -> str:
    """Name whose quota it is: services that use one token share its count, however differently they ask."""
    token = settings.directory_client_id or settings.directory_token
    meaning = settings.directory_url, settings.directory_account, token and token.get_secret_value()
    return hashlib.sha256(repr(meaning).encode()).hexdigest()[:16]


def tenant_of(settings: Settings) -> str:
    """Name all that decides what a stored answer means, so that services which differ in it do not share answers."""
    meaning = (
        settings.directory_url or settings.directory_db.absolute(),
        settings.directory_account,
        settings.directory_query,
        settings.region,
        settings.record_template,
    )
    return hashlib.sha256(repr(meaning).encode()).hexdigest()[:16]
