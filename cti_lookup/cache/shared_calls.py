"""
Calls shared by replicas: the events of one call may reach any of them, and it is one call.

Each process applies an event to what it knows, at once; then it tells Redis, if what stands there is still what it had seen. If another
replica was faster it takes what stands there, applies its own news again, and tries once more. What many calls bring at the same time
is told together, one round after the other. News that Redis could not be told are kept and told again until they
can be, so that an outage loses none; in the meantime a process knows what it was told itself. Who waits for a record waits at most
twice as long as a call of the link, whatever Redis does.

A call stands under its first id; under every other of its ids stands the first one. In the same step it is noted in the
outbox (:mod:`cti_lookup.cache.outbox`), so that those who watch calls are told of it though this process is killed.

Facts: the stamp before each value is random and new for each write, so that a value which was taken away and put back is another. A
write that timed out may have been done; its stamp tells.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cti_lookup.background import Background
from cti_lookup.cache.naming import Names
from cti_lookup.cache.outbox import Outbox
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.sealing import Seals
from cti_lookup.cache.shared_call import SharedCall
from cti_lookup.cache.stored_calls import STAMP, StoredAlias, StoredCall, opened, packed_alias, packed_call
from cti_lookup.cache.waits import CALL_LIMIT
from cti_lookup.calls import (
    Call,
    CallBook,
    Entry,
    LiveCalls,
    Name,
    NoLiveCalls,
    State,
    closed,
    expired,
    later,
)
from cti_lookup.calls.book import (
    ENDED_REMEMBERED,
    REMEMBERED,
    Heard,
    name_of,
    show,
)
from cti_lookup.calls.repeats import REQUESTS_REMEMBERED
from cti_lookup.events import CallEvent, Happening
from cti_lookup.telephone import Dialled

_ABSENT: Final = b""
_ATTEMPTS: Final = 16
_MOST_SWEPT: Final = 100
"""Calls that one sweep may close; the others wait for the next."""

_MOST_IN_A_BATCH: Final = 64
_OUTBOX_MS: Final = int(REMEMBERED * 1000)
_AGAIN: Final = 1.0
"""Seconds after which Redis is told again what it could not be told."""
_TOLD_ANEW: Final = 60.0
"""Seconds after which Redis is told that a call goes on, though nothing has changed: it forgets, and others sweep."""

_SWAP: Final = Script(lua("swap"))
_RINGING: Final = Happening.RINGING


@dataclass(frozen=True, slots=True)
class _Write:
    """One call that is about to be told, as it is since `at`: under which names, and with what stamp."""

    heard: Heard
    shared: SharedCall
    call: Call
    at: float
    names: tuple[Name, ...]
    keys: tuple[str, ...]
    stamp: bytes
    values: tuple[bytes, ...]

    def arguments(self, names: Names) -> list[str | bytes | int]:
        """Give what the script is told of it."""
        remembered = ENDED_REMEMBERED if self.call.state is State.ENDED else REMEMBERED
        arguments: list[str | bytes | int] = [
            len(self.names),
            int(remembered * 1000),
            names.bare(self.keys[0]),
        ]
        for name, value in zip(self.names, self.values, strict=True):
            arguments += [self.shared.stamps.get(name, _ABSENT), value]
        return arguments


class SharedCalls:
    """
    The calls of all replicas; keeps the promises of `Calls`.

    The current one of `seals` writes; the others are read for a call that began before the secret was changed. `outbox` is where calls
    are noted that `live` is told of.
    """

    def __init__(  # noqa: PLR0913  # what it depends on, named at the composition root
        self,
        link: RedisLink,
        *,
        seals: Seals,
        tenant: str,
        clock: Callable[[], float],
        within: float = CALL_LIMIT,
        live: LiveCalls | None = None,
        outbox: Outbox | None = None,
        again: float = _AGAIN,
    ) -> None:
        self._link = link
        self._names, *self._others = sides = [Names(seal, tenant) for seal in seals]
        self._outbox = outbox or Outbox(link, sides)
        self._clock = clock
        self._within = within
        self._live = live or NoLiveCalls()
        self._again = again
        self._book = CallBook(clock, live=self._live)
        self._waiting: dict[Heard, None] = {}
        self._round: asyncio.Future[None] | None = None
        self._untold: dict[Heard, None] = {}
        self._retrying: asyncio.TimerHandle | None = None
        self._is_telling = False
        self._speaking = asyncio.Lock()
        self._background = Background()

    def __len__(self) -> int:
        """Count the names of calls that this process remembers."""
        return len(self._book)

    def heard(self, event: CallEvent) -> Call | None:
        """Apply an event if what is known here is enough to say what the call now is; see :meth:`told`."""
        now = self._clock()
        if not self._is_enough(event, now):
            return None
        heard = self._book.hear(event, now)
        shared = self._shared_of(heard)
        if heard.call is shared.told and not shared.pending and now - shared.told_at < _TOLD_ANEW:
            return heard.call  # a repeated event brings nothing new
        shared.note(Entry(now, event))
        self._tell_of(heard)
        return heard.call

    def _is_enough(self, event: CallEvent, now: float) -> bool:
        """Tell whether no replica can know better who calls: the call is known here, or it begins with its caller."""
        name = name_of(event)
        if name is None or event.continues is not None:
            return False
        heard = self._book.known(name, now)
        if heard is not None:
            return isinstance(heard.beside, SharedCall)
        return event.happening is _RINGING and isinstance(event.caller, Dialled)

    async def record(self, event: CallEvent) -> Call:
        """Apply an event to its call and give the call as it now is, for all replicas if Redis answers, else for this one."""
        now = self._clock()
        heard = self._book.hear(event, now)
        if not heard.names:
            show(heard, self._live)
            return heard.call
        shared = self._shared_of(heard)
        shared.note(Entry(now, event))
        self._tell_of(heard)
        if (told := self.told()) is not None:
            await told
        return self._survivor(heard).call

    def told(self) -> Awaitable[None] | None:
        """Give what is to be waited for until Redis was told all that was heard by now, or could not be told; None if it was."""
        return asyncio.shield(self._round) if self._round is not None else None

    def _tell_of(self, heard: Heard) -> None:
        """See to it that Redis is told of a call, together with all that is heard before the next round begins."""
        self._waiting[heard] = None
        if self._round is None:
            self._round = asyncio.get_running_loop().create_future()
        if not self._is_telling:
            self._is_telling = True
            self._background.spawn(self._tell_all())

    async def _tell_all(self) -> None:
        """Tell Redis of all calls that wait, round by round."""
        try:
            while self._waiting:
                waiting, this_round = [*self._waiting], self._round
                self._waiting, self._round = {}, None
                try:
                    await self._tell_or_keep(waiting)
                finally:
                    if this_round is not None and not this_round.done():
                        this_round.set_result(None)
        finally:
            self._is_telling = False

    async def _tell_or_keep(self, waiting: Sequence[Heard]) -> None:
        """Tell Redis of calls, some dozens at a time; keep what it could not be told."""
        at = 0
        try:
            async with asyncio.timeout(2 * self._within), self._speaking:
                for at in range(0, len(waiting), _MOST_IN_A_BATCH):  # tells how far it came
                    await self._tell(waiting[at : at + _MOST_IN_A_BATCH])
        except (RedisSilent, TimeoutError):
            self._could_not(waiting[at:])

    async def _tell(self, batch: Sequence[Heard]) -> None:
        """Tell Redis of some calls, until each is told; keep those that others write too often. Raises `RedisSilent`."""
        for _ in range(_ATTEMPTS):
            heard = list(dict.fromkeys(self._survivor(one) for one in batch))
            for one in heard if self._others else ():
                await self._look_under_others(one)
            writes = [write for one in heard if (write := self._write(one, None, one.at)) is not None]
            batch = [write.heard for write in await self._swap(writes)]
            if not batch:
                return
        self._could_not(batch)

    def _could_not(self, batch: Sequence[Heard]) -> None:
        """Keep what Redis could not be told, and go on alone meanwhile."""
        for heard in batch:
            survivor = self._survivor(heard)
            self._untold[survivor] = None
            self._outbox.could_not_note(survivor.call.id)
            self._show(survivor)
        if self._retrying is None:
            self._retrying = asyncio.get_running_loop().call_later(self._again, self._retry)

    def _show(self, heard: Heard) -> None:
        """Show a call as it is known here."""
        shared = heard.beside
        show(heard, self._live, was_alone=isinstance(shared, SharedCall) and shared.told is None)

    def _retry(self) -> None:
        self._retrying = None
        untold, self._untold = self._untold, {}
        for heard in untold:
            if (survivor := self._book.find(heard.names[0])) is not None:
                self._tell_of(survivor)

    def _shared_of(self, heard: Heard) -> SharedCall:
        """Give what Redis knows of a call, together with what it knows of those that joined it."""
        shared = heard.beside
        if not isinstance(shared, SharedCall):
            shared = heard.beside = SharedCall(heard.names[0])
        for absorbed in heard.absorbed:
            self._live.merged(absorbed.call, heard.call)
            self._outbox.goes_on(absorbed.call.id)
            if isinstance(absorbed.beside, SharedCall):
                shared.take_in(absorbed.beside)
        heard.absorbed = ()
        return shared

    def _survivor(self, heard: Heard) -> Heard:
        """Give the record that a call is in now; another, if it was joined meanwhile."""
        if isinstance(heard.beside, SharedCall) and not heard.beside.is_gone:
            return heard
        return self._book.find(heard.names[0]) or heard

    def _write(self, heard: Heard, call: Call | None, at: float) -> _Write | None:
        """Write down what Redis is to be told, as it is known by now; None where it holds text that is none."""
        shared = self._shared_of(heard)
        told = shared.view(heard.call) if call is None else call
        names = self._unlinked(heard, shared)
        keys = tuple([self._names.call(*name) for name in names])
        try:
            values = [packed_call(at, told), *[packed_alias(shared.root[1]) for _ in names[1:]]]
        except ValueError:
            show(heard, self._live)
            return None
        stamp = os.urandom(STAMP)
        close = self._names.seal.close
        sealed = tuple([stamp + close(key, value) for key, value in zip(keys, values, strict=True)])
        return _Write(heard, shared, told, at, names, keys, stamp, sealed)

    async def _swap(self, writes: Sequence[_Write]) -> list[_Write]:
        """Write calls if nobody else has; else see what stands there, and give those."""
        if not writes:
            return []
        for write in writes:
            write.shared.tries(write.stamp)
        keys = [self._outbox.key, *[key for write in writes for key in write.keys]]
        args = [STAMP, _OUTBOX_MS, *[one for write in writes for one in write.arguments(self._names)]]
        results = await self._link.run("call", _SWAP, keys, args)
        if not isinstance(results, list) or len(results) != len(writes):
            raise RedisSilent("error")
        return [
            write for write, result in zip(writes, results, strict=True) if not self._is_told(write, result)
        ]

    def _is_told(self, write: _Write, result: object) -> bool:
        """Take in what Redis says of one call."""
        heard, shared = write.heard, write.shared
        if isinstance(result, bytes) and result.isdigit():
            shared.was_told(write.stamp)
            shared.parts, shared.stamps = {shared.root: write.call}, dict.fromkeys(write.names, write.stamp)
            shared.links.update(write.names[1:])
            heard.call = shared.view(heard.call)
            was_alone, shared.told, shared.told_at = shared.told is None, heard.call, heard.at
            at = write.at if heard.call is write.call else heard.at
            if heard.shown is not None:
                self._outbox.goes_on(heard.shown.id)
            self._outbox.was_noted(heard.call.id, at, write.keys[0], int(result))
            if not shared.is_gone:
                show(heard, self._live, at, was_alone=was_alone)
            return True
        if not isinstance(result, list) or len(result) != len(write.names):
            raise RedisSilent("error")
        shared.unsure.pop(write.stamp, None)
        self._learn(heard, shared, write.names, result)
        heard.call = shared.view(heard.call)
        return False

    def _unlinked(self, heard: Heard, shared: SharedCall) -> tuple[Name, ...]:
        """Name what is to be written: the root, and the names under which nothing is known to point to it."""
        if heard.names == (shared.root,):
            return heard.names
        others = (name for name in heard.names if self._book.find(name) is heard)
        shared.links &= {*heard.names}
        return tuple(dict.fromkeys([shared.root, *(name for name in others if name not in shared.links)]))

    def _learn(
        self, heard: Heard, shared: SharedCall, names: Sequence[Name], present: Sequence[bytes | None]
    ) -> None:
        """Take in what stands in Redis; what it has lost is still known here."""
        for name, value in zip(names, present, strict=True):
            stamp = value[:STAMP] if value is not None else _ABSENT
            shared.stamps[name] = stamp
            shared.was_told(stamp)
            match opened(self._names.seal, self._names.call(*name), value):
                case StoredCall(at, call):
                    shared.parts[name] = call
                    heard.at = later(at, heard.at)
                case StoredAlias(provider_id):
                    self._follow(heard, shared, name, (name[0], provider_id))

    def _follow(self, heard: Heard, shared: SharedCall, name: Name, target: Name) -> None:
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

    async def _look_under_others(self, heard: Heard) -> None:
        """See whether the call began under another secret; it is written under the current one."""
        shared = self._shared_of(heard)
        if shared.stamps:
            return
        keys = tuple(names.call(*shared.root) for names in self._others)
        for names, value in zip(self._others, await self._link.read(keys), strict=True):
            stored = opened(names.seal, names.call(*shared.root), value)
            if isinstance(stored, StoredCall):
                shared.parts.setdefault(shared.root, stored.call)
                heard.at = later(stored.at, heard.at)

    async def sweep(self) -> tuple[Call, ...]:
        """Close the calls that no replica heard of for too long; give those that were closed here."""
        silent = self._book.silent(self._clock())[:_MOST_SWEPT]
        return tuple([call for one in silent if (call := await self._close(one)) is not None])

    async def _close(self, heard: Heard) -> Call | None:
        async with self._speaking:
            shared, now = self._shared_of(heard), self._clock()
            if shared.is_gone or not expired(heard.call, heard.at, now):
                return None
            call, at = closed(shared.view(heard.call), now), later(heard.at, now)
            write = self._write(heard, call, at)
            try:
                if write is not None and await self._swap([write]):
                    return None  # another replica was faster, or heard of it later
            except RedisSilent:
                write = None
            if write is None:
                heard.call = call  # for this process; the others see to it themselves
                show(heard, self._live, at)
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

    async def close(self) -> None:
        """Tell Redis what it was not told yet, if it listens, and end what is under way."""
        if self._retrying is not None:
            self._retrying.cancel()
        await self._background.close(grace=2 * self._within)
