"""
Renewals: a turn's lock is short, so that nobody waits long for one who has died, and lasts on while its owner lives.

The locks of this process are renewed together and beside its turns, none of which waits for that. A renewal that fails, is
late or finds its lock gone does no harm: another may then ask the same, and a lock guards nothing.
"""

import asyncio
from typing import Final

import msgspec

from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua

LONGEST_TURN: Final = 5.0
"""Seconds after which a lock is renewed no more; no flight lasts longer."""

_IN_A_LOCK: Final = 4
"""
How many renewals there are in the time of a lock.

A turn that ends before the first of them costs nothing. The first comes before half of the time is over and the next after a
quarter, so that a process may stand still for as long as another half, or one call to Redis time out, and the lock is kept.
"""

_AT_ONCE: Final = 500
"""Locks that one script renews; it holds up Redis for less than a millisecond."""

_RENEW: Final = Script(lua("renew"))


class _Kept(msgspec.Struct, frozen=True, gc=False):
    lock: str
    since: float


class Renewals:
    """Renews locks for `lock_seconds` while :meth:`run` runs, each until it is let go, or for `longest` seconds in all."""

    def __init__(self, link: RedisLink, *, lock_seconds: float, longest: float = LONGEST_TURN) -> None:
        self._link = link
        self._lock_ms = max(1, int(lock_seconds * 1000))
        self._pace = lock_seconds / _IN_A_LOCK
        self._longest = longest
        self._kept: dict[bytes, _Kept] = {}
        self._any = asyncio.Event()

    def keep(self, lock: str, token: bytes) -> None:
        """Renew a lock that was just taken with this token."""
        self._kept[token] = _Kept(lock, _now())
        self._any.set()

    def let_go(self, token: bytes) -> None:
        """Renew the lock with this token no more, if it is kept at all."""
        self._kept.pop(token, None)
        if not self._kept:
            self._any.clear()

    async def run(self) -> None:
        """Renew what lasts, until cancelled; sleep while there is nothing to keep."""
        while True:
            await self._any.wait()
            begun = _now()
            await self._renew(self._due(begun))
            await asyncio.sleep(max(0.0, begun + self._pace - _now()))

    def _due(self, now: float) -> list[tuple[str, bytes]]:
        """Give the locks that have been kept for a while, with their tokens, and let go of those kept too long."""
        for token in [token for token, kept in self._kept.items() if now - kept.since > self._longest]:
            self.let_go(token)
        return [(kept.lock, token) for token, kept in self._kept.items() if now - kept.since >= self._pace]

    async def _renew(self, due: list[tuple[str, bytes]]) -> None:
        for at in range(0, len(due), _AT_ONCE):
            locks, tokens = zip(*due[at : at + _AT_ONCE], strict=True)
            try:
                await self._link.run("renew", _RENEW, locks, (self._lock_ms, *tokens))
            except RedisSilent:
                return  # the next time is before the locks end, or they end


def _now() -> float:
    """Give the loop's time, by which locks are kept."""
    return asyncio.get_running_loop().time()
