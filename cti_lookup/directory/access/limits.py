"""
How often one may ask: two windows for each owner of tokens, kept in memory.

Facts: 20 requests in 2 seconds and 3,600 an hour; the headers tell of the hour (R-Service developer pages, rate_limit). A refused
request takes nothing from either window. The burst is looked at first, as its wait is the shorter one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from multidict import istr

from cti_lookup.directory.errors import TooManyRequestsError

BURST_LIMIT: Final = 20
BURST_SECONDS: Final = 2.0
HOUR_LIMIT: Final = 3600
HOUR_SECONDS: Final = 3600.0

_LIMIT: Final = istr("X-RateLimit-Limit")
_REMAINING: Final = istr("X-RateLimit-Remaining")
_RESET: Final = istr("X-RateLimit-Reset")

LIMIT_NAMES: Final = (_LIMIT, _REMAINING, _RESET)
"""The headers, in the order in which they are given."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a window is left; `reset` is in whole seconds since the epoch."""

    limit: int
    remaining: int
    reset: int


class Limits(Protocol):
    """Counts requests by the person who owns the token."""

    def take(self, owner: int) -> None:
        """Count a request; raise `TooManyRequestsError` when there were too many."""

    def ask(self, owner: int) -> tuple[Standing, ...]:
        """Return where the owner stands, the burst before the hour; asking too often is refused like any request."""

    def headers(self, owner: int) -> Mapping[istr, str]:
        """Return the headers that tell the owner where they stand."""


class NoLimits:
    """Grants whatever is asked."""

    def take(self, owner: int) -> None:
        """Count nothing."""

    def ask(self, owner: int) -> tuple[Standing, ...]:  # noqa: ARG002 - it is the same for all
        """Return two windows that never shrink, as clients look for the one or the other."""
        return _NEVER_SHRINKS, _NEVER_SHRINKS

    def headers(self, owner: int) -> Mapping[istr, str]:  # noqa: ARG002 - as above
        """Return the headers of a limit that never shrinks."""
        return _BOUNDLESS


class CountedLimits:
    """The documented limits; there are as many owners as people hold tokens, so that none need be forgotten."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._owners: dict[int, _Windows] = {}

    def take(self, owner: int) -> None:
        """Count a request; raise `TooManyRequestsError` when there were too many."""
        windows, now = self._of(owner), self._now()
        windows.burst.check(now)
        windows.hour.check(now)
        windows.burst.take()
        windows.hour.take()

    def ask(self, owner: int) -> tuple[Standing, ...]:
        """Return where an owner stands; at most once a second, and free otherwise."""
        windows, now = self._of(owner), self._now()
        windows.questions.check(now)
        windows.questions.take()
        return windows.burst.standing(now), windows.hour.standing(now)

    def headers(self, owner: int) -> Mapping[istr, str]:
        """Return the headers that tell of an owner's hour."""
        return _headers(self._of(owner).hour.standing(self._now()))

    def _now(self) -> float:
        return self._clock().timestamp()

    def _of(self, owner: int) -> "_Windows":
        windows = self._owners.get(owner)
        if windows is None:
            windows = self._owners[owner] = _Windows()
        return windows


class _Window:
    """A count that begins anew with the first request after its end; times are seconds since the epoch."""

    __slots__ = ("_ends", "_limit", "_seconds", "_taken")

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._taken = 0
        self._ends = -math.inf

    def check(self, now: float) -> None:
        """Raise `TooManyRequestsError` when nothing is left."""
        self._renew(now)
        if self._taken >= self._limit:
            raise TooManyRequestsError(max(1, math.ceil(self._ends - now)))

    def take(self) -> None:
        """Count a request that was checked."""
        self._taken += 1

    def standing(self, now: float) -> Standing:
        """Return what is left."""
        self._renew(now)
        return Standing(self._limit, self._limit - self._taken, math.ceil(self._ends))

    def _renew(self, now: float) -> None:
        # A clock that was set back begins a window too: else nobody were served until the old time has come again.
        if not self._ends - self._seconds <= now < self._ends:
            self._taken, self._ends = 0, now + self._seconds


class _Windows:
    """The windows of one owner; one of them is for questions about the limits themselves."""

    __slots__ = ("burst", "hour", "questions")

    def __init__(self) -> None:
        self.burst = _Window(BURST_LIMIT, BURST_SECONDS)
        self.hour = _Window(HOUR_LIMIT, HOUR_SECONDS)
        self.questions = _Window(1, 1.0)


def _headers(standing: Standing) -> Mapping[istr, str]:
    return {
        _LIMIT: str(standing.limit),
        _REMAINING: str(standing.remaining),
        _RESET: str(standing.reset),
    }


_NEVER_SHRINKS: Final = Standing(1_000_000_000, 1_000_000_000, 2**31 - 1)
"""Where nothing is limited; the reset never comes, and fits any integer."""

_BOUNDLESS: Final = _headers(_NEVER_SHRINKS)
"""Sent where nothing is limited, as some clients insist on the headers."""
