"""Parts of the lookup path with spans around them; a service without traces has none of these."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable

from prometheus_client.samples import Exemplar

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.fetching import Fetching
from cti_lookup.lookup import CallerLookup, Finding
from cti_lookup.people import Person
from cti_lookup.ports import Directory
from cti_lookup.questions import AnyQuestion, Purpose
from cti_lookup.tallies import BUCKETS, Bucket, Tallies, Times
from cti_lookup.telephone import Caller
from cti_lookup.traces import Attribute, Traces


class TracedLookup(CallerLookup):
    """The way to a caller's people, with a span around all that is waited for."""

    def __init__(
        self,
        traces: Traces,
        *,
        memory: MemoryTier,
        fetching: Fetching,
        clock: Callable[[], float],
        head_start: float,
    ) -> None:
        super().__init__(memory=memory, fetching=fetching, clock=clock, head_start=head_start)
        self._traces = traces

    def seek(self, caller: Caller, *, patience: float) -> Finding:
        """Say who is calling whom memory does not know."""
        return self._seen(super().seek(caller, patience=patience))

    def answer(
        self, caller: Caller, question: AnyQuestion, *, patience: float, late: Outcome, refresh: bool = False
    ) -> Finding:
        """Answer any question of a caller's."""
        return self._seen(super().answer(caller, question, patience=patience, late=late, refresh=refresh))

    async def _seen(self, finding: Finding) -> Lookup:
        with self._traces.step("lookup") as span:
            found = await finding
            span.note(Attribute.OUTCOME, found.outcome.value)
            if found.tier is not None:
                span.note(Attribute.TIER, found.tier.value)
            return found


class TracedDirectory:
    """Asks another directory, with a span around each question: its requests, and the waits before them."""

    def __init__(self, traces: Traces, directory: Directory) -> None:
        self._traces = traces
        self._directory = directory

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        """Ask for the people who may be meant. Raises `Unavailable`."""
        with self._traces.step("directory") as span:
            span.note(Attribute.PURPOSE, purpose.value)
            people = await self._directory.people_with(question, purpose)
            span.note(Attribute.RESULT, "found" if people else "nobody")
            return people

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        """Ask for one person. Raises `Unavailable`."""
        return await self._directory.person(person_id, purpose)


class TracedTallies(Tallies):
    """Counts what is counted, tells it of the present span too, and remembers a trace for each bucket of times."""

    def __init__(self, traces: Traces, wall: Callable[[], float]) -> None:
        super().__init__()
        self._traces = traces
        self.lookup_seconds = defaultdict(lambda: TracedTimes(traces, wall))
        self.webhook_seconds = defaultdict(lambda: TracedTimes(traces, wall))

    def count_lookup(self, outcome: str, tier: str, seconds: float) -> None:
        """Count one lookup and its time."""
        super().count_lookup(outcome, tier, seconds)
        self._traces.note(Attribute.OUTCOME, str(outcome))
        self._traces.note(Attribute.TIER, str(tier))

    def count_webhook(self, source: str, result: str) -> None:
        """Count one webhook."""
        super().count_webhook(source, result)
        self._traces.note(Attribute.SOURCE, source)
        self._traces.note(Attribute.RESULT, result)


class TracedTimes(Times):
    """A histogram that knows of each bucket the trace that fell into it last; `wall` gives seconds since the epoch."""

    def __init__(self, traces: Traces, wall: Callable[[], float]) -> None:
        super().__init__()
        self._traces = traces
        self._wall = wall
        self._latest: list[Exemplar | None] = [None] * (len(BUCKETS) + 1)

    def add(self, seconds: float) -> None:
        """Note one time and its trace."""
        super().add(seconds)
        if trace := self._traces.trace_id:
            latest = Exemplar({"trace_id": trace}, seconds, self._wall())
            self._latest[bisect_left(BUCKETS, seconds)] = latest

    def cumulative(self) -> list[Bucket]:
        """Give the counts, and the latest trace of each bucket that has one."""
        counted = zip(super().cumulative(), self._latest, strict=True)
        return [pair if latest is None else (*pair[:2], latest) for pair, latest in counted]
