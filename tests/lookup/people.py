"""A directory in memory that a test can hold up, and people to put into it."""

import asyncio
from collections.abc import Iterable
from typing import Final

from cti_lookup.errors import Unavailable
from cti_lookup.people import Contact, Person
from cti_lookup.questions import AnyQuestion, Purpose, Question, marks_of
from cti_lookup.telephone import E164, Dialled

REGION: Final = "GB"
LONDON: Final = "+442079460958"
HOUSTON: Final = "+17139872967"
BERLIN: Final = "+493023125004"


def caller(number: str = LONDON, extension: str | None = None) -> Dialled:
    return Dialled(number, E164(number), extension)


def question(number: str = LONDON, extension: str | None = None) -> Question:
    return Question(E164(number), extension)


def person(person_id: int, *numbers: str, label: str = "work") -> Person:
    return Person(person_id, f"Person {person_id}", tuple(Contact(label, number) for number in numbers))


class PeopleDirectory:
    """
    Answers what was true when it was asked; `asked` is what it was asked, and why.

    While `holds`, answers stay in the `air` until a test lets them down; while `failing` names a reason nothing is answered;
    `seconds` is how long each answer takes.
    """

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.people = {one.id: one for one in people}
        self.asked: list[tuple[AnyQuestion | int, Purpose]] = []
        self.air: list[asyncio.Future[None]] = []
        self.holds = False
        self.failing: str | None = None
        self.seconds = 0.0

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        self.asked.append((question, purpose))
        said = tuple(one for one in self.people.values() if question.mark in marks_of(one, REGION))
        await self._answered()
        return said

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        self.asked.append((person_id, purpose))
        said = self.people.get(person_id)
        await self._answered()
        return said

    async def _answered(self) -> None:
        reason = self.failing
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.holds:
            held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.air.append(held)
            await held
        if reason is not None:
            raise Unavailable(reason)

    def put(self, *people: Person) -> None:
        self.people |= {one.id: one for one in people}

    def let_down(self, *, first: int | None = None) -> None:
        """Release what is in the air: all of it, or one answer."""
        landing = self.air[:] if first is None else self.air[first : first + 1]
        for held in landing:
            self.air.remove(held)
            if not held.done():
                held.set_result(None)

    def heal(self) -> None:
        """Answer again, and at once."""
        self.holds, self.failing, self.seconds = False, None, 0.0
        self.let_down()

    @property
    def purposes(self) -> list[Purpose]:
        return [purpose for _, purpose in self.asked]
