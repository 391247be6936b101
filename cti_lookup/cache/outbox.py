"""
The outbox: calls that Redis was told, and that the call log may not know yet.

A webhook is answered as soon as its call stands in Redis; the log and the screens are told a moment later, by the same process. If
that process is killed in between, another one tells them: what is written of a call is noted here in the same step, and is crossed
off when the log has it. Whoever finds what was not crossed off in time tells it; to tell something twice changes nothing.

A note is the call's key and a moment, in microseconds of Redis's clock: no two writes have the same one, so that a note which was made
anew is not crossed off with the one before it. Which of two states of a call is the later one their own moments say, which stand
with the call and not with the note: however long a process that finds a call stands still, what it tells overtakes nothing.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.stored_calls import StoredAlias, StoredCall, opened
from cti_lookup.calls import Call, Name

OVERDUE: Final = 2.0
"""Seconds after which a note counts as left behind; the log is told within some milliseconds."""

_MOST_TAKEN: Final = 50
_PAGE: Final = 100
_MOST_HELD: Final = 10_000
_LAPSES: Final = 3.0
"""Seconds after which a call that could not be written is not waited for."""
_MICROSECONDS: Final = 1_000_000
_CROSS_OFF: Final = Script(lua("cross_off"))
_OVERDUE: Final = Script(lua("overdue"))


@dataclass(frozen=True, slots=True)
class _Note:
    """What stands in an outbox of a call, as it is since `at`."""

    at: float
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
        self._unwritten: dict[str, float] = {}

    @property
    def key(self) -> str:
        """Give the name under which the notes of what is written stand."""
        return self._sides[0].outbox

    def could_not_note(self, call_id: str) -> None:
        """Remember that a call could not be written for now."""
        now = asyncio.get_running_loop().time()
        self._unwritten.pop(call_id, None)
        self._unwritten[call_id] = now
        while now - self._unwritten[oldest := next(iter(self._unwritten))] > _LAPSES:
            del self._unwritten[oldest]

    def goes_on(self, call_id: str) -> None:
        """Remember that a call is written, or goes on as another."""
        self._unwritten.pop(call_id, None)

    def is_unwritten(self, call_id: str) -> bool:
        """
        Tell whether a call is about to be written, so that it may yet turn out to be one that others know by another id.

        Whoever could not write it tries again every second; if that is not so, nobody has to wait for it.
        """
        since = self._unwritten.get(call_id)
        return since is not None and asyncio.get_running_loop().time() - since <= _LAPSES

    def was_noted(self, call_id: str, at: float, key: str, moment: int) -> None:
        """Remember that a call was written under a key and noted at a moment, to be crossed off when it is told as it is since `at`."""
        self.goes_on(call_id)
        self._hold(call_id, _Note(at, self._sides[0], key, moment))

    def _hold(self, call_id: str, note: _Note) -> None:
        self._held.pop(call_id, None)
        self._held[call_id] = note
        if len(self._held) > _MOST_HELD:  # some replica finds it, and tells it
            del self._held[next(iter(self._held))]

    async def cross_off(self, told: Iterable[tuple[str, float]]) -> None:
        """Cross off calls that the log has as they are since a moment. Never raises: what cannot be crossed off is told once more."""
        notes = [
            self._held.pop(call_id)
            for call_id, at in told
            if (note := self._held.get(call_id)) is not None and note.at <= at
        ]
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
        Give calls that nobody has crossed off in time, and since when they are so, in wall seconds.

        Until they are overdue again no other process is given them. Raises `RedisSilent`.
        """
        found: list[tuple[Call, float]] = []
        for names in self._sides:
            told = await self._link.run(
                "outbox", _OVERDUE, [names.outbox], [int(self._overdue * _MICROSECONDS), _MOST_TAKEN]
            )
            nothing = _taken(told, names)
            for key, stored in (await self._read(names, nothing)).items():
                if isinstance(stored, StoredCall):
                    self._hold(stored.call.id, _Note(stored.at, names, key, nothing.pop(key)))
                    found.append((stored.call, stored.at))
            await self._cross_off(names, nothing)
        return found

    async def noted(self) -> list[tuple[Call, float]]:
        """Give all calls that the log may not know yet, and since when they are so. Raises `RedisSilent`."""
        found: list[tuple[Call, float]] = []
        for names in self._sides:
            for offset in range(0, _MOST_HELD, _PAGE):
                notes = await self._link.call("outbox", partial(_page, names.outbox, offset))
                stored = await self._read(names, [names.prefix + one.decode() for one in notes])
                found += [(one.call, one.at) for one in stored.values() if isinstance(one, StoredCall)]
                if len(notes) < _PAGE:
                    break
        return found

    async def standing(self, called: Sequence[Name]) -> dict[Name, tuple[Call, float]]:
        """Give calls by what their phone system calls them, and since when they are so. Raises `RedisSilent`."""
        found: dict[Name, tuple[Call, float]] = {}
        for names in self._sides:
            by_key = {names.call(*one): one for one in called if one not in found}
            for _ in range(2):  # again where a call stands under another of its names
                stored, asked, by_key = await self._read(names, by_key), by_key, {}
                for key, one in stored.items():
                    source, _ = name = asked[key]
                    if isinstance(one, StoredCall):
                        found[name] = one.call, one.at
                    else:
                        by_key[names.call(source, one.provider_id)] = name
        return found

    async def _read(self, names: Names, keys: Iterable[str]) -> dict[str, StoredCall | StoredAlias]:
        """Read what stands under some keys of one side; what does not open is missing."""
        asked = tuple(keys)
        values = await self._link.read(asked) if asked else ()
        found = ((key, opened(names.seal, key, value)) for key, value in zip(asked, values, strict=True))
        return {key: stored for key, stored in found if stored is not None}


async def _page(outbox: str, offset: int, client: Client) -> list[bytes]:
    """Give some notes, the newest first; what is no list of them is none."""
    notes = await client.execute_command("ZREVRANGEBYSCORE", outbox, "+inf", "-inf", "LIMIT", offset, _PAGE)
    if not isinstance(notes, list):
        raise TypeError("an answer that no ZREVRANGEBYSCORE has")
    return notes


def _taken(told: Any, names: Names) -> dict[str, int]:
    """Give of each key that was taken its new moment. Raises `RedisSilent` for what no script gives."""
    try:
        moment, *notes = told
        return {names.prefix + bare.decode(): int(moment) for bare in notes}
    except (TypeError, ValueError, AttributeError):
        raise RedisSilent("error") from None
