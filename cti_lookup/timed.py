"""A directory whose answers are timed."""

import asyncio
from collections.abc import Callable

from cti_lookup.errors import Unavailable
from cti_lookup.people import Person
from cti_lookup.ports import Directory
from cti_lookup.questions import AnyQuestion, Purpose


class TimedDirectory:
    """
    Asks another directory, and tells `note` how many seconds it took to answer or to fail; `clock` gives steady seconds.

    What was decided without asking it took no time of the directory's, and is left out. Second attempts and the wait for
    a slot are part of the time: so long a phone waited.
    """

    def __init__(
        self, directory: Directory, *, clock: Callable[[], float], note: Callable[[float], None]
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._note = note

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        """Ask for the people who may be meant. Raises `Unavailable`."""
        began = self._clock()
        try:
            people = await self._directory.people_with(question, purpose)
        except Unavailable as unavailable:
            if unavailable.was_asked:
                self._note(self._clock() - began)
            raise
        except asyncio.CancelledError:  # the flight's time ended first: so long it was silent at least
            self._note(self._clock() - began)
            raise
        self._note(self._clock() - began)
        return people

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        """Ask for one person; no caller waits for that. Raises `Unavailable`."""
        return await self._directory.person(person_id, purpose)
