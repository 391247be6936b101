"""`POST /upstream/{token}`: where the directory says what has changed."""

from aiohttp import web

from cti_lookup.errors import BadKey, NotForgotten, Rejected
from cti_lookup.rservice.upstream import delivery_of
from cti_lookup.upstream import Upstream
from cti_lookup.web.answers import json_answer
from cti_lookup.web.bodies import read_body
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.problems import not_forgotten


async def upstream(request: web.Request) -> web.Response:
    """Take in one delivery. A rejection is counted and not logged, as anybody could fill the log with them."""
    parts = request.app[PARTS]
    try:
        result = await _take(parts.upstream, request)
    except Rejected as rejected:
        parts.tallies.count_upstream(rejected.reason)
        raise
    except NotForgotten as failed:
        _note(parts, request, failed)
        return not_forgotten()  # so that the directory tells us again
    parts.tallies.count_upstream(result)
    parts.log.info("upstream", delivery=delivery_of(request.headers), result=result)
    return json_answer(b"{}")


def _note(parts: Parts, request: web.Request, failed: NotForgotten) -> None:
    parts.tallies.count_upstream("not_forgotten")
    parts.log.error("upstream", delivery=delivery_of(request.headers), result=failed.reason)


async def _take(upstream: Upstream, request: web.Request) -> str:
    """Take in the message: size, token, signature, decoding, use case; in that order."""
    body = await read_body(request)
    if request.match_info["token"] not in upstream.keys:
        raise BadKey("The token is not known.")
    return await upstream.take(body, request.headers)
