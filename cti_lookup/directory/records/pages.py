"""
Pagination of collections: cursors, the slice of a collection, and the headers that lead to the next one.

A cursor is opaque to clients: base64 of a JSON object with the place of a record in its collection and its id. It
holds an id rather than the values sorted by, as those are people's names and URLs end up in logs; but for times.

Facts (R-Service developer guide, "Pagination"): 20 records to a page by default, 100 at most; a collection is cut at 100,000
records, and then says so in `X-Pagination-Throttled`. `page=2` is the former way to go on, no longer documented: clients that
still count pages would read the first one for ever.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, Self, TypeVar
from urllib.parse import quote

from cti_lookup.directory.errors import InvalidCursorError
from cti_lookup.directory.records.fields import LARGEST_ID
from cti_lookup.directory.records.times import parse_span

DEFAULT_PER_PAGE: Final = 20
MOST_PER_PAGE: Final = 100
MOST_RECORDS: Final = 100_000
"""Records of a collection that are counted, and can be reached."""

_AFTER: Final = "search_after"
_BEFORE: Final = "search_before"
_PAGE: Final = "page"


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> int:
        """The id of the record."""


ItemT = TypeVar("ItemT", bound=Identified | Mapping[str, object])
"""A record of a collection."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """
    One record of a collection: how many stand before it, its id, and the times that a collection is sorted by.

    A contact also has a place, that of its kind and label: where it stood is known when it is gone.
    Whoever reads what has changed sorts by times: a record that changes once more while they read is then elsewhere, and they
    go on from where it was.
    """

    offset: int
    id: int
    times: tuple[str, ...] = ()
    place: int = 0

    def encode(self) -> str:
        """Return the text a client gets."""
        value: dict[str, object] = {"offset": self.offset, "cursor": [*self.times, self.id]}
        if self.place:
            value["place"] = self.place
        text = json.dumps(value, separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the cursor of a text that `encode` made, or raise `InvalidCursorError`."""
        try:
            value = json.loads(base64.b64decode(text.encode(), validate=True))
            offset, (*times, number) = value["offset"], value["cursor"]
            place = _count(value.get("place", 0))
            return cls(_count(offset), _count(number), tuple(map(_time, times)), place)
        except (binascii.Error, ValueError, LookupError, TypeError, RecursionError):
            raise InvalidCursorError from None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """
    Which part of a collection is asked for; never both after one cursor and before another.

    `skipped` records are passed over for who counts pages, and none for who has a cursor.
    """

    per_page: int = DEFAULT_PER_PAGE
    after: Cursor | None = None
    before: Cursor | None = None
    skipped: int = 0

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read the parameters of a URL; too large a page is the largest, a number that is none is the default."""
        per_page = min(MOST_PER_PAGE, _number(query.get("per_page", ""), DEFAULT_PER_PAGE))
        if query.get(_AFTER):
            return cls(per_page, after=Cursor.decode(query[_AFTER]))
        if query.get(_BEFORE):
            return cls(per_page, before=Cursor.decode(query[_BEFORE]))
        pages_before = _number(query.get(_PAGE, ""), 1) - 1
        return cls(per_page, skipped=min(MOST_RECORDS, pages_before * per_page))

    @property
    def anchor(self) -> Cursor | None:
        """The record the page stands next to."""
        return self.after or self.before

    @property
    def limit(self) -> int:
        """How many records to read: one more than the page holds tells whether others follow."""
        room = MOST_RECORDS - (self.after.offset + 1 if self.after else self.skipped)
        return max(0, min(self.per_page + 1, room))


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """
    Part of a collection; `more` says whether records follow in the direction of reading.

    `total` need not be counted further than one beyond `MOST_RECORDS`. `times` and `places` are what cursors hold of the first and
    the last record, by id.
    """

    request: PageRequest
    items: tuple[ItemT, ...]
    total: int
    more: bool
    times: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[int, int] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        """How many records stand before the first of this page."""
        if self.request.after:
            return self.request.after.offset + 1
        if self.request.before:
            return max(0, self.request.before.offset - len(self.items))
        return self.request.skipped

    def headers(self, url: str, query: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of this page of the collection at a URL, asked for with a query."""
        per_page, total = self.request.per_page, min(self.total, MOST_RECORDS)
        headers = {
            "X-Pagination-Per-Page": str(per_page),
            "X-Pagination-Current-Page": str(self.offset // per_page + 1),
            "X-Pagination-Total-Pages": str(max(1, -(-total // per_page))),
            "X-Pagination-Total-Entries": str(total),
        }
        if self.total > MOST_RECORDS:
            headers["X-Pagination-Throttled"] = "true"
        # All of them: a field may be filtered by twice, as with the two ends of a range.
        kept = [(name, value) for name, value in query.items() if name not in {_AFTER, _BEFORE, _PAGE}]
        links = [f'<{_address(url, [*kept, *cursor.items()])}>; rel="{rel}"' for rel, cursor in self._links()]
        return headers | ({"Link": ", ".join(links)} if links else {})

    def _links(self) -> list[tuple[str, dict[str, str]]]:
        links: list[tuple[str, dict[str, str]]] = []
        if self.request.after or self.request.skipped or (self.request.before and self.more):
            links.append(("first", {}))
            if self.items:
                links.append(("prev", {_BEFORE: self._cursor(0)}))
        if self.items and (self.request.before or self.more):
            links.append(("next", {_AFTER: self._cursor(len(self.items) - 1)}))
        return links

    def _cursor(self, number: int) -> str:
        """Return the cursor of a record of this page."""
        record_id = _id(self.items[number])
        times, place = self.times.get(record_id, ()), self.places.get(record_id, 0)
        return Cursor(self.offset + number, record_id, times, place).encode()


def _id(item: Identified | Mapping[str, object]) -> int:
    return int(str(item["id"])) if isinstance(item, Mapping) else item.id


def _address(url: str, query: Iterable[tuple[str, str]]) -> str:
    """Return a URL that holds no raw comma, semicolon or angle bracket: clients split the header at those."""
    pairs = [f"{_quote(name)}={_quote(value)}" for name, value in query]
    return f"{url}?{'&'.join(pairs)}" if pairs else url


def _quote(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _number(text: str, default: int) -> int:
    """Return the number above zero that a text writes, no larger than an id can be; the default if it writes none."""
    if not (text.isascii() and text.isdecimal()) or not text.strip("0"):
        return default
    return min(LARGEST_ID, int(text)) if len(text) <= len(str(LARGEST_ID)) else LARGEST_ID


def _time(value: object) -> str:
    if not isinstance(value, str) or parse_span(value) is None:
        raise ValueError
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_ID:
        raise ValueError
    return value
