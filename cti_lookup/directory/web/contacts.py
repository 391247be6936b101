"""The six operations on the contacts of people, and the same six on those of organizations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from aiohttp import web

from cti_lookup.directory.records.contact_book import ContactBook
from cti_lookup.directory.records.contacts import ORGANIZATION_CONTACTS, PERSON_CONTACTS, ContactKind
from cti_lookup.directory.records.field_selection import selected_fields
from cti_lookup.directory.records.organizations import ORGANIZATIONS
from cti_lookup.directory.records.pages import PageRequest
from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.web.answers import json_answer, read_body
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY
from cti_lookup.directory.web.paths import id_in_path, page_answer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ContactOperations:
    """
    The operations on contacts of one kind, as handlers.

    The path names the owner as `person_id` or `organization_id`, and a single contact as `contact_id`. To change contacts
    takes the role and the scope that it takes to change their owner.
    """

    kind: ContactKind
    owners: Resource

    async def list_contacts(self, request: web.Request) -> web.Response:
        """Answer with a page of the contacts."""
        page_request = PageRequest.from_query(request.query)
        fields = selected_fields(request.query.get("fields", ""), self.kind.fields, self.kind.collection)
        return page_answer(request, await self._read(request, lambda book: book.page(page_request, fields)))

    async def show_contact(self, request: web.Request) -> web.Response:
        """Answer with one contact."""
        contact_id = id_in_path(request, "contact_id")
        return json_answer(await self._read(request, lambda book: book.contact(contact_id)))

    async def create_contact(self, request: web.Request) -> web.Response:
        """Add a contact."""
        self._check_writer(request)
        body, now = await read_body(request), request.app[CLOCK]()
        contact = await self._write(request, lambda book: book.add(body, now), trace=Trace.KEPT)
        return json_answer(contact, status=201)

    async def update_contact(self, request: web.Request) -> web.Response:
        """Change a contact."""
        self._check_writer(request)
        contact_id = id_in_path(request, "contact_id")
        body, now = await read_body(request), request.app[CLOCK]()
        return json_answer(await self._write(request, lambda book: book.change(contact_id, body, now)))

    async def delete_contact(self, request: web.Request) -> web.Response:
        """Delete one contact."""
        self._check_writer(request)
        contact_id, now = id_in_path(request, "contact_id"), request.app[CLOCK]()
        await self._write(request, lambda book: book.delete(contact_id, now))
        return web.Response(status=204)

    async def delete_contacts(self, request: web.Request) -> web.Response:
        """Delete all contacts."""
        self._check_writer(request)
        now = request.app[CLOCK]()
        await self._write(request, lambda book: book.delete_all(now))
        return web.Response(status=204)

    def _check_writer(self, request: web.Request) -> None:
        """Raise `ForbiddenError` before anything is read that somebody may not change."""
        request[IDENTITY].require_role(*self.owners.writers)
        request[IDENTITY].require_scope(self.owners.model, "update")

    async def _read(self, request: web.Request, work: Callable[[ContactBook], T]) -> T:
        identity, owner_id = request[IDENTITY], self._owner_id(request)
        identity.require_scope(self.owners.model, "read")
        return await request.app[DATABASE].read(
            lambda connection: work(ContactBook.of(connection, self.kind, owner_id, identity))
        )

    async def _write(
        self, request: web.Request, work: Callable[[ContactBook], T], *, trace: Trace = Trace.OVERWRITTEN
    ) -> T:
        identity, owner_id = request[IDENTITY], self._owner_id(request)
        return await request.app[DATABASE].write(
            lambda connection: work(ContactBook.to_change(connection, self.kind, owner_id, identity)),
            trace=trace,
        )

    def _owner_id(self, request: web.Request) -> int:
        return id_in_path(request, f"{self.owners.model}_id")


OF_PEOPLE: Final = ContactOperations(PERSON_CONTACTS, PEOPLE)
OF_ORGANIZATIONS: Final = ContactOperations(ORGANIZATION_CONTACTS, ORGANIZATIONS)
