"""
What processes that were killed leave undone, another one does.

Of such a process three things are found: calls in the outbox, which it had accepted and not told; calls on the screens whose
caller it was looking for; and calls that only it would have closed, as nobody else has heard of them. All replicas look; what one
does that another has done changes nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from cti_lookup.answers import Outcome
from cti_lookup.calls import Call, LeftBehind, State, closed, expired, ids_of, later
from cti_lookup.calls.advancing import ANSWERED_LIMIT, RINGING_LIMIT
from cti_lookup.errors import NotDone
from cti_lookup.feed.board import Board
from cti_lookup.feed.changes import Change, Gone, Over
from cti_lookup.feed.entry import Entry, name_in
from cti_lookup.feed.log import CallLog
from cti_lookup.feed.publishing import Publisher
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.logs import Log

LOOK_EVERY: Final = 1.0
"""Seconds between two looks for what others left behind."""
UNSOUGHT: Final = LONGEST_FLIGHT + 3.0
"""Seconds after which nobody is looking for a caller any more who is still pending."""
SILENT: Final = 60.0
"""Seconds that are left to those who heard of a call to close it."""

_CLOSE_EVERY: Final = 30
"""Looks until those calls are looked for that nobody closes."""
_MOST: Final = 50


class TakingOver:
    """Looks for what others left undone; `clock` gives wall seconds."""

    def __init__(  # noqa: PLR0913  # what it depends on, named where it is opened
        self,
        outbox: LeftBehind,
        *,
        publisher: Publisher,
        calls: CallLog,
        board: Board,
        clock: Callable[[], float],
        log: Log,
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._calls = calls
        self._board = board
        self._clock = clock
        self._log = log

    async def run(self, *, every: float = LOOK_EVERY) -> None:
        """Look, until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(every)
            looks += 1
            try:
                await self.tell_what_was_not_told()
                await self.seek_whom_nobody_seeks()
                if looks % _CLOSE_EVERY == 0:
                    await self.close_what_nobody_closes()
            except NotDone:
                continue  # Redis is away; it is looked for again
            except Exception as exc:  # noqa: BLE001  # nothing may end it
                self._log.failure(exc)

    async def tell_what_was_not_told(self) -> None:
        """Tell of the calls that stand in the outbox for too long. Raises `NotDone`."""
        now = self._clock()
        for call, at in await self._outbox.left_behind():
            for twin in self._twins(call, at):
                await self._calls.change({twin.id: Gone("merged", now)})
            if expired(call, at, now):  # all processes were gone for long, and whoever would close it
                self._publisher.changed(closed(call, now), later(at, now))
            else:
                self._publisher.changed(call, at)

    def _twins(self, call: Call, at: float) -> list[Entry]:
        """Find what the screens show besides a call and is a part of it: whoever joined them had not told yet."""
        ids = ids_of(call)
        return [
            entry
            for entry in self._board.live()
            if entry.source == call.source
            and entry.id != call.id
            and entry.noted_at <= at
            and (name := name_in(entry)) is not None
            and name[1] in ids
            and (name[1] != call.provider_id or entry.raw == call.caller.raw)  # an id that is used again
        ]

    async def seek_whom_nobody_seeks(self) -> None:
        """Look for callers who are pending for so long that nobody can be looking for them. Raises `NotDone`."""
        before = self._clock() - UNSOUGHT
        pending = [
            entry
            for entry in self._board.live()
            if entry.outcome is Outcome.PENDING
            and entry.changed_at <= before
            and not self._publisher.is_sought(entry.id)
        ]
        for entry, (call, _) in await self._standing(pending[:_MOST]):
            if call.caller.raw == entry.raw:
                self._publisher.seek(entry.id, call.caller)

    async def close_what_nobody_closes(self) -> None:
        """Close the calls of which no replica has heard for too long, nor closed them. Raises `NotDone`."""
        now = self._clock()
        silent = [entry for entry in self._board.live() if _is_silent(entry, now)][-_MOST:]
        heard = {
            entry.id
            for entry, (call, at) in await self._standing(silent)
            if call.id == entry.id and call.state is not State.ENDED and not expired(call, at, now)
        }
        over: dict[str, Change] = {
            entry.id: Over(entry.noted_at, now) for entry in silent if entry.id not in heard
        }
        if over:
            await self._calls.change(over)

    async def _standing(self, entries: Sequence[Entry]) -> list[tuple[Entry, tuple[Call, float]]]:
        """Give those calls of the log that stand in Redis, as they are there."""
        named = [(one, name) for one in entries if (name := name_in(one)) is not None]
        found = await self._outbox.standing([name for _, name in named]) if named else {}
        return [(entry, found[name]) for entry, name in named if name in found]


def _is_silent(entry: Entry, now: float) -> bool:
    limit = RINGING_LIMIT if entry.state is State.RINGING else ANSWERED_LIMIT
    return now - entry.noted_at > limit + SILENT
