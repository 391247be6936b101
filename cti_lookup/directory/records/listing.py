"""Collections: what is asked of one, and a page of it."""

# ruff: noqa: S608 - queries are put together from the descriptions of resources, never from what a client sent

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from sqlite3 import Connection
from typing import Final, Self

from multidict import MultiMapping

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import InvalidCursorError, NotFoundError
from cti_lookup.directory.records.conditions import ALWAYS, Condition, Value, all_of
from cti_lookup.directory.records.field_selection import selected_fields
from cti_lookup.directory.records.filters import conditions_of
from cti_lookup.directory.records.pages import MOST_RECORDS, Page, PageRequest
from cti_lookup.directory.records.reading import Shown, join, read_records
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.records.sorting import Ordering, ordering_of

PREFIX: Final = "Filter."
"""Ends what some clients write before the word of a predefined filter: the name of their own enumeration."""

FEW: Final = 10_000
"""Records that are gathered and sorted quickly enough, whatever there are besides."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the records of a collection come from: tables with their values, and a condition."""

    tables: str
    where: Condition
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of a collection: which records, in which order, which of their fields, and which part."""

    names: tuple[str, ...]
    ordering: Ordering
    page: PageRequest
    condition: Condition = ALWAYS

    @classmethod
    def from_query(cls, resource: Resource, query: MultiMapping[str], identity: Identity) -> Self:
        """Read the parameters of a URL; raise `BadRequestError` on what cannot be served."""
        return cls(
            names=_names(resource, query.get("fields", "")),
            ordering=ordering_of(resource, query.get("sort", "")),
            page=PageRequest.from_query(query),
            condition=conditions_of(resource, query.items(), identity),
        )

    def where(self, condition: Condition) -> Self:
        """Return the part of the collection for which a condition holds too."""
        return replace(self, condition=all_of(self.condition, condition))


def predefined(resource: Resource, word: str, identity: Identity) -> Condition:
    """Return the predefined filter that a word of the path names, blank for all records; raise `NotFoundError`."""
    if not word:
        return ALWAYS
    meaning = resource.predefined.get(word.rpartition(PREFIX)[2])
    if meaning is None:
        raise NotFoundError
    return meaning(identity)


def list_records(
    connection: Connection, resource: Resource, listing: Listing, identity: Identity
) -> Page[Shown]:
    """Return the page of a collection that is asked for, or raise `InvalidCursorError`."""
    place = _place(connection, resource, listing, identity)
    among = all_of(_seen(resource, identity), listing.condition)
    total = _count(connection, resource, among)
    source = _few(resource, among) if listing.condition != ALWAYS and total <= FEW else _all(resource, among)
    found = _page_ids(connection, resource, listing, source, place)
    kept = found[: listing.page.per_page]
    if listing.page.before:
        kept.reverse()
    items = read_records(connection, resource, kept, listing.names, identity.home)
    times = _times(connection, resource, listing.ordering, kept)
    return Page(listing.page, tuple(items), total, len(found) > listing.page.per_page, times)


def _names(resource: Resource, text: str) -> tuple[str, ...]:
    """Read the value of `fields=`; the account is no field of its own, as it is shown wherever it says something."""
    asked = selected_fields(text, (*resource.shown, "account"), resource.collection)
    return tuple(name for name in asked if name != "account")


def _seen(resource: Resource, identity: Identity) -> Condition:
    """Return the condition on the records that are in the collections of whoever asks."""
    seen = _of_accounts(resource, identity)
    if not resource.removable:
        return seen
    return all_of(seen, Condition(f"{resource.table}.id NOT IN (SELECT person_id FROM removals)"))


def _of_accounts(resource: Resource, identity: Identity) -> Condition:
    marks = ", ".join("?" * len(identity.accounts))
    return Condition(f"{resource.table}.account_id IN ({marks})", identity.accounts)


def _place(
    connection: Connection, resource: Resource, listing: Listing, identity: Identity
) -> Sequence[Value] | None:
    """
    Return the place next to which a page stands, None for the first page.

    Raise `InvalidCursorError` unless a cursor is of a record of the accounts that are seen: anybody can make one up, and one of
    another account's record would tell where its name stands among theirs.
    """
    anchor, ordering = listing.page.anchor, listing.ordering
    if anchor is None:
        return None
    place = ordering.place_at(anchor)
    if place is None:
        place = _place_of(connection, resource, ordering, anchor.id, _of_accounts(resource, identity))
    if place is None:
        raise InvalidCursorError
    return place


def _place_of(
    connection: Connection, resource: Resource, ordering: Ordering, record_id: int, among: Condition
) -> Sequence[Value] | None:
    table = resource.table
    query = (
        f"SELECT {ordering.expressions} FROM {table} {_joins(resource, ordering)}"
        f" WHERE {table}.id = ? AND {among.sql}"
    )
    row = connection.execute(query, (record_id, *among.values)).fetchone()
    return None if row is None else tuple(row)


def _times(
    connection: Connection, resource: Resource, ordering: Ordering, ids: Sequence[int]
) -> Mapping[int, tuple[str, ...]]:
    """Return what the cursors of the first and the last record of a page hold of them."""
    if not (ids and ordering.is_of_times):
        return {}
    places = {one: _place_of(connection, resource, ordering, one, ALWAYS) for one in (ids[0], ids[-1])}
    return {one: ordering.times_of(place) for one, place in places.items() if place}


def _all(resource: Resource, among: Condition) -> _Source:
    return _Source(resource.table, among)


def _few(resource: Resource, among: Condition) -> _Source:
    """
    Return the records of a condition that few meet, gathered before they are sorted.

    Left to itself SQLite reads the records in the order asked for until a page is full, which of a million takes seconds
    when few are wanted.
    """
    table = resource.table
    gathered = f"(SELECT id FROM {table} WHERE {among.sql} LIMIT {FEW})"
    return _Source(f"{gathered} AS few CROSS JOIN {table} ON {table}.id = few.id", ALWAYS, among.values)


def _page_ids(
    connection: Connection,
    resource: Resource,
    listing: Listing,
    source: _Source,
    place: Sequence[Value] | None,
) -> list[int]:
    """Return the ids of a page and of one record more, in the direction of reading."""
    ordering = listing.ordering.reversed() if listing.page.before else listing.ordering
    where = source.where
    if place is not None:
        where = all_of(where, ordering.beyond(place))
    query = (
        f"SELECT {resource.table}.id FROM {source.tables} {_joins(resource, ordering)}"
        f" WHERE {where.sql} ORDER BY {ordering.sql} LIMIT ? OFFSET ?"
    )
    values = (*source.values, *where.values, listing.page.limit, listing.page.skipped)
    return [row[0] for row in connection.execute(query, values)]


def _joins(resource: Resource, ordering: Ordering) -> str:
    return " ".join(join(resource, one) for one in ordering.references)


def _count(connection: Connection, resource: Resource, among: Condition) -> int:
    """Count records, no further than it takes to know that there are too many."""
    query = (
        f"SELECT count(*) FROM (SELECT 1 FROM {resource.table} WHERE {among.sql} LIMIT {MOST_RECORDS + 1})"
    )
    return int(connection.execute(query, among.values).fetchone()[0])
