"""A desk: what tells screens of calls, without HTTP, and somebody who looks at a screen."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from cti_lookup.feed.agents import MACHINE, Agent, Role, keys_of
from cti_lookup.feed.board import Board
from cti_lookup.feed.choices import OwnChoices
from cti_lookup.feed.live import LiveFeed
from cti_lookup.feed.log import OwnCallLog
from cti_lookup.feed.publishing import Publisher
from cti_lookup.feed.viewer import Viewer
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.times import Clock
from tests.conftest import SettableClock

KEPT: Final = 7 * 86_400.0


def agent(*names: str, queues: Iterable[str] = (), **more: Any) -> Agent:
    """Give an agent by the names that calls know them by."""
    return Agent("token", "subject", Role.AGENT, keys_of(names, queues), **more)


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    name: str
    told: Any
    id: str = ""


def events_in(text: bytes) -> list[Event]:
    """Read what was written to a stream; signs of life have no event."""
    found = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append(Event(fields["event"], json.loads(fields["data"]), fields.get("id", "")))
    return found


@dataclass
class Desk:
    """A board, its screens, its log, and its publisher."""

    lookup: CallerLookup
    clock: SettableClock
    origin: str = "p1"
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.board = Board(self.clock, kept=KEPT)
        self.live = LiveFeed(self.board, Clock(self.clock, self.clock), self.count)
        self.calls = OwnCallLog(self.board, self.live, self.clock, self.origin)
        self.choices = OwnChoices(self.clock)
        self.publisher = Publisher(
            self.calls,
            board=self.board,
            lookup=self.lookup,
            choices=self.choices,
            clock=self.clock,
            log=Log(lambda _: None),
            count=self.count,
        )

    def count(self, result: str) -> None:
        self.counts[result] += 1

    def look(self, who: Agent = MACHINE, last_event_id: str | None = None) -> "Onlooker":
        """Open a screen."""
        return Onlooker(self.live.open(who, last_event_id))


class Onlooker:
    """Whoever looks at a screen, and reads when told to."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.greeting = self.events()

    def events(self) -> list[Event]:
        """Read all that was told since it was read last."""
        return events_in(self.viewer.take()[0])

    def told(self) -> list[tuple[str, str]]:
        """Read calls only: their state, and the outcome of their lookup; `left` and why."""
        return [
            (one.told["state"], one.told["lookup"]["outcome"])
            if one.name == "call"
            else ("left", one.told["reason"])
            for one in self.events()
            if one.name in ("call", "left")
        ]
