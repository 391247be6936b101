"""What every request passes: errors as JSON outside, access inside."""

import hmac
import logging
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from cti_lookup.directory.answers import error_answer, json_answer
from cti_lookup.directory.errors import DirectoryStoreError, NotFoundError, RequestError, UnauthorizedError

TOKEN: Final = web.AppKey("token", bytes)
PREFIX: Final = "/v1"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = logging.getLogger(__name__)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a JSON answer that tells a client nothing of the inside."""
    try:
        return await handler(request)
    except RequestError as error:
        return error_answer(error)
    except web.HTTPException as error:
        return _http_error(error)
    except DirectoryStoreError as error:
        _log.error("the store failed: %s", error)
        return json_answer({"message": "Service Unavailable"}, status=503, headers={"Retry-After": "1"})
    except Exception as error:  # noqa: BLE001 - the outermost frame: whatever it is, the client gets an answer
        _log.error("unexpected %s at %s", type(error).__name__, _place(error))
        return json_answer({"message": "Internal Server Error"}, status=500)


@web.middleware
async def bearer_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only those in who know the token; the bare root, a probe, is open to all."""
    path = request.path.removesuffix("/").removesuffix(".json")
    if path != PREFIX and not path.startswith(f"{PREFIX}/"):
        raise NotFoundError
    if path != PREFIX and not _knows(request.headers.get(hdrs.AUTHORIZATION, ""), request.app[TOKEN]):
        raise UnauthorizedError
    return await handler(request)


async def add_headers(_: web.BaseRequest, response: web.StreamResponse) -> None:
    """Name the request, and keep people's data out of every cache on the way."""
    response.headers["X-Request-Id"] = uuid.uuid4().hex
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.status == HTTPStatus.UNAUTHORIZED:
        response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"


def _knows(header: str, token: bytes) -> bool:
    scheme, _, credentials = header.partition(" ")
    # Bytes, because a header may hold any of them, and a comparison of texts refuses what is not ASCII.
    given = credentials.strip().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(given, token) and scheme.lower() == "bearer"


def _http_error(error: web.HTTPException) -> web.Response:
    """Answer for an error of aiohttp itself: no such route, another method, too large a body."""
    allowed = error.headers.get(hdrs.ALLOW)
    return json_answer(
        {"message": HTTPStatus(error.status).phrase},
        status=error.status,
        headers={hdrs.ALLOW: allowed} if allowed else None,
    )


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
