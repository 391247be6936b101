"""Those who watch calls while they last."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cti_lookup.calls.call import Call, Name


class LiveCalls(Protocol):
    """
    Whoever is shown calls, each time that one has changed and all replicas know it.

    Both are called on the loop, in between other work: they take it down and return, and never raise.
    """

    def changed(self, call: Call, at: float) -> None:
        """
        Hear how a call is, and since when, in wall seconds.

        Of two states of a call the one that came to be after the other, whoever has told of it, is the later one.
        """
        ...

    def merged(self, gone: Call, into: Call) -> None:
        """Hear that a call was found to be a part of another, as which it goes on."""
        ...


class LeftBehind(Protocol):
    """Calls that all replicas know, and that those who watch are told of by one of them, which may be killed before it has."""

    async def cross_off(self, told: Iterable[tuple[str, float]]) -> None:
        """Note that those who watch were told of calls, by their ids, as they are since a moment. Never raises."""
        ...

    async def left_behind(self) -> list[tuple[Call, float]]:
        """Give calls that nobody has told of in time, and since when they are so. Raises `NotDone` where that cannot be said."""
        ...

    def is_unwritten(self, call_id: str) -> bool:
        """Tell whether a call that only this process knows is about to be told to all, and may turn out to be one that they know."""
        ...

    async def noted(self) -> list[tuple[Call, float]]:
        """Give all calls that those who watch may not have been told of, and since when they are so. Raises `NotDone`."""
        ...

    async def standing(self, called: Sequence[Name]) -> dict[Name, tuple[Call, float]]:
        """Give calls as all replicas know them, and since when they are so. Raises `NotDone` where that cannot be said."""
        ...


class NoLiveCalls:
    """The watchers of calls that nobody watches."""

    def changed(self, call: Call, at: float) -> None:
        """Show it to nobody."""

    def merged(self, gone: Call, into: Call) -> None:
        """Tell nobody."""
