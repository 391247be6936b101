"""What the lookup needs of the world, in its own words; each implementation passes the same contract test."""

from typing import Protocol

from cti_lookup.answers import Answer
from cti_lookup.people import Person
from cti_lookup.questions import Question


class Directory(Protocol):
    """The people directory."""

    async def people_with(self, question: Question) -> tuple[Person, ...]:
        """Ask for the people who may have the number: () if nobody. Raises `Unavailable` if it cannot be asked."""
        ...


class SharedTier(Protocol):
    """A cache that outlives this process. It never raises: what it cannot read it does not know."""

    async def get(self, question: Question) -> Answer | None:
        """Give what is remembered, however old; None if nothing is, or if it cannot be read."""
        ...

    async def put(self, question: Question, answer: Answer, seconds: float) -> None:
        """Remember an answer for so many seconds, if that is possible now."""
        ...


class NoSharedTier:
    """The shared tier of a service that has none."""

    async def get(self, question: Question) -> Answer | None:  # noqa: ARG002  # the port's signature
        """Remember nothing."""
        return None

    async def put(self, question: Question, answer: Answer, seconds: float) -> None:
        """Forget at once."""
