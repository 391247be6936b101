"""
Notices: what one replica forgets, every replica hears, or knows that it may not have heard.

Facts: Redis pub/sub loses messages without an error (181 of 366 across one reset), a stream does not; but a stream is
trimmed, and begins anew where Redis lost its memory. So notices are numbered, and once a second one of the replicas
adds a heartbeat. XREAD BLOCK holds its connection: it needs a client of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from cti_lookup.background import together
from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script, reason_of, unless_nonsense
from cti_lookup.cache.redis_tier import MOST_NOTICES
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.sealing import Seals
from cti_lookup.cache.stored import unpacked_notice
from cti_lookup.questions import Forgotten

SILENCE: Final = 2.0
"""Seconds without even a heartbeat after which something must have been missed."""

_BEAT: Final = 1.0
_BEAT_AGAIN: Final = 0.25
_BEAT_MS: Final = 900
_BLOCK_MS: Final = 500
_MOST_AT_ONCE: Final = 500
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_LONGEST_NUMBER: Final = 19

_HEARTBEAT: Final = Script(lua("beat"))


class Notices:
    """
    One replica's ear.

    `client` is a patient one of its own, `link` takes the heartbeats. `heard` is told what *other* replicas forgot, and
    once each person who was erased before; `erased` reads those. `distrust` is called once when something may have been
    missed (a gap in the numbers, a notice that does not open, an error, a silence), and once more when notices arrive
    again: what happened between is unknown. `cut_off` is told when it cannot hear, and when it can. What this process
    knew before it listened for the first time is distrusted too. `count` is told, as `notices`, why: `gap`, `garbage`,
    `silence`, or what is wrong with Redis. `clock` is steady, `silence` in seconds.
    """

    def __init__(  # noqa: PLR0913  # what it depends on, named at the composition root
        self,
        client: Client,
        link: RedisLink,
        *,
        seals: Seals,
        tenant: str,
        origin: bytes,
        heard: Callable[[Forgotten], None],
        distrust: Callable[[], None],
        cut_off: Callable[[bool], None],
        erased: Callable[[], Awaitable[Iterable[int]]],
        count: Callable[[str, str], None],
        clock: Callable[[], float],
        silence: float = SILENCE,
    ) -> None:
        self._client = client
        self._link = link
        self._sides = tuple(Names(seal, tenant) for seal in seals)
        self._origin = origin
        self._tell = heard
        self._distrust = distrust
        self._cut_off = cut_off
        self._erased = erased
        self._count = count
        self._clock = clock
        self._silence = silence
        self._known_erased: set[int] = set()
        self._heard_at = clock()
        self._lost = True
        self._listening = asyncio.Event()
        self._begun = asyncio.Event()
        self._pause = _SHORTEST_PAUSE

    @property
    def silent_for(self) -> float:
        """Give the seconds since anything was heard; for a gauge."""
        return max(0.0, self._clock() - self._heard_at)

    async def begin(self, patience: float) -> None:
        """Wait until the erased are known and all that is said from now on is heard; at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._begun.wait()

    async def run(self) -> None:
        """Listen and beat until cancelled."""
        self._cut_off(self._lost)
        await together(self._listen(), self._beat())

    async def _beat(self) -> None:
        await self._listening.wait()  # so that the first heartbeat is heard here, too
        while True:
            pause = _BEAT if await self._has_beaten() else _BEAT_AGAIN
            await asyncio.sleep(pause)

    async def _has_beaten(self) -> bool:
        try:
            for names in self._sides:
                keys = [names.heartbeat, names.notice_number, names.notices]
                await self._link.run("beat", _HEARTBEAT, keys, [_BEAT_MS, MOST_NOTICES])
        except RedisSilent:
            return False
        return True

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except _MissedError as exc:
                self._missed(exc.reason)
            except Exception as exc:  # noqa: BLE001  # redis-py raises whatever; it is counted, and all is distrusted
                self._missed(exc.reason if isinstance(exc, RedisSilent) else reason_of(exc))
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _missed(self, reason: str) -> None:
        self._count("notices", reason)
        if not self._lost:
            self._lost = True
            self._cut_off(True)
            self._distrust()

    async def _hear(self) -> None:
        """Hear all from now on; raises as soon as something may have been missed."""
        async with asyncio.timeout(self._silence):
            streams = {names.notices: await self._stream(names) for names in self._sides}
            for person in await self._erased():
                self._hear_erased(person)
        self._listening.set()
        if not self._begun.is_set() and all(stream.number is not None for stream in streams.values()):
            self._found_again(self._clock())  # what follows a known number is heard, or known to be missed
        while True:
            async with asyncio.timeout(self._silence):
                batches = await self._read(streams.values())
            for key, entries in batches:
                for entry_id, fields in entries:
                    self._hear_entry(streams[key.decode()], entry_id, fields)
            if any(self._clock() - stream.heard_at > self._silence for stream in streams.values()):
                raise _MissedError("silence")

    async def _stream(self, names: Names) -> "_Stream":
        """Begin at a stream's end; what is no stream is written over by the next heartbeat."""
        last: Any = await unless_nonsense(self._client.xrevrange(names.notices, count=1), ())
        stream = _Stream(names, self._clock())
        for entry_id, fields in last:
            stream.entry_id, stream.number = entry_id, _number(fields)
        return stream

    async def _read(self, streams: Iterable["_Stream"]) -> Any:
        places: dict[Any, Any] = {stream.names.notices: stream.entry_id for stream in streams}
        return await self._client.xread(places, count=_MOST_AT_ONCE, block=_BLOCK_MS)

    def _hear_entry(self, stream: "_Stream", entry_id: bytes, fields: Mapping[bytes, bytes]) -> None:
        sealed = fields.get(b"notice")
        forgotten = self._opened(stream.names, sealed) if sealed is not None else None
        stream.advance(entry_id, _number(fields), self._clock())
        self._found_again(stream.heard_at)
        if forgotten is not None:
            self._tell(forgotten)

    def _opened(self, names: Names, sealed: bytes) -> Forgotten | None:
        """Open a notice; None if it is one's own."""
        value = names.seal.open(names.notices, sealed)
        notice = unpacked_notice(value) if value is not None else None
        if notice is None:
            raise _MissedError("garbage")
        return notice.forgotten if notice.origin != self._origin else None

    def _found_again(self, now: float) -> None:
        self._begun.set()
        self._heard_at = now
        self._pause = _SHORTEST_PAUSE
        if self._lost:
            self._lost = False
            self._cut_off(False)
            self._distrust()

    def _hear_erased(self, person: int) -> None:
        if person not in self._known_erased:
            self._known_erased.add(person)
            self._tell(Forgotten(person=person, erased=True))


class _Stream:
    """Where a stream has been read to; `number` is None where the last entry's is not known."""

    def __init__(self, names: Names, heard_at: float) -> None:
        self.names = names
        self.heard_at = heard_at
        self.entry_id: bytes = b"0-0"
        self.number: int | None = None

    def advance(self, entry_id: bytes, number: int | None, now: float) -> None:
        """Go on to an entry."""
        if number is None:
            raise _MissedError("garbage")
        if self.number is not None and number != self.number + 1:
            raise _MissedError("gap")
        self.entry_id, self.number, self.heard_at = entry_id, number, now


class _MissedError(Exception):
    """Something may have been missed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _number(fields: Mapping[bytes, bytes]) -> int | None:
    text = fields.get(b"number", b"")
    return int(text) if text.isdigit() and len(text) <= _LONGEST_NUMBER else None
