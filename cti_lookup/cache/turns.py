"""
Turns: of all replicas that want to ask the directory the same, one asks, and the others wait for its answer.

A lock in Redis spares the directory; it guards nothing. What guards the cache is that a turn remembers the generation
and the epoch under which it began, and that its answer is stored only if nothing it tells was forgotten since. So whoever
stood still, lost the lock and goes on does no harm; the directory is asked twice.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Final

import msgspec

from cti_lookup.answers import Answer
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.renewals import Renewals
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.vault import GENERATION, Vault
from cti_lookup.ports import Turn
from cti_lookup.questions import AnyQuestion

PATIENCE: Final = 4.0
"""Seconds that one replica waits for another; a flight of 5 s then still has the time to ask itself."""

_TOKEN: Final = 16
_LEAST_GENERATION_MS: Final = 60_000
"""A generation outlives the turn that found it."""
_SAME: Final = 0.1
"""Seconds within which two readings of one answer's time lie, as each is converted by the clocks of its moment."""
_FIRST_PAUSE: Final = 0.025
_LONGEST_PAUSE: Final = 0.1

_TURN: Final = Script(lua("turn"))
_FILL: Final = Script(lua("fill"))
_LEAVE: Final = Script(lua("leave"))

Count = Callable[[str, str], None]


class Turns:
    """
    Gives turns to this replica.

    `count` is told of a `fill` that stored nothing: `overtaken` (forgotten meanwhile), `unfenced` (Redis was silent when
    the turn began, so that nobody can tell), `unfit` (holds an id that no directory gives out).
    """

    def __init__(
        self, link: RedisLink, vault: Vault, count: Count, *, lock_seconds: float, patience: float
    ) -> None:
        self._link = link
        self._vault = vault
        self._count = count
        self._lock_ms = max(1, int(lock_seconds * 1000))
        self._patience = patience
        self._renewals = Renewals(link, lock_seconds=lock_seconds)

    async def renew(self) -> None:
        """Let the locks of turns that last not end, until cancelled."""
        await self._renewals.run()

    async def take(self, question: AnyQuestion, newer_than: float) -> Turn:
        """Wait for the replica that asks the same, and then take one's turn; without Redis, at once."""
        deadline = _now() + self._patience
        try:
            while True:
                turn, has_lock = await self._begin(question, newer_than)
                if turn.found is not None or has_lock or _now() >= deadline:
                    return turn
                found = await self._winners(question, newer_than, deadline)
                if found is not None:
                    return _Found(found)
        except RedisSilent:
            return _Unfenced(self._count)

    async def _begin(self, question: AnyQuestion, newer_than: float) -> tuple[Turn, bool]:
        """Begin a turn, or find what another has just been told; tell whether the lock was taken."""
        names = self._vault.names
        token, fresh = os.urandom(_TOKEN), os.urandom(GENERATION)
        keys = _Keys(
            names.lock(question), names.generation(question.mark), names.epoch, names.answer(question)
        )
        taken, generation, epoch, stored = await self._link.run(
            "turn",
            _TURN,
            [keys.lock, keys.generation, keys.epoch, keys.answer],
            [token, self._lock_ms, fresh, _LEAST_GENERATION_MS],
        )
        began = _Began(keys, token, generation, epoch)
        turn = _RedisTurn(self._link, self._vault, self._renewals, self._count, began)
        found = self._newer(keys.answer, stored, generation, newer_than)
        if found is not None:
            if taken:
                await turn.leave()
            return _Found(found), False
        if taken:
            self._renewals.keep(keys.lock, token)
        return turn, bool(taken)

    async def _winners(self, question: AnyQuestion, newer_than: float, deadline: float) -> Answer | None:
        """Wait for the answer of the replica that has the lock; None once the lock or the patience has ended."""
        names = self._vault.names
        keys = (names.answer(question), names.generation(question.mark), names.lock(question))
        pause = _FIRST_PAUSE
        while (left := deadline - _now()) > 0:
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
            stored, generation, lock = await self._link.read(keys)
            found = self._newer(keys[0], stored, generation, newer_than)
            if found is not None or lock is None:
                return found
        return None

    def _newer(
        self, key: str, stored: bytes | None, generation: bytes | None, newer_than: float
    ) -> Answer | None:
        found = self._vault.opened(key, stored, generation)
        return found if isinstance(found, Answer) and found.asked_at > newer_than + _SAME else None


class _Keys(msgspec.Struct, frozen=True, gc=False):
    lock: str
    generation: str
    epoch: str
    answer: str


class _Began(msgspec.Struct, frozen=True, gc=False):
    """Where a turn began, and under which generation and epoch."""

    keys: _Keys
    token: bytes
    generation: bytes
    epoch: bytes


class _RedisTurn:
    """A turn that began under a generation; it has the lock, unless the one who has it took too long, or it stood still."""

    found: Answer | None = None

    def __init__(
        self, link: RedisLink, vault: Vault, renewals: Renewals, count: Count, began: _Began
    ) -> None:
        self._link = link
        self._vault = vault
        self._renewals = renewals
        self._count = count
        self._began = began

    async def fill(self, answer: Answer, seconds: float) -> None:
        """Store the answer unless it is overtaken, and release the lock in the same step."""
        began = self._began
        self._renewals.let_go(began.token)
        try:
            value = self._vault.closed(began.keys.answer, began.generation, answer)
        except ValueError:
            self._count("fill", "unfit")
            return await self.leave()
        try:
            stored = await self._store(value, answer.ids, max(1, int(seconds * 1000)))
        except RedisSilent:
            return None
        if not stored:
            self._count("fill", "overtaken")
        return None

    async def _store(self, value: bytes, ids: tuple[int, ...], milliseconds: int) -> bool:
        began, names = self._began, self._vault.names
        keys = [began.keys.lock, began.keys.generation, began.keys.answer, names.erased]
        for one in ids:
            keys += [names.tombstone(one), names.index(one)]
        entry = names.bare(began.keys.answer) + names.bare(began.keys.generation)
        args: list[str | bytes | int] = [
            began.token,
            began.generation,
            began.epoch,
            value,
            milliseconds,
            entry,
        ]
        args += map(names.erased_field, ids)
        return bool(await self._link.run("fill", _FILL, keys, args))

    async def leave(self) -> None:
        """Release the lock, if it is still this turn's."""
        self._renewals.let_go(self._began.token)
        try:
            await self._link.run("leave", _LEAVE, [self._began.keys.lock], [self._began.token])
        except RedisSilent:
            return  # it ends by itself


class _Found:
    """What another replica was told; nothing is left to do."""

    def __init__(self, found: Answer) -> None:
        self.found: Answer | None = found

    async def fill(self, answer: Answer, seconds: float) -> None:
        """Share nothing: it has been shared."""

    async def leave(self) -> None:
        """End nothing."""


class _Unfenced:
    """A turn without a lock, whose answer is not stored: what was forgotten meanwhile cannot be told."""

    found: Answer | None = None

    def __init__(self, count: Count) -> None:
        self._count = count

    async def fill(self, answer: Answer, seconds: float) -> None:  # noqa: ARG002  # the port's signature
        """Share nothing."""
        self._count("fill", "unfenced")

    async def leave(self) -> None:
        """End nothing."""


def _now() -> float:
    """Give the loop's time, by which waits are bounded."""
    return asyncio.get_running_loop().time()
