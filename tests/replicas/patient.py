"""
The service as `serve` runs it, but that it waits longer for Redis: a busy machine then changes nothing of what it does.

Started by the name of `patient`, for claims of what replicas do together, not of how long they wait.
"""

import asyncio
from functools import partial

from cti_lookup.app import create_app
from cti_lookup.rservice.quota_windows import QuotaLimits
from cti_lookup.serve import serve
from cti_lookup.settings import load_settings
from tests.servers.redis_waits import LIMITS, PATIENT


def main() -> None:
    """Serve until told to end."""
    make = partial(create_app, limits=QuotaLimits(patience=2 * PATIENT), redis_limits=LIMITS)
    asyncio.run(serve(load_settings(), samples=False, listening=_say_where, make=make))


def _say_where(url: str) -> None:
    print(f"listens at {url}", flush=True)  # noqa: T201  # its parent reads this
