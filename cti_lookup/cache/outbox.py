"""
The outbox: calls that Redis was told, and that the call log may not know yet.

A webhook is answered as soon as its call stands in Redis; the log and the screens are told a moment later, by the same process. If
that process is killed in between, another one tells them: what is written of a call is noted here in the same step, and is crossed
off when the log has it. Whoever finds what was not crossed off in time tells it; to tell something twice changes nothing.

A note is the call's key and a moment, in microseconds of Redis's clock: no two writes have the same one, so that a note which was made
anew is not crossed off with the one before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.stored_calls import StoredCall, opened
from cti_lookup.calls import Call

OVERDUE: Final = 2.0
"""Seconds after which a note counts as left behind; the log is told within some milliseconds."""

_MOST_TAKEN: Final = 50
_MOST_HELD: Final = 10_000
_MICROSECONDS: Final = 1_000_000
_CROSS_OFF: Final = Script(lua("cross_off"))
_OVERDUE: Final = Script(lua("overdue"))


@dataclass(frozen=True, slots=True)
class _Note:
    """What stands in an outbox of a call."""

    call: Call
    names: Names
    key: str
    moment: int


class Outbox:
    """
    What this process has noted and is to cross off, and what others left behind.

    The first of `sides` is the current secret's, under which calls are written. `overdue` is in seconds.
    """

    def __init__(self, link: RedisLink, sides: Sequence[Names], *, overdue: float = OVERDUE) -> None:
        self._link = link
        self._sides = tuple(sides)
        self._overdue = overdue
        self._held: dict[str, _Note] = {}

    @property
    def key(self) -> str:
        """Give the name under which the notes of what is written stand."""
        return self._sides[0].outbox

    def was_noted(self, call: Call, key: str, moment: int) -> None:
        """Remember that a call was written under a key and noted at a moment, to be crossed off when it is told."""
        self._hold(_Note(call, self._sides[0], key, moment))

    def _hold(self, note: _Note) -> None:
        self._held.pop(note.call.id, None)
        self._held[note.call.id] = note
        if len(self._held) > _MOST_HELD:  # some replica finds it, and tells it
            del self._held[next(iter(self._held))]

    async def cross_off(self, calls: Iterable[Call]) -> None:
        """Cross off calls that the log has, as they are here. Never raises: what cannot be crossed off is told once more."""
        notes = [
            note for call in calls if (note := self._held.get(call.id)) is not None and note.call is call
        ]
        for note in notes:
            del self._held[note.call.id]
        for names in self._sides:
            await self._cross_off(names, {one.key: one.moment for one in notes if one.names is names})

    async def _cross_off(self, names: Names, moments: dict[str, int]) -> None:
        if not moments:
            return
        args = [word for key, moment in moments.items() for word in (names.bare(key), str(moment))]
        try:
            await self._link.run("outbox", _CROSS_OFF, [names.outbox], args)
        except RedisSilent:
            return

    async def left_behind(self) -> list[tuple[Call, float]]:
        """
        Give calls that nobody has crossed off in time, and when they were written, in wall seconds.

        Until they are overdue again no other process is given them. Raises `RedisSilent`.
        """
        found: list[tuple[Call, float]] = []
        for names in self._sides:
            taken = await self._link.run(
                "outbox", _OVERDUE, [names.outbox], [int(self._overdue * _MICROSECONDS), _MOST_TAKEN]
            )
            found += [pair async for pair in self._read(names, _taken(taken, names))]
        return found

    async def _read(self, names: Names, taken: dict[str, tuple[int, float]]) -> Any:
        """Read the calls of some notes; those whose call is gone, or goes on as another, are crossed off."""
        keys = tuple(taken)
        values = await self._link.read(keys) if keys else ()
        nothing: dict[str, int] = {}
        for key, value in zip(keys, values, strict=True):
            moment, written = taken[key]
            stored = opened(names.seal, key, value)
            if isinstance(stored, StoredCall):
                self._hold(_Note(stored.call, names, key, moment))
                yield stored.call, max(stored.at, written)
            else:
                nothing[key] = moment
        await self._cross_off(names, nothing)


def _taken(told: Any, names: Names) -> dict[str, tuple[int, float]]:
    """Give of each key that was taken its new moment, and when it was written. Raises `RedisSilent` for what no script gives."""
    try:
        moment, *notes = told
        words: Iterator[bytes] = iter(notes)
        return {
            names.prefix + bare.decode(): (int(moment), float(at) / _MICROSECONDS)
            for bare, at in zip(words, words, strict=True)
        }
    except (TypeError, ValueError, AttributeError):
        raise RedisSilent("error") from None
