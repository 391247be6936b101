"""Reads that wait in the same turn of the loop go out together: one round trip for many callers."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

MOST_KEYS: Final = 128
"""Keys in one batch; a longer one would make the first reader wait for the last. One reader's keys are never parted."""

MOST_UNDER_WAY: Final = 2
"""Batches that may be under way: with two, one fills while the other travels."""

Values = tuple[bytes | None, ...]
Fetch = Callable[[Sequence[str], float], Awaitable[Sequence[bytes | None]]]
Ended = Callable[[int, BaseException | None], None]
T = TypeVar("T")
_Reader = tuple[
    tuple[str, ...],
    Callable[[Values], Any],
    Callable[[BaseException], Any],
    "asyncio.Future[Any]",
    float,
]
_Batch = tuple[list[_Reader], list[str]]


def raising(exc: BaseException) -> NoReturn:
    """Make nothing of what went wrong."""
    raise exc


def untold(readers: int, exc: BaseException | None) -> None:
    """Tell nobody."""


class CoalescedReads:
    """
    Reads of a few keys each, sent in batches; what one reader asks for is read in one batch, so at one moment.

    `fetch` is given keys, none twice, and until when it may take, in the loop's time; it gives the values in the order
    of the keys. A future that it gives is waited for as it is; anything else takes a task, which costs more than
    what it does. That time is `within` seconds after the first reader of the batch asked. Batches leave in the order
    in which their readers came, so that no reader waits longer, though none has a timer of its own.
    What a batch raises, each of its readers is told. A reader who leaves hurts nobody. `ended` is told once for a batch how many
    readers there are to tell, and what went wrong, if anything did.
    """

    def __init__(self, fetch: Fetch, within: float, ended: Ended = untold) -> None:
        self._fetch = fetch
        self._within = within
        self._ended = ended
        self._waiting: deque[_Reader] = deque()
        self._under_way: dict[asyncio.Future[Sequence[bytes | None]], _Batch] = {}
        self._called = False
        self._closed = False

    def get(
        self,
        keys: tuple[str, ...],
        make: Callable[[Values], T],
        otherwise: Callable[[BaseException], T] = raising,
    ) -> "asyncio.Future[T]":
        """
        Read keys at one moment, and give what `make` makes of a value or None for each, or `otherwise` of what `fetch` raised.

        All that a batch's values are made into is made in a row: seals are opened 6 µs sooner than between other work,
        as neither the code nor the values have left the processor's caches. What is given is waited for as it is.
        Raises what `make` or `otherwise` raised. Once closed, everything is a `ConnectionAbortedError`.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        reader = keys, make, otherwise, future, loop.time() + self._within
        if self._closed:
            self._tell([reader], _closed())
            return future
        self._waiting.append(reader)
        if not self._called and len(self._under_way) < MOST_UNDER_WAY:
            self._called = True
            loop.call_soon(self._send)  # after all that run in this turn have asked
        return future

    async def close(self) -> None:
        """End what is under way, and tell everybody who waits."""
        self._closed = True
        self._tell([*self._waiting], _closed())
        self._waiting.clear()
        under_way = tuple(self._under_way)
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _send(self) -> None:
        self._called = False
        while self._waiting and len(self._under_way) < MOST_UNDER_WAY:
            if readers := self._next_batch():
                self._fetch_for(readers)

    def _fetch_for(self, readers: list[_Reader]) -> None:
        keys = list(dict.fromkeys([key for reader in readers for key in reader[0]]))
        try:
            fetched = asyncio.ensure_future(self._fetch(keys, readers[0][4]))
        except Exception as exc:  # noqa: BLE001  # each reader is told
            self._tell(readers, exc)
        else:
            self._under_way[fetched] = readers, keys
            fetched.add_done_callback(self._landed)

    def _next_batch(self) -> list[_Reader]:
        readers: list[_Reader] = []
        room = MOST_KEYS
        while self._waiting and (not readers or len(self._waiting[0][0]) <= room):
            reader = self._waiting.popleft()
            if not reader[3].done():  # who has left is not read for
                readers.append(reader)
                room -= len(reader[0])
        return readers

    def _landed(self, fetched: "asyncio.Future[Sequence[bytes | None]]") -> None:
        readers, keys = self._under_way.pop(fetched)
        self._send()  # Redis works while these are told
        if fetched.cancelled():
            self._tell(readers, _closed())
        elif exc := fetched.exception():
            self._tell(readers, exc)
        elif len(values := tuple(fetched.result())) != len(keys):
            self._tell(readers, ValueError("not a value for each key"))
        else:
            self._ended(_share(readers, keys, values), None)

    def _tell(self, readers: list[_Reader], exc: BaseException) -> None:
        """Tell readers what went wrong."""
        waiting = [reader for reader in readers if not reader[3].done()]
        if waiting:
            self._ended(len(waiting), exc)
        for _, _, otherwise, future, _ in waiting:
            _give(future, otherwise, exc)


def _share(readers: list[_Reader], keys: list[str], values: Values) -> int:
    """
    Give each reader its values: as they lie one after the other, or by name where several want the same key.

    Says how many were still waiting.
    """
    found = (
        None if sum([len(one[0]) for one in readers]) == len(keys) else dict(zip(keys, values, strict=True))
    )
    end = told = 0
    for wanted, make, _, future, _ in readers:
        begin, end = end, end + len(wanted)
        if not future.done():
            told += 1
            _give(future, make, values[begin:end] if found is None else tuple([found[key] for key in wanted]))
    return told


def _give(future: "asyncio.Future[Any]", make: Callable[[Any], Any], of: object) -> None:
    """Tell a reader what is made of something; what cannot be made is this reader's fault, and no other's."""
    try:
        future.set_result(make(of))
    except Exception as exc:  # noqa: BLE001  # whoever waits raises it
        future.set_exception(exc)


def _closed() -> ConnectionAbortedError:
    return ConnectionAbortedError("nothing is read any more")
