"""An event loop whose time is a number: who waits for a second waits for nothing, and limits are exact."""

import asyncio
import selectors

from tests.conftest import SettableClock

_REAL_SECONDS = 5.0


class NothingHappensError(RuntimeError):
    """Everybody waits, and nobody has a limit."""


class TimelessLoop(asyncio.SelectorEventLoop):
    """Counts the seconds of `clock`, and lets them pass where there is nothing to do but wait."""

    def __init__(self, *, real_wait: float = 0.0) -> None:
        self.clock = SettableClock(1000.0)
        super().__init__(_SkippingSelector(self.clock, real_wait))
        self._clock_resolution = 1e-6  # a sum of seconds may miss a timer by its last digit

    def time(self) -> float:
        return self.clock()


class _SkippingSelector(selectors.DefaultSelector):
    """Waits `real_wait` seconds for what comes from outside, then skips to the next timer."""

    def __init__(self, clock: SettableClock, real_wait: float) -> None:
        super().__init__()
        self._clock = clock
        self._real_wait = real_wait

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            if ready := super().select(_REAL_SECONDS):
                return ready
            raise NothingHappensError
        ready = super().select(self._real_wait if timeout > 0 else 0)
        if timeout > 0 and not ready:
            self._clock.pass_by(timeout)
        return ready


def clock_of_this_loop() -> SettableClock:
    """Give the clock by which the running loop counts."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, TimelessLoop)
    return loop.clock


async def settle(turns: int = 20) -> None:
    """Let everything happen that needs no time."""
    for _ in range(turns):
        await asyncio.sleep(0)
