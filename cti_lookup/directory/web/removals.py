"""The archive and the trash: people moved there and brought back, and the lists of who is there."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from sqlite3 import Connection

from aiohttp import web

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.people import read_person
from cti_lookup.directory.records.removal_lists import list_removals
from cti_lookup.directory.records.removals import MOVERS, Place, remove_person
from cti_lookup.directory.records.removals import restore_person as bring_back
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.web.answers import encoded_answer
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY
from cti_lookup.directory.web.paths import id_in_path, page_answer


async def archive_person(request: web.Request) -> web.Response:
    """Move a person to the archive."""
    return await _move(request, partial(remove_person, place=Place.ARCHIVE))


async def trash_person(request: web.Request) -> web.Response:
    """Move a person to the trash."""
    return await _move(request, partial(remove_person, place=Place.TRASH))


async def restore_person(request: web.Request) -> web.Response:
    """Bring a person back from the archive or the trash."""
    return await _move(request, bring_back)


async def list_archive(request: web.Request) -> web.Response:
    """Answer with a page of what is in the archive."""
    return await _list(request, Place.ARCHIVE)


async def list_trash(request: web.Request) -> web.Response:
    """Answer with a page of what is in the trash."""
    return await _list(request, Place.TRASH)


async def _move(
    request: web.Request, move: Callable[[Connection, int, Identity, datetime], None]
) -> web.Response:
    identity = request[IDENTITY]
    identity.require_role(*MOVERS)
    identity.require_scope("person", "update")
    person_id, now = id_in_path(request, "person_id"), request.app[CLOCK]()

    def work(connection: Connection) -> bytes:
        move(connection, person_id, identity, now)
        return read_person(connection, person_id, identity)

    return encoded_answer(await request.app[DATABASE].write(work, trace=Trace.KEPT))


async def _list(request: web.Request, place: Place) -> web.Response:
    identity = request[IDENTITY]
    identity.require_scope("person", "read")
    work = partial(list_removals, place=place, query=request.query, identity=identity)
    return page_answer(request, await request.app[DATABASE].read(work))
