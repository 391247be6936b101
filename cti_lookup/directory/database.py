"""
The SQLite file: opened, checked, and shared as one writer and a few readers.

In WAL mode readers never wait for the writer. Every connection of aiosqlite has a thread of its own, so nothing
else in the process can keep a look-up waiting for a thread.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Self

import aiosqlite

from cti_lookup.directory.errors import DirectoryStoreError
from cti_lookup.directory.schema import APPLICATION_ID, INDEXES, SCHEMA, SCHEMA_VERSION

BUSY_SECONDS: Final = 5.0
CHECKPOINT_MILLISECONDS: Final = 200
READERS: Final = 2

_PRIVATE_FILE: Final = 0o600


class Database:
    """An open database; `reading` and `writing` hand out its connections, one user at a time."""

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._writer = writer
        self._writer_turn = asyncio.Lock()
        self._idle_readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._idle_readers.put_nowait(reader)

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Self]:
        """Open a file, making it and its tables when it is new; raise `DirectoryStoreError` when that fails."""
        # At level DEBUG aiosqlite logs every statement with its parameters: numbers and names.
        logging.getLogger(aiosqlite.__name__).setLevel(logging.INFO)
        async with AsyncExitStack() as stack:
            try:
                database = await cls._connect(path, stack)
            except (sqlite3.Error, OSError) as error:
                msg = f"the directory database {path} {_why(error)}"
                raise DirectoryStoreError(msg) from error
            yield database

    @classmethod
    async def _connect(cls, path: Path, stack: AsyncExitStack) -> Self:
        _make_private(path)
        writer = await stack.enter_async_context(_connection(path))
        await _prepare(writer, path)
        readers = [await stack.enter_async_context(_connection(path)) for _ in range(READERS)]
        for reader in readers:
            await reader.execute_fetchall("PRAGMA query_only=ON")
        return cls(writer, readers)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        """Lend a reader; everything read inside belongs to one moment."""
        reader = await self._idle_readers.get()
        try:
            async with _transaction(reader, "BEGIN"):
                yield reader
        finally:
            self._idle_readers.put_nowait(reader)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[aiosqlite.Connection]:
        """Lend the writer; all that is written inside is kept, or nothing of it after an error."""
        async with self._writer_turn, _transaction(self._writer, "BEGIN IMMEDIATE"):
            yield self._writer

    @asynccontextmanager
    async def erasing(self) -> AsyncIterator[aiosqlite.Connection]:
        """
        Lend the writer, and leave no trace of what was overwritten or deleted.

        `secure_delete` clears the pages; their former content would still stand in the log until it is emptied.
        """
        async with self.writing() as connection:
            yield connection
        async with self._writer_turn:
            await self._empty_log()

    @asynccontextmanager
    async def rewriting(self) -> AsyncIterator[aiosqlite.Connection]:
        """
        Lend the writer, and write the whole file anew afterwards, with nothing in it but what there is.

        When SQLite moves a row to another page, `secure_delete` does not always clear the place it had before: of 150
        people erased out of 300, the numbers of two or three could still be read. This takes seconds for a million people.
        """
        async with self.writing() as connection:
            yield connection
        async with self._writer_turn:
            if not await _execute_quietly(self._writer, "VACUUM"):
                logging.getLogger(__name__).warning(
                    "The file could not be written anew; the next erasure will do it"
                )
            await self._empty_log()

    async def _empty_log(self) -> None:
        """
        Move what is in the log into the file, and cut the log to nothing.

        That waits for readers. One that stays, a backup, must not hold up the client: the log is then emptied after the
        next change, or when the directory stops.
        """
        await _execute_quietly(self._writer, f"PRAGMA busy_timeout={CHECKPOINT_MILLISECONDS}")
        await _execute_quietly(self._writer, "PRAGMA wal_checkpoint(TRUNCATE)")
        await _execute_quietly(self._writer, f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")


def _make_private(path: Path) -> None:
    """Create a missing file readable by its owner only; SQLite gives its log the same rights."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))


@asynccontextmanager
async def _connection(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection that commits each statement unless a transaction was begun."""
    async with aiosqlite.connect(path, timeout=BUSY_SECONDS, isolation_level=None) as connection:
        connection.row_factory = sqlite3.Row
        for pragma in ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL"):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
        yield connection


async def _prepare(connection: aiosqlite.Connection, path: Path) -> None:
    """Check that a file is ours and of a version we know; make the tables when it is empty."""
    async with _transaction(connection, "BEGIN IMMEDIATE"):
        if await _is_empty(connection):
            for statement in SCHEMA.split(";\n"):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            await connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    if await _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        msg = f"the file {path} is the database of another program"
        raise DirectoryStoreError(msg)
    version = await _number(connection, "PRAGMA user_version")
    if version != SCHEMA_VERSION:
        msg = (
            f"the directory database {path} has schema version {version}, this program knows {SCHEMA_VERSION}"
        )
        raise DirectoryStoreError(msg)
    for statement in INDEXES:
        await connection.execute(statement)
    # Kept in the file itself, and therefore not set before the file is known to be ours.
    # Its answer is read, as a statement that still has a row to give holds its lock.
    await connection.execute_fetchall("PRAGMA journal_mode=WAL")


async def _is_empty(connection: aiosqlite.Connection) -> bool:
    tables = await _number(connection, "SELECT count(*) FROM sqlite_master")
    return tables == 0 and await _number(connection, "PRAGMA user_version") == 0


async def _number(connection: aiosqlite.Connection, query: str) -> int:
    (row,) = await connection.execute_fetchall(query)
    return int(row[0])


@asynccontextmanager
async def _transaction(connection: aiosqlite.Connection, begin: str) -> AsyncIterator[None]:
    try:
        await connection.execute(begin)
        yield
        await connection.commit()
    except sqlite3.Error as error:
        await _execute_quietly(connection, "ROLLBACK")
        msg = f"the directory database {_why(error)}"
        raise DirectoryStoreError(msg) from error
    except BaseException:
        # A cancelled task, too, hands the connection back with no transaction open.
        await _execute_quietly(connection, "ROLLBACK")
        raise


async def _execute_quietly(connection: aiosqlite.Connection, statement: str) -> bool:
    """Run a statement whose failure changes nothing for the caller; tell whether it worked."""
    try:
        await connection.execute_fetchall(statement)
    except sqlite3.Error as error:
        logging.getLogger(__name__).debug("%s: %s", statement, type(error).__name__)
        return False
    return True


def _why(error: Exception) -> str:
    """Say in an operator's words why SQLite or the system refused; their own words hold no person's data."""
    if isinstance(error, FileNotFoundError):
        return "cannot be made: its folder does not exist"
    if isinstance(error, PermissionError):
        return "cannot be opened: permission denied"
    if isinstance(error, IsADirectoryError):
        return "cannot be opened: it is a folder"
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return "is locked by another program"
    if code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return "is damaged, or no SQLite database"
    return f"cannot be used: {error}"
