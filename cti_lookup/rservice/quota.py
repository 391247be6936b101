"""
The directory's quota: who may have what is left of it.

Facts: 20 requests in 2 s and 3,600 in an hour for each token; the headers `X-RateLimit-Limit`, `-Remaining` and `-Reset`
(epoch seconds) speak of the hour; 429 carries `Retry-After`. `GET /rate_limit` is free and tells of both windows
(developer guide, Rate limits). Public clients sleep on 429; a phone does not wait that long, so nothing here sleeps.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from cti_lookup.background import Background
from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from cti_lookup.rservice.quota_windows import HOUR, UNLIMITED, QuotaLimits, Rest, Windows
from cti_lookup.rservice.rate_headers import LONGEST_PAUSE, MOST_GRANTED, read_hour, seconds_of
from cti_lookup.rservice.wire import Window

RESERVED: Final = 0.5
"""Share of either window that only ringing phones may have."""

_TOO_MANY: Final = 429
_ANSWERED: Final = 2  # hundred and something
_PAUSING: Final = (_TOO_MANY, 503)


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
    def hourly(self) -> int:
        """Give how many requests the directory grants in an hour."""
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

    remaining = Remaining(UNLIMITED.hourly, UNLIMITED.burst, 0.0)
    hourly = UNLIMITED.hourly
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


class Quota:
    """
    What one process may have, and what it knows of the others; `steady` is monotonic, `wall` seconds since the epoch.

    It counts its own requests, and believes the directory where that has counted more. A directory that answers and says
    nothing of a quota has none: the documented one is believed until its first answer, and again as soon as it says
    anything of the kind.
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
        self._windows = Windows(limits or QuotaLimits())
        self._shared = shared or NoSharedCount()
        self._telling = Background()
        self._paused_until = steady()
        self._last_news: float | None = None
        self._has_one: bool | None = None
        """Whether the directory has a quota; None until it has said so, or answered without a word of it."""

    @property
    def remaining(self) -> Remaining:
        """Give what is left now, for ringing phones."""
        now = self._steady()
        hour, burst = self._windows.left(now)
        return Remaining(hour, burst, max(0.0, self._paused_until - now))

    @property
    def hourly(self) -> int:
        """Give how many requests the directory grants in an hour, as it said, or as is set."""
        return self._windows.limits.hourly

    @property
    def silence(self) -> float:
        """Give the seconds since the directory last said what is left; endless if it never did."""
        return float("inf") if self._last_news is None else self._steady() - self._last_news

    def check(self, purpose: Purpose) -> None:
        """Raise `Unavailable` if there is nothing to take now; take nothing."""
        left, wish = self.remaining, self._wish(purpose)
        used_up = left.hour <= wish.keep or self._windows.limits.burst - left.burst >= wish.burst
        if left.paused > 0 or (used_up and self._has_one is not False):
            raise Unavailable("quota")

    async def take(self, purpose: Purpose) -> None:
        """Take one request's worth, to be sent at once. Raises `Unavailable`; whoever is cancelled here took nothing."""
        self.check(purpose)
        if self._has_one is False:
            return
        taken = self._steady()
        self._windows.note(taken)
        try:
            verdict = await self._shared_take(self._wish(purpose))
        except BaseException:
            self._windows.give_back(taken)
            raise
        if not verdict.granted:
            self._windows.give_back(taken)
        self._believe(verdict.news)
        if not verdict.granted:
            raise Unavailable("quota")

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Believe an answer's headers, and tell the other replicas; nonsense in them is no news."""
        named = {name.casefold(): value for name, value in headers.items()}
        hour = read_hour(named)
        if hour is not None or status == _TOO_MANY:
            self._has_one = True
        elif self._has_one is None and status // 100 == _ANSWERED:
            self._has_one = False
        news = News() if hour is None else self._learn_hour(hour, corrects=False)
        if status == _TOO_MANY or (status in _PAUSING and "retry-after" in named):
            news = replace(news, pause=seconds_of(named.get("retry-after"), self._wall()))
        self._believe_pause(news.pause)
        if news != News():
            self._telling.spawn(self._shared.tell(news))

    def learn_windows(self, windows: Sequence[Window]) -> None:
        """
        Believe `GET /rate_limit`: of two windows the smaller is that of 2 s. It corrects what was counted here.

        A window that grants more than any directory does is none, as with the headers.
        """
        meant = (one for one in windows if one.limit <= MOST_GRANTED)
        ordered = sorted(meant, key=lambda one: one.limit)
        if ordered:
            self._has_one = True
        for one in ordered[-1:]:
            self._learn_hour(one, corrects=True)
        for one in ordered[:-1][:1]:
            self._windows.learn_burst(self._rest(one), self._steady())

    async def close(self) -> None:
        """End what is still being told to the others."""
        await self._telling.close()

    def _wish(self, purpose: Purpose) -> Wish:
        kept = RESERVED if purpose is Purpose.BACKGROUND else 0.0
        limits = self._windows.limits
        return Wish(int(limits.burst * (1 - kept)), limits.hourly, int(limits.hourly * kept))

    async def _shared_take(self, wish: Wish) -> Verdict:
        try:
            async with asyncio.timeout(self._windows.limits.patience):
                return await self._shared.take(wish) or Verdict(granted=True)
        except TimeoutError:
            return Verdict(granted=True)

    def _learn_hour(self, hour: Window, *, corrects: bool) -> News:
        now, rest = self._steady(), self._rest(hour)
        if not self._windows.learn_hour(rest, now, corrects=corrects):
            return News()
        self._last_news = now
        return News(rest.left, rest.ends_in)

    def _rest(self, window: Window) -> Rest:
        return Rest(window.limit, window.remaining, window.reset - self._wall())

    def _believe(self, news: News) -> None:
        """Believe what another replica was told."""
        self._believe_pause(news.pause)
        if news.left is not None and 0 < news.ends_in <= 2 * HOUR:
            self._windows.believe_hour(news.left, self._steady() + news.ends_in)

    def _believe_pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._steady() + min(seconds, LONGEST_PAUSE))
