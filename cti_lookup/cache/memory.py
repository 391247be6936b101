"""The memory tier: bounded, with a time for each entry, and a clock that is an argument."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from cachetools import LRUCache

from cti_lookup.answers import Answer, Outcome
from cti_lookup.questions import Question


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    How long an answer may be given, in seconds since the directory gave it.

    `positive` and `negative` bound what is fresh, `stale` what may be shown while the directory cannot be asked.
    `local` bounds how long this process relies on its own memory where replicas share a tier. Times are
    jittered by a tenth, so that what was learned together is not forgotten together.
    """

    positive: float
    negative: float
    stale: float
    local: float | None = None

    def seconds_fresh(self, answer: Answer) -> float:
        """Say for how long after it was asked the answer is fresh, with its jitter."""
        seconds = self.negative if answer.outcome is Outcome.NOBODY else self.positive
        return seconds * random.uniform(0.9, 1.1)  # noqa: S311  # spreads load, guards no secret

    def seconds_kept(self, answer: Answer) -> float:
        """Say for how long the answer is of any use: "nobody" is never given once it is old."""
        return self.negative if answer.outcome is Outcome.NOBODY else max(self.positive, self.stale)


class _Held(msgspec.Struct, frozen=True, gc=False):
    answer: Answer
    fresh_until: float
    kept_until: float


class MemoryTier:
    """
    Answers in this process, the busiest of them.

    Each holds its own end, looked at when it is read: `LRUCache` finds one in 1 µs, `TLRUCache` in 3.
    """

    def __init__(self, freshness: Freshness, clock: Callable[[], float], *, most: int = 10_000) -> None:
        self._freshness = freshness
        self._clock = clock
        self._held: LRUCache[Question, _Held] = LRUCache(most)

    def fresh(self, question: Question, now: float) -> Answer | None:
        """Give an answer that needs no asking."""
        held = self._held.get(question)
        return held.answer if held is not None and now < held.fresh_until else None

    def any(self, question: Question) -> Answer | None:
        """Give an answer that may be old but is still better than none."""
        held = self._held.get(question)
        if held is not None and self._clock() >= held.kept_until:
            del self._held[question]
            return None
        return held.answer if held is not None else None

    def put(self, question: Question, answer: Answer) -> None:
        """Remember an answer for as long as it is of use, and rely on it for as long as it is fresh."""
        fresh_until = answer.asked_at + self._freshness.seconds_fresh(answer)
        if self._freshness.local is not None:
            fresh_until = min(fresh_until, self._clock() + self._freshness.local * random.uniform(0.8, 1.2))  # noqa: S311  # spreads load
        kept_until = answer.asked_at + self._freshness.seconds_kept(answer)
        if kept_until > self._clock():
            self._held[question] = _Held(answer, min(fresh_until, kept_until), kept_until)

    def learn(self, question: Question, answer: Answer) -> None:
        """Remember what another tier remembers, unless something newer is known here."""
        held = self._held.get(question)
        if held is None or held.answer.asked_at <= answer.asked_at:
            self.put(question, answer)

    def __len__(self) -> int:
        """Count the entries, fresh and old."""
        return len(self._held)
