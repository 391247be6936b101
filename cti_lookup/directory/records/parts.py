"""What stands inside a record and comes from other tables: references, contacts, addresses, members."""

# ruff: noqa: S608 - queries are put together from the descriptions of resources, never from what a client sent

from collections.abc import Iterator, Mapping, Sequence
from sqlite3 import Connection
from typing import Any, Final

from cti_lookup.directory.records.contacts import PLACE
from cti_lookup.directory.records.resource import Addresses, Contacts, Field, Members

Part = dict[str, object]
"""What stands inside a record, as it goes into the answer."""

PARTS_OF_REFERENCE: Final = ("id", "name", "sourceID", "disabled", "account_id")

_AMONG: Final = "IN (SELECT value FROM json_each(?))"


def reference(parts: Sequence[Any], foreign: Mapping[str, Part]) -> Part | None:
    """
    Return another record as it stands inside one, from the columns of `PARTS_OF_REFERENCE`; None for no record.

    Facts (developer guide, "Data types"): `id` and `name` always, `sourceID` whenever there is one, `disabled` only when it is
    true, `account` only when it is not the reader's.
    """
    number, name, source_id, disabled, account = parts
    if number is None:
        return None
    more: Part = {"sourceID": source_id, "disabled": bool(disabled), "account": foreign.get(account)}
    return {"id": number, "name": name} | {key: value for key, value in more.items() if value}


def parts_of(
    connection: Connection, one: Field, listed: str, foreign: Mapping[str, Part]
) -> Mapping[int, list[Part]]:
    """Return what a field of some records holds from another table, by their ids, which are listed as JSON."""
    match one:
        case Contacts(table):
            return _by_owner(_contacts(connection, table, listed))
        case Addresses(table):
            return _by_owner(_addresses(connection, table, listed))
        case Members():
            return _by_owner(_members(connection, listed, foreign))
        case _:
            return {}


def _by_owner(parts: Iterator[tuple[int, Part]]) -> Mapping[int, list[Part]]:
    found: dict[int, list[Part]] = {}
    for owner_id, part in parts:
        found.setdefault(owner_id, []).append(part)
    return found


def _contacts(connection: Connection, table: str, listed: str) -> Iterator[tuple[int, Part]]:
    query = (
        f"SELECT owner_id, id, label, protocol, uri FROM {table} WHERE owner_id {_AMONG} ORDER BY {PLACE}, id"
    )
    for owner_id, number, label, protocol, uri in connection.execute(query, (listed,)):
        yield owner_id, {"label": label, "id": number, protocol: uri}


def _addresses(connection: Connection, table: str, listed: str) -> Iterator[tuple[int, Part]]:
    names = ("id", "label", "address", "city", "state", "zip", "country")
    query = (
        f"SELECT owner_id, integration, {', '.join(names)} FROM {table} WHERE owner_id {_AMONG} ORDER BY id"
    )
    for owner_id, integration, *values in connection.execute(query, (listed,)):
        yield owner_id, dict(zip(names, values, strict=True)) | {"integration": bool(integration)}


def _members(connection: Connection, listed: str, foreign: Mapping[str, Part]) -> Iterator[tuple[int, Part]]:
    columns = ", ".join(f"people.{part}" for part in PARTS_OF_REFERENCE)
    query = (
        f"SELECT team_id, {columns} FROM team_members JOIN people ON people.id = person_id"
        f" WHERE team_id {_AMONG} ORDER BY name_key, people.id"
    )
    for team_id, *parts in connection.execute(query, (listed,)):
        if member := reference(parts, foreign):
            yield team_id, member
