"""
What cumulative counts grew by lately: remembered beside the path that counts, at no cost to it.

Whoever counts keeps a plain dict that only grows. A look at it now and then is enough: the growth over a window is
the difference of two looks, so it is exact, and says how many seconds it really covers.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from cti_lookup.background import beside

Key = tuple[str, ...]
Counts = Mapping[Key, int]

LOOK_EVERY: Final = 1.0
"""Seconds between two looks."""

_EARLY: Final = 0.1
"""Seconds that a look may come too soon: the timers of some event loops are exact to the millisecond only."""


class Span(msgspec.Struct, frozen=True):
    """A window that is told: its name, its seconds, and how many seconds lie between two looks kept for it."""

    name: str
    seconds: float
    grain: float


class Growth(msgspec.Struct, frozen=True):
    """What was counted in the last `seconds`; counts that did not grow are left out."""

    seconds: float
    counts: Counts


class _Look(msgspec.Struct, frozen=True):
    at: float
    counts: dict[Key, int]


class _Ring:
    """The looks kept for one span: all that are younger than it, and one that is not."""

    def __init__(self, span: Span, first: _Look) -> None:
        self._span = span
        self.looks = deque([first])

    def is_due(self, now: float) -> bool:
        return now - self.looks[-1].at >= self._span.grain - _EARLY

    def add(self, look: _Look) -> None:
        self.looks.append(look)
        self.begin(look.at)

    def begin(self, now: float) -> _Look:
        """Give the youngest look that covers the whole span, or else the oldest there is."""
        while len(self.looks) > 1 and self.looks[1].at <= now - self._span.seconds:
            self.looks.popleft()
        return self.looks[0]


class History:
    """
    What `counts` was, as finely as each span needs; `clock` gives steady seconds.

    Looks are at least a grain apart, so a span keeps no more than its seconds over its grain, and two. A loop that
    was blocked leaves a gap: the window then begins before the gap, and says so in its seconds.
    """

    def __init__(self, counts: Counts, spans: Sequence[Span], clock: Callable[[], float]) -> None:
        self._counts = counts
        self._clock = clock
        first = _Look(clock(), dict(counts))
        self._rings = {span.name: _Ring(span, first) for span in spans}
        self._last = first

    def look(self) -> None:
        """Remember the counts, where that is due."""
        now = self._clock()
        due = [ring for ring in self._rings.values() if ring.is_due(now)]
        if not due:
            return
        idle = self._last.counts == self._counts  # one dict serves all looks at a service that rests
        self._last = _Look(now, self._last.counts if idle else dict(self._counts))
        for ring in due:
            ring.add(self._last)

    def growth(self) -> dict[str, Growth]:
        """Tell for each span what was counted in it until this moment."""
        now = self._clock()
        return {name: self._since(ring.begin(now), now) for name, ring in self._rings.items()}

    def _since(self, begin: _Look, now: float) -> Growth:
        before = begin.counts
        grown = {key: count - before.get(key, 0) for key, count in self._counts.items()}
        return Growth(now - begin.at, {key: count for key, count in grown.items() if count})

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget counts that were taken away, so that they may begin at nothing again."""
        gone = list(keys)
        for look in self._kept():
            for key in gone:
                look.counts.pop(key, None)

    def _kept(self) -> list[_Look]:
        return [self._last, *(look for ring in self._rings.values() for look in ring.looks)]

    def __len__(self) -> int:
        """Count the looks that are kept."""
        return sum(len(ring.looks) for ring in self._rings.values())


@asynccontextmanager
async def looking(*looks: Callable[[], None], every: float = LOOK_EVERY) -> AsyncIterator[None]:
    """Take these looks `every` so many seconds, for as long as this lasts."""
    async with beside(_look_on(looks, every)):
        yield


async def _look_on(looks: Sequence[Callable[[], None]], every: float) -> None:
    while True:
        await asyncio.sleep(every)  # after a blocked loop one look is missed, none is made up for
        for look in looks:
            look()


def rate(part: int, whole: int) -> float | None:
    """Give a part of a whole, to four places; None where there is no whole, as that is not the same as 0."""
    return round(part / whole, 4) if whole else None
