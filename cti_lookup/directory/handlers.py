"""The operations of the API, one function each."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from aiohttp import web

from cti_lookup.directory.answers import json_answer, read_body
from cti_lookup.directory.errors import BadRequestError, NotFoundError
from cti_lookup.directory.fields import parse_id
from cti_lookup.directory.filters import filters_of
from cti_lookup.directory.pages import ItemT, Page, PageRequest
from cti_lookup.directory.people import check_new_person, check_person_change
from cti_lookup.directory.store import Store
from cti_lookup.directory.telephones import telephone_digits

STORE: Final = web.AppKey("store", Store)
CLOCK: Final[web.AppKey[Callable[[], datetime]]] = web.AppKey("clock")


async def show_root(_: web.Request) -> web.Response:
    """Answer the documented probe: the API is there."""
    return json_answer({})


async def find_callers(request: web.Request) -> web.Response:
    """Answer with the people a telephone number belongs to, at most ten."""
    digits = telephone_digits(request.query.get("telephone", ""))
    if not digits:
        msg = "The parameter telephone is missing or holds no digits"
        raise BadRequestError(msg)
    return json_answer(await request.app[STORE].callers(digits))


async def list_people(request: web.Request) -> web.Response:
    """Answer with a page of all people, or of those whom the filters leave."""
    page_request, filters = PageRequest.from_query(request.query), filters_of(request.query)
    return _page_answer(request, await request.app[STORE].people_page(page_request, filters))


async def show_person(request: web.Request) -> web.Response:
    """Answer with one person."""
    return json_answer(await request.app[STORE].person(_person_id(request)))


async def create_person(request: web.Request) -> web.Response:
    """Create a person."""
    values, faults = check_new_person(await read_body(request))
    person = await request.app[STORE].create_person(values, faults, _now(request))
    return json_answer(person, status=201)


async def update_person(request: web.Request) -> web.Response:
    """Change some fields of a person."""
    person_id = _person_id(request)
    values, faults = check_person_change(await read_body(request))
    return json_answer(await request.app[STORE].change_person(person_id, values, faults, _now(request)))


async def erase_person(request: web.Request) -> web.Response:
    """Erase a person for good; the public API has no such operation."""
    await request.app[STORE].erase_person(_person_id(request), _now(request))
    return web.Response(status=204)


async def list_contacts(request: web.Request) -> web.Response:
    """Answer with a page of a person's contacts."""
    page_request = PageRequest.from_query(request.query)
    return _page_answer(request, await request.app[STORE].contacts_page(_person_id(request), page_request))


async def show_contact(request: web.Request) -> web.Response:
    """Answer with one contact of a person."""
    return json_answer(await request.app[STORE].contact(_person_id(request), _contact_id(request)))


async def create_contact(request: web.Request) -> web.Response:
    """Add a contact to a person."""
    person_id = _person_id(request)
    contact = await request.app[STORE].add_contact(person_id, await read_body(request), _now(request))
    return json_answer(contact, status=201)


async def update_contact(request: web.Request) -> web.Response:
    """Change a contact of a person."""
    person_id, contact_id = _person_id(request), _contact_id(request)
    body = await read_body(request)
    return json_answer(await request.app[STORE].change_contact(person_id, contact_id, body, _now(request)))


async def delete_contact(request: web.Request) -> web.Response:
    """Delete one contact of a person."""
    await request.app[STORE].delete_contact(_person_id(request), _contact_id(request), _now(request))
    return web.Response(status=204)


async def delete_contacts(request: web.Request) -> web.Response:
    """Delete all contacts of a person."""
    await request.app[STORE].delete_contacts(_person_id(request), _now(request))
    return web.Response(status=204)


def _page_answer(request: web.Request, page: Page[ItemT]) -> web.Response:
    # The host is the client's own word for us, and may hold what would break the header.
    address = f"{request.scheme}://{quote(request.host, safe=':[]')}{request.path}"
    return json_answer(page.items, headers=page.headers(address, request.query))


def _person_id(request: web.Request) -> int:
    return _id(request.match_info["person_id"])


def _contact_id(request: web.Request) -> int:
    return _id(request.match_info["contact_id"])


def _id(text: str) -> int:
    number = parse_id(text)
    if number is None:
        raise NotFoundError
    return number


def _now(request: web.Request) -> datetime:
    return request.app[CLOCK]()
