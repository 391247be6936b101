"""Records as they are answered: whichever fields are asked for, with what they refer to."""

# ruff: noqa: S608 - queries are put together from the descriptions of resources, never from what a client sent

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row

import msgspec

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.parts import PARTS_OF_REFERENCE, Part, parts_of, reference
from cti_lookup.directory.records.resource import (
    Addresses,
    Column,
    Contacts,
    Detail,
    Field,
    Members,
    Nothing,
    Reference,
    Resource,
    Roles,
    Type,
)
from cti_lookup.directory.records.visibility import check_visible

Shown = dict[str, object]
"""A record as it goes into the answer."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What was read of a record: its row, its details still as JSON, and its parts from other tables by field."""

    row: Row
    details: Mapping[str, msgspec.Raw]
    parts: Mapping[str, Mapping[int, list[Part]]]
    foreign: Mapping[str, Part]


def read_records(
    connection: Connection, resource: Resource, ids: Sequence[int], names: Sequence[str], home: str
) -> list[Shown]:
    """
    Return the named fields of records in the order of their ids, without those that there are not.

    `home` is the account of the reader: a record of any other shows its `account`. A disabled record says that it is, also
    where nobody asks for it.
    """
    fields = [resource.by_name[name] for name in names]
    listed = json.dumps(ids)
    foreign = _foreign_accounts(connection, home)
    parts = {one.name: parts_of(connection, one, listed, foreign) for one in fields}
    rows = connection.execute(_query(resource, fields), (listed,)).fetchall()
    return [_shown(fields, _Record(row, _details(row), parts, foreign)) for row in rows]


def read_record(connection: Connection, record_id: int, identity: Identity, *, resource: Resource) -> bytes:
    """Return the JSON of a record that the one who asks may see, with all fields, or raise `NotFoundError`."""
    check_visible(connection, resource.table, record_id, identity)
    (record,) = read_records(connection, resource, [record_id], resource.shown, identity.home)
    return msgspec.json.encode(record)


def _query(resource: Resource, fields: Sequence[Field]) -> str:
    table = resource.table
    columns = [f"{table}.id AS id", f"{table}.account_id AS account_id", f"{table}.disabled AS disabled"]
    # A row may hold 64 KB of details, which nobody asks for in a list.
    details = any(isinstance(one, Detail) for one in fields)
    columns.append(f"{table}.details AS details" if details else "'{}' AS details")
    columns += [f"{table}.{one.name} AS {one.name}" for one in fields if isinstance(one, Column)]
    joins = [one for one in fields if isinstance(one, Reference)]
    columns += [f"{one.name}.{part} AS {one.name}_{part}" for one in joins for part in PARTS_OF_REFERENCE]
    return (
        f"SELECT {', '.join(columns)} FROM json_each(?) AS asked CROSS JOIN {table} ON {table}.id = asked.value"
        f" {' '.join(join(resource, one) for one in joins)} ORDER BY asked.key"
    )


def join(resource: Resource, one: Reference) -> str:
    """Return the join that puts what a field refers to beside the record, under the name of the field."""
    return f"LEFT JOIN {one.table} AS {one.name} ON {one.name}.id = {resource.table}.{one.column}"


def _foreign_accounts(connection: Connection, home: str) -> dict[str, Part]:
    rows = connection.execute("SELECT id, name FROM accounts WHERE id <> ?", (home,))
    return {row["id"]: {"id": row["id"], "name": row["name"]} for row in rows}


def _details(row: Row) -> Mapping[str, msgspec.Raw]:
    return msgspec.json.decode(row["details"], type=dict[str, msgspec.Raw])


def _shown(fields: Sequence[Field], record: _Record) -> Shown:
    shown: Shown = {"id": record.row["id"]}
    if account := record.foreign.get(record.row["account_id"]):
        shown["account"] = account
    for one in fields:
        shown[one.name] = _value(one, record)
    if record.row["disabled"]:
        shown["disabled"] = True
    return shown


def _value(one: Field, record: _Record) -> object:
    match one:
        case Column(name, type_):
            return bool(record.row[name]) if type_ is Type.FLAG else record.row[name]
        case Reference(name):
            parts = [record.row[f"{name}_{part}"] for part in PARTS_OF_REFERENCE]
            return reference(parts, record.foreign)
        case Detail(name, _, default):
            return record.details.get(name, default)
        case Contacts() | Addresses() | Members():
            return record.parts[one.name].get(record.row["id"], [])
        case Nothing(_, value):
            return value
        case Roles():
            return None
