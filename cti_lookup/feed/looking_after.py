"""Streams are looked after by one task for all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cti_lookup.background import beside
from cti_lookup.feed.live import LiveFeed

LOOK_EVERY: Final = 0.5
"""Seconds by which a stream may be ended late."""


@asynccontextmanager
async def looking_after(live: LiveFeed, every: float = LOOK_EVERY) -> AsyncIterator[None]:
    """Look after the streams for as long as this lasts."""
    async with beside(_look_on(live, every)):
        yield


async def _look_on(live: LiveFeed, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        live.look_after()
