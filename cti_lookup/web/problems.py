"""Errors as RFC 9457 problem documents, and the outermost middleware, which makes them."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web

from cti_lookup.errors import BadKey, NotForgotten, Rejected, TooOften, WrongField
from cti_lookup.request_ids import name_request
from cti_lookup.web.answers import NO_SNIFFING
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.tracks import Handler, named, traced

SHOWN_TO: Final = web.RequestKey("shown_to", Mapping)
"""Headers by which a browser shows an answer to the page that asked."""


def guarded(handler: Handler) -> Handler:
    """
    Put a handler behind the one place where everything raised becomes a problem.

    What nobody expected is logged without its values, and is a 500. A wrapper, as an application's middlewares cost
    each request 3 µs more before the first of them runs.
    """

    async def named_handler(request: web.Request) -> web.StreamResponse:
        name_request(request.headers)
        try:
            return named(await handler(request))
        except Exception as exc:  # noqa: BLE001  # the outermost place: no stack trace leaves the process
            return named(await answer_to(exc, request, request.app[PARTS]))

    async def guarded_handler(request: web.Request) -> web.StreamResponse:
        traces = request.app[PARTS].traces
        if traces is None:
            return await named_handler(request)
        return await traced(traces, request, named_handler)

    return guarded_handler


async def answer_to(exc: Exception, request: web.Request, parts: Parts) -> web.Response:
    """Make a problem of whatever a handler raised."""
    match exc:
        case Rejected():
            told = problem_of(parts.allowances.refusal(request, exc))
            return told if request.content.is_eof() else await _and_hung_up(request, told)
        case NotForgotten():
            parts.log.error("not_forgotten", result=exc.reason)
            return not_forgotten()
    parts.log.failure(exc)
    return web.Response(status=500, body=INTERNAL, content_type=PROBLEM_JSON, headers=NO_SNIFFING)


def not_forgotten() -> web.Response:
    """Say that another replica, or the directory, may still show what is old, so that it is said again."""
    return problem(
        503,
        "not_forgotten",
        "It could not be forgotten everywhere. Say it again.",
        headers={"Retry-After": str(_RETRY_AFTER)},
    )


_RETRY_AFTER: Final = 5
"""Seconds after which it may be tried again; Redis is rarely away for longer, and the directory tries ten times."""


@web.middleware
async def unrouted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what not even :func:`~cti_lookup.web.unserved.no_route` is found for: a target without a path, such as `*` or a proxy's."""
    try:
        return await handler(request)
    except web.HTTPException as exc:
        return problem(
            exc.status, "not_found" if exc.status == HTTPStatus.NOT_FOUND else "refused", exc.reason
        )


async def _and_hung_up(request: web.Request, response: web.Response) -> web.Response:
    """
    Send the answer and end the connection.

    aiohttp would wait ten more seconds for the rest of the body, and decompress it: one megabyte becomes a thousand.
    """
    response.headers.update(request.get(SHOWN_TO, {}))
    response.force_close()
    await named(response).prepare(request)
    await response.write_eof()
    if request.transport is not None:
        request.transport.close()
    return response


async def expectation(request: web.Request) -> web.StreamResponse | None:
    """Meet `Expect: 100-continue`; any other is refused without being told again, as it may be no text at all."""
    if request.headers.get("Expect", "").casefold() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # what was written is no part of the answer
        return None
    return problem(417, "expectation_failed", "No such expectation can be met.")


def problem_of(rejected: Rejected) -> web.Response:
    """Make a problem of a rejected request."""
    field = {"field": rejected.field} if isinstance(rejected, WrongField) else None
    return problem(
        rejected.status,
        type(rejected).reason,
        rejected.detail,
        headers=_headers_of(rejected),
        extra=field,
    )


def _headers_of(rejected: Rejected) -> Mapping[str, str] | None:
    match rejected:
        case BadKey():
            return {"WWW-Authenticate": 'Bearer realm="cti-lookup"'}
        case TooOften():
            return {"Retry-After": f"{math.ceil(round(rejected.wait, 3))}"}
    return None


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> web.Response:
    """Answer with a problem document; `code` is stable, `detail` is for people."""
    return web.Response(
        status=status,
        body=document(status, code, detail, **(extra or {})),
        content_type=PROBLEM_JSON,
        headers={**NO_SNIFFING, **(headers or {})},
    )


PROBLEM_JSON: Final = "application/problem+json"


def document(status: int, code: str, detail: str, **extra: str) -> bytes:
    """Write a problem document."""
    fields = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    return msgspec.json.encode({**fields, "detail": detail, **extra})


INTERNAL: Final = document(500, "internal", "Something failed here. The log says where.")
"""What is told where something failed that nobody expected."""
