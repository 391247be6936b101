"""Who it was, as agents said: of several with one number, whoever was chosen is first next time."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from cti_lookup.answers import Lookup, with_first
from cti_lookup.feed.changes import number_of

KEPT: Final = 90 * 86_400.0
"""Seconds for which a choice counts."""
NONE_OF_THESE: Final = 0
_MOST: Final = 10_000


class Choices(Protocol):
    """Who was chosen for a number."""

    async def of(self, number: str) -> int | None:
        """Give who was chosen; None if nobody was, or if it cannot be read. Never raises."""
        ...

    async def choose(self, number: str, person: int) -> None:
        """Remember who it was, or `NONE_OF_THESE`. Never raises."""
        ...

    async def forget_number(self, number: str) -> None:
        """Forget who was chosen for a number. Raises `NotForgotten`."""
        ...

    async def forget_person(self, person: int) -> None:
        """Forget that a person was ever chosen. Raises `NotForgotten`."""
        ...


class OwnChoices:
    """What this process remembers; `clock` gives wall seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._chosen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def of(self, number: str) -> int | None:
        """Give who was chosen."""
        person, at = self._chosen.get(number, (None, 0.0))
        return person if self._clock() - at < KEPT else None

    async def choose(self, number: str, person: int) -> None:
        """Remember who it was."""
        self._chosen.pop(number, None)
        self._chosen[number] = (person, self._clock())
        if len(self._chosen) > _MOST:
            self._chosen.popitem(last=False)

    async def forget_number(self, number: str) -> None:
        """Forget who was chosen for a number."""
        self._chosen.pop(number, None)

    async def forget_person(self, person: int) -> None:
        """Forget that a person was ever chosen."""
        for number in [number for number, (chosen, _) in self._chosen.items() if chosen == person]:
            del self._chosen[number]


async def ranked(lookup: Lookup, choices: Choices) -> Lookup:
    """Put whoever was chosen for the number before the others, where there are others."""
    number = number_of(lookup.caller)
    if lookup.answer is None or number is None or len(lookup.answer.ids) <= 1:
        return lookup
    person = await choices.of(number)
    if person is None:
        return lookup
    return Lookup(lookup.outcome, lookup.caller, with_first(lookup.answer, person), lookup.tier, lookup.age)
