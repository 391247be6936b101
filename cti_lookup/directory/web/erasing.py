"""The operation for people who ask to be forgotten; the public API has no such one."""

import asyncio
from functools import partial

from aiohttp import web

from cti_lookup.directory.access.identity import Role
from cti_lookup.directory.records.erasing import erase
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.transfer.files import forget_exports
from cti_lookup.directory.transfer.supervision import SUPERVISOR
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY
from cti_lookup.directory.web.paths import id_in_path


async def erase_person(request: web.Request) -> web.Response:
    """Erase a person for good, byte for byte, also from the exports that wait to be fetched."""
    identity = request[IDENTITY]
    identity.require_role(Role.ACCOUNT_ADMINISTRATOR, Role.DIRECTORY_ADMINISTRATOR)
    identity.require_scope("person", "delete")
    person_id, now = id_in_path(request, "person_id"), request.app[CLOCK]()
    work = partial(erase, person_id=person_id, identity=identity, now=now)
    await request.app[DATABASE].write(work, trace=Trace.GONE)
    # After the person is gone: an export that begins now does not hold them any more.
    await asyncio.get_running_loop().run_in_executor(None, forget_exports, request.app[SUPERVISOR].database)
    return web.Response(status=204)
