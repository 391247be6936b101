"""How often the tiers could answer, and how often somebody was found: over a minute, a quarter of an hour, a day."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from cti_lookup.answers import Outcome, Tier
from cti_lookup.windows import Counts, Growth, History, Span, rate

SPANS: Final = (Span("1m", 60.0, 1.0), Span("15m", 900.0, 15.0), Span("24h", 86_400.0, 300.0))
"""The windows that are told; a day of looks is some 410 small dicts."""

NO_TIER: Final = "none"
"""The tier of an answer in which the directory has no word."""

_TIERS: Final = (*Tier, NO_TIER)
_HITS: Final = (Tier.MEMORY, Tier.REDIS)
_WORDS: Final = (*_HITS, Tier.DIRECTORY)


class OutcomeRate(msgspec.Struct, frozen=True):
    """Lookups with one outcome, and which part of them was a hit."""

    lookups: int
    hit_rate: float | None


class TierRate(msgspec.Struct, frozen=True):
    """Lookups answered by one tier, and which part of all lookups that is."""

    lookups: int
    share: float | None


class Window(msgspec.Struct, frozen=True):
    """
    What was asked in the last `seconds`: those of the window and up to a grain more, or the age of a young process.

    A hit is an answer for which the directory was not asked. `hit_rate` is hits (memory, redis) over hits and answers
    of the directory. `stale_rate` is old answers shown in need, over these and all of those. `match_rate` is
    matched over matched and nobody. A rate of nothing is None.
    """

    seconds: float
    lookups: int
    per_second: float | None
    hit_rate: float | None
    stale_rate: float | None
    match_rate: float | None
    by_outcome: Mapping[str, OutcomeRate]
    by_tier: Mapping[str, TierRate]


class Rates:
    """Hit rates over windows, from the counts of lookups by (outcome, tier); `clock` gives steady seconds."""

    def __init__(self, lookups: Counts, clock: Callable[[], float]) -> None:
        self._history = History(lookups, SPANS, clock)

    def look(self) -> None:
        """Remember the counts, where that is due."""
        self._history.look()

    def windows(self) -> dict[str, Window]:
        """Tell each window, by name."""
        return {name: window(growth) for name, growth in self._history.growth().items()}


def window(growth: Growth) -> Window:
    """Make a window of what was counted in it."""
    counts, lookups = growth.counts, sum(growth.counts.values())
    words, stale = _in_tiers(counts, _WORDS), _in_tiers(counts, (Tier.STALE,))
    return Window(
        seconds=round(growth.seconds, 1),
        lookups=lookups,
        per_second=round(lookups / growth.seconds, 3) if growth.seconds else None,
        hit_rate=rate(_in_tiers(counts, _HITS), words),
        stale_rate=rate(stale, words + stale),
        match_rate=match_rate(_by_outcome(counts)),
        by_outcome={outcome.value: _outcome_rate(counts, outcome) for outcome in Outcome},
        by_tier={str(tier): _tier_rate(counts, tier, lookups) for tier in _TIERS},
    )


def match_rate(outcomes: Mapping[str, int]) -> float | None:
    """Give the part of those asked for who are known; only where the directory's word was given."""
    matched = outcomes.get(Outcome.MATCHED, 0)
    return rate(matched, matched + outcomes.get(Outcome.NOBODY, 0))


def _outcome_rate(counts: Counts, outcome: Outcome) -> OutcomeRate:
    of_it = {key: count for key, count in counts.items() if key[0] == outcome}
    return OutcomeRate(sum(of_it.values()), rate(_in_tiers(of_it, _HITS), _in_tiers(of_it, _WORDS)))


def _tier_rate(counts: Counts, tier: str, lookups: int) -> TierRate:
    answered = _in_tiers(counts, (tier,))
    return TierRate(answered, rate(answered, lookups))


def _in_tiers(counts: Counts, tiers: Iterable[str]) -> int:
    wanted = set(tiers)
    return sum(count for (_, tier), count in counts.items() if tier in wanted)


def _by_outcome(counts: Counts) -> dict[str, int]:
    return {outcome: sum(n for key, n in counts.items() if key[0] == outcome) for outcome in Outcome}
