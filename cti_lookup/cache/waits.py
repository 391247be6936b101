"""For how long Redis is waited for, and through it another replica; apart from its clients, so that who names a limit needs no redis-py."""

from dataclasses import dataclass
from typing import Final

CALL_LIMIT: Final = 0.15
"""Seconds that one call may take, whatever it waits for."""

BEGIN: Final = 0.5
"""Seconds that a start may wait for Redis to say who was erased; a Redis that is not there is not waited for longer."""

LOCK: Final = 0.5
"""
Seconds that a lock lasts unless its owner, who lives, renews it.

Of the 1.5 s of a lookup it leaves 0.9 s for the directory, once the others have seen within 0.1 s that it has ended; the
directory takes some 0.3 s. Shorter, and who stands still for a moment would lose it.
"""


@dataclass(frozen=True, slots=True)
class Waits:
    """
    Seconds that a client waits: for a connection to come free, for a new one, and for an answer on it.

    `slots` is for learning those of a Cluster; longer than a caller waits, and shared by all callers.
    """

    pool: float = 0.02
    connect: float = 0.1
    read: float = 0.05
    slots: float = 1.0


WAITS: Final = Waits()


@dataclass(frozen=True, slots=True)
class RedisLimits:
    """
    For how many seconds Redis is waited for: by one call, by a start, and by a client for each step of a call.

    `lock` is for how many a replica is waited for that has died in its turn.
    """

    call: float = CALL_LIMIT
    begin: float = BEGIN
    waits: Waits = WAITS
    lock: float = LOCK
