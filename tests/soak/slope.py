"""
Whether something grows: the arithmetic, without I/O.

The slope is Theil and Sen's, the median of the slopes between all pairs of readings: single readings that stand out, as while a stream
opens or garbage waits, do not move it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

MOST_PAIRED: Final = 200
"""Readings that are paired; of more, each of some is taken."""

Reading = tuple[float, float]
"""Seconds, and what was read."""


@dataclass(frozen=True)
class Series:
    """What was read of one thing, in order; it may grow by `tolerance` from beginning to end, in its own unit."""

    name: str
    readings: Sequence[Reading]
    tolerance: float
    unit: str = ""

    @property
    def growth(self) -> float:
        """Say by how much it grew over the whole time."""
        some = self.readings[:: 1 + len(self.readings) // MOST_PAIRED]
        slopes = [(b - a) / (t - s) for (s, a), (t, b) in combinations(some, 2) if t > s]
        return median(slopes) * (self.readings[-1][0] - self.readings[0][0])

    @property
    def is_flat(self) -> bool:
        """Tell whether it grew by no more than is tolerated; what shrinks is no leak."""
        return self.growth <= self.tolerance

    def __str__(self) -> str:
        values = [value for _, value in self.readings]
        shown = " ".join(f"{value:.4g}" for value in values[:: max(1, len(values) // 12)])
        verdict = "flat" if self.is_flat else "GROWS"
        return (
            f"{self.name:<28}{verdict:<6} {self.growth:+8.2f} of {self.tolerance:.2f} {self.unit:<5} {shown}"
        )
