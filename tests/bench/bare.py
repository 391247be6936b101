"""
What the service is compared with: aiohttp, one handler, nothing else; a program of its own.

`python -m tests.bench.bare FOLDER` answers `POST /NAME` with the bytes of `FOLDER/NAME`, after reading the JSON body, and
`GET /NAME` after reading the parameter `telephone`.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from cti_lookup.web.door import KEEP_ALIVE


def _handler(answer: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        await request.json()
        return web.Response(body=answer, content_type="application/json")

    return handle


def _asked(answer: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        request.query["telephone"]
        return web.Response(body=answer, content_type="application/json")

    return handle


async def _serve(answers: Mapping[str, bytes]) -> None:
    app = web.Application()
    app.add_routes([web.post(f"/{name}", _handler(answer)) for name, answer in answers.items()])
    app.add_routes([web.get(f"/{name}", _asked(answer)) for name, answer in answers.items()])
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEP_ALIVE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)  # noqa: T201  # whoever started it reads the port here
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve({file.name: file.read_bytes() for file in Path(sys.argv[1]).iterdir()}))
