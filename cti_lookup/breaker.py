"""A circuit breaker: after enough failures nobody asks for a while, then one asks, and its luck decides for all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NewType

Permit = NewType("Permit", int)
"""The right to ask once; it names the era in which it was given, so that late results can be told apart."""

_PARTS: Final = 10
"""The window moves in steps of a tenth of it, so that a call costs the same however many there were."""


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """
    When a breaker opens, and for how long.

    It opens after `failures` in a row, or when `share` of at least `sample` calls within `window` seconds failed;
    for `shortest` seconds at first, doubling to `longest` while its probes fail.
    """

    failures: int = 5
    share: float = 0.5
    sample: int = 20
    window: float = 10.0
    shortest: float = 1.0
    longest: float = 10.0


class Breaker:
    """
    Says whether a dependency may be asked now; `clock` is steady seconds.

    Whoever has a permit tells what came of it, once: `succeeded`, `failed`, or `gave_up` where nothing was learned.
    An era begins with each opening and with each probe, and what is told of an earlier era changes nothing: a slow
    failure of a request sent before the opening says nothing about the probe, nor does a slow success.
    While half open exactly one has a permit: the breakers on PyPI let every concurrent probe through.
    """

    def __init__(self, clock: Callable[[], float], limits: BreakerLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or BreakerLimits()
        self._recent = _Window(self._limits.window)
        self._in_a_row = 0
        self._era = Permit(0)
        self._open_for = 0.0
        self._open_until = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Tell whether asking is refused, or left to one probe."""
        return self._open_for > 0

    def admit(self) -> Permit | None:
        """Give the right to ask now, or None; while open, only to one at a time, and only when its time has come."""
        if self._open_for > 0:
            if self._probing or self._clock() < self._open_until:
                return None
            self._probing = True
            self._era = Permit(self._era + 1)
        return self._era

    def succeeded(self, permit: Permit) -> None:
        """Note that the dependency answered; a probe's answer closes the breaker."""
        if permit != self._era:
            return
        if self._open_for > 0:
            self._close()
        self._in_a_row = 0
        self._recent.add(self._clock(), 0)

    def failed(self, permit: Permit) -> None:
        """Note that the dependency did not answer; a probe's failure opens the breaker for longer."""
        if permit != self._era:
            return
        if self._open_for > 0:
            self._open(min(self._open_for * 2, self._limits.longest))
            return
        self._in_a_row += 1
        self._recent.add(self._clock(), 1)
        if self._in_a_row >= self._limits.failures or self._mostly_fails():
            self._open(self._limits.shortest)

    def gave_up(self, permit: Permit) -> None:
        """Note that whoever asked left before anything was learned; after a probe, another may probe at once."""
        if permit == self._era:
            self._probing = False

    def _open(self, seconds: float) -> None:
        self._era = Permit(self._era + 1)
        self._open_for = seconds
        self._open_until = self._clock() + seconds
        self._probing = False

    def _close(self) -> None:
        self._open_for = 0.0
        self._probing = False
        self._recent.clear()

    def _mostly_fails(self) -> bool:
        calls, failures = self._recent.calls, self._recent.failures
        return calls >= self._limits.sample and failures >= self._limits.share * calls


class _Window:
    """Calls and failures of the last seconds, counted in parts of a tenth; adding one takes the same time always."""

    def __init__(self, seconds: float) -> None:
        self._width = seconds / _PARTS
        self._newest = 0
        self._parts = [[0, 0] for _ in range(_PARTS)]
        self.calls = 0
        self.failures = 0

    def add(self, now: float, failures: int) -> None:
        number = int(now // self._width)
        if number > self._newest:
            self._move_to(number)
        part = self._parts[self._newest % _PARTS]
        part[0] += 1
        part[1] += failures
        self.calls += 1
        self.failures += failures

    def clear(self) -> None:
        self._parts = [[0, 0] for _ in range(_PARTS)]
        self.calls = self.failures = 0

    def _move_to(self, number: int) -> None:
        """Forget the parts that have left the window."""
        for left in range(max(self._newest, number - _PARTS) + 1, number + 1):
            part = self._parts[left % _PARTS]
            self.calls -= part[0]
            self.failures -= part[1]
            part[0] = part[1] = 0
        self._newest = number
