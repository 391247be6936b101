"""Addresses: the ids that stand in the path of a request, and the ones that lead on from a page of a collection."""

from urllib.parse import quote

from aiohttp import web

from cti_lookup.directory.errors import NotFoundError
from cti_lookup.directory.records.fields import parse_id
from cti_lookup.directory.records.pages import ItemT, Page
from cti_lookup.directory.web.answers import json_answer
from cti_lookup.directory.webhooks.address import set_url


def id_in_path(request: web.Request, name: str) -> int:
    """Return the id that a variable of the path holds; what is no id is that of nobody: raise `NotFoundError`."""
    number = parse_id(request.match_info[name])
    if number is None:
        raise NotFoundError
    return number


def page_answer(request: web.Request, page: Page[ItemT]) -> web.Response:
    """Answer with a page, and with what leads to those around it."""
    url = f"{address_of_us(request)}{request.path}"
    return json_answer(page.items, headers=page.headers(url, request.query))


def address_of_us(request: web.Request) -> str:
    """Return what our addresses begin with: what was set, or else the client's own word for us."""
    # That may hold what would break a header.
    return set_url(request.app) or f"{request.scheme}://{quote(request.host, safe=':[]')}"
