"""What no route serves: an answer that says so, and what browsers ask before they ask."""

from typing import Final

from aiohttp import web

from cti_lookup.web.origins import is_preflight, preflight
from cti_lookup.web.problems import problem

ANYTHING: Final = "/{anything}"
"""The path that is left to :func:`no_route`, as aiohttp names it."""


async def no_route(request: web.Request) -> web.StreamResponse:
    """Answer what no route serves: 405 where another method would do, else 404."""
    if is_preflight(request):
        return preflight(request)
    allowed: set[str] = set()
    for resource in request.app.router.resources():
        if resource.canonical != ANYTHING:
            allowed |= (await resource.resolve(request))[1]
    if allowed:
        allow = {"Allow": ", ".join(sorted(allowed))}
        return problem(405, "method_not_allowed", "This route takes other methods.", headers=allow)
    return problem(404, "not_found", "There is no such route.")
