"""What every request passes: errors as JSON outside, access and limits inside."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from itertools import count
from typing import Final

import msgspec
from aiohttp import hdrs, web
from multidict import istr

from cti_lookup.directory.access.accounts import LONGEST_ID
from cti_lookup.directory.access.doorkeeper import Doorkeeper
from cti_lookup.directory.access.limits import Limits
from cti_lookup.directory.errors import DirectoryStoreError, RequestError
from cti_lookup.directory.web.answers import JSON_TYPE, error_answer, json_answer
from cti_lookup.directory.web.entity_tags import EntityTags
from cti_lookup.directory.web.keys import IDENTITY

PREFIX: Final = "/v1"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RequestNames:
    """Names for requests, no two the same: sixteen digits of chance for the process, and a count."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._numbers = count(1)

    def draw(self) -> str:
        """Return the next name."""
        return f"{self._process}{next(self._numbers):016x}"


DOORKEEPER: Final = web.AppKey("doorkeeper", Doorkeeper)
LIMITS: Final[web.AppKey[Limits]] = web.AppKey("limits")
OPEN_TO_ALL: Final[web.AppKey[frozenset[Handler]]] = web.AppKey("open_to_all")
"""The operations that need no token."""
NOT_COUNTED: Final[web.AppKey[frozenset[Handler]]] = web.AppKey("not_counted")
"""The operations that are not counted against the limits."""
ENTITY_TAGS: Final = web.AppKey("entity_tags", EntityTags)
REQUEST_NAMES: Final = web.AppKey("request_names", RequestNames)

ACCOUNT_HEADERS: Final = tuple(
    map(istr, ("X-4me-Account", "X-R-Service-Account", "X-Xurrent-Account", "X-ITRP-Account"))
)
"""One header under all the names it has had; should several be sent, the first of these counts."""

_REQUEST_ID: Final = istr("X-Request-Id")
# What every answer carries. No proxy: `CIMultiDict` takes a plain dictionary three times as fast.
ALWAYS: Final[Mapping[istr, str]] = {
    hdrs.CACHE_CONTROL: "no-store",
    istr("X-Content-Type-Options"): "nosniff",
}

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
async def known_callers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """
    Let only those in who show a token, no oftener than they may.

    What needs no token is open to all. Of a path under the prefix nobody without one learns whether it exists.
    """
    app, match = request.app, request.match_info
    if match.handler in app[OPEN_TO_ALL] or (match.http_exception is not None and not _is_ours(request.path)):
        return await handler(request)
    headers = request.headers
    identity = await app[DOORKEEPER].identify(headers.get(hdrs.AUTHORIZATION, ""), _account(headers))
    request[IDENTITY] = identity
    if match.handler not in app[NOT_COUNTED]:
        app[LIMITS].take(identity.person_id)
    return app[ENTITY_TAGS].tagged(request, await handler(request))


async def add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Name the request, tell how often its owner may ask, and keep people's data out of every cache on the way."""
    headers = response.headers
    if isinstance(request, web.Request):
        headers[_REQUEST_ID] = request.app[REQUEST_NAMES].draw()
        identity = request.get(IDENTITY)
        if identity is not None:
            headers.update(request.app[LIMITS].headers(identity.person_id))
    headers.update(ALWAYS)
    if response.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault(hdrs.WWW_AUTHENTICATE, "Bearer")


async def refusals_as_json(_: web.BaseRequest, response: web.StreamResponse) -> None:
    """
    Turn into JSON what aiohttp refuses before any middleware is asked: an expectation that nobody can meet.

    Facts (aiohttp 3.14): by now the length of the body has become a header.
    """
    if isinstance(response, web.HTTPException):
        response.body = msgspec.json.encode({"message": HTTPStatus(response.status).phrase})
        response.headers[hdrs.CONTENT_LENGTH] = str(len(response.body))
        response.headers[hdrs.CONTENT_TYPE] = JSON_TYPE


def _is_ours(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _account(headers: Mapping[str, str]) -> str:
    for name in ACCOUNT_HEADERS:
        account = headers.get(name)
        if account:
            # Bytes that are no ASCII come as halves of characters, which no file can be asked for.
            return account if account.isascii() and len(account) <= LONGEST_ID else ""
    return ""


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
