"""
How many requests may be under way at once: found out by the directory's own behaviour.

The limit grows by one for each window of successes and halves when the directory shows strain (time-outs, 429, 503):
additive increase, multiplicative decrease, as TCP does it (RFC 5681).
"""

import asyncio
from collections import deque
from typing import Final, Self

from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose

MOST: Final = 16
MOST_WAITING: Final = 256
PATIENCE: Final = 0.5
"""Seconds that a ringing phone's request waits for its slot."""


class Slot:
    """
    The right to have one request under way, from when it is entered to when it is left; to enter raises `Unavailable`.

    `epoch` is the number of halvings that had been when it was taken.
    """

    def __init__(self, slots: "Slots", purpose: Purpose) -> None:
        self._slots = slots
        self._purpose = purpose
        self._epoch = 0

    async def __aenter__(self) -> Self:
        """Take it, or wait for it."""
        await self._slots.take(self._purpose)
        self._epoch = self._slots.epoch
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give it back."""
        self._slots.free()

    def went_well(self) -> None:
        """Note an answer in time."""
        self._slots.grow()

    def showed_strain(self) -> None:
        """Note a time-out, a 429 or a 503; of those asked before the last halving it is no news."""
        self._slots.halve(self._epoch)


class Slots:
    """
    From 1 to `most` slots; it starts with all of them, so that the first minute of a day is not a slow one.

    Ringing phones wait in order, at most `MOST_WAITING` and `patience` seconds; nothing else waits, or overtakes them.
    `epoch` counts the halvings.
    """

    def __init__(self, most: int = MOST, *, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._limit = most
        self._successes = 0
        self.epoch = 0
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Give how many may be under way now."""
        return self._limit

    @property
    def under_way(self) -> int:
        """Give how many are under way."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Give how many wait for a slot."""
        return len(self._waiting)

    def slot(self, purpose: Purpose) -> Slot:
        """Give a slot to be entered."""
        return Slot(self, purpose)

    async def take(self, purpose: Purpose) -> None:
        """Take a slot, or wait for one. Raises `Unavailable`."""
        rings = purpose is Purpose.RINGING
        if not self._waiting and self._taken < (self._limit if rings else max(1, self._limit // 2)):
            self._taken += 1
        elif not rings or len(self._waiting) >= MOST_WAITING:
            raise Unavailable("busy")
        else:
            await self._wait()

    def grow(self) -> None:
        """Count a success; a window of them, as many as may be under way, makes room for one more."""
        self._successes += 1
        if self._successes >= self._limit:
            self._successes = 0
            self._limit = min(self._limit + 1, self._most)
            self._admit()

    def halve(self, epoch: int) -> None:
        """Halve the limit, once for all that were under way together."""
        if epoch == self.epoch:
            self.epoch += 1
            self._successes = 0
            self._limit = max(1, self._limit // 2)

    async def _wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as exc:
            if turn.done() and not turn.cancelled():
                self.free()  # the slot came in the same moment as the end: to the next one
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(exc, TimeoutError):
                raise Unavailable("busy") from exc
            raise

    def free(self) -> None:
        """Give a slot back."""
        self._taken -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._taken < self._limit:
            turn = self._waiting.popleft()
            if not turn.done():  # cancelled, and not yet gone
                turn.set_result(None)
                self._taken += 1
