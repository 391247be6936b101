"""
Who is calling? The whole path on one screen.

Memory; Redis, where those who look at the same moment share one reading; then one flight per question, which asks the
directory (see `fetching`); and something old while it does not answer.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from cti_lookup.answers import Answer, Lookup, Outcome, Tier, encode_caller
from cti_lookup.cache.flights import Flights
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.errors import Unavailable
from cti_lookup.fetching import LONGEST_FLIGHT, Fetching, Told
from cti_lookup.questions import AnyQuestion, Purpose, Question
from cti_lookup.telephone import Caller, Dialled, Internal, Invalid, Withheld

HEAD_START: Final = 0.3
"""Seconds that the directory has to answer before an old answer is shown."""

_MEMORY: Final = Tier.MEMORY  # a member named through its class costs 0.1 µs each time
_REDIS: Final = Tier.REDIS
_PENDING: Final = Outcome.PENDING

Finding = Coroutine[Any, Any, Lookup]
Flight = tuple[AnyQuestion, Purpose, bool]


class CallerLookup:
    """The one way to a caller's people; `clock` gives steady seconds, `head_start` is in seconds."""

    def __init__(
        self,
        *,
        memory: MemoryTier,
        fetching: Fetching,
        clock: Callable[[], float],
        head_start: float = HEAD_START,
    ) -> None:
        self._memory = memory
        self._fetching = fetching
        self._clock = clock
        self._head_start = head_start
        self._flights: Flights[Flight, Told] = Flights()

    def known(self, caller: Caller) -> Lookup | None:
        """Say who is calling if that needs no asking; the way of nearly every call, and therefore no coroutine."""
        if not isinstance(caller, Dialled):
            return Lookup(_OUTCOMES[type(caller)], caller)
        return self._remembered(caller, Question(caller.number, caller.extension))

    def find(
        self, caller: Caller, *, patience: float, late: Outcome = Outcome.PENDING, refresh: bool = False
    ) -> Finding:
        """
        Say who is calling, within `patience` seconds; `late` is the outcome if that was not enough.

        Whoever leaves early loses nothing: the flight goes on and warms the tiers.
        """
        if not isinstance(caller, Dialled):
            return _at_once(Lookup(_OUTCOMES[type(caller)], caller))
        question = Question(caller.number, caller.extension)
        return self.answer(caller, question, patience=patience, late=late, refresh=refresh)

    def seek(self, caller: Caller, *, patience: float) -> Finding:
        """Do the same for whom :meth:`known` has just not told, without looking into memory again."""
        if not isinstance(caller, Dialled):
            return _at_once(Lookup(_OUTCOMES[type(caller)], caller))
        question = Question(caller.number, caller.extension)
        return self._seek(caller, question, patience, _PENDING)

    async def answer(
        self, caller: Caller, question: AnyQuestion, *, patience: float, late: Outcome, refresh: bool = False
    ) -> Lookup:
        """Answer any question of a caller's; see :meth:`find`."""
        if refresh:
            return await self._seek_anew(caller, question, patience, late)
        return self._remembered(caller, question) or await self._seek(caller, question, patience, late)

    async def _seek(self, caller: Caller, question: AnyQuestion, patience: float, late: Outcome) -> Lookup:
        """
        Look into the shared tier, and then wait for the flight.

        The shared tier is looked at without a flight, whose task and timers take longer than all the rest of the way; a
        look takes less than the head start, and is not cut short. After it memory is looked at again: a flight may have
        landed meanwhile, and then nobody has to be asked.
        """
        deadline = asyncio.get_running_loop().time() + patience
        looks = patience >= HEAD_START
        if looks:
            if (held := await self._fetching.look(question)) and self._memory.tells(held):
                return self._told(caller, held.answer, _REDIS)
            if known := self._remembered(caller, question):
                return known
        flight = self._fly(question, Purpose.RINGING, looked=looks)
        return await self._wait(flight, caller, question, deadline, late)

    async def _seek_anew(
        self, caller: Caller, question: AnyQuestion, patience: float, late: Outcome
    ) -> Lookup:
        """Rely on nothing that is known, here or elsewhere, and wait for a flight that asks."""
        deadline = asyncio.get_running_loop().time() + patience
        await self._fetching.rely_no_more(question, deadline)
        flight = self._fly(question, Purpose.RINGING, refresh=True)
        return await self._wait(flight, caller, question, deadline, late)

    def _remembered(self, caller: Caller, question: AnyQuestion) -> Lookup | None:
        """Tell what is fresh in memory; late in its time it is asked for again, behind the answer."""
        now = self._clock()
        held = self._memory.held(question)
        if held is None or now >= held.fresh_until:
            return None
        if now >= held.due_at:
            held.due_at = now + LONGEST_FLIGHT  # once, however many ask
            self._fly(question, Purpose.BACKGROUND)
        answer = held.answer  # told here, without a call: nearly every call comes this way
        return Lookup(answer.outcome, caller, answer, _MEMORY, max(0.0, now - answer.asked_at))

    def _fly(
        self, question: AnyQuestion, purpose: Purpose, *, refresh: bool = False, looked: bool = False
    ) -> asyncio.Task[Told]:
        """Join the flight, or begin one; whoever has `looked` knows that the shared tier does not help."""
        return self._flights.join(
            (question, purpose, refresh),
            lambda: self._fetching.fetch(question, purpose, refresh=refresh, looks=not (refresh or looked)),
        )

    async def _wait(
        self,
        flight: asyncio.Task[Told],
        caller: Caller,
        question: AnyQuestion,
        deadline: float,
        late: Outcome,
    ) -> Lookup:
        """
        Wait for a flight, and after its head start for something old, until the deadline.

        Meanwhile the caller is written as every answer tells them, which is kept: while the directory is asked it costs no time.
        """
        loop = asyncio.get_running_loop()
        loop.call_soon(encode_caller, caller)  # comes after a new flight's first step, which asks
        now = loop.time
        for until in (min(now() + self._head_start, deadline), deadline):
            await asyncio.wait((flight,), timeout=max(0.0, until - now()))
            if flight.done():
                return self._landed(flight, caller, question)
            if old := self._old(caller, question):
                return old
        return Lookup(late, caller)

    def _landed(self, flight: asyncio.Task[Told], caller: Caller, question: AnyQuestion) -> Lookup:
        """Tell what a flight brought; if that is nothing, something old."""
        try:
            answer, tier = flight.result()
        except (Unavailable, asyncio.CancelledError):
            return self._old(caller, question) or Lookup(Outcome.UNAVAILABLE, caller)
        return self._told(caller, answer, tier)

    def _old(self, caller: Caller, question: AnyQuestion) -> Lookup | None:
        old = self._memory.old(question)
        if old is None or old.outcome is Outcome.NOBODY:  # "nobody" is not said where nobody could be asked
            return None
        return self._told(caller, old, Tier.STALE)

    def _told(self, caller: Caller, answer: Answer, tier: Tier) -> Lookup:
        return Lookup(answer.outcome, caller, answer, tier, max(0.0, self._clock() - answer.asked_at))

    @property
    def under_way(self) -> int:
        """Count the questions that are being fetched."""
        return len(self._flights)

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()
        await self._fetching.close()


async def _at_once(lookup: Lookup) -> Lookup:
    return lookup


_OUTCOMES: Final = {
    Internal: Outcome.INTERNAL,
    Invalid: Outcome.INVALID,
    Withheld: Outcome.WITHHELD,
}
