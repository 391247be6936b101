"""
The records that people refer to, as JSON.

Most people have their organization, site and calendar in common with many others. Where a connection remembers what it read,
each such record is read and written as JSON once, until somebody changes the file.
"""

from sqlite3 import Connection
from typing import Any, Final

import msgspec

from cti_lookup.directory.records.parts import PARTS_OF_REFERENCE, Part, reference
from cti_lookup.directory.storage.reader import Reader

MOST_KEPT: Final = 8192
"""Records of a table that are kept; with one more all of them are read anew."""

NOTHING: Final = msgspec.Raw(b"null")

_PARTS: Final = ", ".join(PARTS_OF_REFERENCE)
_encode: Final = msgspec.json.Encoder().encode


class References:
    """The records of one table that a reader whose account is `home` is shown inside others."""

    def __init__(self, table: str, accounts: dict[str, Part]) -> None:
        self._query = f"SELECT {_PARTS} FROM {table} WHERE id = ?"  # noqa: S608 - the name of a table
        self._accounts = accounts
        self._kept: dict[int, msgspec.Raw] = {}

    def read(self, connection: Connection, record_id: int | None) -> msgspec.Raw:
        """Return a record as it stands inside another; null for no record."""
        if record_id is None:
            return NOTHING
        kept = self._kept.get(record_id)
        return self._read(connection, record_id) if kept is None else kept

    def _read(self, connection: Connection, record_id: int) -> msgspec.Raw:
        parts = plain_row(connection, self._query, record_id)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        found = self._kept[record_id] = msgspec.Raw(_encode(parts and reference(parts, self._accounts)))
        return found


class Surroundings:
    """What people are shown with: other records, and the accounts that are not the reader's own."""

    def __init__(self, connection: Connection, home: str) -> None:
        rows = connection.execute("SELECT id, name FROM accounts WHERE id <> ?", (home,))
        self.accounts: dict[str, Part] = {number: {"id": number, "name": name} for number, name in rows}
        self.organizations = References("organizations", self.accounts)
        self.sites = References("sites", self.accounts)
        self.people = References("people", self.accounts)
        self.calendars = References("calendars", self.accounts)


def surroundings(connection: Connection, home: str) -> Surroundings:
    """Return what people are shown with to a reader whose account is `home`."""
    remembered = connection.remembered if isinstance(connection, Reader) else None
    if remembered is None:
        return Surroundings(connection, home)
    key = Surroundings, home
    found: Surroundings | None = remembered.get(key)
    if found is None:
        found = remembered[key] = Surroundings(connection, home)
    return found


def plain_row(connection: Connection, query: str, *parameters: Any) -> tuple[Any, ...] | None:
    """Return the first row as a tuple: reading columns by name costs as much again."""
    cursor = connection.cursor()
    cursor.row_factory = None
    row: tuple[Any, ...] | None = cursor.execute(query, parameters).fetchone()
    return row
