"""
How often somebody may ask: a leaky bucket for each, without a timer for any.

Facts: the generic cell rate algorithm (ITU-T I.371, annex A) keeps one number for each bucket, the moment at which it will be empty.
"""

from collections import OrderedDict
from collections.abc import Callable

_MOST = 10_000


class Throttle:
    """
    Buckets by name: each holds `burst` requests and loses `rate` of them a second; `clock` gives steady seconds.

    The one that was asked for longest ago is let go where there are too many: it is empty by then, unless all are busy.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float], *, most: int = _MOST) -> None:
        self._each = 1 / rate
        self._depth = burst / rate
        self._clock = clock
        self._most = most
        self._empty_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Count the buckets."""
        return len(self._empty_at)

    def wait(self, name: str) -> float:
        """Take one request in and give 0, or give the seconds after which there is room for it."""
        now = self._clock()
        empty_at = max(now, self._empty_at.get(name, now)) + self._each
        if (late := empty_at - now - self._depth) > _ROUNDING:
            return late
        self._empty_at[name] = empty_at
        self._empty_at.move_to_end(name)
        if len(self._empty_at) > self._most:
            self._empty_at.popitem(last=False)
        return 0.0


_ROUNDING = 1e-9
"""Seconds that sums of fractions may be off."""
