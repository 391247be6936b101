"""
The call log in Redis, as far as one secret's names go: sealed calls, in which order they began, which go on, and a stream of notes.

A value is the call's revision, 16 digits, and the sealed call. A note in the stream names a call that changed, and holds nothing of
it: whoever hears it reads the call as it is now, so that nothing of what was erased is left in the stream. Of a call that was taken off there stays
that it was, for as long as a phone system may still tell of it, so that its hang-up does not bring it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.calls.book import REMEMBERED
from cti_lookup.feed.entry import Entry
from cti_lookup.feed.frames import REPLAY
from cti_lookup.feed.revocations import Revoked

MOST_NOTES: Final = 100_000
PAGE: Final = 100
"""Calls that are read or written at once."""

_REVISION: Final = 16
_MS: Final = 1000
_GONE_MS: Final = int(REMEMBERED * _MS)
_PUBLISH: Final = Script(lua("publish"))
_REVOKE: Final = Script(lua("revoke"))


class Note(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What happened: a call changed, a call is `gone` for some reason, or tokens were taken back."""

    call: str = ""
    gone: str = ""
    revoked: Revoked | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_entry: Final = msgspec.msgpack.Decoder(Entry).decode
_note: Final = msgspec.msgpack.Decoder(Note).decode


class Records:
    """Reads and writes the log under one secret; raises nothing but `RedisSilent`. `kept` is in seconds."""

    def __init__(self, link: RedisLink, names: Names, kept: float) -> None:
        self._link = link
        self.names = names
        self._kept = kept

    async def write(self, entries: Sequence[tuple[Entry, int]], now: float) -> list[Entry | None]:
        """
        Write calls, each if the revision that stands there is the one that was seen, 0 if none was.

        Gives for each None if it was written, else what stands there.
        """
        names = self.names
        keys = [names.feed, names.log, names.live, *(names.logged(entry.id) for entry, _ in entries)]
        args: list[str | bytes | int | float] = [
            *(int(self._kept * _MS), REPLAY * _MS, MOST_NOTES, now - self._kept, _REVISION, _GONE_MS)
        ]
        for entry, seen in entries:
            args += self._row(entry, seen)
        results = await self._link.run("log", _PUBLISH, keys, args)
        if not isinstance(results, list) or len(results) != len(entries):
            raise RedisSilent("error")
        return [
            None if one == 1 else self._present(entry.id, one)
            for (entry, _), one in zip(entries, results, strict=True)
        ]

    def _row(self, entry: Entry, seen: int) -> tuple[str | bytes | int | float, ...]:
        """Give what the script is told of one call."""
        names, key = self.names, self.names.logged(entry.id)
        value = b"%016d%b" % (entry.revision, names.seal.close(key, _encode(entry)))
        note = names.seal.close(names.feed, _encode(Note(entry.id, entry.gone)))
        expected = f"{seen:016d}" if seen else ""
        start = "" if entry.gone else entry.started_at
        return expected, value, start, entry.id, int(entry.is_live), note

    def _present(self, call_id: str, value: object) -> Entry:
        """Open what stands there; what does not open is no call of ours, and is not written over."""
        entry = self._opened(call_id, value) if isinstance(value, bytes) else None
        if entry is None:
            raise RedisSilent("garbage")
        return entry

    async def read(self, call_ids: Sequence[str]) -> dict[str, Entry]:
        """Read calls; those that are not there, or do not open, are missing."""
        found = {}
        for at in range(0, len(call_ids), PAGE):
            page = call_ids[at : at + PAGE]
            values = await self._link.read(tuple(map(self.names.logged, page)))
            for call_id, value in zip(page, values, strict=True):
                if value is not None and (entry := self._opened(call_id, value)) is not None:
                    found[call_id] = entry
        return found

    def _opened(self, call_id: str, value: bytes) -> Entry | None:
        opened = self.names.seal.open(self.names.logged(call_id), value[_REVISION:])
        try:
            return _entry(opened) if opened is not None else None
        except (msgspec.MsgspecError, ValueError):
            return None

    async def page(self, since: float | None, offset: int) -> list[str]:
        """Name calls, the newest first."""

        async def ask(client: Client) -> Any:
            least = "-inf" if since is None else since
            return await client.execute_command(
                "ZREVRANGEBYSCORE", self.names.log, "+inf", least, "LIMIT", offset, PAGE
            )

        return [one.decode() for one in await self._link.call("log", ask)]

    async def forget(self, call_ids: Iterable[str]) -> None:
        """Take calls off, without a word to anybody."""
        for call_id in call_ids:
            key = self.names.logged(call_id)

            async def ask(client: Client, key: str = key, call_id: str = call_id) -> None:
                await client.execute_command("UNLINK", key)
                await client.execute_command("ZREM", self.names.log, call_id)
                await client.execute_command("SREM", self.names.live, call_id)

            await self._link.call("log", ask)

    async def revoke(self, revoked: Revoked, seconds: float) -> None:
        """Note that tokens were taken back, and tell all replicas."""
        key = self.revocation_key(revoked)
        note = self.names.seal.close(self.names.feed, _encode(Note(revoked=revoked)))
        sealed = self.names.seal.close(key, _encode(revoked))
        await self._link.run("revoke", _REVOKE, [key, self.names.feed], [sealed, int(seconds * _MS), note])

    def revocation_key(self, revoked: Revoked) -> str:
        """Name what was taken back."""
        if revoked.token:
            return self.names.revoked_token(revoked.token)
        return self.names.revoked_subject(revoked.subject)

    def note_of(self, fields: Mapping[bytes, bytes]) -> Note | None:
        """Open a note of the stream; None if it is none of ours."""
        opened = self.names.seal.open(self.names.feed, fields.get(b"note", b""))
        try:
            return _note(opened) if opened is not None else None
        except (msgspec.MsgspecError, ValueError):
            return None
