"""
Calls shared by replicas: the events of one call may reach any of them, and it is one call.

Each process applies an event to what it knows, at once; then it tells Redis, if what stands there is still what it had seen. If another
replica was faster it takes what stands there, applies its own news again, and tries once more. News that Redis could not be told are
kept until it can be, so that an outage loses none; in the meantime a process knows what it was told itself. A record so takes at most
twice as long as a call of the link, whatever Redis does.

A call stands under its first id; under every other of its ids stands the first one.

Facts: the stamp before each value is random and new for each write, so that a value which was taken away and put back is another. A
write that timed out may have been done; its stamp tells.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import CALL_LIMIT, RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.sealing import Seals
from cti_lookup.cache.stored_calls import StoredAlias, StoredCall, packed_alias, packed_call, unpacked
from cti_lookup.calls import Call, CallBook, Entry, State, closed, expired, follow, join
from cti_lookup.calls.book import ENDED_REMEMBERED, REMEMBERED, REQUESTS_REMEMBERED, Heard, Name
from cti_lookup.events import CallEvent

_STAMP: Final = 12
_ABSENT: Final = b""
_ATTEMPTS: Final = 16
_MOST_PENDING: Final = 64
_MOST_UNSURE: Final = 4
_MOST_SWEPT: Final = 100
"""Calls that one sweep may close; the others wait for the next."""

_SWAP: Final = Script(lua("swap"))


@dataclass(slots=True)
class _Shared:
    """
    What Redis knows of a call, as far as that is known here.

    `parts` are the calls that stand in Redis under `root` and, before they are joined, under other names; `links` are the names
    under which the root stands. `pending` is what Redis was not told; of writes whose answer is not known, `unsure` holds the stamp
    and what they told.
    """

    root: Name
    parts: dict[Name, Call] = field(default_factory=dict)
    stamps: dict[Name, bytes] = field(default_factory=dict)
    links: set[Name] = field(default_factory=set)
    pending: list[Entry] = field(default_factory=list)
    unsure: dict[bytes, list[Entry]] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_gone: bool = False

    def view(self, otherwise: Call) -> Call:
        """Give the call as Redis knows it, with what is pending; `otherwise` where Redis knows nothing."""
        if not self.parts:
            return otherwise
        known = reduce(lambda one, other: join(one, other, one.started_at), self.parts.values())
        for entry in self.pending:
            known = follow(known, entry.event, entry.at)
        return known

    def take_in(self, other: "_Shared") -> None:
        """Take over what is known of a call that joined this one."""
        other.is_gone = True
        self.parts |= other.parts
        self.stamps |= other.stamps
        self.unsure |= other.unsure
        self.pending = sorted([*self.pending, *other.pending], key=lambda entry: entry.at)
        other.pending = []

    def tries(self, stamp: bytes) -> None:
        """Note what is about to be told."""
        self.unsure[stamp] = self.pending
        if len(self.unsure) > _MOST_UNSURE:
            del self.unsure[next(iter(self.unsure))]

    def was_told(self, stamp: bytes) -> None:
        """Note that Redis has been told what this stamp was given to."""
        told = {id(entry) for entry in self.unsure.pop(stamp, ())}
        self.pending = [entry for entry in self.pending if id(entry) not in told]


class SharedCalls:
    """
    The calls of all replicas; keeps the promises of `Calls`.

    The current one of `seals` writes; the others are read for a call that began before the secret was changed.
    """

    def __init__(
        self,
        link: RedisLink,
        *,
        seals: Seals,
        tenant: str,
        clock: Callable[[], float],
        within: float = CALL_LIMIT,
    ) -> None:
        self._link = link
        self._names, *self._others = (Names(seal, tenant) for seal in seals)
        self._clock = clock
        self._within = within
        self._book = CallBook(clock)

    def __len__(self) -> int:
        """Count the names of calls that this process remembers."""
        return len(self._book)

    async def record(self, event: CallEvent) -> Call:
        """Apply an event to its call and give the call as it now is, for all replicas if Redis answers, else for this one."""
        now = self._clock()
        heard = self._book.hear(event, now)
        if not heard.names:
            return heard.call
        shared, entry = self._shared_of(heard), Entry(now, event)
        shared.pending = [*shared.pending[1 - _MOST_PENDING :], entry]
        try:
            return await self._share(heard, entry)
        except (TimeoutError, RedisSilent, ValueError):
            return self._survivor(heard).call

    def _shared_of(self, heard: Heard) -> _Shared:
        """Give what Redis knows of a call, together with what it knows of those that joined it."""
        shared = heard.beside
        if not isinstance(shared, _Shared):
            shared = heard.beside = _Shared(heard.names[0])
        for absorbed in heard.absorbed:
            if isinstance(absorbed.beside, _Shared):
                shared.take_in(absorbed.beside)
        heard.absorbed = ()
        return shared

    def _survivor(self, heard: Heard) -> Heard:
        """Give the record that a call is in now; another, if it was joined meanwhile."""
        if isinstance(heard.beside, _Shared) and not heard.beside.is_gone:
            return heard
        return self._book.find(heard.names[0]) or heard

    async def _share(self, heard: Heard, entry: Entry) -> Call:
        """Tell Redis, after those who tell it of the same call."""
        deadline = asyncio.get_running_loop().time() + self._within
        for _ in range(_ATTEMPTS):
            heard = self._survivor(heard)
            shared = self._shared_of(heard)
            async with asyncio.timeout_at(deadline):
                await shared.lock.acquire()
            try:
                if not shared.is_gone and any(one is entry for one in shared.pending):
                    await self._tell(heard, shared, deadline)
            finally:
                shared.lock.release()
            if not shared.is_gone:
                break  # else it was joined to another call meanwhile, and is told with that
        return heard.call

    async def _tell(self, heard: Heard, shared: _Shared, deadline: float) -> None:
        """Tell Redis what is pending, until it is told or time runs out."""
        if self._others and not shared.stamps:
            await self._look_under_others(shared)
        for _ in range(_ATTEMPTS):
            if asyncio.get_running_loop().time() >= deadline or shared.is_gone:
                return
            if await self._swap(heard, shared, shared.view(heard.call)):
                return

    async def _swap(self, heard: Heard, shared: _Shared, call: Call) -> bool:
        """Write a call if nobody else has; else see what stands there."""
        names = self._unlinked(heard, shared)
        keys = [self._names.call(*name) for name in names]
        values = [packed_call(heard.at, call), *(packed_alias(shared.root[1]) for _ in names[1:])]
        stamp = os.urandom(_STAMP)
        remembered = ENDED_REMEMBERED if call.state is State.ENDED else REMEMBERED
        args: list[str | bytes | int] = [int(remembered * 1000), _STAMP]
        for name, key, value in zip(names, keys, values, strict=True):
            args += [shared.stamps.get(name, _ABSENT), stamp + self._names.seal.close(key, value)]
        shared.tries(stamp)
        present = await self._link.run("call", _SWAP, keys, args)
        if present == 1:
            shared.was_told(stamp)
            shared.parts, shared.stamps = {shared.root: call}, dict.fromkeys(names, stamp)
            shared.links.update(names[1:])
        elif isinstance(present, list) and len(present) == len(names):
            shared.unsure.pop(stamp, None)
            self._learn(heard, shared, names, present)
        else:
            raise RedisSilent("error")
        heard.call = shared.view(heard.call)
        return bool(present == 1)

    def _unlinked(self, heard: Heard, shared: _Shared) -> list[Name]:
        """Name what is to be written: the root, and the names under which nothing is known to point to it."""
        others = (name for name in heard.names if self._book.find(name) is heard)
        shared.links &= {*heard.names}
        return list(dict.fromkeys([shared.root, *(name for name in others if name not in shared.links)]))

    def _learn(
        self, heard: Heard, shared: _Shared, names: Sequence[Name], present: Sequence[bytes | None]
    ) -> None:
        """Take in what stands in Redis; what it has lost is still known here."""
        for name, value in zip(names, present, strict=True):
            stamp = value[:_STAMP] if value is not None else _ABSENT
            shared.stamps[name] = stamp
            shared.was_told(stamp)
            match self._opened(self._names, name, value):
                case StoredCall(at, call):
                    shared.parts[name] = call
                    heard.at = max(heard.at, at)
                case StoredAlias(provider_id):
                    self._follow(heard, shared, name, (name[0], provider_id))

    def _opened(self, names: Names, name: Name, value: bytes | None) -> StoredCall | StoredAlias | None:
        sealed = names.seal.open(names.call(*name), value[_STAMP:]) if value is not None else None
        return unpacked(sealed) if sealed is not None else None

    def _follow(self, heard: Heard, shared: _Shared, name: Name, target: Name) -> None:
        """Learn that a name stands for another."""
        shared.parts.pop(name, None)
        if target in (name, shared.root):
            shared.links |= {name} - {shared.root}
            return
        if name == shared.root:
            shared.root = target
            shared.links.add(name)
        survivor = self._book.link(heard, target, self._clock())
        if survivor is not heard or survivor.absorbed:
            self._shared_of(survivor)

    async def _look_under_others(self, shared: _Shared) -> None:
        """See whether the call began under another secret; it is written under the current one."""
        keys = tuple(names.call(*shared.root) for names in self._others)
        for names, value in zip(self._others, await self._link.read(keys), strict=True):
            stored = self._opened(names, shared.root, value)
            if isinstance(stored, StoredCall):
                shared.parts.setdefault(shared.root, stored.call)

    async def sweep(self) -> tuple[Call, ...]:
        """Close the calls that no replica heard of for too long; give those closed here, and those that were joined to others."""
        silent = self._book.silent(self._clock())[:_MOST_SWEPT]
        swept = [await self._close(heard) for heard in silent]
        return (*self._book.superseded(), *(call for call in swept if call is not None))

    async def _close(self, heard: Heard) -> Call | None:
        shared, now = self._shared_of(heard), self._clock()
        async with shared.lock:
            if shared.is_gone or not expired(heard.call, heard.at, now):
                return None
            call = closed(shared.view(heard.call), now)
            try:
                if not await self._swap(heard, shared, call):
                    return None  # another replica was faster, or heard of it later
            except (RedisSilent, ValueError):
                heard.call = call  # for this process; the others see to it themselves
            return call

    async def is_new(self, source: str, fingerprint: bytes) -> bool:
        """Tell whether a request comes for the first time within an hour, to any replica if Redis answers."""
        if not await self._book.is_new(source, fingerprint):
            return False
        for names in (self._names, *self._others):
            if not await self._is_new(names.request(source, fingerprint)):
                return False
        return True

    async def _is_new(self, key: str) -> bool:
        async def note(client: Client) -> object:
            milliseconds = int(REQUESTS_REMEMBERED * 1000)
            return await client.execute_command("SET", key, "1", "NX", "PX", milliseconds)

        try:
            return await self._link.call("request", note) is not None
        except RedisSilent:
            return True  # as far as is known here
