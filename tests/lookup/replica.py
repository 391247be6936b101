"""One replica of the in-process parts, wired as the service wires them."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.explain import Explainer
from cti_lookup.fetching import Fetching
from cti_lookup.invalidation import Invalidation
from cti_lookup.lookup import CallerLookup
from cti_lookup.ports import Directory, NoSharedTier, SharedTier
from cti_lookup.questions import QueryForm
from cti_lookup.reading import Reading
from tests.lookup.peers import Notice
from tests.lookup.people import LONDON, REGION, caller

FRESHNESS = Freshness(positive=300.0, negative=60.0, stale=86_400.0)
BESIDE_REDIS = Freshness(positive=300.0, negative=60.0, stale=86_400.0, local=30.0)
PATIENCE = 1.5


@dataclass
class Replica:
    """The parts of one process, and what they counted."""

    memory: MemoryTier
    lookup: CallerLookup
    invalidation: Invalidation
    explainer: Explainer
    counted: Counter[str]

    async def find(
        self, number: str = LONDON, *, patience: float = PATIENCE, refresh: bool = False
    ) -> Lookup:
        return await self.lookup.find(
            caller(number), patience=patience, late=Outcome.UNAVAILABLE, refresh=refresh
        )

    def hear(self, unheard: deque[Notice]) -> None:
        """Hear what other replicas have forgotten."""
        while unheard:
            self.memory.forget(unheard.popleft()[0])

    async def close(self) -> None:
        await self.invalidation.close()
        await self.lookup.close()


def replica(
    directory: Directory,
    clock: Callable[[], float],
    *,
    shared: SharedTier | None = None,
    freshness: Freshness = FRESHNESS,
    memory: MemoryTier | None = None,
) -> Replica:
    """Make a replica; `memory` where a test has its own."""
    shared = NoSharedTier() if shared is None else shared
    memory = MemoryTier(freshness, clock) if memory is None else memory
    counted: Counter[str] = Counter()
    reading = Reading(REGION)
    fetching = Fetching(
        memory=memory,
        shared=shared,
        directory=directory,
        freshness=freshness,
        clock=clock,
        dropped=lambda _: None,
        reading=reading,
    )
    return Replica(
        memory,
        CallerLookup(memory=memory, fetching=fetching, clock=clock),
        Invalidation(
            memory=memory,
            shared=shared,
            directory=directory,
            region=REGION,
            count=lambda what: counted.update([what]),
        ),
        Explainer(
            memory=memory,
            shared=shared,
            directory=directory,
            reading=reading,
            form=QueryForm.NATIONAL,
            clock=clock,
        ),
        counted,
    )


def ids(lookup: Lookup) -> tuple[int, ...]:
    """Give the ids of the people whom a lookup shows."""
    return lookup.answer.ids if lookup.answer is not None else ()
