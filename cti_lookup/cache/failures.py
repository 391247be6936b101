"""Failures, remembered for moments: a phone that rings again does not ask again what has just failed."""

from collections.abc import Callable
from typing import Final

import msgspec
from cachetools import LRUCache

from cti_lookup.questions import AnyQuestion

SHORTEST: Final = 1.0
LONGEST: Final = 30.0
_MOST: Final = 10_000


class _Failure(msgspec.Struct, frozen=True, gc=False):
    until: float
    seconds: float


class Failures:
    """
    Which questions failed lately; `clock` gives steady seconds.

    A failure is remembered for a second, doubling to thirty while the question goes on failing. It is no answer: it only
    says that the directory could not be asked.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: LRUCache[AnyQuestion, _Failure] = LRUCache(_MOST)

    def recent(self, question: AnyQuestion) -> bool:
        """Tell whether the question failed so lately that it is not asked again."""
        held = self._held.get(question)
        return held is not None and self._clock() < held.until

    def note(self, question: AnyQuestion) -> None:
        """Remember that the question has failed."""
        held = self._held.get(question)
        now = self._clock()
        lately = held is not None and now < held.until + LONGEST
        seconds = min(held.seconds * 2, LONGEST) if held is not None and lately else SHORTEST
        self._held[question] = _Failure(now + seconds, seconds)

    def forgive(self, question: AnyQuestion) -> None:
        """Forget the failure: the question has been answered."""
        self._held.pop(question, None)
