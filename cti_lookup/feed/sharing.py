"""What replicas share of the feed through Redis, opened and closed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cti_lookup.cache.naming import Names
from cti_lookup.feed.hearing import Hearing
from cti_lookup.feed.kept import Kept, Own
from cti_lookup.feed.records import Records
from cti_lookup.feed.shared_choices import SharedChoices
from cti_lookup.feed.shared_log import SharedCallLog
from cti_lookup.feed.shared_revocations import SharedRevocations
from cti_lookup.replicas import Shared
from cti_lookup.times import Clock


@asynccontextmanager
async def open_shared(
    shared: Shared, own: Own, kept: float, count: Callable[[str], None], clock: Clock
) -> AsyncIterator[Kept]:
    """Open it; calls are `kept` for so many seconds, `count` is told what could not be shared."""
    names = tuple(Names(seal, shared.tenant) for seal in shared.seals)
    sides = tuple(Records(shared.link, one, kept) for one in names)
    calls = SharedCallLog(
        sides,
        own.board,
        own.live,
        outbox=shared.outbox,
        clock=clock.wall,
        origin=own.origin,
        count=count,
    )
    revocations = SharedRevocations(shared.link, sides, own.revocations, count)
    client = shared.connect()
    hearing = Hearing(
        client,
        sides,
        calls,
        own.board,
        revoked=own.revocations.hear,
        keep_up=revocations.keep_up,
        count=count,
        clock=clock.wall,
    )
    task = asyncio.create_task(hearing.run())
    try:
        await hearing.begin(shared.begin)
        yield Kept(calls, SharedChoices(shared.link, names, own.choices, count), revocations, shared.outbox)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.aclose()
