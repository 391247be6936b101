"""Calls that never end are closed by time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cti_lookup.background import beside
from cti_lookup.ports import Calls

SWEEP_EVERY: Final = 15.0
"""Seconds between two sweeps, by which a call may be closed late."""


@asynccontextmanager
async def sweeping(calls: Calls, every: float = SWEEP_EVERY) -> AsyncIterator[None]:
    """Sweep calls `every` so many seconds, for as long as this lasts."""
    async with beside(_sweep_on(calls, every)):
        yield


async def _sweep_on(calls: Calls, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await calls.sweep()
