"""Who is calling? The whole path on one screen: memory, then one flight per question: Redis, then the directory."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cti_lookup.answers import Answer, Lookup, Outcome, Tier, decided
from cti_lookup.background import Background
from cti_lookup.cache.flights import Flights
from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.errors import Unavailable
from cti_lookup.matching import MOST_PEOPLE, decide
from cti_lookup.people import Person
from cti_lookup.ports import Directory, SharedTier
from cti_lookup.questions import Question
from cti_lookup.telephone import Caller, Dialled, Internal, Invalid, Withheld

Told = tuple[Answer, Tier]


class CallerLookup:
    """
    The one way to a caller's people.

    `region` is the directory's default region, `record_url` the address of a person's record with `{id}` in it,
    `clock` gives seconds since the epoch, `dropped` is told how many look-alikes the directory sent.
    """

    def __init__(  # noqa: PLR0913  # the composition root's place to say all that the path depends on
        self,
        *,
        memory: MemoryTier,
        shared: SharedTier,
        directory: Directory,
        freshness: Freshness,
        clock: Callable[[], float],
        dropped: Callable[[int], None],
        region: str | None = None,
        record_url: str | None = None,
    ) -> None:
        self._memory = memory
        self._shared = shared
        self._directory = directory
        self._freshness = freshness
        self._clock = clock
        self._dropped = dropped
        self._region = region
        self._record_url = record_url
        self._background = Background()
        self._flights: Flights[tuple[Question, bool], Told] = Flights()

    def known(self, caller: Caller) -> Lookup | None:
        """Say who is calling if that needs no asking; the way of nearly every call, and therefore no coroutine."""
        if not isinstance(caller, Dialled):
            return _without_number(caller)
        now = self._clock()
        answer = self._memory.fresh(Question(caller.number, caller.extension), now)
        if answer is None:
            return None
        return Lookup(answer.outcome, caller, answer, Tier.MEMORY, max(0.0, now - answer.asked_at))

    async def find(
        self, caller: Caller, *, patience: float, late: Outcome = Outcome.PENDING, refresh: bool = False
    ) -> Lookup:
        """
        Say who is calling, within `patience` seconds; `late` is the outcome if that was not enough.

        Whoever leaves early loses nothing: the flight goes on and warms the tiers.
        """
        if not isinstance(caller, Dialled):
            return _without_number(caller)
        if not refresh and (known := self.known(caller)):
            return known
        question = Question(caller.number, caller.extension)
        try:
            async with asyncio.timeout(patience):
                flight = self._flights.join(
                    (question, refresh), lambda: self._fetch(question, refresh=refresh)
                )
                return self._told(caller, *await flight)
        except TimeoutError:
            return self._old_or(late, caller, question)
        except Unavailable:
            return self._old_or(Outcome.UNAVAILABLE, caller, question)

    async def _fetch(self, question: Question, *, refresh: bool) -> Told:
        shared = await self._shared.get(question)
        if shared is not None:
            self._memory.learn(question, shared)
            if not refresh and self._memory.fresh(question, self._clock()):
                return shared, Tier.REDIS
        answer = self._decide(question, await self._directory.people_with(question))
        self._memory.put(question, answer)
        self._background.spawn(self._shared.put(question, answer, self._freshness.seconds_kept(answer)))
        return answer, Tier.DIRECTORY

    def _decide(self, question: Question, people: tuple[Person, ...]) -> Answer:
        decision = decide(people, question.number, extension=question.extension, region=self._region)
        self._dropped(decision.dropped)
        if len(decision.matches) == len(people) >= MOST_PEOPLE:  # the directory tells no more than ten
            decision = replace(decision, truncated=True)
        return decided(decision, self._record_url, self._clock())

    def _told(self, caller: Caller, answer: Answer, tier: Tier) -> Lookup:
        age = max(0.0, self._clock() - answer.asked_at)  # a clock may be set back
        return Lookup(answer.outcome, caller, answer, tier, age)

    def _old_or(self, outcome: Outcome, caller: Caller, question: Question) -> Lookup:
        old = self._memory.any(question)
        if old is None or old.outcome is Outcome.NOBODY:  # "nobody" is not said where nobody could be asked
            return Lookup(outcome, caller)
        return self._told(caller, old, Tier.STALE)

    @property
    def under_way(self) -> int:
        """Count the questions that are being fetched."""
        return len(self._flights)

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()
        await self._background.close()


def _without_number(caller: Internal | Invalid | Withheld) -> Lookup:
    """Answer for a caller whom no directory can know."""
    return Lookup(_OUTCOMES[type(caller)], caller)


_OUTCOMES: Final = {
    Internal: Outcome.INTERNAL,
    Invalid: Outcome.INVALID,
    Withheld: Outcome.WITHHELD,
}
