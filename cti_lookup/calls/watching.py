"""Those who watch calls while they last."""

from collections.abc import Iterable
from typing import Protocol

from cti_lookup.calls.call import Call


class LiveCalls(Protocol):
    """
    Whoever is shown calls, each time that one has changed and all replicas know it.

    Both are called on the loop, in between other work: they take it down and return, and never raise.
    """

    def changed(self, call: Call) -> None:
        """Hear how a call is now."""
        ...

    def merged(self, gone: Call, into: Call) -> None:
        """Hear that a call was found to be a part of another, as which it goes on."""
        ...


class LeftBehind(Protocol):
    """Calls that all replicas know, and that those who watch are told of by one of them, which may be killed before it has."""

    async def cross_off(self, calls: Iterable[Call]) -> None:
        """Note that those who watch were told of calls as they are here. Never raises."""
        ...

    async def left_behind(self) -> list[tuple[Call, float]]:
        """Give calls that nobody has told of in time, and their wall seconds. Raises `NotDone` where that cannot be said."""
        ...


class NoLiveCalls:
    """The watchers of calls that nobody watches."""

    def changed(self, call: Call) -> None:
        """Show it to nobody."""

    def merged(self, gone: Call, into: Call) -> None:
        """Tell nobody."""
