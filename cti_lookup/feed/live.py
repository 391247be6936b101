"""
The live feed of this process: what becomes known of calls goes to the screens that it concerns.

A message is encoded once, and the same bytes are written to all who get it. Screens are found by the keys of their agents, so that a
call costs as much as it concerns people, however many look on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from cti_lookup.calls import State
from cti_lookup.feed import frames
from cti_lookup.feed.agents import Agent
from cti_lookup.feed.board import Board
from cti_lookup.feed.entry import Entry, people_in
from cti_lookup.feed.revocations import Revoked
from cti_lookup.feed.viewer import People, Viewer
from cti_lookup.times import Clock

LONGEST_WRITE: Final = 2.0
"""Seconds for which a screen may read nothing of what is written to it."""
MOST_SHOWN: Final = 500
"""Calls that a screen is shown at once, the newest."""

_ALL: Final = ""


class LiveFeed:
    """The screens that are open, and what they are told of the calls on a board; `count` is told what became of messages."""

    def __init__(self, board: Board, clock: Clock, count: Callable[[str], None]) -> None:
        self._board = board
        self._clock = clock
        self._count = count
        self._viewers: dict[Viewer, None] = {}
        self._by_key: defaultdict[str, dict[Viewer, None]] = defaultdict(dict)
        self._began_at = clock.wall()
        self._beat_at = clock.steady() + frames.HEARTBEAT
        self._closed = ""

    def __len__(self) -> int:
        """Count the open screens."""
        return len(self._viewers)

    def open(self, agent: Agent, last_event_id: str | None) -> Viewer:
        """Begin to tell somebody: of all calls that go on, or of what they missed since an event."""
        viewer = Viewer(agent)
        viewer.tell("hello", frames.hello(agent.role, agent.expires_at, self._clock.wall()))
        missed = self._board.since(last_event_id) if last_event_id is not None else None
        if missed is not None:
            for event_id, entry in missed:
                self._tell_again(viewer, entry, event_id)
        else:
            if last_event_id is not None:
                viewer.tell("reset", frames.reset(self._why_unknown()))
            frame, people = self._all_for(agent)
            viewer.tell("calls", frame, people=people)
        self._viewers[viewer] = None
        for key in _keys(agent):
            self._by_key[key][viewer] = None
        if self._closed:
            viewer.end(self._closed)
        return viewer

    def close(self, viewer: Viewer) -> None:
        """Tell somebody nothing more."""
        if viewer.overtaken:
            self._count("overtaken")
        self._viewers.pop(viewer, None)
        for key in _keys(viewer.agent):
            self._by_key[key].pop(viewer, None)
            if not self._by_key[key]:
                del self._by_key[key]

    def show(self, entry: Entry, event_id: str) -> bool:
        """Tell of a call as it now is, unless that is known; tell whether it was not."""
        known = self._board.get(entry.id)
        if known is not None and known.revision >= entry.revision:
            return False
        self._board.put(entry)
        self._board.note(event_id, entry.id, self._clock.wall())
        self._tell(known, entry, event_id)
        return True

    def start_over(self, reason: str) -> None:
        """Tell everybody that something may have been missed, and then all calls there are."""
        frame = frames.reset(reason)
        for viewer in self._viewers:
            calls, people = self._all_for(viewer.agent)
            viewer.start_over(frame + calls, people)

    def revoked(self, revoked: Revoked) -> None:
        """End the streams of tokens that were taken back."""
        self._end(lambda viewer: "revoked" if revoked.concerns(viewer.agent) else "")

    def look_after(self) -> None:
        """End what is over, cut off who does not read, and give signs of life; to be called often."""
        now, wall = self._clock.steady(), self._clock.wall()
        self._end(lambda viewer: _over(viewer, now, wall))
        if now >= self._beat_at:
            self._beat_at = now + frames.HEARTBEAT
            for viewer in self._viewers:
                viewer.beat()

    def shut(self, reason: str) -> None:
        """End all streams, and those that are opened after this too."""
        self._closed = reason
        self._end(lambda _: reason)

    def _end(self, why: Callable[[Viewer], str]) -> None:
        for viewer in self._viewers:
            if not viewer.is_ending and (reason := why(viewer)):
                self._count_if_cut(reason)
                viewer.end(reason)

    def _count_if_cut(self, reason: str) -> None:
        if reason == "slow":
            self._count("cut")

    def _tell(self, before: Entry | None, entry: Entry, event_id: str) -> None:
        here = self._concerned(entry.source, entry.to) if not entry.gone else {}
        if here:
            frame = frames.one_call(entry, event_id)
            for viewer in here:
                viewer.tell(entry.id, frame, entry.changed_at, people=entry.people)
            self._count("told")
        if before is None or (not entry.gone and before.to == entry.to):
            return
        there = [one for one in self._concerned(before.source, before.to) if one not in here]
        if there:
            frame = frames.left(entry.id, _why_left(before, entry), event_id)
            for viewer in there:
                viewer.tell(entry.id, frame, entry.changed_at)
            self._count("left")

    def _concerned(self, source: str, audience: Iterable[str]) -> dict[Viewer, None]:
        """Find the screens of those whom a call of a source concerns, and of those who see all."""
        found: dict[Viewer, None] = {}
        for key in (*audience, _ALL):
            for viewer in self._by_key.get(key, ()):
                if viewer.agent.sources is None or source in viewer.agent.sources:
                    found[viewer] = None
        return found

    def _tell_again(self, viewer: Viewer, entry: Entry, event_id: str) -> None:
        """Tell of a call that somebody missed something of."""
        agent = viewer.agent
        if not entry.gone and agent.is_concerned(entry.source, entry.to):
            viewer.tell(entry.id, frames.one_call(entry, event_id), people=entry.people)
        elif agent.is_concerned(entry.source, entry.was):
            viewer.tell(entry.id, frames.left(entry.id, _why_left(entry, entry), event_id))

    def _all_for(self, agent: Agent) -> tuple[bytes, People]:
        own = (one for one in self._board.live() if agent.is_concerned(one.source, one.to))
        shown = [one for one, _ in zip(own, range(MOST_SHOWN), strict=False)]
        return frames.all_calls(shown, self._board.last_id), people_in(shown)

    def _why_unknown(self) -> str:
        is_young = self._clock.wall() - self._began_at < frames.REPLAY
        return "restart" if is_young else "gap"


def _keys(agent: Agent) -> Iterable[str]:
    return (_ALL,) if agent.sees_all else agent.keys


def _over(viewer: Viewer, now: float, wall: float) -> str:
    if viewer.agent.expires_at is not None and wall >= viewer.agent.expires_at:
        return "expired"
    if viewer.busy_since is not None and now - viewer.busy_since > LONGEST_WRITE:
        return "slow"
    return ""


def _why_left(before: Entry, entry: Entry) -> str:
    """Say why a call concerns somebody no more: another took it while it rang, or it was moved on."""
    if entry.gone:
        return entry.gone
    is_taken = entry.state is not State.RINGING
    return (
        "answered_elsewhere"
        if is_taken and (before.state is State.RINGING or before is entry)
        else "transferred"
    )
