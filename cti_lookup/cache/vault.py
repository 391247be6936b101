"""
Answers as they stand in the shared tier under one secret: a generation in clear, then what is sealed.

An answer is believed only while it begins with the present generation of its question's mark; that is how it is
forgotten. Replicas' steady clocks have nothing in common, so that times are stored in wall seconds and converted here.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from cti_lookup.answers import Answer
from cti_lookup.cache.naming import Names
from cti_lookup.cache.stored import packed, unpacked

GENERATION: Final = 8
"""Length of a generation, in random bytes."""

_SKEW: Final = 5.0
"""Seconds that replicas' clocks may differ; what was asked later than that from now is not believed."""


class Clocks:
    """The wall's and this process's seconds, and what one is in the other."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady

    def to_wall(self, moment: float) -> float:
        """Give a moment of this process as every replica understands it."""
        return self._wall() - (self._steady() - moment)

    def to_steady(self, moment: float) -> float | None:
        """Give a moment of any replica's as this process counts; what lies ahead is now, or None if it lies too far."""
        passed = self._wall() - moment
        return (
            self._steady() - max(0.0, passed) if passed >= -_SKEW else None
        )  # None also for what is no number


class NoAnswer(StrEnum):
    """Why what stands under a key is no answer."""

    MISS = "miss"
    GARBAGE = "garbage"
    FUTURE = "future"


class Vault:
    """Seals and opens answers with one secret."""

    def __init__(self, names: Names, clocks: Clocks) -> None:
        self.names = names
        self._clocks = clocks

    def closed(self, key: str, generation: bytes, answer: Answer) -> bytes:
        """Seal an answer for its key. Raises `ValueError` where it holds an id that no directory gives out."""
        value = packed(answer, self._clocks.to_wall(answer.asked_at))
        return generation + self.names.seal.close(key, value)

    def opened(self, key: str, stored: bytes | None, generation: bytes | None) -> Answer | NoAnswer:
        """Open what stands under a key, whatever it is."""
        if stored is None or generation is None or not stored.startswith(generation):
            return NoAnswer.MISS
        value = self.names.seal.open(key, stored[GENERATION:]) if len(generation) == GENERATION else None
        found = unpacked(value) if value is not None else None
        if found is None:
            return NoAnswer.GARBAGE
        asked_at = self._clocks.to_steady(found.asked_at)
        if asked_at is None:
            return NoAnswer.FUTURE
        return Answer(found.people, found.truncated, asked_at, found.ids)
