"""
The windows that the directory's quota is counted by, 2 s and an hour: what was sent in them, and what is left.

Nothing here reads a clock: `now` is in steady seconds, and so is every other time.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from cti_lookup.rservice.rate_headers import MOST_GRANTED

BURST_SECONDS: Final = 2.0
WINDOW_SECONDS: Final = 2.6
"""
What is counted as 2 s: of two requests that are sent 2 s apart, the first may arrive 0.6 s later than the second, if it
had to wait for a name to be looked up and for a connection.
"""

HOUR: Final = 3600.0

SHARED_PATIENCE: Final = 0.2
"""Seconds that the replicas' common count may take; then this process's own decides alone."""


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """
    What the directory grants a token: so many requests in 2 s, and in an hour.

    `patience` is seconds that the replicas' common count may take.
    """

    burst: int = 20
    hourly: int = 3600
    patience: float = SHARED_PATIENCE


UNLIMITED: Final = QuotaLimits(MOST_GRANTED, MOST_GRANTED)
"""What a directory of our own grants: nothing is counted."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is said to be left of a window of `limit` requests, `left`, until it ends in `ends_in` seconds."""

    limit: int
    left: int
    ends_in: float

    def lies_within(self, seconds: float) -> bool:
        """Tell whether it can be true of a window that ends within so many seconds."""
        return 0 < self.limit <= MOST_GRANTED and 0 <= self.left <= self.limit and 0 < self.ends_in <= seconds


@dataclass(slots=True)
class _Told:
    """What the directory said is left until a moment; less what was sent since."""

    left: int
    until: float


@dataclass(slots=True)
class _Second:
    """What was sent within a second: so an hour is 3,600 records, however many requests it had."""

    first: float
    last: float
    count: int = 1


class Windows:
    """
    One process's count of what it sent, and what the directory said is left.

    The directory is believed where it has counted more: others may use the token.
    """

    def __init__(self, limits: QuotaLimits) -> None:
        self.limits = limits
        self._burst: deque[float] = deque()
        self._hour: deque[_Second] = deque()
        self._in_hour = 0
        self._burst_told: _Told | None = None
        self._hour_told: _Told | None = None

    def left(self, now: float) -> tuple[int, int]:
        """Give what is left of the hour, and of the 2 s."""
        self._forget(now)
        return self._hour_left(now), self._burst_left(now)

    def note(self, now: float) -> None:
        """Count a request that is sent now."""
        self._forget(now)
        self._burst.append(now)
        if self._hour and now - self._hour[-1].first < 1:
            self._hour[-1].last = now
            self._hour[-1].count += 1
        else:
            self._hour.append(_Second(now, now))
        self._in_hour += 1
        self._tell_off(1)

    def give_back(self, noted: float) -> None:
        """Count no more what was counted at a moment, and was not sent."""
        if noted in self._burst:
            self._burst.remove(noted)
        for one in self._hour:
            if one.first <= noted <= one.last and one.count:
                one.count -= 1
                self._in_hour -= 1
                break
        self._tell_off(-1)

    def learn_hour(self, rest: Rest, now: float, *, corrects: bool) -> bool:
        """Believe what the directory says of the hour, unless it makes no sense; `corrects` what was believed before."""
        self._forget(now)
        if not rest.lies_within(2 * HOUR):
            return False
        self.limits = replace(self.limits, hourly=rest.limit)
        if corrects:
            self._hour_told = None
        self.believe_hour(rest.left, now + rest.ends_in)
        return True

    def believe_hour(self, left: int, until: float) -> None:
        """Believe what is left; within one hour answers overtake each other, so the smallest number is the newest."""
        known = self._hour_told
        if known is not None and abs(known.until - until) <= 1:
            left = min(left, known.left)
        self._hour_told = _Told(left, until)

    def learn_burst(self, rest: Rest, now: float) -> None:
        """Believe what the directory says of the 2 s, unless it makes no sense."""
        if rest.lies_within(2 * BURST_SECONDS):
            self.limits = replace(self.limits, burst=rest.limit)
            self._burst_told = _Told(rest.left, now + rest.ends_in)

    def _forget(self, now: float) -> None:
        """Drop what is out of its window."""
        while self._burst and now - self._burst[0] >= WINDOW_SECONDS:
            self._burst.popleft()
        ended = now - HOUR
        if self._hour_told is not None and now >= self._hour_told.until:
            ended = max(ended, self._hour_told.until)
            self._hour_told = None
        while self._hour and self._hour[0].last <= ended:
            self._in_hour -= self._hour.popleft().count

    def _hour_left(self, now: float) -> int:
        told = self._hour_told
        own = self.limits.hourly - self._in_hour
        return max(0, own if told is None or now >= told.until else told.left)

    def _burst_left(self, now: float) -> int:
        told = self._burst_told
        own = self.limits.burst - len(self._burst)
        return max(0, own if told is None or now >= told.until else min(own, told.left))

    def _tell_off(self, requests: int) -> None:
        for told in (self._burst_told, self._hour_told):
            if told is not None:
                told.left -= requests
