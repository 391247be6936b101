"""
The contacts of one owner in the file: read page by page, added, changed and deleted.

Whatever changes a contact moves its owner's `updated_at`, so that clients who ask for what is new see it, and is
announced as a change of the owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Cursor, Row
from typing import Final, Self

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import NotFoundError
from cti_lookup.directory.records.contacts import (
    PERSON_CONTACTS,
    PLACE,
    Contact,
    ContactDraft,
    ContactKind,
    changed_contact,
    new_contact,
)
from cti_lookup.directory.records.fields import Body
from cti_lookup.directory.records.inserting import index_contact, insert_contact
from cti_lookup.directory.records.pages import Page, PageRequest
from cti_lookup.directory.records.removals import check_in_place
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.records.visibility import check_changeable, check_visible
from cti_lookup.directory.webhooks.events import announce

_COUNT: Final = "SELECT count(*) FROM {table} WHERE owner_id = ?"
_AFTER: Final = (
    "SELECT *, {place} AS place FROM {table} WHERE owner_id = ? AND ({place}, id) > (?, ?)"
    " ORDER BY place, id LIMIT ? OFFSET ?"
)
_BEFORE: Final = (
    "SELECT *, {place} AS place FROM {table} WHERE owner_id = ? AND ({place}, id) < (?, ?)"
    " ORDER BY place DESC, id DESC LIMIT ? OFFSET ?"
)
_ONE: Final = "SELECT * FROM {table} WHERE owner_id = ? AND id = ?"
_INSERT: Final = "INSERT INTO {table} (owner_id, label, protocol, uri, integration) VALUES (?, ?, ?, ?, ?)"
_UPDATE: Final = "UPDATE {table} SET label = ?, protocol = ?, uri = ?, integration = ? WHERE id = ?"
_DELETE: Final = "DELETE FROM {table} WHERE id = ?"
_DELETE_ALL: Final = "DELETE FROM {table} WHERE owner_id = ?"
_DELETE_KEYS: Final = "DELETE FROM telephone_keys WHERE contact_id = ?"
_TOUCH: Final = "UPDATE {owners} SET updated_at = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class ContactBook:
    """The contacts of an owner whom somebody may see; what changes them runs in a transaction of the caller's."""

    connection: Connection
    kind: ContactKind
    owner_id: int
    identity: Identity

    @classmethod
    def of(cls, connection: Connection, kind: ContactKind, owner_id: int, identity: Identity) -> Self:
        """Return the contacts of an owner, or raise `NotFoundError`."""
        check_visible(connection, kind.owners, owner_id, identity)
        return cls(connection, kind, owner_id, identity)

    @classmethod
    def to_change(cls, connection: Connection, kind: ContactKind, owner_id: int, identity: Identity) -> Self:
        """Return the contacts of an owner, or raise `NotFoundError`, or `ValidationError` if they are not to be changed."""
        check_changeable(connection, kind.owners, owner_id, identity)
        if kind is PERSON_CONTACTS:
            check_in_place(connection, owner_id)
        return cls(connection, kind, owner_id, identity)

    def page(self, request: PageRequest, fields: Sequence[str]) -> Page[dict[str, object]]:
        """Return part of the contacts with some fields, by kind and label, and then in the order in which they were added."""
        anchor = (request.anchor.place, request.anchor.id) if request.anchor else (0, 0)
        # One more than the page holds tells whether another page follows.
        query = _BEFORE if request.before else _AFTER
        rows = self._execute(query, self.owner_id, *anchor, request.limit, request.skipped).fetchall()
        items = [_item(row, fields) for row in rows[: request.per_page]]
        if request.before:
            items.reverse()
        (total,) = self._execute(_COUNT, self.owner_id).fetchone()
        places = {row["id"]: row["place"] for row in rows}
        return Page(request, tuple(items), total, more=len(rows) > request.per_page, places=places)

    def contact(self, contact_id: int) -> Contact:
        """Return one contact, or raise `NotFoundError`."""
        return _contact(self._row(contact_id))

    def add(self, body: Body, now: datetime) -> Contact:
        """Add the contact a body describes, or raise `ValidationError`."""
        contact_id = self._insert(new_contact(body, self.kind))
        self._note_change(now)
        return self.contact(contact_id)

    def change(self, contact_id: int, body: Body, now: datetime) -> Contact:
        """Change a contact as a body says, or raise `ValidationError`; a change of nothing is not noted."""
        current = _draft(self._row(contact_id))
        draft = changed_contact(current, body, self.kind)
        if draft != current:
            self._update(contact_id, draft)
            self._note_change(now)
        return self.contact(contact_id)

    def delete(self, contact_id: int, now: datetime) -> None:
        """Delete one contact, or raise `NotFoundError`."""
        self._row(contact_id)
        self._execute(_DELETE, contact_id)
        self._note_change(now)

    def delete_all(self, now: datetime) -> None:
        """Delete all contacts, of which there may be none."""
        if self._execute(_DELETE_ALL, self.owner_id).rowcount:
            self._note_change(now)

    def _insert(self, draft: ContactDraft) -> int:
        if self.kind is PERSON_CONTACTS:
            return insert_contact(self.connection, self.owner_id, draft)
        values = (self.owner_id, draft.label, draft.protocol, draft.uri, int(draft.integration))
        return int(self._execute(_INSERT, *values).lastrowid or 0)

    def _update(self, contact_id: int, draft: ContactDraft) -> None:
        self._execute(_UPDATE, draft.label, draft.protocol, draft.uri, int(draft.integration), contact_id)
        if self.kind is PERSON_CONTACTS:
            self._execute(_DELETE_KEYS, contact_id)
            index_contact(self.connection, self.owner_id, contact_id, draft)

    def _note_change(self, now: datetime) -> None:
        self._execute(_TOUCH, timestamp(now), self.owner_id)
        announce(self.connection, self.kind.event, self.owner_id, self.identity, now)

    def _row(self, contact_id: int) -> Row:
        row: Row | None = self._execute(_ONE, self.owner_id, contact_id).fetchone()
        if row is None:
            raise NotFoundError
        return row

    def _execute(self, statement: str, *parameters: str | int) -> Cursor:
        named = statement.format(table=self.kind.table, owners=self.kind.owners, place=PLACE)
        return self.connection.execute(named, parameters)


def _item(row: Row, fields: Sequence[str]) -> dict[str, object]:
    contact = {"id": row["id"], "label": row["label"], row["protocol"]: row["uri"]}
    contact["integration"] = bool(row["integration"])
    return {name: contact[name] for name in fields if name in contact}


def _contact(row: Row) -> Contact:
    value = {row["protocol"]: row["uri"]}
    return Contact(label=row["label"], id=row["id"], integration=bool(row["integration"]), **value)


def _draft(row: Row) -> ContactDraft:
    return ContactDraft(row["label"], row["protocol"], row["uri"], bool(row["integration"]))
