"""
A file into the directory: all of it or nothing.

The file is read and checked into a staging file first, which takes most of the time and does not keep anybody else from the database.
Then everything is applied in one transaction, during which readers go on and other writers wait.
"""

import fcntl
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from cti_lookup.directory.access.accounts import settle
from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import DirectoryError, UnusableValueError
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.storage.database import change, execute_quietly, open_writer
from cti_lookup.directory.storage.faults import store_error
from cti_lookup.directory.transfer.applying_details import apply_details, prepare_details
from cti_lookup.directory.transfer.applying_people import Applied, Target, apply_people, prepare_people
from cti_lookup.directory.transfer.checking import titles_of
from cti_lookup.directory.transfer.columns import Kind
from cti_lookup.directory.transfer.faults import RefusedFileError, Rejection, TransferError
from cti_lookup.directory.transfer.filling import Progress, adder, fill
from cti_lookup.directory.transfer.formats import Format, open_reading
from cti_lookup.directory.transfer.mapping import AttributeMap, default_mapping
from cti_lookup.directory.transfer.staging import Staging, remove_staging
from cti_lookup.directory.webhooks.events import announce_all

CACHE_KILOBYTES: Final = 128 * 1024
"""Pages of the database kept in memory while a file is applied: with too few of them indexes are read again and again."""

_STAGING_VERSION: Final = b"2"
_BLOCK: Final = 1024 * 1024
_KEY_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    What is to be done with a file.

    `identity` is who asks, None for whoever sits at the shell. `source` is given to people who have a source id and no source. With
    `skip_rejected` lines that are not acceptable are left out; otherwise one of them keeps all others out. A `dry_run` changes nothing.
    """

    database: Path
    file: Path
    format: Format
    identity: Identity | None = None
    account: str | None = None
    source: str | None = None
    mapping: AttributeMap = field(default_factory=default_mapping)
    skip_rejected: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file; `unknown` are columns that were passed over, counted from one."""

    applied: Applied
    rejected: int
    unknown: tuple[int, ...] = ()


Reject = Callable[[Rejection], None]


def import_file(order: Order, *, now: datetime, progress: Progress, reject: Reject) -> Report:
    """
    Take a file in; `reject` hears of each fault of a line, by the titles of columns.

    Raise `UnreadableFileError` or `RefusedFileError` when nothing was taken in. Killed, it goes on where it was when it is called again.
    """
    try:
        with order.file.open("rb") as file, _alone(file):
            staging_file = _staging_file(order, file)
            with _room_kept(staging_file):
                return _import(order, file, staging_file, now, progress, reject)
    except sqlite3.Error as error:
        raise store_error("the directory database", error) from error
    except OSError as error:
        raise store_error("the import", error) from error


def _import(  # noqa: PLR0913, PLR0917 - the parts of an import
    order: Order, file: BinaryIO, staging_file: Path, now: datetime, progress: Progress, reject: Reject
) -> Report:
    reading = open_reading(file, order.format, order.mapping)
    add = adder(order.format.kind, reading.fields, order.source)
    with closing(open_writer(order.database)) as connection:
        with Staging.open(staging_file) as staging:
            if not staging.is_complete:
                fill(staging, reading, add, file, progress)
        with _attached(connection, staging_file):
            report = _apply(connection, order, reading.fields, now, reject)
    return Report(report.applied, report.rejected, reading.unknown)


@contextmanager
def _room_kept(staging_file: Path) -> Iterator[None]:
    """
    Delete the staging file when the import is over or has failed, as on a full disk it takes the directory's room.

    It is left only to an import that waits for a lock, or is killed.
    """
    try:
        yield
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            remove_staging(staging_file)
        raise
    except (OSError, DirectoryError):
        remove_staging(staging_file)
        raise
    remove_staging(staging_file)


def _apply(
    connection: sqlite3.Connection, order: Order, fields: frozenset[str], now: datetime, reject: Reject
) -> Report:
    """Apply what is staged, or find out what would be refused."""
    identity = order.identity or change(lambda opened: _of_the_shell(opened, order.account, now), connection)
    run = _Run(order, identity, fields, now, reject)
    if order.dry_run or (not order.skip_rejected and _rejected(connection)):
        # Only staged rows are changed, and those not for good: the database is read, and nobody waits.
        connection.execute("BEGIN")
        try:
            return Report(Applied(), run.prepare(connection))
        finally:
            connection.execute("ROLLBACK")
    return change(run.apply, connection)


@dataclass(frozen=True, slots=True)
class _Run:
    """One import, as far as its transaction goes."""

    order: Order
    identity: Identity
    fields: frozenset[str]
    now: datetime
    reject: Reject

    @property
    def target(self) -> Target:
        account = self.identity.account
        return Target(account, self.identity.directory_account or account, timestamp(self.now))

    def prepare(self, connection: sqlite3.Connection) -> int:
        """Find out who is meant; return how many lines are rejected, or raise `RefusedFileError`."""
        kind = self.order.format.kind
        if kind is Kind.PEOPLE:
            prepare_people(connection, self.target)
        prepare_details(connection, kind, self.target)
        rejected = _rejected(connection)
        for rejection in _rejections(connection, kind):
            self.reject(rejection)
        if rejected and not self.order.skip_rejected:
            raise RefusedFileError(rejected)
        return rejected

    def apply(self, connection: sqlite3.Connection) -> Report:
        """Apply all rows that can be used."""
        kind = self.order.format.kind
        rejected = self.prepare(connection)
        people = Applied()
        if kind is Kind.PEOPLE:
            people = apply_people(connection, self.target, self.fields)
        details = apply_details(connection, kind, self.target)
        self._announce(connection)
        if kind is not Kind.PEOPLE:
            return Report(details, rejected)
        touched = _count(connection, _TOUCHED_ONLY)
        return Report(
            Applied(people.created, people.updated + touched, 0, people.unchanged - touched), rejected
        )

    def _announce(self, connection: sqlite3.Connection) -> None:
        for event, query in _CHANGED[self.order.format.kind]:
            ids = (row[0] for row in connection.execute(query))
            announce_all(connection, event, ids, self.identity, self.now)


_OWNERS: Final = "SELECT owner_id FROM temp.touched"
_MADE: Final = ("organization.create", "SELECT id FROM temp.made_organizations")
_CHANGED_PEOPLE: Final = (
    _MADE,
    ("person.create", "SELECT person_id FROM temp.changed WHERE event = 'person.create'"),
    (
        "person.update",
        "SELECT person_id FROM temp.changed WHERE event = 'person.update' UNION"  # noqa: ISC004 - one statement
        " SELECT owner_id FROM temp.touched WHERE owner_id NOT IN (SELECT person_id FROM temp.changed)",
    ),
)
_CHANGED: Final = MappingProxyType(
    {
        Kind.PEOPLE: _CHANGED_PEOPLE,
        Kind.PEOPLE_CONTACTS: (("person.update", _OWNERS),),
        Kind.ORGANIZATIONS_CONTACTS: (
            _MADE,
            (
                "organization.update",
                "SELECT owner_id FROM temp.touched"  # noqa: ISC004 - one statement
                " WHERE owner_id NOT IN (SELECT id FROM temp.made_organizations)",
            ),
        ),
    }
)
"""What webhooks are told of each kind of file, and of which records."""
_TOUCHED_ONLY: Final = (
    "SELECT count(*) FROM temp.touched WHERE owner_id NOT IN (SELECT person_id FROM temp.changed)"
)


def _of_the_shell(connection: sqlite3.Connection, account: str | None, now: datetime) -> Identity:
    """Return who does it when nobody asked over HTTP: the directory itself, in an account or else in the file's own."""
    home = settle(connection, now)
    row = connection.execute(
        "SELECT id, directory_id FROM accounts WHERE id = ?", (account or home.account,)
    ).fetchone()
    if row is None:
        raise UnusableValueError("there is no such account")
    return Identity(home.keeper_id, home.account, row["id"], row["directory_id"])


@contextmanager
def _attached(connection: sqlite3.Connection, staging_file: Path) -> Iterator[None]:
    """Lend a staging file to a connection, which is set up for one large transaction."""
    # References are found by statements of the same transaction; checking each again takes a tenth of the time.
    for pragma in ("foreign_keys=OFF", f"cache_size=-{CACHE_KILOBYTES}"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("ATTACH ? AS staging", (str(staging_file),))
    yield
    execute_quietly(connection, "DETACH staging")


@contextmanager
def _alone(file: BinaryIO) -> Iterator[None]:
    """Keep other programs from importing the same file at the same time; the system frees it whatever happens."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TransferError("the file is being imported already") from None
    yield


def _staging_file(order: Order, file: BinaryIO) -> Path:
    """Name the staging file after all that decides what is staged, so that only the same import goes on with it."""
    digest = hashlib.sha256(_STAGING_VERSION)
    digest.update(repr((order.format, order.source, order.mapping)).encode())
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    key = digest.hexdigest()[:_KEY_DIGITS]
    return order.database.with_name(f"{order.database.name}.import-{key}.sqlite3")


def _rejected(connection: sqlite3.Connection) -> int:
    return _count(connection, "SELECT count(DISTINCT line) FROM staging.rejected")


def _rejections(connection: sqlite3.Connection, kind: Kind) -> Iterator[Rejection]:
    titles = titles_of(kind)
    query = "SELECT line, field, reason FROM staging.rejected ORDER BY line, rowid"
    for line, name, reason in connection.execute(query):
        yield Rejection(line, titles.get(name, name), reason)


def _count(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
