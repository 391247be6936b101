"""The name that goes back with an answer, and the span around what makes it."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiohttp import web

from cti_lookup.request_ids import CURRENT, REQUEST_ID
from cti_lookup.traces import Attribute, Traces

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = TypeVar("Answer", bound=web.StreamResponse)

_QUIET: Final = frozenset({"/livez", "/metrics", "/readyz"})
"""What is asked every few seconds, and of which nobody wants to see a trace."""


def named(response: Answer) -> Answer:
    """Let an answer tell the name of its request; what is on its way already stays as it is."""
    if isinstance(response, web.Response) and not response.prepared:
        response.headers[REQUEST_ID] = CURRENT.get()
    return response


async def traced(traces: Traces, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer within a span of the route's name."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else ""
    if route in _QUIET:
        return await handler(request)
    return await seen(traces, request, route, handler(request))


async def seen(
    traces: Traces, request: web.BaseRequest, route: str, answering: Awaitable[web.StreamResponse]
) -> web.StreamResponse:
    """Answer within a span."""
    with traces.request(request.method, route, request.headers) as span:
        response = await answering
        span.note(Attribute.REQUEST, CURRENT.get())
        span.note(Attribute.STATUS, response.status)
        return response
