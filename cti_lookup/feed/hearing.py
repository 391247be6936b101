"""
One replica's ear for the feed: it hears of every call that changes on any replica, reads it, and shows it.

Facts: XREAD BLOCK holds its connection, so it has a client of its own. Ids of a stream are times (Redis manual, "Streams"), so that
they grow also where Redis has lost its memory; that it has, a key tells that is there no more. Whatever happened while this
replica could not hear, it catches up with: it reads all calls that go on, and those that the stream still tells of.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from cti_lookup.background import together
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisSilent, reason_of
from cti_lookup.feed.board import Board
from cti_lookup.feed.changes import is_behind
from cti_lookup.feed.entry import Entry
from cti_lookup.feed.frames import REPLAY
from cti_lookup.feed.records import Note, Records
from cti_lookup.feed.revocations import Revoked
from cti_lookup.feed.shared_log import SharedCallLog

SILENCE: Final = 3.0
"""Seconds without an answer of any kind after which Redis is not heard any more."""
KEEP_UP_EVERY: Final = 0.25

_LOOK_EVERY: Final = 1.0
"""Seconds between two looks whether Redis has lost what it knew while it was heard."""

_BLOCK_MS: Final = 500
_MOST_AT_ONCE: Final = 500
_MOST_REPLAYED: Final = 50_000
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_EPOCH: Final = 8

_Entries = Sequence[tuple[bytes, Mapping[bytes, bytes]]]


class Hearing:
    """
    Listens, for as long as it runs, to the streams of all `sides`; `client` is a patient one of its own.

    `revoked` hears of tokens that were taken back; `keep_up` is called often, to tell what could not be told. `count` is told why nothing was heard. `clock` gives wall seconds.
    """

    def __init__(  # noqa: PLR0913  # what it depends on, named where it is opened
        self,
        client: Client,
        sides: Sequence[Records],
        calls: SharedCallLog,
        board: Board,
        *,
        revoked: Callable[[Revoked], None],
        keep_up: Callable[[], Awaitable[None]],
        count: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._sides = {side.names.feed: side for side in sides}
        # what stands before the ids of a stream, so that those of two streams are not taken for each other
        self._marks = {side.names.feed: "" if at == 0 else f"{at}." for at, side in enumerate(sides)}
        self._current = sides[0]
        self._calls = calls
        self._board = board
        self._revoked = revoked
        self._keep_up_more = keep_up
        self._count = count
        self._clock = clock
        self._places: dict[str, bytes] = {}
        self._epoch: bytes | None = None
        self._is_hearing = False
        self._begun = asyncio.Event()
        self._pause = _SHORTEST_PAUSE

    async def begin(self, patience: float) -> None:
        """Wait until the calls that go on are known and all others are heard; at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._begun.wait()

    async def run(self) -> None:
        """Listen, and keep up, until cancelled."""
        await together(self._listen(), self._keep_up())

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(KEEP_UP_EVERY)
            await self._calls.keep_up(is_hearing=self._is_hearing)
            await self._keep_up_more()

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except Exception as exc:  # noqa: BLE001  # redis-py raises whatever; it is counted, and tried again
                self._count(exc.reason if isinstance(exc, RedisSilent) else reason_of(exc))
            self._is_hearing = False
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _hear(self) -> None:
        """Catch up, and then hear all that happens; raises as soon as that is not possible."""
        await self._see_what_was_lost()
        for key, side in self._sides.items():
            await self._catch_up(key, side)
        self._is_hearing = True
        self._begun.set()
        now = asyncio.get_running_loop().time
        look_at = now() + _LOOK_EVERY
        while True:
            if now() >= look_at:
                await self._see_what_was_lost()
                look_at = now() + _LOOK_EVERY
            async with asyncio.timeout(SILENCE):
                batches = await self._read()
            for key, entries in batches:
                await self._take_in(key.decode(), entries)
            self._pause = _SHORTEST_PAUSE

    async def _see_what_was_lost(self) -> None:
        """Tell Redis everything again if it has lost what it knew."""
        key = self._current.names.feed_epoch
        async with asyncio.timeout(SILENCE):
            made = os.urandom(_EPOCH).hex().encode()
            await self._client.execute_command("SET", key, made, "NX")
            epoch: bytes = await self._client.execute_command("GET", key)
        if self._epoch is not None and epoch != self._epoch:
            self._calls.tell_all_again()
        self._epoch = epoch

    async def _catch_up(self, key: str, side: Records) -> None:
        """Read what was told of lately and was not heard, and all that goes on; then go on after that."""
        place = self._places.get(key, b"0-0")
        async with asyncio.timeout(SILENCE):
            last: Any = await self._client.xrevrange(key, count=1)
            since = f"{max(0, int((self._clock() - REPLAY) * 1000))}"
            told: Any = await self._client.xrange(key, min=since, count=_MOST_REPLAYED)
            live: Any = await self._client.smembers(side.names.live)
        if last and not told and key not in self._places:
            self._board.begin(f"{self._marks[key]}{last[0][0].decode()}")
        await self._take_in(key, [one for one in told if _place(one[0]) > _place(place)])
        await self._see_what_goes_on(key, side, {one.decode() for one in live})
        read_to = self._places.get(key, place)
        self._places[key] = max(read_to, last[0][0] if last else read_to, key=_place)

    async def _see_what_goes_on(self, key: str, side: Records, live: set[str]) -> None:
        """Read the calls that go on, by our own word or by Redis'; what the log does not keep any more is over."""
        found = await side.read(sorted(live | {one.id for one in self._board.live()}))
        for entry in found.values():
            known = self._board.get(entry.id)
            if known is None or known.revision < entry.revision or is_behind(entry, known):
                self._calls.hear(entry, f"{self._marks[key]}{entry.id}.{entry.revision}")
        if over := live - found.keys():
            await self._client.srem(side.names.live, *over)

    async def _read(self) -> Any:
        places: dict[Any, Any] = {key: self._places.get(key, b"0-0") for key in self._sides}
        return await self._client.xread(places, count=_MOST_AT_ONCE, block=_BLOCK_MS)

    async def _take_in(self, key: str, entries: _Entries) -> None:
        """Show what some notes tell of, in their order; of a call that is told of twice, the second time."""
        side = self._sides[key]
        notes = [
            (entry_id, note) for entry_id, fields in entries if (note := side.note_of(fields)) is not None
        ]
        called = await side.read(
            list(dict.fromkeys(note.call for _, note in notes if note.call and not note.gone))
        )
        for entry_id, note in notes:
            self._hear_note(note, f"{self._marks[key]}{entry_id.decode()}", called)
        if entries:
            self._places[key] = entries[-1][0]

    def _hear_note(self, note: Note, event_id: str, called: Mapping[str, Entry]) -> None:
        if note.revoked is not None:
            self._revoked(note.revoked)
        elif note.gone:
            self._calls.hear_gone(note.call, note.gone, event_id)
        elif note.call in called:
            self._calls.hear(called[note.call], event_id)


def _place(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds or 0), int(number or 0)
