"""What operations ask: is it there, may calls be sent, what was counted."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from cti_lookup.web.answers import NO_STORE
from cti_lookup.web.keys import DRAINING, PARTS


async def metrics(request: web.Request) -> web.Response:
    """Tell Prometheus what was counted."""
    return web.Response(
        body=generate_latest(request.app[PARTS].registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


async def live(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.Response(text="alive\n")


async def ready(request: web.Request) -> web.Response:
    """Say whether calls may be sent here: not before the process is warm, and not any more once it is to end."""
    is_ready = request.app[PARTS].warmth.is_warm and not request.app[DRAINING].is_set()
    return web.json_response({"ready": is_ready}, status=200 if is_ready else 503, headers=NO_STORE)
