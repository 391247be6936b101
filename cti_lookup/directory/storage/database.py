"""
The SQLite file: opened, checked, and shared as one writer and two readers.

In WAL mode readers never wait for the writer. Look-ups of callers have a reader of their own, so that no long list, count or
export can keep a ringing phone waiting.
"""

import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

from cti_lookup.directory.errors import DirectoryStoreError
from cti_lookup.directory.storage.faults import store_error
from cti_lookup.directory.storage.migration import KNOWN_VERSIONS, migrate
from cti_lookup.directory.storage.reader import Reader
from cti_lookup.directory.storage.schema import APPLICATION_ID, SCHEMA_VERSION, statements
from cti_lookup.directory.storage.worker import Work, Worker, of_one_moment, one_by_one

BUSY_SECONDS: Final = 5.0
CHECKPOINT_MILLISECONDS: Final = 200
CACHE_KIBIBYTES: Final = 64 * 1024
"""Pages that a reader keeps, at most; the index of two million numbers has 120 MiB, and most look-ups meet its upper levels."""

_PRIVATE_FILE: Final = 0o600

T = TypeVar("T")
C = TypeVar("C", bound=sqlite3.Connection)


class Trace(Enum):
    """What may remain in the file of what a change overwrites or deletes."""

    KEPT = "kept"
    """It may still be read in the log: for changes that only add."""

    OVERWRITTEN = "overwritten"
    """Cleared in the file by `secure_delete`, and gone from the log, which is emptied."""

    GONE = "gone"
    """
    The whole file is written anew, with nothing in it but what there is.

    When SQLite moves a row to another page, `secure_delete` does not always clear the place it had before: of 150 people
    erased out of 300, the numbers of two or three could still be read. This takes seconds for a million people.
    """


class Database:
    """An open database, asked and changed by functions of a connection that run in threads of their own."""

    def __init__(
        self, lookups: Worker[Reader], reads: Worker[Reader], writes: Worker[sqlite3.Connection]
    ) -> None:
        self._lookups = lookups
        self._reads = reads
        self._writes = writes

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, patience: float = BUSY_SECONDS) -> AsyncIterator[Self]:
        """
        Open a file, making it and its tables when it is new; raise `DirectoryStoreError` when that fails.

        `patience` is in seconds: so long is waited for other programs that have locked the file.
        """
        writes = Worker("directory-writes", partial(open_writer, path, patience=patience), one_by_one)
        lookups = Worker("directory-lookups", partial(open_reader, path, patience=patience), of_one_moment)
        reads = Worker("directory-reads", partial(open_reader, path, patience=patience), of_one_moment)
        async with AsyncExitStack() as stack:
            for worker in (writes, lookups, reads):  # the writer first: it makes the tables
                await worker.start()
                stack.push_async_callback(worker.stop)
            yield cls(lookups, reads, writes)

    async def look_up(self, work: Work[T]) -> T:
        """Read something that takes microseconds, while somebody's phone rings."""
        return await self._lookups.do(work)

    async def read(self, work: Work[T]) -> T:
        """Read; everything that the work reads belongs to one moment."""
        return await self._reads.do(work)

    async def write(self, work: Work[T], *, trace: Trace = Trace.OVERWRITTEN) -> T:
        """Change: all that the work writes is on the disk afterwards, or nothing of it if it raises."""
        return await self._writes.do(partial(change, work, trace=trace))


def open_writer(path: Path, *, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file for changes, making it and its tables when it is new; raise `DirectoryStoreError` when that fails."""
    try:
        _make_private(path)
        connection = _connect(path, patience, sqlite3.Connection)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise store_error(f"the directory database {path}", error) from error
    return connection


def change(work: Work[T], connection: sqlite3.Connection, *, trace: Trace = Trace.OVERWRITTEN) -> T:
    """Do work in a transaction, keep all of it or nothing, and afterwards clear the traces of what was there before."""
    with transaction(connection):
        result = work(connection)
    if trace is Trace.GONE and not execute_quietly(connection, "VACUUM"):
        logging.getLogger(__name__).warning("The file could not be written anew; the next erasure will do it")
    if trace is not Trace.KEPT:
        _empty_log(connection)
    return result


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep all that is changed inside, or nothing of it if anything is raised."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        execute_quietly(connection, "ROLLBACK")
        raise


def execute_quietly(connection: sqlite3.Connection, statement: str) -> bool:
    """Run a statement whose failure changes nothing for the caller; tell whether it worked."""
    try:
        connection.execute(statement).fetchall()
    except sqlite3.Error as error:
        logging.getLogger(__name__).debug("%s: %s", statement, type(error).__name__)
        return False
    return True


def _empty_log(connection: sqlite3.Connection) -> None:
    """
    Move what is in the log into the file, and cut the log to nothing.

    That waits for readers. One that stays, a backup, must not hold up the client: the log is then emptied after the
    next change, or when the directory stops.
    """
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    execute_quietly(connection, f"PRAGMA busy_timeout={min(patience, CHECKPOINT_MILLISECONDS)}")
    execute_quietly(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    execute_quietly(connection, f"PRAGMA busy_timeout={patience}")


def _make_private(path: Path) -> None:
    """Create a missing file readable by its owner only; SQLite gives its log the same rights."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))


def open_reader(path: Path, *, patience: float = BUSY_SECONDS) -> Reader:
    """Open a file that a writer has opened before, for reading only."""
    try:
        connection = _connect(path, patience, Reader)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}").fetchall()
    except sqlite3.Error as error:
        raise store_error(f"the directory database {path}", error) from error
    return connection


def _connect(path: Path, patience: float, kind: type[C]) -> C:
    """Open a connection that commits each statement unless a transaction was begun."""
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, factory=kind)
    connection.row_factory = sqlite3.Row
    for pragma in ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check that a file is ours and of a version we know or can bring up to date; make the tables when it is empty."""
    with transaction(connection):
        if _is_empty(connection):
            _make_tables(connection)
        _check_ours(connection, path)
        migrate(connection)
    # Kept in the file itself, and therefore not set before the file is known to be ours.
    connection.execute("PRAGMA journal_mode=WAL").fetchall()


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in statements():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        msg = f"the file {path} is the database of another program"
        raise DirectoryStoreError(msg)
    version = _number(connection, "PRAGMA user_version")
    if version not in KNOWN_VERSIONS:
        msg = (
            f"the directory database {path} has schema version {version}, this program knows {SCHEMA_VERSION}"
        )
        raise DirectoryStoreError(msg)


def _is_empty(connection: sqlite3.Connection) -> bool:
    tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    return tables == 0 and _number(connection, "PRAGMA user_version") == 0


def _number(connection: sqlite3.Connection, query: str) -> int:
    (row,) = connection.execute(query).fetchall()
    return int(row[0])
