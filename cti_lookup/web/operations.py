"""What operations ask: is it there, may calls be sent, what was counted."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from cti_lookup.web.answers import NO_STORE
from cti_lookup.web.keys import PARTS


async def metrics(request: web.Request) -> web.Response:
    """Tell Prometheus what was counted."""
    return web.Response(
        body=generate_latest(request.app[PARTS].registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


async def live(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.Response(text="alive\n")


async def ready(_: web.Request) -> web.Response:
    """Say that calls may be sent here."""
    return web.json_response({"ready": True}, headers=NO_STORE)
