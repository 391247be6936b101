"""Those who watch calls while they last."""

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


class NoLiveCalls:
    """The watchers of calls that nobody watches."""

    def changed(self, call: Call) -> None:
        """Show it to nobody."""

    def merged(self, gone: Call, into: Call) -> None:
        """Tell nobody."""
