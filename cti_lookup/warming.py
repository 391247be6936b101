"""
A process takes calls as quickly at its beginning as later: it is warm before it says that it is ready.

Warm means: the numbering plans are loaded, and the answers to the numbers that rang lately are in memory, as far as Redis has them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cti_lookup.background import beside
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.fetching import Fetching
from cti_lookup.ports import Busiest
from cti_lookup.preloading import preload

WARM_WITHIN: Final = 5.0
"""Seconds after which a process takes calls, warm or not: whatever is missing is only slower."""
MOST_BUSY: Final = 500
WRITTEN_EVERY: Final = 300.0
"""Seconds after which it is written again which numbers are busy."""


class Warmth:
    """Whether a process is warm."""

    def __init__(self) -> None:
        self.is_warm = False


@asynccontextmanager
async def warming(
    memory: MemoryTier,
    fetching: Fetching,
    busiest: Busiest,
    *,
    most: int = MOST_BUSY,
    every: float = WRITTEN_EVERY,
) -> AsyncIterator[Warmth]:
    """Warm a process with the answers to at most so many numbers, and write down now and then which the next is to begin with."""
    warmth = Warmth()
    try:
        async with beside(_warm(warmth, fetching, busiest, most), _write_on(memory, busiest, most, every)):
            yield warmth
    finally:
        await _write(memory, busiest, most)


async def _warm(warmth: Warmth, fetching: Fetching, busiest: Busiest, most: int) -> None:
    plans = asyncio.create_task(preload())
    try:
        async with asyncio.timeout(WARM_WITHIN):
            await asyncio.gather(*map(fetching.look, (await busiest.read())[:most]))
            await asyncio.shield(plans)
    except TimeoutError:
        pass
    finally:
        warmth.is_warm = True
    try:
        await plans
    finally:
        plans.cancel()


async def _write_on(memory: MemoryTier, busiest: Busiest, most: int, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await _write(memory, busiest, most)


async def _write(memory: MemoryTier, busiest: Busiest, most: int) -> None:
    if questions := memory.latest(most):
        await busiest.write(questions)
