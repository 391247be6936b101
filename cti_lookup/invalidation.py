"""
What changed is forgotten: a number by hand, a person when the directory tells of a change, or for ever.

A person's change is two forgettings: at once whatever lists them, and, once they have been read again, whatever is known
of the numbers they now have. The second waits in a queue of its own, as an import changes a thousand people at once
and the directory's quota is kept for phones that ring.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from cti_lookup.background import Background
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.errors import NotForgotten, Unavailable
from cti_lookup.ports import Directory, SharedTier
from cti_lookup.questions import Forgotten, Purpose, Question, marks_of

_MOST_WAITING: Final = 10_000
_SHORTEST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 30.0
ATTEMPTS: Final = 20


class Invalidation:
    """
    Forgets, in this process and on every replica; `region` is the directory's default region.

    `count` is told what was forgotten, and what could not be.
    """

    def __init__(
        self,
        *,
        memory: MemoryTier,
        shared: SharedTier,
        directory: Directory,
        region: str | None,
        count: Callable[[str], None],
    ) -> None:
        self._memory = memory
        self._shared = shared
        self._directory = directory
        self._region = region
        self._count = count
        self._background = Background()
        self._waiting: dict[int, int] = {}
        self._reader_works = False

    async def number(self, question: Question) -> None:
        """Forget all that is known of a number. Raises `NotForgotten` if the replicas could not be told."""
        await self._forget(Forgotten((question.mark,)), "number")

    async def person(self, person_id: int) -> None:
        """
        Forget whatever lists a person, and have the numbers they have now forgotten soon.

        Raises `NotForgotten` if the replicas could not be told.
        """
        try:
            await self._forget(Forgotten(person=person_id), "person")
        finally:  # their new numbers are forgotten here, whatever the replicas could be told
            self._read_soon(person_id)

    async def erase(self, person_id: int) -> None:
        """Forget a person for good: no answer lists them again. Raises `NotForgotten`."""
        await self._forget(Forgotten(person=person_id, erased=True), "erased")

    async def _forget(self, forgotten: Forgotten, what: str) -> None:
        self._memory.forget(forgotten)
        try:
            await self._shared.forget(forgotten)
        except NotForgotten:
            self._count("not_forgotten")
            raise
        finally:
            self._memory.forget(forgotten)  # what was read of the shared tier before it had forgotten
        self._count(what)

    def _read_soon(self, person_id: int) -> None:
        self._waiting.pop(person_id, None)  # who changes again may fail as often as anybody
        self._queue(person_id, attempts=0)
        if not self._reader_works:
            self._reader_works = True
            self._background.spawn(self._read_again())

    async def _read_again(self) -> None:
        """Read those who changed, one after the other; who cannot be read goes to the end of the queue."""
        pause = _SHORTEST_PAUSE
        try:
            while self._waiting:
                person_id = next(iter(self._waiting))
                attempts = self._waiting.pop(person_id)
                if await self._forget_numbers_of(person_id):
                    pause = _SHORTEST_PAUSE
                    continue
                self._queue(person_id, attempts + 1)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            self._reader_works = False

    async def _forget_numbers_of(self, person_id: int) -> bool:
        """Forget what is known of the numbers that a person has now; tell whether that was possible."""
        try:
            person = await self._directory.person(person_id, Purpose.BACKGROUND)
            if person is not None:
                await self._forget(Forgotten(tuple(sorted(marks_of(person, self._region)))), "numbers")
        except (Unavailable, NotForgotten):
            return False
        return True

    def _queue(self, person_id: int, attempts: int) -> None:
        if attempts >= ATTEMPTS or len(self._waiting) >= _MOST_WAITING:
            self._count("not_read")  # what is known of new numbers ends with its own time
        else:
            self._waiting.setdefault(person_id, attempts)

    async def close(self) -> None:
        """End what is under way."""
        await self._background.close()
        self._reader_works = True  # who is told of a change after this begins no reader that nobody ends
