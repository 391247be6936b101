"""
A thread of its own for a connection to SQLite, to which a loop hands all that waits in one turn together.

Handing work to a thread and back costs more than a look-up; a batch pays it once. The thread is nobody else's, so that
nothing else in the process can keep a look-up waiting for one.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from cti_lookup.directory.storage.faults import store_error
from cti_lookup.directory.storage.reader import Reader

T = TypeVar("T")
C = TypeVar("C", bound=sqlite3.Connection)

Work = Callable[[sqlite3.Connection], T]
"""What is done with a connection; it returns plain values, and none that needs the connection."""


class Errand(Generic[T]):
    """Work, and the loop's side of it: a result, or an error, for which nobody may be waiting any more."""

    __slots__ = ("_error", "_future", "_result", "_work")

    def __init__(self, work: Work[T], future: asyncio.Future[T]) -> None:
        self._work = work
        self._future = future
        self._result: T | None = None
        self._error: Exception | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work, in the thread, and keep what comes of it."""
        try:
            self._result = self._work(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the one who asked
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Keep what kept the work from being done."""
        known = isinstance(error, sqlite3.Error)
        self._error = store_error("the directory database", error) if known else error

    def deliver(self) -> None:
        """Hand over what came of it, in the loop."""
        if self._future.done():
            return
        if self._error is not None:
            self._future.set_exception(self._error)
        else:
            self._future.set_result(self._result)  # type: ignore[arg-type]  # T may be None itself


Batch = Sequence[Errand[Any]]


def of_one_moment(connection: Reader, batch: Batch) -> None:
    """Run errands that read: all of them, and each statement of each, see the file as it is now."""
    connection.begin()
    try:
        for errand in batch:
            errand.run(connection)
    finally:
        connection.end()


def one_by_one(connection: sqlite3.Connection, batch: Batch) -> None:
    """Run errands that begin and end transactions of their own."""
    for errand in batch:
        errand.run(connection)


class Worker(Generic[C]):
    """A connection in its thread; `perform` says how the errands of a batch are run."""

    def __init__(self, name: str, connect: Callable[[], C], perform: Callable[[C, Batch], None]) -> None:
        self._connect = connect
        self._perform = perform
        self._waiting: list[Errand[Any]] = []
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._thread = Thread(target=self._run, name=name)

    async def start(self) -> None:
        """Open the connection, or raise what opening it raises."""
        self._thread.start()
        try:
            await self._opened
        except BaseException:
            # Also when nobody waits any more for it to open.
            await self.stop()
            raise

    async def do(self, work: Work[T]) -> T:
        """Do work in the thread, together with all that is asked in the same turn of the loop."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(Errand(work, future))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._hand_over)
        return await future

    async def stop(self) -> None:
        """Finish what was asked, close the connection and end the thread."""
        self._hand_over()
        self._batches.put(None)
        await asyncio.shield(self._closed)
        self._thread.join()

    def _hand_over(self) -> None:
        batch, self._waiting = self._waiting, []
        self._batches.put(batch)

    def _run(self) -> None:
        try:
            with closing(self._connect()) as connection:
                self._tell(self._opened)
                while (batch := self._batches.get()) is not None:
                    self._run_batch(connection, batch)
                    self._loop.call_soon_threadsafe(_deliver, batch)
        except Exception as error:  # noqa: BLE001 - raised again by `start`
            self._tell(self._opened, error)
        finally:
            self._tell(self._closed)

    def _run_batch(self, connection: C, batch: Batch) -> None:
        try:
            self._perform(connection, batch)
        except Exception as error:  # noqa: BLE001 - it belongs to all who asked, and the thread lives on
            for errand in batch:
                errand.fail(error)

    def _tell(self, future: asyncio.Future[None], error: Exception | None = None) -> None:
        self._loop.call_soon_threadsafe(_settle, future, error)


def _deliver(batch: Batch) -> None:
    for errand in batch:
        errand.deliver()


def _settle(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
