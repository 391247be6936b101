"""What a process and a Redis hold at a moment."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from tests.bench.machine import memory_of
from tests.replicas.fleet import Replica

LASTING: Final = 1800.0
"""Seconds: what Redis keeps for longer here are the names of calls and the requests that were taken in."""

_PAGE: Final = 1000


@dataclass(frozen=True)
class Held:
    """
    What one process holds; memory in MiB, `remembered` are names of calls.

    `own` is what it has written itself. (A proportional share, PSS, changes with each program that begins or ends.)
    """

    rss: float
    own: float
    files: int
    tasks: int
    threads: int
    remembered: int


@dataclass(frozen=True)
class Keys:
    """How many keys Redis holds: for hours, and for moments."""

    lasting: int
    passing: int


async def held_by(replica: Replica, place: Path) -> Held:
    """Look at a process from outside, and ask it for what cannot be seen there."""
    pid = replica.program.process.pid
    memory = memory_of(pid)
    files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  # whose names do not matter
    reader, writer = await asyncio.open_unix_connection(place)
    told = json.loads(await reader.readline())
    writer.close()
    remembered = int(await replica.counted("cti_calls_remembered"))
    return Held(memory.rss, memory.own, files, told["tasks"], told["threads"], remembered)


async def keys_in(client: Redis) -> Keys:
    """Count the keys by how long they stay."""
    lasting = passing = 0
    page: list[bytes] = []

    async def count() -> None:
        nonlocal lasting, passing
        pipe = client.pipeline(transaction=False)
        for key in page:
            pipe.pttl(key)
        stays = [ms / 1000 for ms in await pipe.execute()]
        lasting += sum(one > LASTING for one in stays)
        passing += sum(one <= LASTING for one in stays)
        page.clear()

    async for key in client.scan_iter(count=_PAGE):
        page.append(key)
        if len(page) == _PAGE:
            await count()
    await count()
    return Keys(lasting, passing)
