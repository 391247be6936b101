"""
Second attempts: only after a quick failure that may pass, and only few of them.

Facts: when everybody tries again, a directory that is short of breath gets twice the requests; with a budget of a tenth
it gets a tenth more. A trickle stays, so that a quiet service, of which one failure is half, still tries again.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

QUICK: Final = 0.4
"""Seconds within which a first attempt must have failed, so that a phone still has time for another."""

SHARE: Final = 0.1
WINDOW: Final = 10.0
TRICKLE: Final = 1.0
_MOST_COUNTED: Final = 4096


class Budget(Protocol):
    """Decides how many requests may be asked a second time; `taken` counts those that were."""

    @property
    def taken(self) -> int:
        """Count the second attempts since the start."""
        ...

    def asked(self) -> None:
        """Note a request."""
        ...

    def take(self) -> bool:
        """Take one second attempt, if there is one."""
        ...


class RetryBudget:
    """Fewer than a tenth of the requests of the last 10 s are asked again; or one a second. `taken` counts them all."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._requests: deque[float] = deque(maxlen=_MOST_COUNTED)
        self._retries: deque[float] = deque(maxlen=_MOST_COUNTED)
        self.taken = 0

    def asked(self) -> None:
        """Note a request."""
        self._requests.append(self._clock())

    def take(self) -> bool:
        """Take one second attempt, if there is one."""
        now = self._clock()
        for times in (self._requests, self._retries):
            while times and now - times[0] >= WINDOW:
                times.popleft()
        rested = not self._retries or now - self._retries[-1] >= TRICKLE
        if not rested and len(self._retries) + 1 >= SHARE * len(self._requests):
            return False
        self._retries.append(now)
        self.taken += 1
        return True
