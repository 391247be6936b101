"""
What one flight does, on one screen.

Redis, unless it was looked at just now; this replica's turn among its peers; the directory; then both tiers again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from cti_lookup.answers import Answer, Tier
from cti_lookup.background import Background
from cti_lookup.cache.failures import Failures
from cti_lookup.cache.memory import Freshness, Held, MemoryTier
from cti_lookup.errors import NotForgotten, Unavailable
from cti_lookup.ports import Directory, SharedTier
from cti_lookup.questions import AnyQuestion, Forgotten, Purpose
from cti_lookup.reading import Reading

LONGEST_FLIGHT: Final = 5.0
"""Seconds that a flight may last; whoever waits leaves long before, its answer is for the next ring."""

LAST_WORDS: Final = 0.3
"""Seconds for what is being said to Redis when the process ends: that a turn is over, or what it brought."""

Told = tuple[Answer, Tier]


class Fetching:
    """
    Fetches answers that are not in memory.

    `clock` gives steady seconds, `dropped` is told how many look-alikes the directory sent.
    """

    def __init__(  # noqa: PLR0913  # all that a flight depends on
        self,
        *,
        memory: MemoryTier,
        shared: SharedTier,
        directory: Directory,
        freshness: Freshness,
        clock: Callable[[], float],
        dropped: Callable[[int], None],
        reading: Reading,
    ) -> None:
        self._memory = memory
        self._shared = shared
        self._directory = directory
        self._freshness = freshness
        self._clock = clock
        self._dropped = dropped
        self._reading = reading
        self._background = Background()
        self._failures = Failures(clock)

    async def fetch(self, question: AnyQuestion, purpose: Purpose, *, refresh: bool, looks: bool) -> Told:
        """
        Fetch an answer, and say from where; `looks` where the shared tier was not looked at just now.

        Raises `Unavailable`. With `refresh` nothing that is known is good enough.
        """
        try:
            async with asyncio.timeout(LONGEST_FLIGHT):
                if looks and (held := await self.look(question)) and self._will_do(held, purpose):
                    return held.answer, Tier.REDIS
                if self._failures.recent(question) and not refresh:
                    raise Unavailable("recent")
                return await self._ask_in_turn(question, purpose, self._newer_than(question, refresh=refresh))
        except TimeoutError as exc:
            raise Unavailable("timeout") from exc

    def look(self, question: AnyQuestion) -> Awaitable[Held | None]:
        """
        Learn what the shared tier holds, and give the newest that is known then, if it is fresh.

        It was true when it was read; whoever waited looks whether the memory :meth:`~MemoryTier.tells` it still.
        """
        return self._shared.learn(question, partial(self._learned, question, self._memory.fence.count))

    def _learned(self, question: AnyQuestion, since: int, shared: Answer) -> Held | None:
        held = self._memory.learn(question, shared, since)
        return held if held is not None and self._clock() < held.fresh_until else None

    def _will_do(self, held: Held, purpose: Purpose) -> bool:
        """Tell whether nobody has to be asked: nothing of it was forgotten meanwhile, and it is early in its time, or a phone waits."""
        early = purpose is not Purpose.BACKGROUND or not self._memory.is_due(held.answer)
        return early and self._memory.tells(held)

    async def _ask_in_turn(self, question: AnyQuestion, purpose: Purpose, newer_than: float) -> Told:
        """Ask the directory, unless another replica has just done so."""
        since = self._memory.fence.count
        turn = await self._shared.turn(question, newer_than)
        if turn.found is not None and (held := self._memory.learn(question, turn.found, since)):
            return held.answer, Tier.REDIS
        try:
            answer = await self._ask_until_true(question, purpose)
        except BaseException as exc:
            if _is_silence(exc):
                self._failures.note(question)
            self._background.spawn(turn.leave())
            raise
        self._failures.forgive(question)
        self._background.spawn(turn.fill(answer, self._freshness.seconds_kept(answer)))
        return answer, Tier.DIRECTORY

    def _newer_than(self, question: AnyQuestion, *, refresh: bool) -> float:
        """Say what a peer's answer must be newer than to be as good as an own one: what is held, and what is old."""
        now = self._clock()
        if refresh:
            return now
        held = self._memory.held(question)
        oldest = now - self._freshness.positive
        return oldest if held is None else max(oldest, held.answer.asked_at)

    async def _ask_until_true(self, question: AnyQuestion, purpose: Purpose) -> Answer:
        """Ask, and ask again if what was asked for was forgotten before the answer came; the flight's end bounds it."""
        while True:
            since, asked_at = self._memory.fence.count, self._clock()
            people = self._memory.unerased(await self._directory.people_with(question, purpose))
            answer, decision = self._reading.answer(question, people, asked_at)
            self._dropped(decision.dropped)
            if decision.foreign:
                raise Unavailable("foreign")
            if not self._memory.overtaken(question, answer, since):
                break
            held = self._memory.held(question)
            if held is not None and held.answer.asked_at > asked_at:
                return held.answer  # a refresh has asked meanwhile
        self._memory.put(question, answer, since)
        held = self._memory.held(question)
        return held.answer if held is not None and held.answer.asked_at > asked_at else answer

    async def rely_no_more(self, question: AnyQuestion, deadline: float) -> None:
        """
        Let nobody rely on what is remembered; here it is kept for while the directory cannot be asked.

        The replicas are told until `deadline`, in the event loop's seconds.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await self._shared.forget(Forgotten((question.mark,)))
        except (NotForgotten, TimeoutError):
            return  # counted there; whoever asks anew is not to wait for Redis
        finally:
            self._memory.distrust(question)  # last, as the shared tier may be read until it has forgotten

    async def close(self) -> None:
        """Let the last words be said, and end what is still under way."""
        await self._background.close(grace=LAST_WORDS)


def _is_silence(exc: BaseException) -> bool:
    """Tell whether the directory did not answer: it failed, or the flight's time ended first."""
    return exc.was_asked if isinstance(exc, Unavailable) else isinstance(exc, asyncio.CancelledError)
