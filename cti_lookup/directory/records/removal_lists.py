"""
The lists of what is in the archive and in the trash.

Facts (R-Service developer guide, "Archive"): an entry has an id of its own, tells when and by whom the record was moved, and names
the kind of record, under which the record stands with its path and name. Newest first; sorted and filtered by `id` and
`created_at`.
"""

# ruff: noqa: S608 - queries are put together from constants and the descriptions of resources

from collections.abc import Mapping
from sqlite3 import Connection, Row
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import InvalidCursorError
from cti_lookup.directory.records.conditions import Condition, all_of
from cti_lookup.directory.records.field_selection import selected_fields
from cti_lookup.directory.records.filters import conditions_of
from cti_lookup.directory.records.pages import MOST_RECORDS, Page, PageRequest
from cti_lookup.directory.records.removals import Place
from cti_lookup.directory.records.resource import CREATED_AT, ID, Resource, Type
from cti_lookup.directory.records.sorting import Ordering, ordering_of

Entry = dict[str, object]
"""A record in the archive or the trash, as it goes into the answer."""

REMOVALS: Final = Resource(
    model="removal",
    table="removals",
    fields=(ID, CREATED_AT),
    collection=("id", "created_at"),
    filters=("id", "created_at"),
    sorts=("id", "created_at"),
    predefined=MappingProxyType({}),
    writers=(),
)
_NEWEST_FIRST: Final = "-created_at"

_FROM: Final = "FROM removals JOIN people ON people.id = removals.person_id"
_SELECT: Final = f"""SELECT removals.id, removals.created_at, people.id AS person_id, people.name,
    removers.id AS remover_id, removers.name AS remover_name, removers.sourceID AS remover_sourceID,
    removers.disabled AS remover_disabled, accounts.id AS account_id, accounts.name AS account_name
{_FROM}
LEFT JOIN people AS removers ON removers.id = removals.removed_by
LEFT JOIN accounts ON accounts.id = removers.account_id"""


def list_removals(
    connection: Connection, place: Place, query: Mapping[str, str], identity: Identity
) -> Page[Entry]:
    """Return the page of a list that a URL asks for; raise `BadRequestError` on what cannot be served."""
    request = PageRequest.from_query(query)
    shown = ("id", "created_at", f"{place.mark}_by", place.mark, "person")
    names = selected_fields(query.get("fields", ""), shown, shown)
    ordering = ordering_of(REMOVALS, query.get("sort", "") or _NEWEST_FIRST)
    among = all_of(_seen(place, identity), conditions_of(REMOVALS, query.items(), identity))
    rows = _rows(connection, request, ordering, among)
    kept = rows[: request.per_page]
    if request.before:
        kept.reverse()
    entries = [_entry(row, place, identity.home) for row in kept]
    items = tuple({name: entry[name] for name in names} for entry in entries)
    times = {row["id"]: _times(row, ordering) for row in kept}
    return Page(request, items, _count(connection, among), len(rows) > request.per_page, times)


def _seen(place: Place, identity: Identity) -> Condition:
    marks = ", ".join("?" * len(identity.accounts))
    return Condition(
        f"removals.place = ? AND people.account_id IN ({marks})", (place.value, *identity.accounts)
    )


def _rows(connection: Connection, request: PageRequest, ordering: Ordering, among: Condition) -> list[Row]:
    """Return the entries of a page and one more, in the direction of reading."""
    directed = ordering.reversed() if request.before else ordering
    if request.anchor:
        # A cursor holds all there is to sort by, so that who restores a page of entries can go on with the next.
        place = directed.place_at(request.anchor)
        if place is None:
            raise InvalidCursorError
        among = all_of(among, directed.beyond(place))
    query = f"{_SELECT} WHERE {among.sql} ORDER BY {directed.sql} LIMIT ? OFFSET ?"
    return connection.execute(query, (*among.values, request.limit, request.skipped)).fetchall()


def _times(row: Row, ordering: Ordering) -> tuple[str, ...]:
    """Return what the cursor of an entry holds of it."""
    return ordering.times_of(
        [row["created_at"] if key.type is Type.TIME else row["id"] for key in ordering.keys]
    )


def _count(connection: Connection, among: Condition) -> int:
    query = f"SELECT count(*) FROM (SELECT 1 {_FROM} WHERE {among.sql} LIMIT {MOST_RECORDS + 1})"
    return int(connection.execute(query, among.values).fetchone()[0])


def _entry(row: Row, place: Place, home: str) -> Entry:
    return {
        "id": row["id"],
        "created_at": row["created_at"],
        f"{place.mark}_by": _remover(row, home),
        place.mark: "person",
        "person": {
            "id": row["person_id"],
            "href": f"/people/{row['person_id']}",
            "display_name": row["name"],
        },
    }


def _remover(row: Row, home: str) -> Entry | None:
    """Return who moved the record, as references are; None once they are erased themselves."""
    if row["remover_id"] is None:
        return None
    account = {"id": row["account_id"], "name": row["account_name"]}
    more: Entry = {
        "sourceID": row["remover_sourceID"],
        "disabled": bool(row["remover_disabled"]),
        "account": None if row["account_id"] == home else account,
    }
    return {"id": row["remover_id"], "name": row["remover_name"]} | {k: v for k, v in more.items() if v}
