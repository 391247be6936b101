"""
An event loop whose time passes as fast as wanted: a day in seconds.

Whatever waits, waits by the loop's clock; where there is nothing to do but wait, the clock is set ahead. So limits,
time-outs and head starts keep their exact relations, whatever the machine does.
"""

import asyncio
import selectors
from collections.abc import Callable
from math import inf
from typing import Final

AT_ONCE: Final = inf
"""The speed at which nothing is waited for."""


class PassingLoop(asyncio.SelectorEventLoop):
    """Counts simulated seconds from 0; `speed` is how many pass in a real one."""

    def __init__(self, speed: float = AT_ONCE) -> None:
        self._now = 0.0
        super().__init__(_PassingSelector(self._pass_by, speed))
        self._clock_resolution = (
            1e-6  # asyncio's own name; a sum of seconds may miss a timer by its last digit
        )

    def time(self) -> float:
        """Give the simulated seconds since the loop was made."""
        return self._now

    def _pass_by(self, seconds: float) -> None:
        self._now += seconds


class _PassingSelector(selectors.DefaultSelector):
    """Waits a part of what it is asked to wait, and lets all of it pass."""

    def __init__(self, pass_by: Callable[[float], None], speed: float) -> None:
        super().__init__()
        self._pass_by = pass_by
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(timeout / self._speed)
        if not ready:
            self._pass_by(timeout)
        return ready
