"""How long this process stood still, for claims about time on a machine that stops and goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

_BEAT: Final = 0.01
_LATE: Final = 0.03
"""Seconds late that are a machine's ordinary ones."""


@asynccontextmanager
async def standstill() -> AsyncIterator[Callable[[], float]]:
    """Give what tells for how many seconds the loop has not come round since this began."""
    loop, stood = asyncio.get_running_loop(), [0.0]

    async def beat() -> None:
        while True:
            due = loop.time() + _BEAT
            await asyncio.sleep(_BEAT)
            late = loop.time() - due
            stood[0] += late if late > _LATE else 0.0

    beating = asyncio.create_task(beat())
    try:
        yield lambda: stood[0]
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
