"""The API's own operations: that it is there, and how often one may ask it."""

from aiohttp import web

from cti_lookup.directory.access.limits import Standing
from cti_lookup.directory.web.answers import json_answer
from cti_lookup.directory.web.keys import IDENTITY
from cti_lookup.directory.web.middleware import LIMITS


async def show_root(_: web.Request) -> web.Response:
    """Answer the documented probe: the API is there."""
    return json_answer({})


async def show_rate_limit(request: web.Request) -> web.Response:
    """Answer with the windows of the limits."""
    standings = request.app[LIMITS].ask(request[IDENTITY].person_id)
    return json_answer({"resources": list(map(_resource, standings))})


def _resource(standing: Standing) -> dict[str, object]:
    return {
        "context": "core",
        "limit": standing.limit,
        "remaining": standing.remaining,
        "reset": standing.reset,
    }
