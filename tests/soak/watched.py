"""
The service as `serve` runs it, which also tells of itself what nobody outside can see.

Started as `python -m tests.soak.watched serve`; at the socket `CTI_TEST_GAUGES` whoever connects is told the tasks of its loop and the
threads, as a line of JSON.
"""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from cti_lookup.app import create_app
from cti_lookup.serve import serve
from cti_lookup.settings import load_settings


def main() -> None:
    """Serve until told to end."""
    place = os.environ.pop("CTI_TEST_GAUGES")
    asyncio.run(serve(load_settings(), samples=False, listening=_say_where, make=_watched(place)))


def _watched(place: str) -> Any:
    def make(*given: Any, **named: Any) -> web.Application:
        app = create_app(*given, **named)

        async def gauges(_: web.Application) -> AsyncIterator[None]:
            async with await asyncio.start_unix_server(_tell, place):
                yield

        app.cleanup_ctx.append(gauges)
        return app

    return make


async def _tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    told = {"tasks": len(asyncio.all_tasks()) - 1, "threads": threading.active_count()}  # but for this one
    writer.write(json.dumps(told).encode() + b"\n")
    writer.close()
    await writer.wait_closed()


def _say_where(url: str) -> None:
    print(f"listens at {url}", flush=True)  # noqa: T201  # its parent reads this


if __name__ == "__main__":
    main()
