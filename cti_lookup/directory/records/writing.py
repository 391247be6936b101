"""Records created and changed: bodies checked, faults gathered, rows written, webhooks told."""

# ruff: noqa: S608 - queries are put together from the descriptions of resources, never from what a client sent

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.errors import Fault, ForbiddenError
from cti_lookup.directory.records.circumstances import Circumstances
from cti_lookup.directory.records.fields import BLANK, Body, Values, check_fields
from cti_lookup.directory.records.inserting import Origin, derived, details_json, insert_record
from cti_lookup.directory.records.refusals import refusal
from cti_lookup.directory.records.removals import check_in_place
from cti_lookup.directory.records.resource import (
    ALWAYS_SHOWN,
    WRITE_ONLY,
    Column,
    Detail,
    Members,
    Reference,
    Resource,
    Type,
)
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.records.visibility import check_visible
from cti_lookup.directory.webhooks.events import announce

_ORIGIN: Final = frozenset({"source", "sourceID"})
_MEMBER_IDS: Final = Members().column
_MEMBERS: Final = "SELECT person_id FROM team_members WHERE team_id = ? ORDER BY person_id"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a body says of a record: the acceptable values, and what is wrong with the others."""

    values: Values
    faults: tuple[Fault, ...]


def new_draft(resource: Resource, body: Body) -> Draft:
    """Check the body of a record to create; raise `BadRequestError` on names that are no field."""
    draft = change_draft(resource, body)
    missing = tuple((name, BLANK) for name in resource.required if name not in body)
    return Draft(draft.values, missing + draft.faults)


def change_draft(resource: Resource, body: Body) -> Draft:
    """
    Check the body of a change; a field that is not named stays as it is.

    What is read-only is passed over, as clients send back what they have read. Names that are no field at all raise
    `BadRequestError`.
    """
    known = resource.rules.keys() | resource.by_name.keys() | ALWAYS_SHOWN | WRITE_ONLY
    if unknown := [name for name in body if name not in known]:
        raise refusal("Unknown fields", unknown)
    return Draft(*check_fields(body, resource.rules))


@dataclass(frozen=True, slots=True)
class RecordWriter:
    """Who writes records of a kind, and when, in a transaction of the caller's."""

    connection: Connection
    resource: Resource
    identity: Identity
    now: datetime

    def create(self, draft: Draft) -> int:
        """Create a record in the addressed account and return its id, or raise `ValidationError` with all faults."""
        account = self.identity.account
        circumstances = Circumstances(
            connection=self.connection, resource=self.resource, identity=self.identity, account=account
        )
        circumstances.raise_faults(draft.values, draft.faults)
        values = {name: value for name, value in draft.values.items() if name != _MEMBER_IDS}
        origin = Origin(account, self.now)
        record_id = insert_record(self.connection, self.resource.table, values, origin)
        self._set_members(record_id, draft.values)
        self._announce("create", record_id)
        return record_id

    def change(self, record_id: int, draft: Draft) -> None:
        """
        Change the fields of a record that are not yet as a draft says; where none is, nothing happens.

        Raise `NotFoundError`, `ValidationError`, or `ForbiddenError` for a record, or the origin of one, that is not for this
        person to change.
        """
        row = self._row_to_change(record_id)
        changes = _changes(draft.values, self._before(row))
        Circumstances(
            connection=self.connection,
            resource=self.resource,
            identity=self.identity,
            account=row["account_id"],
            record_id=record_id,
        ).raise_faults(changes, draft.faults)
        if changes:
            self._apply(row, changes)

    def _row_to_change(self, record_id: int) -> Row:
        check_visible(self.connection, self.resource.table, record_id, self.identity)
        query = f"SELECT * FROM {self.resource.table} WHERE id = ?"
        row: Row = self.connection.execute(query, (record_id,)).fetchone()
        if row["account_id"] not in self.identity.accounts:  # oneself, seen from another account
            raise ForbiddenError
        if self.resource.removable:
            check_in_place(self.connection, record_id)
        return row

    def _before(self, row: Row) -> Mapping[str, object]:
        """Return the values a record has, under the names of a body."""
        details = json.loads(row["details"])
        before: dict[str, object] = {}
        for one in self.resource.fields:
            match one:
                case Column(name, Type.FLAG):
                    before[name] = bool(row[name])
                case Column(name):
                    before[name] = row[name]
                case Reference():
                    before[one.column] = row[one.column]
                case Detail(name, _, default):
                    before[name] = details.get(name, default)
                case Members():
                    members = self.connection.execute(_MEMBERS, (row["id"],))
                    before[one.column] = [member["person_id"] for member in members]
                case _:
                    pass
        return before

    def _apply(self, row: Row, changes: Values) -> None:
        # Facts (developer guide, "Source"): where a record comes from is for account administrators to change.
        if not _ORIGIN.isdisjoint(changes):
            self.identity.require_role(Role.ACCOUNT_ADMINISTRATOR)
        columns = self._columns(changes) | {"details": self._details(row, changes)}
        columns["updated_at"] = timestamp(self.now)
        settings = ", ".join(f"{name} = :{name}" for name in columns)
        query = f"UPDATE {self.resource.table} SET {settings} WHERE id = :id"
        self.connection.execute(query, columns | {"id": row["id"]})
        self._set_members(row["id"], changes)
        self._announce("update", row["id"])

    def _columns(self, changes: Values) -> dict[str, object]:
        """Return the new values of columns, with those that follow from others."""
        names = {one.name for one in self.resource.fields if isinstance(one, Column)}
        names |= {one.column for one in self.resource.references}
        columns: dict[str, object] = {name: changes[name] for name in names & changes.keys()}
        return columns | derived(columns)

    def _details(self, row: Row, changes: Values) -> str:
        """Return the fields without a column as they will be stored, without those that have their default."""
        defaults = {one.name: one.default for one in self.resource.fields if isinstance(one, Detail)}
        details = json.loads(row["details"]) | {
            name: changes[name] for name in defaults.keys() & changes.keys()
        }
        return details_json({name: value for name, value in details.items() if value != defaults.get(name)})

    def _set_members(self, record_id: int, values: Values) -> None:
        members = values.get(_MEMBER_IDS)
        if not isinstance(members, list):
            return
        self.connection.execute("DELETE FROM team_members WHERE team_id = ?", (record_id,))
        self.connection.executemany(
            "INSERT INTO team_members (team_id, person_id) VALUES (?, ?)",
            [(record_id, person_id) for person_id in members],
        )

    def _announce(self, event: str, record_id: int) -> None:
        if self.resource.announced:
            name = f"{self.resource.model}.{event}"
            announce(self.connection, name, record_id, self.identity, self.now)


def _changes(values: Values, before: Mapping[str, object]) -> Values:
    """Return those of some values that are not the ones a record has."""
    return {name: value for name, value in values.items() if _text(name, value) != _text(name, before[name])}


def _text(name: str, value: object) -> str:
    """Return a form in which values are equal only if JSON writes them alike: true is not 1."""
    ordered = sorted(value) if name == _MEMBER_IDS and isinstance(value, list) else value
    return json.dumps(ordered, sort_keys=True)
