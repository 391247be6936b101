"""What came of a replay: ratios, waits and requests, and nobody's number."""

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from cti_lookup.answers import Lookup, Outcome, Tier
from cti_lookup.rates import NO_TIER
from cti_lookup.rservice.quota_windows import BURST_SECONDS, HOUR

_TIERS: Final = (Tier.MEMORY, Tier.DIRECTORY, Tier.STALE)


class Choice(msgspec.Struct, frozen=True):
    """One combination of times, in seconds, that is tried."""

    ttl: float
    negative_ttl: float
    stale_ttl: float

    @property
    def name(self) -> str:
        """Name it in few letters."""
        return f"{self.ttl:g}/{self.negative_ttl:g}/{self.stale_ttl:g}"


class Waits(msgspec.Struct, frozen=True):
    """What a webhook waited for its answer, in milliseconds."""

    p50: float
    p95: float
    p99: float


class Requests(msgspec.Struct, frozen=True):
    """What the directory was asked: most in an hour and in 2 s, at any time; and for how many questions no quota was left."""

    total: int
    peak_hour: int
    peak_2s: int
    refused: int


class Hour(msgspec.Struct, frozen=True):
    """One hour of the day: its lookups of numbers, those that memory answered, and requests to the directory."""

    lookups: int
    hits: int
    requests: int


class Result(msgspec.Struct, frozen=True):
    """
    What one choice brought.

    `hit_ratio` is memory's part of the answers with the directory's word; `tiers` is each tier's share of the calls that
    show a number, `outcomes` counts all calls.
    """

    choice: Choice
    calls: int
    numbers: int
    hit_ratio: float | None
    tiers: Mapping[str, float]
    outcomes: Mapping[str, int]
    waits_ms: Waits
    requests: Requests
    hours: tuple[Hour, ...]


class Measuring:
    """Takes down what is answered while a day is played."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._waits: list[float] = []
        self._tiers: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._lookups_by_hour: Counter[int] = Counter()
        self._hits_by_hour: Counter[int] = Counter()

    def note(self, at: float, found: Lookup, waited: float) -> None:
        """Take down one answer: when its call came, and how long it took."""
        self._waits.append(waited)
        self._outcomes[found.outcome.value] += 1
        if found.outcome not in _NUMBERLESS:
            hour = int(at // HOUR)
            self._tiers[str(found.tier or NO_TIER)] += 1
            self._lookups_by_hour[hour] += 1
            self._hits_by_hour[hour] += found.tier is Tier.MEMORY

    def result(self, sent: Sequence[float], refused: Sequence[float], seconds: float) -> Result:
        """Sum up, with the times at which the directory was asked, and was not for want of quota."""
        numbers = sum(self._tiers.values())
        words = self._tiers[Tier.MEMORY] + self._tiers[Tier.DIRECTORY]
        waits = sorted(self._waits)
        requests = Counter(int(one // HOUR) for one in sent)
        hours = range(int(seconds // HOUR) + 1)
        return Result(
            choice=self._choice,
            calls=len(self._waits),
            numbers=numbers,
            hit_ratio=_ratio(self._tiers[Tier.MEMORY], words),
            tiers={one: _ratio(self._tiers[one], numbers) or 0.0 for one in (*map(str, _TIERS), NO_TIER)},
            outcomes={one.value: self._outcomes[one.value] for one in Outcome if self._outcomes[one.value]},
            waits_ms=Waits(*(round(1000 * percentile(waits, part), 1) for part in (0.5, 0.95, 0.99))),
            requests=Requests(
                len(sent), most_within(sent, HOUR), most_within(sent, BURST_SECONDS), len(refused)
            ),
            hours=tuple(
                Hour(self._lookups_by_hour[hour], self._hits_by_hour[hour], requests[hour]) for hour in hours
            ),
        )


_NUMBERLESS: Final = (Outcome.WITHHELD, Outcome.INVALID, Outcome.INTERNAL)


def percentile(ordered: Sequence[float], part: float) -> float:
    """Give the smallest value that so large a part of ordered values does not exceed; 0 of none."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


def most_within(times: Iterable[float], seconds: float) -> int:
    """Give how many of some ordered times lie at most within a span of so many seconds, wherever it begins."""
    window: deque[float] = deque()
    most = 0
    for one in times:
        window.append(one)
        while one - window[0] >= seconds:
            window.popleft()
        most = max(most, len(window))
    return most


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
