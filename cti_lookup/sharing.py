"""What replicas have in common, in the words of those who use it; and a process that has no replicas."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from cti_lookup.cache.memory import MemoryTier
from cti_lookup.calls import CallBook, LiveCalls
from cti_lookup.ports import Busiest, Calls, NoBusiest, NoSharedTier, SharedTier
from cti_lookup.rservice.quota import NoSharedCount, SharedCount
from cti_lookup.times import Clock

Listening = Callable[[MemoryTier], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Replicas:
    """
    What is shared.

    `calls` opens the calls, for those who watch them; `listening` keeps a memory tier true to what the others forget. Both for as long as
    they last. `shared` is what more is to be shared needs, which those know who share it; None where nothing is.
    """

    tier: SharedTier
    count: SharedCount
    calls: Callable[[LiveCalls], AbstractAsyncContextManager[Calls]]
    listening: Listening
    busiest: Busiest = field(default_factory=NoBusiest)
    shared: object | None = None


@asynccontextmanager
async def alone(clock: Clock) -> AsyncIterator[Replicas]:
    """Share nothing: there is no Redis to share it through."""
    calls = partial(closing, partial(CallBook, clock.wall))
    yield Replicas(NoSharedTier(), NoSharedCount(), calls, _hearing_nothing)


class _Opening(Protocol):
    def __call__(self, *, live: LiveCalls) -> Calls: ...


@asynccontextmanager
async def closing(opening: _Opening, live: LiveCalls) -> AsyncIterator[Calls]:
    """Open calls, and close them in the end."""
    calls = opening(live=live)
    try:
        yield calls
    finally:
        await calls.close()


@asynccontextmanager
async def _hearing_nothing(_: MemoryTier) -> AsyncIterator[None]:
    """Have nobody to listen to."""
    yield
