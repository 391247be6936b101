"""What goes over the wire: bodies read, and answers written."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import hdrs, web

from cti_lookup.directory.errors import (
    BadRequestError,
    InvalidJsonError,
    RequestError,
    RequestTimeoutError,
    TooManyRequestsError,
    ValidationError,
)
from cti_lookup.directory.records.fields import Body

LARGEST_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 10.0
DEEPEST: Final = 64
"""Levels of nesting in a body; the fields of the API need three."""

JSON_TYPE: Final = "application/json; charset=utf-8"

_JSON: Final[Mapping[str, str]] = {hdrs.CONTENT_TYPE: JSON_TYPE}


def json_answer(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with a value as JSON."""
    return encoded_answer(msgspec.json.encode(value), status=status, headers=headers)


def encoded_answer(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with what is JSON already."""
    return web.Response(body=body, status=status, headers=_JSON if headers is None else {**_JSON, **headers})


def error_answer(error: RequestError) -> web.Response:
    """Answer with an error; a failed validation lists its faults as pairs."""
    content: dict[str, object] = {"message": str(error)}
    if isinstance(error, ValidationError):
        content["errors"] = error.faults
    if isinstance(error, TooManyRequestsError):
        return json_answer(content, status=error.status, headers={"Retry-After": str(error.retry_after)})
    return json_answer(content, status=error.status)


async def read_body(request: web.Request) -> Body:
    """Return the JSON object of a request, or raise `InvalidJsonError` or `RequestTimeoutError`."""
    return decode_body(await read_bytes(request))


async def read_bytes(request: web.Request) -> bytes:
    """
    Return the body of a request, or raise `RequestTimeoutError`, or `BadRequestError` for one that is compressed badly.

    One over the limit is refused by aiohttp.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise RequestTimeoutError from None
    except web.RequestPayloadError:
        raise BadRequestError("The body is not compressed as its header says") from None


def decode_body(raw: bytes) -> Body:
    """
    Return the JSON object that some bytes are, or raise `InvalidJsonError`.

    Half a surrogate pair, which JSON can write and UTF-8 cannot, is replaced as a decoder of UTF-8 replaces it.
    """
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise InvalidJsonError from None
    if not isinstance(value, dict):
        raise InvalidJsonError
    cleaned = _clean(value, DEEPEST)
    return cleaned if isinstance(cleaned, dict) else {}


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError
    return number


def _clean(value: object, depth: int) -> object:
    """Return a value with whole characters only, refusing one that is nested too deep."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not isinstance(value, (dict, list)):
        return value
    if depth == 0:
        raise InvalidJsonError
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    return {_clean(key, 0): _clean(item, depth - 1) for key, item in value.items()}
