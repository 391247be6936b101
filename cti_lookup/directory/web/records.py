"""
The operations on a kind of record, made from its description: list, show, create, update.

In a path the id of a record is the variable `<model>_id`, `organization_id` for one, and the word of a predefined filter the
variable `predefined`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection
from typing import Final, TypeAlias

from aiohttp import hdrs, web

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.calendars import CALENDARS
from cti_lookup.directory.records.conditions import ALWAYS, Condition
from cti_lookup.directory.records.listing import Listing, list_records, predefined
from cti_lookup.directory.records.organizations import ORGANIZATIONS
from cti_lookup.directory.records.pages import Page
from cti_lookup.directory.records.reading import Shown, read_record
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.records.sites import SITES
from cti_lookup.directory.records.teams import TEAMS
from cti_lookup.directory.records.visibility import check_visible
from cti_lookup.directory.records.writing import RecordWriter, change_draft, new_draft
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.web.answers import encoded_answer, read_body
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY
from cti_lookup.directory.web.paths import address_of_us, id_in_path, page_answer
from cti_lookup.directory.web.sources import with_source

Read: TypeAlias = Callable[[Connection, int, Identity], bytes]
"""Returns the JSON of a record with all fields, or raises `NotFoundError`."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The record whose collection is asked for."""

    resource: Resource
    id: int


@dataclass(frozen=True, slots=True)
class RecordOperations:
    """The operations on the records of a kind, as handlers."""

    resource: Resource
    read: Read

    @classmethod
    def of(cls, resource: Resource) -> "RecordOperations":
        """Return the operations on a kind of record that has nothing peculiar."""
        return cls(resource, partial(read_record, resource=resource))

    async def list_records(self, request: web.Request) -> web.Response:
        """Answer with a page of the records."""
        return await self.list_where(request, ALWAYS)

    async def list_where(
        self, request: web.Request, condition: Condition, *, owner: Owner | None = None
    ) -> web.Response:
        """Answer with a page of the records for which a condition holds; an owner that there is not is a 404."""
        identity = request[IDENTITY]
        identity.require_scope(self.resource.model, "read")
        listing = Listing.from_query(self.resource, request.query, identity).where(condition)
        word = request.match_info.get("predefined", "")
        listing = listing.where(predefined(self.resource, word, identity))
        page = await request.app[DATABASE].read(partial(self._page, listing, owner, identity))
        return page_answer(request, page)

    async def show_record(self, request: web.Request) -> web.Response:
        """Answer with one record."""
        return await self.show(request, self._id(request))

    async def show(self, request: web.Request, record_id: int) -> web.Response:
        """Answer with the record of an id."""
        identity = request[IDENTITY]
        identity.require_scope(self.resource.model, "read")
        record = await request.app[DATABASE].read(
            lambda connection: self.read(connection, record_id, identity)
        )
        return encoded_answer(record)

    async def create_record(self, request: web.Request) -> web.Response:
        """Create a record, and tell where it is (RFC 9110, 15.3.2)."""
        identity = self._writer(request, "create")
        body = with_source(await read_body(request), request.headers)
        draft, now = new_draft(self.resource, body), request.app[CLOCK]()

        def create(connection: Connection) -> tuple[int, bytes]:
            record_id = RecordWriter(connection, self.resource, identity, now).create(draft)
            return record_id, self.read(connection, record_id, identity)

        record_id, record = await request.app[DATABASE].write(create, trace=Trace.KEPT)
        place = f"{address_of_us(request)}/v1/{self.resource.table}/{record_id}"
        return encoded_answer(record, status=201, headers={hdrs.LOCATION: place})

    async def update_record(self, request: web.Request) -> web.Response:
        """Change some fields of a record."""
        identity, record_id = self._writer(request, "update"), self._id(request)
        draft, now = change_draft(self.resource, await read_body(request)), request.app[CLOCK]()

        def update(connection: Connection) -> bytes:
            RecordWriter(connection, self.resource, identity, now).change(record_id, draft)
            return self.read(connection, record_id, identity)

        return encoded_answer(await request.app[DATABASE].write(update))

    def _page(
        self, listing: Listing, owner: Owner | None, identity: Identity, connection: Connection
    ) -> Page[Shown]:
        if owner:
            check_visible(connection, owner.resource.table, owner.id, identity)
        return list_records(connection, self.resource, listing, identity)

    def _id(self, request: web.Request) -> int:
        return id_in_path(request, f"{self.resource.model}_id")

    def _writer(self, request: web.Request, action: str) -> Identity:
        identity = request[IDENTITY]
        identity.require_scope(self.resource.model, action)
        identity.require_role(*self.resource.writers)
        return identity


ORGANIZATION_OPERATIONS: Final = RecordOperations.of(ORGANIZATIONS)
SITE_OPERATIONS: Final = RecordOperations.of(SITES)
TEAM_OPERATIONS: Final = RecordOperations.of(TEAMS)
CALENDAR_OPERATIONS: Final = RecordOperations.of(CALENDARS)


def predefined_words(resource: Resource) -> str:
    """
    Return the pattern of the words that may stand behind a collection in a path.

    A client whose words are an enumeration of Python sends the name of that with it: `PeoplePredefinedFilter.disabled`.
    """
    return rf"(?:[A-Za-z]*Filter\.)?(?:{'|'.join(map(re.escape, resource.predefined))})"
