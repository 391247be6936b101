"""The operations on people."""

from typing import Final

from aiohttp import web

from cti_lookup.directory.records.organizations import ORGANIZATIONS
from cti_lookup.directory.records.people import PEOPLE, of_organization, read_person
from cti_lookup.directory.records.teams import with_member
from cti_lookup.directory.web.keys import IDENTITY
from cti_lookup.directory.web.paths import id_in_path
from cti_lookup.directory.web.records import TEAM_OPERATIONS, Owner, RecordOperations

_OPERATIONS: Final = RecordOperations(PEOPLE, read_person)


async def list_people(request: web.Request) -> web.Response:
    """Answer with a page of people: all of them, or those of a predefined filter in the path."""
    return await _OPERATIONS.list_records(request)


async def list_people_of_organization(request: web.Request) -> web.Response:
    """Answer with a page of the people of an organization."""
    organization_id = id_in_path(request, "organization_id")
    owner = Owner(ORGANIZATIONS, organization_id)
    return await _OPERATIONS.list_where(request, of_organization(organization_id), owner=owner)


async def show_me(request: web.Request) -> web.Response:
    """Answer with the person whose token it is."""
    return await _OPERATIONS.show(request, request[IDENTITY].person_id)


async def show_person(request: web.Request) -> web.Response:
    """Answer with one person."""
    return await _OPERATIONS.show_record(request)


async def create_person(request: web.Request) -> web.Response:
    """Create a person."""
    return await _OPERATIONS.create_record(request)


async def update_person(request: web.Request) -> web.Response:
    """Change some fields of a person."""
    return await _OPERATIONS.update_record(request)


async def list_teams_of_person(request: web.Request) -> web.Response:
    """Answer with a page of the teams of a person."""
    person_id = id_in_path(request, "person_id")
    return await TEAM_OPERATIONS.list_where(request, with_member(person_id), owner=Owner(PEOPLE, person_id))
