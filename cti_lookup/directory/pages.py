"""
Pagination of collections: cursors, the slice of a collection, and the headers that lead to the next one.

A cursor is opaque to clients: base64 of a JSON object with the place of a record in its collection and its id. It
holds an id rather than the value sorted by, as that value is a person's name and URLs end up in logs.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, Protocol, Self, TypeVar
from urllib.parse import quote

from cti_lookup.directory.errors import InvalidCursorError
from cti_lookup.directory.fields import LARGEST_ID

DEFAULT_PER_PAGE: Final = 20
MOST_PER_PAGE: Final = 100

_AFTER: Final = "search_after"
_BEFORE: Final = "search_before"


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> int:
        """The id of the record."""


ItemT = TypeVar("ItemT", bound=Identified)
"""A record of a collection."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """One record of a collection: how many stand before it, and its id."""

    offset: int
    id: int

    def encode(self) -> str:
        """Return the text a client gets."""
        text = json.dumps({"offset": self.offset, "cursor": [self.id]}, separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the cursor of a text that `encode` made, or raise `InvalidCursorError`."""
        try:
            value = json.loads(base64.b64decode(text.encode(), validate=True))
            offset, (number,) = value["offset"], value["cursor"]
            return cls(_count(offset), _count(number))
        except (binascii.Error, ValueError, LookupError, TypeError, RecursionError):
            raise InvalidCursorError from None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a collection is asked for; never both after one cursor and before another."""

    per_page: int = DEFAULT_PER_PAGE
    after: Cursor | None = None
    before: Cursor | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """Read the parameters of a URL; too large a page is the largest, a number that is none is the default."""
        per_page = _per_page(query.get("per_page", ""))
        if query.get(_AFTER):
            return cls(per_page, after=Cursor.decode(query[_AFTER]))
        if query.get(_BEFORE):
            return cls(per_page, before=Cursor.decode(query[_BEFORE]))
        return cls(per_page)

    @property
    def anchor(self) -> Cursor | None:
        """The record the page stands next to."""
        return self.after or self.before


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """Part of a collection; `more` says whether records follow in the direction of reading."""

    request: PageRequest
    items: tuple[ItemT, ...]
    total: int
    more: bool

    @property
    def offset(self) -> int:
        """How many records stand before the first of this page."""
        if self.request.after:
            return self.request.after.offset + 1
        if self.request.before:
            return max(0, self.request.before.offset - len(self.items))
        return 0

    def headers(self, url: str, query: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of this page of the collection at a URL, asked for with a query."""
        per_page = self.request.per_page
        headers = {
            "X-Pagination-Per-Page": str(per_page),
            "X-Pagination-Current-Page": str(self.offset // per_page + 1),
            "X-Pagination-Total-Pages": str(max(1, -(-self.total // per_page))),
            "X-Pagination-Total-Entries": str(self.total),
        }
        kept = {name: value for name, value in query.items() if name not in {_AFTER, _BEFORE}}
        links = [f'<{_address(url, kept | cursor)}>; rel="{rel}"' for rel, cursor in self._links()]
        return headers | ({"Link": ", ".join(links)} if links else {})

    def _links(self) -> list[tuple[str, dict[str, str]]]:
        links: list[tuple[str, dict[str, str]]] = []
        if self.request.after or (self.request.before and self.more):
            links.append(("first", {}))
            if self.items:
                links.append(("prev", {_BEFORE: Cursor(self.offset, self.items[0].id).encode()}))
        if self.items and (self.request.before or self.more):
            last = Cursor(self.offset + len(self.items) - 1, self.items[-1].id)
            links.append(("next", {_AFTER: last.encode()}))
        return links


def _address(url: str, query: Mapping[str, str]) -> str:
    """Return a URL that holds no raw comma, semicolon or angle bracket: clients split the header at those."""
    pairs = [f"{_quote(name)}={_quote(value)}" for name, value in query.items()]
    return f"{url}?{'&'.join(pairs)}" if pairs else url


def _quote(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _per_page(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not text.strip("0"):
        return DEFAULT_PER_PAGE
    return min(MOST_PER_PAGE, int(text) if len(text) <= len(str(LARGEST_ID)) else MOST_PER_PAGE)


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_ID:
        raise ValueError
    return value
