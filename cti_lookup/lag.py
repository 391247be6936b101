"""
How late the event loop is: a timer that comes late says how long everything else waits.

Whatever computes for long on the loop, or a machine without a core to spare, delays all calls alike, and no other metric
tells that apart from a slow directory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from cti_lookup.background import beside

TRY_EVERY: Final = 0.25
"""Seconds between two tries; one costs some 20 µs."""


@asynccontextmanager
async def noticing_lag(note: Callable[[float], None], every: float = TRY_EVERY) -> AsyncIterator[None]:
    """Tell `note`, for as long as this lasts, by how many seconds the loop's timers are late."""
    async with beside(_try_on(note, every)):
        yield


async def _try_on(note: Callable[[float], None], every: float) -> None:
    now = asyncio.get_running_loop().time
    while True:
        due = now() + every
        await asyncio.sleep(every)
        note(max(0.0, now() - due))  # a timer may come early by the clock's own grain
