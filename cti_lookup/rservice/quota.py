"""
The directory's quota: what is left of it, and who may have that.

Facts: 20 requests in 2 s and 3,600 in an hour for each token; the headers `X-RateLimit-Limit`, `-Remaining` and `-Reset`
(epoch seconds) speak of the hour; 429 carries `Retry-After`. `GET /rate_limit` is free and tells of both windows (developer guide, Rate limits).
Public clients sleep on 429; a phone does not wait that long, so nothing here sleeps.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from cti_lookup.background import Background
from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from cti_lookup.rservice.rate_headers import LONGEST_PAUSE, read_hour, seconds_of
from cti_lookup.rservice.wire import Window

BURST_SECONDS: Final = 2.0
WINDOW_SECONDS: Final = 2.6
"""
What is counted as 2 s: of two requests that are sent 2 s apart, the first may arrive 0.6 s later than the second, if it
had to wait for a name to be looked up and for a connection.
"""

HOUR: Final = 3600.0
RESERVED: Final = 0.5
"""Share of either window that only ringing phones may have."""

SHARED_PATIENCE: Final = 0.2
"""Seconds that the replicas' common count may take; then this process's own decides alone."""

_MOST: Final = 10_000_000
_TOO_MANY: Final = 429
_ANSWERED: Final = 2  # hundred and something
_PAUSING: Final = (_TOO_MANY, 503)


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """What the directory grants a token: so many requests in 2 s, and in an hour."""

    burst: int = 20
    hourly: int = 3600


UNLIMITED: Final = QuotaLimits(_MOST, _MOST)
"""What a directory of our own grants: nothing is counted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """
    One request that a replica wants to send.

    It may be sent if, counted with it, at most `burst` were sent in the last 2 s, and at least `keep` of an hour's
    `hourly` are left after it.
    """

    burst: int
    hourly: int
    keep: int


@dataclass(frozen=True, slots=True)
class News:
    """What the directory said: `left` of an hour that ends in `ends_in` seconds; nobody asks for `pause` seconds."""

    left: int | None = None
    ends_in: float = 0.0
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all replicas together know: whether the request may be sent, and news from the others."""

    granted: bool
    news: News = News()


class SharedCount(Protocol):
    """
    One count for all replicas that use a token.

    `take`, in one step: refuse while a pause lasts; drop what is 2 s old from the exact window of times (`TIME` of the
    server, a sorted set with unique members); refuse if it then holds `burst` or more; the hour's rest is the told rest
    while its key lives, else `hourly` less an own count that expires after an hour; refuse if it is `keep` or
    less; otherwise add the time, take one from the told rest, add one to the own count, grant.
    `tell`, in one step: keep the smaller of the told and the known rest while the known hour ends at the same time,
    within a second, else the told one, to expire after `ends_in`; keep the longer of two pauses.
    """

    async def take(self, wish: Wish) -> Verdict | None:
        """Take one request's worth; None where the count cannot be reached. Never raises."""
        ...

    async def tell(self, news: News) -> None:
        """Share what the directory said, if that is possible. Never raises."""
        ...


class NoSharedCount:
    """The common count of a service that has no replicas."""

    async def take(self, wish: Wish) -> Verdict | None:  # noqa: ARG002  # the port's signature
        """Leave the decision to the process's own count."""
        return None

    async def tell(self, news: News) -> None:
        """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left: of the hour, of the 2 s, and the seconds for which nobody asks; for a gauge and an explanation."""

    hour: int
    burst: int
    paused: float


class AnyQuota(Protocol):
    """What a request asks before it is sent, and tells of its answer."""

    @property
    def remaining(self) -> Remaining:
        """Give what is left now, for ringing phones."""
        ...

    @property
    def silence(self) -> float:
        """Give the seconds since the directory last said what is left; endless if it never did."""
        ...

    def check(self, purpose: Purpose) -> None:
        """Raise `Unavailable` if there is nothing to take now; take nothing."""
        ...

    async def take(self, purpose: Purpose) -> None:
        """Take one request's worth, to be sent at once. Raises `Unavailable`."""
        ...

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Believe an answer's headers."""
        ...

    def learn_windows(self, windows: Sequence[Window]) -> None:
        """Believe `GET /rate_limit`."""
        ...

    async def close(self) -> None:
        """End what runs in the background."""
        ...


class NoQuota:
    """The quota of a directory of our own, which grants whatever it is asked, whatever it says."""

    remaining = Remaining(_MOST, _MOST, 0.0)
    silence = 0.0

    def check(self, purpose: Purpose) -> None:
        """Grant it."""

    async def take(self, purpose: Purpose) -> None:
        """Grant it."""

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn nothing."""

    def learn_windows(self, windows: Sequence[Window]) -> None:
        """Learn nothing."""

    async def close(self) -> None:
        """Have nothing to end."""


@dataclass(slots=True)
class _Told:
    """What the directory said is left until a moment, in steady seconds; less what was sent since."""

    left: int
    until: float


@dataclass(slots=True)
class _Second:
    """What was sent within a second: so an hour is 3,600 records, however many requests it had."""

    first: float
    last: float
    count: int = 1


class Quota:
    """
    One process's count, and what it knows of the others'; `steady` is monotonic, `wall` seconds since the epoch.

    It counts its own requests, and believes the directory where that has counted more: others may use the token. A
    directory that answers and says nothing of a quota has none: the documented one is believed until its first answer,
    and again as soon as it says anything of the kind.
    """

    def __init__(
        self,
        steady: Callable[[], float],
        wall: Callable[[], float],
        *,
        limits: QuotaLimits | None = None,
        shared: SharedCount | None = None,
    ) -> None:
        self._steady = steady
        self._wall = wall
        self._limits = limits or QuotaLimits()
        self._shared = shared or NoSharedCount()
        self._telling = Background()
        self._burst: deque[float] = deque()
        self._hour: deque[_Second] = deque()
        self._in_hour = 0
        self._burst_told: _Told | None = None
        self._hour_told: _Told | None = None
        self._paused_until = steady()
        self._last_news: float | None = None
        self._has_one = False
        self._has_none = False

    @property
    def remaining(self) -> Remaining:
        """Give what is left now, for ringing phones."""
        now = self._forget()
        return Remaining(self._hour_left(now), self._burst_left(now), max(0.0, self._paused_until - now))

    @property
    def silence(self) -> float:
        """Give the seconds since the directory last said what is left; endless if it never did."""
        return float("inf") if self._last_news is None else self._steady() - self._last_news

    def check(self, purpose: Purpose) -> None:
        """Raise `Unavailable` if there is nothing to take now; take nothing."""
        left, wish = self.remaining, self._wish(purpose)
        used_up = left.hour <= wish.keep or self._limits.burst - left.burst >= wish.burst
        if left.paused > 0 or (used_up and not self._has_none):
            raise Unavailable("quota")

    async def take(self, purpose: Purpose) -> None:
        """Take one request's worth, to be sent at once. Raises `Unavailable`; whoever is cancelled here took nothing."""
        self.check(purpose)
        if self._has_none:
            return
        taken = self._note()
        try:
            verdict = await self._shared_take(self._wish(purpose))
        except BaseException:
            self._give_back(taken)
            raise
        if not verdict.granted:
            self._give_back(taken)
        self._believe(verdict.news)
        if not verdict.granted:
            raise Unavailable("quota")

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Believe an answer's headers, and tell the other replicas; nonsense in them is no news."""
        named = {name.casefold(): value for name, value in headers.items()}
        hour = read_hour(named)
        self._has_one = self._has_one or hour is not None or status == _TOO_MANY
        if self._has_one:
            self._has_none = False
        elif status // 100 == _ANSWERED:
            self._has_none = True
        news = News() if hour is None else self._learn_hour(hour, corrects=False)
        if status == _TOO_MANY or (status in _PAUSING and "retry-after" in named):
            news = replace(news, pause=seconds_of(named.get("retry-after"), self._wall()))
        self._believe_pause(news.pause)
        if news != News():
            self._telling.spawn(self._shared.tell(news))

    def learn_windows(self, windows: Sequence[Window]) -> None:
        """Believe `GET /rate_limit`: of two windows the smaller is that of 2 s. It corrects what was counted here."""
        ordered = sorted(windows, key=lambda one: one.limit)
        self._has_one = self._has_one or bool(ordered)
        self._has_none = self._has_none and not self._has_one
        for one in ordered[-1:]:
            self._learn_hour(one, corrects=True)
        for one in ordered[:-1][:1]:
            ends_in = one.reset - self._wall()
            if one.limit > 0 and 0 <= one.remaining <= one.limit and 0 < ends_in <= 2 * BURST_SECONDS:
                self._limits = replace(self._limits, burst=one.limit)
                self._burst_told = _Told(one.remaining, self._steady() + ends_in)

    async def close(self) -> None:
        """End what is still being told to the others."""
        await self._telling.close()

    def _wish(self, purpose: Purpose) -> Wish:
        kept = RESERVED if purpose is Purpose.BACKGROUND else 0.0
        burst, hourly = self._limits.burst, self._limits.hourly
        return Wish(int(burst * (1 - kept)), hourly, int(hourly * kept))

    def _learn_hour(self, hour: Window, *, corrects: bool) -> News:
        """Note what is left; within one hour answers overtake each other, so the smallest number is the newest."""
        now, ends_in, left = self._forget(), hour.reset - self._wall(), hour.remaining
        if not (0 < hour.limit <= _MOST and 0 <= left <= hour.limit and 0 < ends_in <= 2 * HOUR):
            return News()
        self._limits = replace(self._limits, hourly=hour.limit)
        if corrects:
            self._hour_told = None
        self._believe_hour(left, now + ends_in)
        self._last_news = now
        return News(left, ends_in)

    def _believe_hour(self, left: int, until: float) -> None:
        known = self._hour_told
        if known is not None and abs(known.until - until) <= 1:
            left = min(left, known.left)
        self._hour_told = _Told(left, until)

    def _believe_pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._steady() + min(seconds, LONGEST_PAUSE))

    def _believe(self, news: News) -> None:
        """Believe what another replica was told."""
        self._believe_pause(news.pause)
        if news.left is not None and 0 < news.ends_in <= 2 * HOUR:
            self._believe_hour(news.left, self._steady() + news.ends_in)

    async def _shared_take(self, wish: Wish) -> Verdict:
        try:
            async with asyncio.timeout(SHARED_PATIENCE):
                return await self._shared.take(wish) or Verdict(granted=True)
        except TimeoutError:
            return Verdict(granted=True)

    def _forget(self) -> float:
        """Drop what is out of its window, and give the time."""
        now = self._steady()
        while self._burst and now - self._burst[0] >= WINDOW_SECONDS:
            self._burst.popleft()
        ended = now - HOUR
        if self._hour_told is not None and now >= self._hour_told.until:
            ended = max(ended, self._hour_told.until)
            self._hour_told = None
        while self._hour and self._hour[0].last <= ended:
            self._in_hour -= self._hour.popleft().count
        return now

    def _hour_left(self, now: float) -> int:
        told = self._hour_told
        own = self._limits.hourly - self._in_hour
        return max(0, own if told is None or now >= told.until else told.left)

    def _burst_left(self, now: float) -> int:
        told = self._burst_told
        own = self._limits.burst - len(self._burst)
        return max(0, own if told is None or now >= told.until else min(own, told.left))

    def _note(self) -> float:
        now = self._forget()
        self._burst.append(now)
        if self._hour and now - self._hour[-1].first < 1:
            self._hour[-1].last = now
            self._hour[-1].count += 1
        else:
            self._hour.append(_Second(now, now))
        self._in_hour += 1
        self._tell_off(1)
        return now

    def _give_back(self, taken: float) -> None:
        if taken in self._burst:
            self._burst.remove(taken)
        for one in self._hour:
            if one.first <= taken <= one.last and one.count:
                one.count -= 1
                self._in_hour -= 1
                break
        self._tell_off(-1)

    def _tell_off(self, requests: int) -> None:
        for told in (self._burst_told, self._hour_told):
            if told is not None:
                told.left -= requests
