"""What operations ask: is it there, may calls be sent, what was counted."""

import re
from collections.abc import Callable
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from cti_lookup.web.answers import NO_SNIFFING, NO_STORE
from cti_lookup.web.keys import DRAINING, PARTS


async def metrics(request: web.Request) -> web.Response:
    """Tell Prometheus what was counted; as OpenMetrics, which has exemplars, if it takes that."""
    registry = request.app[PARTS].registry
    if _OPENMETRICS.search(",".join(request.headers.getall("Accept", []))):
        body, written = _in_openmetrics(registry), openmetrics.CONTENT_TYPE_LATEST
    else:
        body, written = generate_latest(registry), CONTENT_TYPE_LATEST
    return web.Response(body=body, headers={"Content-Type": written, **NO_SNIFFING})


_in_openmetrics: Final[Callable[[Collector], bytes]] = openmetrics.generate_latest  # it has no types
_OPENMETRICS: Final = re.compile(r"(?:^|,)\s*application/openmetrics-text\s*(?:;|,|$)")


async def live(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.Response(text="alive\n", headers=NO_SNIFFING)


async def ready(request: web.Request) -> web.Response:
    """Say whether calls may be sent here: not before the process is warm, and not any more once it is to end."""
    is_ready = request.app[PARTS].warmth.is_warm and not request.app[DRAINING].is_set()
    return web.json_response({"ready": is_ready}, status=200 if is_ready else 503, headers=NO_STORE)
