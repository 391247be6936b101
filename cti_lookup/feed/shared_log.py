"""
The call log that replicas share: what one notes, the screens of all show, and it is one call.

Each change is made to the call as it stands in Redis, by comparing and swapping its revision; a replica that was overtaken makes its
change again, to what stands there. What was written is shown when it is heard back (:mod:`cti_lookup.feed.hearing`), so that all
replicas tell the same in the same order, under the same ids.

What Redis could not be told is shown by this process at once, under ids of its own, and told as soon as it can be. A call is known
again by its id and its revision, so that nothing is told twice and nothing is lost. What was written and is not heard within a
second is shown as well.

Where Redis has lost its memory it gives revisions away once more. Then the newest state counts, whoever knows it, and nobody is named
whom any replica has erased.
"""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.cache.redis_link import RedisSilent
from cti_lookup.calls import LeftBehind
from cti_lookup.errors import NotForgotten
from cti_lookup.feed.board import MOST_CALLS, Board
from cti_lookup.feed.changes import Change, Gone, Known, News, Stripped, Untold, is_behind, number_of
from cti_lookup.feed.entry import Entry
from cti_lookup.feed.live import LiveFeed
from cti_lookup.feed.log import Wanted
from cti_lookup.feed.records import PAGE, Records

UNHEARD: Final = 1.0
"""Seconds after which what was written is shown though it was not heard back."""

_ATTEMPTS: Final = 8
_MOST_CHANGES: Final = 64
_MOST_LOOKED_AT: Final = 5_000
"""Calls that are looked through for one page of the log."""


@dataclass(slots=True)
class _Untold:
    """What Redis is to be told of a call: what it had when that was known last, and what has changed since."""

    base: Entry | None
    changes: list[Change] = field(default_factory=list)

    def folded(self) -> Entry | None:
        """Give the call with all changes; None if nothing changes."""
        entry, is_changed = self.base, False
        for change in self.changes:
            if (after := change.apply(entry)) is not None:
                entry, is_changed = after, True
        return entry if is_changed else None


class SharedCallLog:
    """
    The calls of all replicas; keeps the promises of `CallLog`.

    The first of `sides` is the current secret's, which writes. `outbox` holds calls that the log does not know yet. `origin` tells
    this process's own events. `count` is told what could not be shared. `clock` gives wall seconds.
    """

    def __init__(  # noqa: PLR0913  # what it depends on, named where it is opened
        self,
        sides: Sequence[Records],
        board: Board,
        live: LiveFeed,
        *,
        outbox: LeftBehind,
        clock: Callable[[], float],
        origin: str,
        count: Callable[[str], None],
    ) -> None:
        self._records, *self._others = sides
        self._sides = sides
        self._board = board
        self._live = live
        self._outbox = outbox
        self._clock = clock
        self._origin = origin
        self._count = count
        self._number = 0
        self._untold: dict[str, _Untold] = {}
        self._shown: set[str] = set()
        self._written: dict[str, tuple[Entry, float]] = {}
        self._losses = 0
        self._lock = asyncio.Lock()
        board.begin(f"{origin}-0")

    @property
    def untold(self) -> int:
        """Count the calls that Redis is to be told of."""
        return len(self._untold)

    async def change(self, changes: Mapping[str, Change]) -> None:
        """Change calls; those who wait meanwhile are served together."""
        await self._learn(
            [call_id for call_id, change in changes.items() if self._is_missing(call_id, change)]
        )
        for call_id, change in changes.items():
            untold = self._untold.setdefault(call_id, _Untold(self._known(call_id)))
            untold.changes = [*untold.changes[1 - _MOST_CHANGES :], change]
        async with self._lock:
            await self._tell([call_id for call_id in changes if call_id in self._untold])
            self._let_go()

    def has_told(self, call_id: str) -> bool:
        """Tell whether Redis was told all of a call."""
        return call_id not in self._untold

    def _let_go(self) -> None:
        """Let go of the oldest where too many wait for Redis to come back; nothing is being written meanwhile."""
        while len(self._untold) > MOST_CALLS:
            oldest = next(iter(self._untold))
            del self._untold[oldest]
            self._shown.discard(oldest)
            self._count("dropped")

    def _known(self, call_id: str) -> Entry | None:
        """Give a call as Redis has it, as far as that is known here."""
        written = self._written.get(call_id)
        return written[0] if written is not None else self._board.get(call_id)

    def _is_missing(self, call_id: str, change: Change) -> bool:
        """Tell whether a change needs a call that is not before our eyes."""
        return call_id not in self._untold and self._known(call_id) is None and change.apply(None) is None

    async def _learn(self, call_ids: Sequence[str]) -> None:
        """Read calls that were let go of, so that they can be changed."""
        if call_ids:
            for entry in (await self._read(call_ids)).values():
                self._untold.setdefault(entry.id, _Untold(entry))

    async def _tell(self, call_ids: Sequence[str]) -> None:
        """Tell Redis of calls; of those that it cannot be told, or not yet, show at least our own screens."""
        alone = [one for one in call_ids if self._outbox.is_unwritten(one)]
        self._show_untold(alone)
        waiting = [one for one in call_ids if one not in alone] if alone else list(call_ids)
        for _ in range(_ATTEMPTS):
            waiting = [one for one in waiting if one in self._untold]
            if not waiting:
                return
            try:
                for at in range(0, len(waiting), PAGE):
                    await self._swap(waiting[at : at + PAGE])
            except RedisSilent as exc:
                self._count(exc.reason)
                break
        self._show_untold(waiting)

    async def _swap(self, call_ids: Sequence[str]) -> None:
        """Write calls that nobody else has changed; of the others, learn what stands there."""
        entries = [entry for one in call_ids if (entry := self._next(one)) is not None]
        if not entries:
            return
        now = self._clock()
        seen = [
            (one, base.revision if (base := self._untold[one.id].base) is not None else 0) for one in entries
        ]
        told = {one.id: tuple(self._untold[one.id].changes) for one in entries}
        losses = self._losses
        for entry, present in zip(entries, await self._records.write(seen, now), strict=True):
            if present is None and losses == self._losses:
                self._was_told(entry, told[entry.id], now)
            elif present is None:
                self._tell_again(entry, None)  # it may have been told to the Redis that has lost it
            elif entry.id in self._untold:
                self._was_overtaken(present)

    def _next(self, call_id: str) -> Entry | None:
        """Give what is to be written of a call; nothing more is to be told of one that does not change by it."""
        untold = self._untold[call_id]
        after, base = untold.folded(), untold.base
        revision = 0 if base is None else base.revision
        known = self._board.get(call_id)
        own = known if call_id in self._shown else None
        if after is None and (base is None or own is None or _agree(own, base)):
            del self._untold[call_id]
            self._shown.discard(call_id)
            return None
        after = after or base
        if after is None or known is None:
            return replace(after, revision=revision + 1) if after is not None else None
        if own is not None and own.revision > revision and replace(after, revision=own.revision) == own:
            return own  # our own screens show it already
        return replace(after, revision=max(revision, known.revision) + 1)

    def _was_overtaken(self, present: Entry) -> None:
        """Learn what stands in Redis, which may be less than what is known here."""
        self._untold[present.id].base = present
        known = self._newest(present.id)
        if known is not None and (known.revision > present.revision or is_behind(present, known)):
            self._tell_again(known, present)

    def _was_told(self, entry: Entry, told: tuple[Change, ...], now: float) -> None:
        """Note what Redis has; what changed meanwhile is told next."""
        untold = self._untold[entry.id]
        untold.base = entry
        untold.changes = [one for one in untold.changes if not any(one is other for other in told)]
        if not untold.changes:
            del self._untold[entry.id]
        self._shown.discard(entry.id)
        known = self._board.get(entry.id)
        if known is None or known.revision < entry.revision:
            self._written[entry.id] = (entry, now)

    def _show_untold(self, call_ids: Iterable[str]) -> None:
        """Show our own screens what Redis could not be told."""
        for call_id in call_ids:
            untold = self._untold.get(call_id)
            after = untold.folded() if untold is not None else None
            if after is None:
                continue
            known = self._board.get(call_id)
            revision = max(
                known.revision if known else 0, untold.base.revision if untold and untold.base else 0
            )
            if known is not None and replace(after, revision=known.revision) == known:
                continue
            self._shown.add(call_id)
            self._live.show(replace(after, revision=revision + 1), self._own_id())

    def _own_id(self) -> str:
        self._number += 1
        return f"{self._origin}-{self._number}"

    def hear(self, entry: Entry, event_id: str) -> None:
        """
        Show what some replica wrote, if nothing newer is known; remember its event in any case, as others know it.

        Each change is made to what stands in Redis. So what was heard can only be behind where Redis has lost what is known here, and a
        replica that had not heard of that was the first to tell what it knew; or on one of two sides, as long as secrets are being changed.
        """
        known = self._newest(entry.id)
        if known is not None and is_behind(entry, known):
            self._tell_again(known, entry)
            self._board.note(event_id, entry.id, self._clock())
            return
        written = self._written.get(entry.id)
        if written is not None and written[0].revision <= entry.revision:
            del self._written[entry.id]
        if self._live.show(entry, event_id):
            return
        self._board.note(event_id, entry.id, self._clock())
        shown = self._board.get(entry.id)
        if shown is not None and is_behind(shown, entry):
            self._tell_again(entry, shown)  # under a revision that Redis has given away once before

    def _newest(self, call_id: str) -> Entry | None:
        """Give the newest that is known of a call, shown or not."""
        shown, written = self._board.get(call_id), self._written.get(call_id)
        if shown is None or written is None:
            return shown if written is None else written[0]
        return written[0] if is_behind(shown, written[0]) else shown

    def hear_gone(self, call_id: str, why: str, event_id: str) -> None:
        """Take a call from the screens that some replica took off."""
        self._written.pop(call_id, None)
        known = self._board.get(call_id)
        if known is not None and (after := Gone(why, self._clock()).apply(known)) is not None:
            self._live.show(replace(after, revision=known.revision + 1), event_id)

    async def keep_up(self, *, is_hearing: bool) -> None:
        """Tell what could not be told before, and show what was not heard back; to be called often."""
        overdue = self._clock() - (UNHEARD if is_hearing else 0.0)
        for call_id, (entry, at) in list(self._written.items()):
            if at <= overdue:
                del self._written[call_id]
                self._live.show(entry, self._own_id())
        if self._untold and not self._lock.locked():
            async with self._lock:
                await self._tell(list(self._untold)[: 10 * PAGE])

    def tell_all_again(self) -> None:
        """Tell all that is before our eyes again: Redis has lost it, and what it was told last too."""
        self._losses += 1
        for entry, _ in self._written.values():
            self._live.show(entry, self._own_id())
        self._written.clear()
        for entry in self._board:
            self._tell_again(entry, None)
            self._shown.add(entry.id)

    def _tell_again(self, known: Entry, present: Entry | None) -> None:
        """Have Redis told what is known of a call, before what it is to be told anyway; `present` is what stands there now."""
        untold = self._untold.setdefault(known.id, _Untold(present))
        if Known(known) not in untold.changes:
            untold.changes = [Known(known), *untold.changes[1 - _MOST_CHANGES :]]

    async def find(self, call_id: str) -> Entry | None:
        """Give a call."""
        if (known := self._known(call_id)) is not None:
            return known
        return (await self._read([call_id])).get(call_id)

    async def _read(self, call_ids: Sequence[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        try:
            for side in self._sides:
                found |= await side.read([one for one in call_ids if one not in found])
        except RedisSilent as exc:
            self._count(exc.reason)
        return found

    async def newest(self, wanted: Wanted) -> list[Entry]:
        """Give calls, the newest first: those in Redis, and what it could not be told."""
        own = (self._known(one) for one in (*self._untold, *self._written))
        found = {one.id: one for one in own if one is not None and wanted.has(one)}
        try:
            for side in self._sides:
                await self._collect(side, wanted, found)
        except RedisSilent as exc:
            self._count(exc.reason)
            found |= {one.id: one for one in self._board if wanted.has(one)}
        return heapq.nlargest(wanted.limit, found.values(), key=lambda one: (one.started_at, one.id))

    async def _collect(self, side: Records, wanted: Wanted, found: dict[str, Entry]) -> None:
        """Look through the log of one side until there is enough."""
        enough = wanted.limit + len(found)
        for offset in range(0, _MOST_LOOKED_AT, PAGE):
            call_ids = await side.page(wanted.since, offset)
            for entry in (await side.read(call_ids)).values():
                known = self._known(entry.id)
                newer = known if known is not None and known.revision > entry.revision else entry
                if wanted.has(newer):
                    found.setdefault(newer.id, newer)
            if len(call_ids) < PAGE or len(found) >= enough:
                return

    async def erase_number(self, number: str) -> None:
        """Take all calls of a number off the log, here and everywhere, and keep those out of it that it does not know yet."""
        await self._erase(lambda one: one.number == number, lambda now: Gone("erased", now), untold=number)

    async def erase_person(self, person: int) -> None:
        """Take a person out of all calls, here and everywhere."""
        await self._erase(
            lambda one: person in one.people or one.chosen == person, lambda now: Stripped(person, now)
        )

    async def _erase(
        self,
        concerns: Callable[[Entry], bool],
        change: Callable[[float], Change],
        *,
        untold: str | None = None,
    ) -> None:
        """Change all calls that something concerns. Raises `NotForgotten` if Redis could not be told of all."""
        change_now = change(self._clock())
        await self.change({one.id: change_now for one in self._board if concerns(one)})
        try:
            if untold is not None:
                await self._keep_out(untold)  # first: what is told meanwhile is found in the log
            for side in self._sides:
                await self._erase_in(side, concerns, change_now)
        except RedisSilent as exc:
            self._count(exc.reason)
            raise NotForgotten(exc.reason) from exc
        if any(change_now in one.changes for one in self._untold.values()):
            raise NotForgotten("error")

    async def _keep_out(self, number: str) -> None:
        """Keep the calls of a number out of the log that it was not told of yet. Raises `RedisSilent`."""
        gone = Gone("erased", self._clock())
        untold = {
            call.id: Untold(News(call, Lookup(Outcome.PENDING, call.caller), at), gone)
            for call, at in await self._outbox.noted()
            if number_of(call.caller) == number
        }
        await self.change(untold)
        if not all(map(self.has_told, untold)):
            raise RedisSilent("error")

    async def _erase_in(self, side: Records, concerns: Callable[[Entry], bool], change: Change) -> None:
        """Look through the whole log of one side; what another secret sealed is not left there."""
        meant: list[str] = []
        offset = 0
        while call_ids := await side.page(None, offset):
            meant += [one.id for one in (await side.read(call_ids)).values() if concerns(one)]
            offset += PAGE
        for at in range(0, len(meant), PAGE):
            await self.change(dict.fromkeys(meant[at : at + PAGE], change))
        if side in self._others:
            await side.forget(meant)


def _agree(shown: Entry, present: Entry) -> bool:
    """Tell whether what stands in Redis is what our screens show, or will be shown as something newer."""
    return shown.revision < present.revision or shown == present
