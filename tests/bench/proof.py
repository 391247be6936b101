"""Which way the requests went, by the service's own counters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.bench.errors import WrongAnswerError

_COUNTER: Final = re.compile(r"^(cti_[a-z_]+_total(?:\{[^}]*\})?) ([0-9.e+]+)$", re.MULTILINE)

Counters = Mapping[str, float]


def parse_counters(page: bytes) -> Counters:
    """Read the counters out of a page of metrics."""
    return {series: float(value) for series, value in _COUNTER.findall(page.decode())}


@dataclass(frozen=True, slots=True)
class Way:
    """Which counters every request moves, and which move by themselves; no other may."""

    rises: frozenset[str]
    alone: frozenset[str] = frozenset()


def check_rises(before: Counters, after: Counters, way: Way, requests: int, spare: int) -> None:
    """
    Raise `WrongAnswerError` unless the counters rose by the number of requests that should, and no other at all.

    `spare` is how many more there may be: those that the load generator left unanswered when its time was up.
    """
    rose = {series: value - before.get(series, 0) for series, value in after.items()}
    for series in way.rises:
        if not requests <= rose.get(series, 0) <= requests + spare:
            raise WrongAnswerError(f"{series} rose by {rose.get(series, 0):.0f} in {requests} requests")
    if others := sorted(
        series for series, count in rose.items() if count and series not in way.rises | way.alone
    ):
        raise WrongAnswerError(f"the requests went another way too: {', '.join(others)} rose")


def check_bytes(told: int, requests: int, spare: int, sizes: tuple[int, ...], later: tuple[int, ...]) -> None:
    """
    Raise `WrongAnswerError` unless the bytes read are those of the answers that were checked before and after.

    Answers grow with the age they tell, so `sizes` is the least and `later` the most; one turn of the rotation is
    the error of a mean.
    """
    turn = sum(later)
    least = requests * sum(sizes) / len(sizes) - turn
    most = (requests + spare) * turn / len(later) + turn
    if not least <= told <= most:
        raise WrongAnswerError(f"{told} bytes came where {least:.0f} to {most:.0f} were right")
