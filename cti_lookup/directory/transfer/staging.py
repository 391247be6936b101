"""
The file beside the database that holds what of a file has been read and checked.

It lets an import that was killed go on where it was, and the database wait until all of it can be applied in one transaction. Nobody
else needs it: it is deleted afterwards. It is as private as the database, and what was not on the disk when the power failed
is read again.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final, Self

from cti_lookup.directory.storage.database import transaction
from cti_lookup.directory.transfer.checking_details import DetailRow, Owner, PlainContacts
from cti_lookup.directory.transfer.checking_people import PersonRows
from cti_lookup.directory.transfer.faults import Rejection

LOG_PAGES: Final = 16 * 1024
"""Pages after which what was written moves from the log into the file, for which the disk is waited for."""

_PRIVATE_FILE: Final = 0o600
# A null costs Python's module four times what any other value does: columns that are null in all rows are left out.
_INSERT: Final = "INSERT INTO {table} ({columns}) VALUES ({marks})"
_GROUP: Final = ("number", "line", "integration")
_GROUPS: Final = ((*_GROUP, "owner_key", "owner"), (*_GROUP, "person_row"))
_CONTACT: Final = ("row", "line", "number", "label", "protocol", "uri", "integration")
_INSERT_KEY: Final = "INSERT INTO telephone_keys VALUES (?, ?)"
_INSERT_ADDRESS: Final = "INSERT INTO addresses VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_REJECTED: Final = "INSERT INTO rejected VALUES (?, ?, ?)"


@dataclass(slots=True)
class Group:
    """Neighbouring rows with one owner; the columns of `staging.sql`."""

    number: int
    line: int
    owner: Owner
    integration: int = 0


@dataclass
class Batch:
    """Rows that are written together; numbers go on from those written before."""

    entries: int
    group: int
    last_owner: str
    person_row: int
    contact_row: int
    address_row: int
    people: dict[tuple[str, ...], list[tuple[object, ...]]] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    contacts: list[tuple[object, ...]] = field(default_factory=list)
    known_contacts: list[tuple[object, ...]] = field(default_factory=list)
    keys: list[tuple[str, int]] = field(default_factory=list)
    addresses: list[tuple[object, ...]] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)

    def add_people(self, people: PersonRows) -> int:
        """Add people; return the number of the last row."""
        numbers = range(self.person_row + 1, self.person_row + len(people.rows) + 1)
        rows = self.people.setdefault(("row", *people.columns), [])
        rows += [(number, *row) for number, row in zip(numbers, people.rows, strict=True)]
        self.person_row = numbers[-1]
        return self.person_row

    def add_contacts(self, plain: PlainContacts) -> None:
        """Add rows that are contacts and nothing else, as `add_detail` does one by one."""
        first = self.contact_row + 1
        self.contact_row += len(plain.lines)
        self.contacts += zip(
            range(first, self.contact_row + 1),
            plain.lines,
            self._groups_of(plain),
            [kind.label for kind in plain.kinds],
            [kind.protocol for kind in plain.kinds],
            plain.uris,
            [int(kind.integration) for kind in plain.kinds],
            strict=True,
        )
        self.keys += [(key, row) for row, keys in enumerate(plain.keys, start=first) for key in keys]

    def _groups_of(self, plain: PlainContacts) -> Sequence[int]:
        numbers = []
        for line, key, text, kind in zip(
            plain.lines, plain.owner_keys, plain.owners, plain.kinds, strict=True
        ):
            if key != self.last_owner or self.group not in self.groups:
                self._group_of(line, Owner(key, text))
            if kind.integration:
                self.groups[self.group].integration = 1
            numbers.append(self.group)
        return numbers

    def add_detail(self, line: int, owner: Owner, detail: DetailRow) -> None:
        """Add a row of contact details to the group of its neighbours that have the same owner."""
        number = self._group_of(line, owner)
        self.groups[number].integration |= int(detail.integration)
        if detail.contact is not None:
            self.contact_row += 1
            one = detail.contact
            row = (self.contact_row, line, number, one.label, one.protocol, one.uri, int(one.integration))
            if detail.contact_id is None:
                self.contacts.append(row)
            else:
                self.known_contacts.append((*row, detail.contact_id))
            self.keys += [(key, self.contact_row) for key in detail.keys]
        if detail.address is not None:
            self.address_row += 1
            address = detail.address
            self.addresses.append(
                (
                    self.address_row,
                    line,
                    number,
                    detail.address_id,
                    address.label,
                    *address.parts,
                    int(address.integration),
                )
            )

    def _group_of(self, line: int, owner: Owner) -> int:
        name = owner.key if owner.person_row is None else str(owner.person_row)
        if name != self.last_owner:
            self.group += 1
            self.last_owner = str(name)
        if self.group not in self.groups:
            self.groups[self.group] = Group(self.group, line, owner)
        return self.group


class Staging:
    """An open staging file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open a staging file, or begin a new one where there is none or what there is cannot be used."""
        connection = _connect(path)
        try:
            yield cls(connection)
        finally:
            connection.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection to the file."""
        return self._connection

    @property
    def is_complete(self) -> bool:
        """Whether all of the file has been read."""
        return bool(self._number("SELECT complete FROM progress"))

    @property
    def rejected(self) -> int:
        """How many lines were rejected so far."""
        return self._number("SELECT count(DISTINCT line) FROM rejected")

    def rejections(self) -> Iterator[Rejection]:
        """Give what was rejected, by line."""
        query = "SELECT line, field, reason FROM rejected ORDER BY line, rowid"
        return (Rejection(*row) for row in self._connection.execute(query))

    def next_batch(self) -> Batch:
        """Return an empty batch that goes on where the file ends."""
        entries, group, last_owner = self._connection.execute(
            "SELECT entries, groups, last_owner FROM progress"
        ).fetchone()
        people, contacts, addresses = (
            self._number(f"SELECT coalesce(max(row), 0) FROM {table}")  # noqa: S608 - names of tables
            for table in ("people", "contacts", "addresses")
        )
        return Batch(entries, group, last_owner, people, contacts, addresses)

    def write(self, batch: Batch) -> None:
        """Write a batch: all of it, with how far the file has been read, or nothing."""
        write = self._connection.executemany
        with transaction(self._connection):
            for columns, people in batch.people.items():
                write(_insertion("people", columns), people)
            for columns, groups in zip(_GROUPS, _group_rows(batch.groups.values()), strict=True):
                write(_insertion("groups", columns) + _MERGED, groups)
            write(_insertion("contacts", _CONTACT), batch.contacts)
            write(_insertion("contacts", (*_CONTACT, "id")), batch.known_contacts)
            write(_INSERT_KEY, batch.keys)
            write(_INSERT_ADDRESS, batch.addresses)
            write(_INSERT_REJECTED, batch.rejected)
            self._connection.execute(
                "UPDATE progress SET entries = ?, groups = ?, last_owner = ?",
                (batch.entries, batch.group, batch.last_owner),
            )

    def finish(self, statements: Iterable[str]) -> None:
        """Do what has to be done once when all is read, and note that it is."""
        with transaction(self._connection):
            for statement in statements:
                self._connection.execute(statement)
            self._connection.execute("UPDATE progress SET complete = 1")

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])


# A group whose first rows were written with the batch before.
_MERGED: Final = " ON CONFLICT DO UPDATE SET integration = max(integration, excluded.integration)"


def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return _INSERT.format(table=table, columns=", ".join(columns), marks=", ".join("?" * len(columns)))


def _group_rows(groups: Iterable[Group]) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return the rows of groups with owners by name, and with staged people."""
    named: list[tuple[object, ...]] = []
    staged: list[tuple[object, ...]] = []
    for one in groups:
        row = (one.number, one.line, one.integration)
        if one.owner.person_row is None:
            named.append((*row, one.owner.key, one.owner.text))
        else:
            staged.append((*row, one.owner.person_row))
    return named, staged


def remove_staging(path: Path) -> None:
    """Delete a staging file and what SQLite keeps beside it."""
    for end in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).unlink()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        # It is damaged, or of another version of this program: the file is read from its beginning.
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        remove_staging(path)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        # Nothing here has to outlive a failure of the power; that the file can be read afterwards is all.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}").fetchall()
        with transaction(connection):
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in _statements():
                    connection.execute(statement)
            connection.execute("SELECT complete FROM progress").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _statements() -> list[str]:
    text = files(__package__).joinpath("staging.sql").read_text(encoding="utf-8")
    lines = "\n".join(line.partition("--")[0] for line in text.splitlines())
    return [part for part in lines.split(";") if part.strip()]
