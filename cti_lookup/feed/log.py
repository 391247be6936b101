"""The call log: the calls of the last days, and what agents did with them; kept by this process, or shared by all replicas."""

import heapq
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from cti_lookup.calls import State
from cti_lookup.events import Result
from cti_lookup.feed.agents import Agent
from cti_lookup.feed.board import Board
from cti_lookup.feed.changes import Change, Gone, Stripped
from cti_lookup.feed.entry import Entry
from cti_lookup.feed.live import LiveFeed


class Wanted(msgspec.Struct, frozen=True):
    """Which calls somebody asks for; `since` is in wall seconds."""

    agent: Agent
    state: State | None = None
    result: Result | None = None
    source: str | None = None
    since: float | None = None
    limit: int = 50

    def has(self, entry: Entry) -> bool:
        """Tell whether a call is among them."""
        return (
            not entry.gone
            and (self.state is None or entry.state is self.state)
            and (self.result is None or entry.result is self.result)
            and (self.source is None or entry.source == self.source)
            and (self.since is None or entry.started_at >= self.since)
            and self.agent.is_concerned(entry.source, entry.was)
        )


class CallLog(Protocol):
    """The calls of the last days."""

    async def change(self, changes: Mapping[str, Change]) -> None:
        """Change calls by their ids, and tell the screens. Never raises: what cannot be shared holds here until it can."""
        ...

    def has_told(self, call_id: str) -> bool:
        """Tell whether all that changed of a call is where it is to be kept."""
        ...

    async def find(self, call_id: str) -> Entry | None:
        """Give a call. Never raises."""
        ...

    async def newest(self, wanted: Wanted) -> list[Entry]:
        """Give calls, the newest first. Never raises."""
        ...

    async def erase_number(self, number: str) -> None:
        """Take all calls of a number off the log. Raises `NotForgotten` where that could not be done everywhere."""
        ...

    async def erase_person(self, person: int) -> None:
        """Take a person out of all calls. Raises `NotForgotten` where that could not be done everywhere."""
        ...


class OwnCallLog:
    """The calls of this process alone; `clock` gives wall seconds, `origin` tells its events from those of a process before."""

    def __init__(self, board: Board, live: LiveFeed, clock: Callable[[], float], origin: str) -> None:
        self._board = board
        self._live = live
        self._clock = clock
        self._origin = origin
        self._number = 0
        board.begin(f"{origin}-0")

    async def change(self, changes: Mapping[str, Change]) -> None:
        """Change calls and tell the screens."""
        for call_id, change in changes.items():
            self.apply(call_id, change)

    def has_told(self, call_id: str) -> bool:  # noqa: ARG002  # it is kept where it changes
        """Tell that all is where it is to be kept."""
        return True

    def apply(self, call_id: str, change: Change) -> Entry | None:
        """Change one call; give it as it then is, None if nothing has changed."""
        before = self._board.get(call_id)
        after = change.apply(before)
        if after is None:
            return None
        after = msgspec.structs.replace(after, revision=1 if before is None else before.revision + 1)
        self._number += 1
        self._live.show(after, f"{self._origin}-{self._number}")
        return after

    async def find(self, call_id: str) -> Entry | None:
        """Give a call."""
        return self._board.get(call_id)

    async def newest(self, wanted: Wanted) -> list[Entry]:
        """Give calls, the newest first."""
        found = (one for one in self._board if wanted.has(one))
        return heapq.nlargest(wanted.limit, found, key=lambda one: (one.started_at, one.id))

    async def erase_number(self, number: str) -> None:
        """Take all calls of a number off the log."""
        for entry in [one for one in self._board if one.number == number]:
            self.apply(entry.id, Gone("erased", self._clock()))

    async def erase_person(self, person: int) -> None:
        """Take a person out of all calls."""
        for entry in [one for one in self._board if person in one.people or one.chosen == person]:
            self.apply(entry.id, Stripped(person, self._clock()))
