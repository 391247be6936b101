"""The calls that this process has before its eyes, and what it told of them in the last minutes, in order."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Final

from cti_lookup.feed.entry import Entry
from cti_lookup.feed.frames import REPLAY

MOST_CALLS: Final = 10_000
_MOST_TOLD: Final = 50_000

_Told = tuple[int, float, str, str]
"""Its place among all, when, the event's id, and the call's."""


class Board:
    """
    Calls by id, and what was told of them; `clock` gives wall seconds, calls are kept for `kept` seconds.

    What was told is remembered by name only: whoever missed it is told how the call is now. A call that is gone stays as one of which
    nothing is known, so that later news of it do not bring it back.
    """

    def __init__(self, clock: Callable[[], float], *, kept: float, most: int = MOST_CALLS) -> None:
        self._clock = clock
        self._kept = kept
        self._most = most
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._live: dict[str, None] = {}
        self._told: deque[_Told] = deque()
        self._places: dict[str, int] = {}
        self._place = 0
        self._last_id = ""
        self._base_id = ""

    def __len__(self) -> int:
        """Count the calls."""
        return len(self._entries)

    def get(self, call_id: str) -> Entry | None:
        """Give a call."""
        return self._entries.get(call_id)

    def __iter__(self) -> Iterator[Entry]:
        """Give all calls, those that were heard of first last."""
        return reversed(self._entries.values())

    def live(self) -> list[Entry]:
        """Give the calls that go on, the newest first."""
        return sorted((self._entries[one] for one in self._live), key=_by_start)

    def put(self, entry: Entry) -> Entry | None:
        """Note a call as it now is; give what it was."""
        before = self._entries.get(entry.id)
        self._entries[entry.id] = entry
        if entry.is_live:
            self._live[entry.id] = None
        else:
            self._live.pop(entry.id, None)
        self._make_room()
        return before

    def note(self, event_id: str, call_id: str, at: float) -> None:
        """Remember that a call was told of, once."""
        if event_id in self._places:
            return
        self._place += 1
        self._told.append((self._place, at, event_id, call_id))
        self._places[event_id] = self._place
        self._last_id = event_id
        self._let_go()

    @property
    def last_id(self) -> str:
        """Give the id of what was told last."""
        return self._last_id

    def begin(self, event_id: str) -> None:
        """Name what came before all that is remembered; whoever has heard that has missed nothing that is not."""
        self._places.pop(self._base_id, None)
        self._places[event_id] = self._told[0][0] - 1 if self._told else self._place
        self._base_id = event_id
        if not self._told:
            self._last_id = event_id

    def since(self, event_id: str) -> list[tuple[str, Entry]] | None:
        """Give the calls that were told of after an event, each once and in order, with the ids; None if it is not known."""
        self._let_go()
        place = self._places.get(event_id)
        if place is None:
            return None
        missed = list(takewhile(lambda told: told[0] > place, reversed(self._told)))
        newest: dict[str, str] = {}
        for _, _, told_id, call_id in missed:
            newest.setdefault(call_id, told_id)
        found = [
            (told_id, self._entries[call_id])
            for call_id, told_id in newest.items()
            if call_id in self._entries
        ]
        return found[::-1]

    def _let_go(self) -> None:
        oldest = self._clock() - REPLAY
        while self._told and (self._told[0][1] < oldest or len(self._told) > _MOST_TOLD):
            place, _, event_id, _ = self._told.popleft()
            self._places.pop(self._base_id, None)
            self._places[event_id] = place
            self._base_id = event_id

    def _make_room(self) -> None:
        oldest = self._clock() - self._kept
        while self._entries:
            entry = next(iter(self._entries.values()))
            if len(self._entries) <= self._most and entry.changed_at >= oldest:
                return
            if entry.changed_at >= oldest and entry.is_live and 2 * len(self._live) <= self._most:
                self._entries.move_to_end(entry.id)  # it is on screens, however many came after it
                continue
            del self._entries[entry.id]
            self._live.pop(entry.id, None)


def _by_start(entry: Entry) -> tuple[float, str]:
    return -entry.started_at, entry.id
