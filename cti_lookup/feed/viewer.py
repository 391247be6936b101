"""One open screen: what it is still to be told, newest of each call first come."""

import asyncio
from collections.abc import Callable
from typing import Final

from cti_lookup.feed import frames
from cti_lookup.feed.agents import Agent

MOST_WAITING: Final = 64
"""Messages that may wait for a screen that does not read."""


People = tuple[int, ...]
"""Ids of people's records."""


class Viewer:
    """
    What waits to be written to one screen; of each call the newest only.

    `busy_since` is when a write began that has not ended, in steady seconds; `waits_since` is when the oldest of what waits was
    noted, in wall seconds. `cut_off` ends a connection that is stuck in a write. Nobody but its own connection takes from it.
    """

    __slots__ = (
        "_ending",
        "_waiting",
        "_waker",
        "agent",
        "busy_since",
        "cut_off",
        "overtaken",
        "waits_since",
    )

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.cut_off: Callable[[bytes], None] | None = None
        self.busy_since: float | None = None
        self.waits_since: float | None = None
        self.overtaken = 0
        self._waiting: dict[str, tuple[bytes, People]] = {}
        self._waker: asyncio.Future[None] | None = None
        self._ending = ""

    @property
    def is_ending(self) -> bool:
        """Tell whether nothing more is to be said."""
        return bool(self._ending)

    def tell(self, call_id: str, frame: bytes, noted_at: float | None = None, *, people: People = ()) -> None:
        """Let a screen know of a call; it is cut off if it does not read and too much waits."""
        if self._ending:
            return
        self.overtaken += self._waiting.pop(call_id, None) is not None
        self._waiting[call_id] = frame, people
        if self.waits_since is None:
            self.waits_since = noted_at
        if len(self._waiting) > MOST_WAITING and self.busy_since is not None:
            self.end("slow")
        self._wake()

    def start_over(self, frame: bytes, people: People) -> None:
        """Let a screen show something else than all it was to be told."""
        self._waiting.clear()
        self.tell("", frame, people=people)

    def beat(self) -> None:
        """Give a sign of life to a screen that hears nothing else."""
        if not self._waiting and self.busy_since is None:
            self.tell("", frames.BEAT)

    def end(self, reason: str) -> None:
        """Say no more than what waits and why it ends; to a screen that does not read, not even that."""
        if self._ending:
            return
        self._ending = reason
        farewell = frames.bye(reason)
        if self.busy_since is not None and self.cut_off is not None:
            self._waiting.clear()
            self.cut_off(farewell)
            return
        self._waiting["bye"] = farewell, ()
        self._wake()

    async def wait(self) -> None:
        """Wait until there is something to say."""
        if not self._waiting:
            self._waker = asyncio.get_running_loop().create_future()
            await self._waker

    def take(self) -> tuple[bytes, People]:
        """Give all that is to be said, and whom it shows."""
        waiting, self._waiting = self._waiting, {}
        if len(waiting) <= 1:
            return next(iter(waiting.values()), (b"", ()))
        people = dict.fromkeys(person for _, shown in waiting.values() for person in shown)
        return b"".join(frame for frame, _ in waiting.values()), tuple(people)

    def _wake(self) -> None:
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)
