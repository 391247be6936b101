"""All numbering plans are loaded right after the start, in steps so small that no call waits for them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from cti_lookup.telephone.plan import PLANS, import_plan, take_imported_plans

_AGAIN: Final = 1.0
"""Seconds after which files that could not be read are tried again."""


async def preload() -> None:
    """Load the plans; one that is needed sooner is loaded when it is needed, in 2 ms."""
    missing: Sequence[str] = PLANS
    while missing:
        missing = [plan async for plan in _not_imported(missing)]
        await asyncio.sleep(_AGAIN if missing else 0)
    take_imported_plans()


async def _not_imported(plans: Iterable[str]) -> AsyncIterator[str]:
    """Import plans, letting all else go on between two; give those whose files could not be read."""
    for plan in plans:
        if not import_plan(plan):
            yield plan
        await asyncio.sleep(0)
