"""
A directory that knows everybody: whatever number it is asked for, one person has it.

`python -m tests.bench.stub MILLISECONDS` answers `GET /v1/sd` after so long; `GET /asked` tells how often that was.
"""

import asyncio
import json
import sys
from itertools import count

from aiohttp import web

from cti_lookup.web.door import KEEP_ALIVE
from tests.bench.variants.people import COLD_CODE, person


async def _serve(seconds: float) -> None:
    asked = count()
    last = -1

    async def answer(request: web.Request) -> web.Response:
        nonlocal last
        last = next(asked)
        if seconds:
            await asyncio.sleep(seconds)
        telephone = COLD_CODE + request.query["telephone"]
        record = person("Robin Example") | {"id": last + 1, "contacts": [_contact(telephone)]}
        return web.Response(body=json.dumps([record]).encode(), content_type="application/json")

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(last + 1)

    app = web.Application()
    app.add_routes([web.get("/v1/sd", answer), web.get("/asked", tell)])
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEP_ALIVE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)  # noqa: T201  # whoever started it reads the port here
    await asyncio.Event().wait()


def _contact(telephone: str) -> dict[str, str | int | bool]:
    return {"id": 9, "label": "work", "protocol": "telephone", "telephone": telephone, "integration": False}


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) / 1000))
