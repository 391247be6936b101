"""
`/openapi.json` and `/asyncapi.json`: what there is here, described for programs.

Anybody may read them, pages of other origins too: they hold nothing of anybody's. They are made when they are first asked for.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from aiohttp import web

from cti_lookup.deferred import Deferred
from cti_lookup.web.pages import File, file_of, given

_OPENAPI: Final[Deferred[Callable[[], bytes]]] = Deferred("cti_lookup.web.openapi.document:encoded_openapi")
_ASYNCAPI: Final[Deferred[Callable[[], bytes]]] = Deferred(
    "cti_lookup.web.openapi.feed_document:encoded_asyncapi"
)
_FOR_ANYBODY: Final = {"Access-Control-Allow-Origin": "*"}


async def openapi(request: web.Request) -> web.Response:
    """Give the description of all routes."""
    return given(request, _openapi(), _FOR_ANYBODY)


async def asyncapi(request: web.Request) -> web.Response:
    """Give the description of the live feed."""
    return given(request, _asyncapi(), _FOR_ANYBODY)


@cache
def _openapi() -> File:
    return file_of("openapi.json", _OPENAPI.get()())


@cache
def _asyncapi() -> File:
    return file_of("asyncapi.json", _ASYNCAPI.get()())
