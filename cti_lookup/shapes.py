"""
In which shape each source sends its callers, and how many of each shape are known to the directory.

A carrier that changes its format shows here: a shape that was most of a source's calls stops, another begins, and
fewer of its callers are found. A shape holds no digit and no letter of what was sent.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from cti_lookup.rates import match_rate
from cti_lookup.windows import Counts, History, Key, Span, rate

SPANS: Final = (Span("15m", 900.0, 150.0), Span("24h", 86_400.0, 1800.0))
"""The windows that are compared, more coarsely than the rates, as there may be many shapes."""

MOST_SHAPES: Final = 50
"""Shapes of one source; whatever else it sends is counted as `other`."""

OTHER: Final = "other"
"""No shape can be this: of letters a shape holds only `a` and `d`."""

LONGEST_SHAPE: Final = 32

_LONGEST_READ: Final = 256
_NOTICED_WITHIN: Final = 15.0
_FORGOTTEN_AFTER: Final = SPANS[-1].seconds + SPANS[-1].grain
_NAME: Final = re.compile(r"[^\W\d_](?:(?:[^\x21-\x7e]|[A-Za-z.,'_-])*[^\W\d_])?")
_DIGIT: Final = re.compile(r"[0-9]")
_STRANGE: Final = re.compile(r"[^\x20-\x7e]+")


@lru_cache(maxsize=8192)  # a busy caller's shape is known: 0.1 µs instead of 3
def shape_of(raw: str) -> str:
    """
    Give the shape of a caller as sent: `+ddddddddddd`, `ddd-dddd`, `"a" <a:+ddddddddddd@a>`.

    Each digit is a `d`; letters, and what stands between letters in names and host names, are one `a` however many
    they are, so that a name's length is not told; other printable ASCII stays; anything else, digits of other
    scripts too, is one `?`. At most 32 characters. The empty text has the empty shape.
    """
    named = _NAME.sub("a", raw[:_LONGEST_READ])
    return _STRANGE.sub("?", _DIGIT.sub("d", named))[:LONGEST_SHAPE]


class ShapeWindow(msgspec.Struct, frozen=True):
    """How often a shape was seen in a window, its part of all that its source sent, and what came of it."""

    seen: int
    share: float | None
    match_rate: float | None
    outcomes: Mapping[str, int]


class Shape(msgspec.Struct, frozen=True):
    """One shape of one source; `last_seen_seconds` may be some 15 too few."""

    shape: str
    last_seen_seconds: float
    windows: Mapping[str, ShapeWindow]


class ShapesSeen(msgspec.Struct, frozen=True):
    """How many seconds each window really covers, and each source's shapes, the most frequent first."""

    seconds: Mapping[str, float]
    sources: Mapping[str, tuple[Shape, ...]]


class Shapes:
    """
    Counts of shapes by source; `clock` gives steady seconds.

    A shape that was not seen for the longest window makes room for another. When one was last seen is noticed by a
    look, not by the path that counts.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[Key, int] = {}
        self._last_seen: dict[str, dict[str, float]] = defaultdict(dict)
        self._history = History(self._counts, SPANS, clock)
        self._noticed: dict[Key, int] = {}
        self._noticed_at = clock()

    def note(self, source: str, raw: str, outcome: str) -> None:
        """Count one caller; `source` is a configured name, never what somebody sent."""
        try:
            self._counts[source, shape_of(raw), outcome] += 1
        except KeyError:
            self._begin(source, shape_of(raw), outcome)

    def _begin(self, source: str, shape: str, outcome: str) -> None:
        """Count what was never counted before, or has no room."""
        known = self._last_seen[source]
        if shape not in known and len(known) - (OTHER in known) >= MOST_SHAPES:
            shape = OTHER
        known[shape] = self._clock()
        key = (source, shape, outcome)
        self._counts[key] = self._counts.get(key, 0) + 1

    def look(self) -> None:
        """Remember the counts and notice what was seen, where that is due."""
        if self._clock() - self._noticed_at >= _NOTICED_WITHIN:
            self._notice()
            self._make_room()
        self._history.look()

    def _notice(self) -> None:
        now = self._clock()
        for key, count in self._counts.items():
            if self._noticed.get(key) != count:
                source, shape, _ = key
                self._last_seen[source][shape] = now
        self._noticed = dict(self._counts)
        self._noticed_at = now

    def _make_room(self) -> None:
        oldest = self._clock() - _FORGOTTEN_AFTER
        gone = [key for key in self._counts if self._last_seen[key[0]][key[1]] < oldest]
        for key in gone:
            del self._counts[key], self._noticed[key]
            self._last_seen[key[0]].pop(key[1], None)  # a shape has a key for each outcome
        if gone:
            self._history.forget(gone)

    def seen(self) -> ShapesSeen:
        """Tell what was seen until this moment."""
        self._notice()
        grown = self._history.growth()
        counts = {name: growth.counts for name, growth in grown.items()}
        return ShapesSeen(
            {name: round(growth.seconds, 1) for name, growth in grown.items()},
            {source: self._shapes_of(source, counts) for source in sorted(self._last_seen)},
        )

    def _shapes_of(self, source: str, counts: Mapping[str, Counts]) -> tuple[Shape, ...]:
        now, last_seen = self._clock(), self._last_seen[source]
        windows = {name: _windows_by_shape(source, tuple(last_seen), grown) for name, grown in counts.items()}
        shapes = (
            Shape(shape, round(now - at, 1), {name: by_shape[shape] for name, by_shape in windows.items()})
            for shape, at in last_seen.items()
        )
        return tuple(sorted(shapes, key=_most_frequent_first))


def _windows_by_shape(source: str, shapes: tuple[str, ...], counts: Counts) -> dict[str, ShapeWindow]:
    outcomes: dict[str, dict[str, int]] = {shape: {} for shape in shapes}
    for (name, shape, outcome), count in counts.items():
        if name == source:
            outcomes[shape][str(outcome)] = count
    everything = sum(sum(one.values()) for one in outcomes.values())
    return {shape: _window(one, everything) for shape, one in outcomes.items()}


def _window(outcomes: Mapping[str, int], everything: int) -> ShapeWindow:
    seen = sum(outcomes.values())
    return ShapeWindow(seen, rate(seen, everything), match_rate(outcomes), outcomes)


def _most_frequent_first(shape: Shape) -> tuple[int, str]:
    return -shape.windows[SPANS[-1].name].seen, shape.shape
