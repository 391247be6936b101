"""All numbering plans are loaded right after the start, in steps so small that no call waits for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cti_lookup.background import Background
from cti_lookup.telephone.plan import PLANS, import_plan, take_imported_plans

_AGAIN: Final = 1.0
"""Seconds after which a file that could not be read is tried again."""


@asynccontextmanager
async def preloading() -> AsyncIterator[None]:
    """Load the plans, while this lasts; one that is needed sooner is loaded when it is needed, in 2 ms."""
    background = Background()
    background.spawn(_preload())
    try:
        yield
    finally:
        await background.close()


async def _preload() -> None:
    for plan in PLANS:
        while not import_plan(plan):
            await asyncio.sleep(_AGAIN)
        await asyncio.sleep(0)
    take_imported_plans()
