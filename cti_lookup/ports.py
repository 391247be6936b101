"""What the lookup needs of the world, in its own words; each implementation passes the same contract test."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from cti_lookup.answers import Answer
from cti_lookup.background import DONE, Work
from cti_lookup.calls import Call
from cti_lookup.events import CallEvent
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, Forgotten, Purpose, Question

T = TypeVar("T")


class Directory(Protocol):
    """The people directory."""

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        """Ask for the people who may be meant: () if nobody. Raises `Unavailable` if it cannot be asked."""
        ...

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        """Ask for one person with all contacts; None if there is none. Raises `Unavailable` if it cannot be asked."""
        ...


class Turn(Protocol):
    """The right to ask the directory one question on behalf of all replicas, or what another has just been told."""

    @property
    def found(self) -> Answer | None:
        """Give the answer that another replica got while this one waited for its turn."""
        ...

    def fill(self, answer: Answer, seconds: float) -> Work:
        """Share the answer for so many seconds, unless what it tells was forgotten since the turn began; end the turn."""
        ...

    def leave(self) -> Work:
        """End the turn without an answer, so that another may ask."""
        ...


class SharedTier(Protocol):
    """A cache that replicas share and that outlives them. What it cannot read it does not know."""

    def get(self, question: AnyQuestion) -> Awaitable[Answer | None]:
        """Give what is remembered, however old; None if nothing is, or if it cannot be read. Never raises."""
        ...

    def learn(self, question: AnyQuestion, learn: Callable[[Answer], T | None]) -> Awaitable[T | None]:
        """Give what `learn` makes of it in the very moment in which it is read; None if it makes nothing. Never raises."""
        ...

    async def turn(self, question: AnyQuestion, newer_than: float) -> Turn:
        """
        Wait while another replica asks the same, and then take one's turn. Never raises; without peers, at once.

        An answer that was asked later than `newer_than`, in steady seconds, is `found`.
        """
        ...

    async def forget(self, forgotten: Forgotten) -> None:
        """Forget here and on every replica. Raises `NotForgotten` where that could not be said."""
        ...


class Busiest(Protocol):
    """Which numbers rang lately, as the next process that begins will want to know. Never raises."""

    async def read(self) -> tuple[Question, ...]:
        """Give what was written last; () if nothing is known."""
        ...

    async def write(self, questions: Iterable[Question]) -> None:
        """Write down which they are."""
        ...


class Calls(Protocol):
    """The calls there are, found again by what their phone system calls them; replicas may share them."""

    def heard(self, event: CallEvent) -> Call | None:
        """
        Apply an event if that needs no waiting, and give the call as it now is.

        None, and nothing is applied, where another replica may know better who calls: then :meth:`record` is to be waited for.
        Never raises.
        """
        ...

    def told(self) -> Awaitable[None] | None:
        """
        Give what is to be waited for until the other replicas can know what was heard by now; None if they can.

        It is waited for before an event is said to be taken in: a process that ends then takes nothing with it. It raises nothing, and
        takes no longer than a record.
        """
        ...

    async def record(self, event: CallEvent) -> Call:
        """Apply an event to its call, or begin one, and give the call as it now is, to all replicas. Never raises."""
        ...

    async def is_new(self, source: str, fingerprint: bytes) -> bool:
        """Tell whether a request with this fingerprint comes for the first time within an hour. Never raises."""
        ...

    async def sweep(self) -> tuple[Call, ...]:
        """Close the calls that nothing was heard of for too long, and give them. Never raises."""
        ...

    def __len__(self) -> int:
        """Count the names of calls that this process remembers."""
        ...

    async def close(self) -> None:
        """Tell the other replicas what they were not told yet, if they listen."""
        ...


class _OwnTurn:
    """The turn of a process that has no peers."""

    found: Answer | None = None

    def fill(self, answer: Answer, seconds: float) -> Work:  # noqa: ARG002  # the port's signature
        """Share with nobody."""
        return DONE

    def leave(self) -> Work:
        """End nothing."""
        return DONE


class NoSharedTier:
    """The shared tier of a service that has none."""

    async def get(self, question: AnyQuestion) -> Answer | None:  # noqa: ARG002  # the port's signature
        """Remember nothing."""
        return None

    async def learn(
        self,
        question: AnyQuestion,  # noqa: ARG002  # the port's signature
        learn: Callable[[Answer], T | None],  # noqa: ARG002  # the port's signature
    ) -> T | None:
        """Have nothing to learn from."""
        return None

    async def turn(self, question: AnyQuestion, newer_than: float) -> Turn:  # noqa: ARG002  # the port's signature
        """Ask at once: there is nobody else."""
        return _OwnTurn()

    async def forget(self, forgotten: Forgotten) -> None:
        """Have nothing to forget."""


class NoBusiest:
    """What a process that has no replicas can know of numbers that rang before it began."""

    async def read(self) -> tuple[Question, ...]:
        """Know of none."""
        return ()

    async def write(self, questions: Iterable[Question]) -> None:
        """Have nobody to tell."""
