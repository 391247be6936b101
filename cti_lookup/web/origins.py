"""
From which pages a browser may ask, and what it is told of that.

Facts (Fetch standard, "CORS protocol"): an answer without `Access-Control-Allow-Origin` is not shown to the page; what says nothing of
`Vary: Origin` may be kept for another page; a request with a token in its headers is announced by an OPTIONS of its own.
"""

from collections.abc import Collection, Mapping
from typing import Final

from aiohttp import web

from cti_lookup.addresses import origin_of
from cti_lookup.errors import BadOrigin
from cti_lookup.feed.agents import Agent
from cti_lookup.web.answers import NO_SNIFFING
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.problems import SHOWN_TO, problem_of
from cti_lookup.web.tracks import Handler

_SHARED: Final = ("/v1/calls", "/v1/lookup", "/v1/explain")
_PREFLIGHT: Final = {
    **NO_SNIFFING,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Last-Event-ID, Content-Type",
    "Access-Control-Max-Age": "600",
}


def check_origin(request: web.Request, parts: Parts, agent: Agent) -> None:
    """Raise `BadOrigin` for a page that may not ask, or not with this token; who names no origin is no page."""
    origin = request.headers.get("Origin")
    if origin is None:
        return
    if not _is_allowed(request, parts, origin):
        raise BadOrigin("Pages of this origin may not ask here.")
    if agent.origins is not None and origin not in agent.origins:
        raise BadOrigin("The agent token is not for pages of this origin.")


def headers_for(request: web.Request) -> Mapping[str, str]:
    """Give the headers by which a browser shows an answer to the page that asked."""
    origin = request.headers.get("Origin")
    if origin is None or not _is_allowed(request, request.app[PARTS], origin):
        return _VARY
    return {"Access-Control-Allow-Origin": origin, **_VARY}


_VARY: Final = {"Vary": "Origin"}


def shared(handler: Handler) -> Handler:
    """Let pages of allowed origins read what a handler answers, refusals too."""

    async def shared_handler(request: web.Request) -> web.StreamResponse:
        request[SHOWN_TO] = headers = headers_for(request)
        response = await handler(request)
        if not response.prepared:
            response.headers.update(headers)
        return response

    return shared_handler


def is_preflight(request: web.Request) -> bool:
    """Tell whether a browser asks what a page may ask of a route that pages may use."""
    return (
        request.method == "OPTIONS"
        and "Access-Control-Request-Method" in request.headers
        and request.path.startswith(_SHARED)
    )


def preflight(request: web.Request) -> web.Response:
    """Say what pages of an origin may ask."""
    headers = headers_for(request)
    if "Access-Control-Allow-Origin" not in headers:
        refused = problem_of(BadOrigin("Pages of this origin may not ask here."))
        refused.headers.update(headers)
        return refused
    return web.Response(status=204, headers={**_PREFLIGHT, **headers})


def _is_allowed(request: web.Request, parts: Parts, origin: str) -> bool:
    return origin in parts.origins or origin == _own(request, parts.public_url)


def _own(request: web.Request, public_url: str) -> str:
    return origin_of(public_url) if public_url else f"{request.scheme}://{request.host}".lower()


def frame_ancestors(origins: Collection[str]) -> str:
    """Name those in whose pages ours may be shown, as a content security policy does."""
    return " ".join(("frame-ancestors 'self'", *origins))
