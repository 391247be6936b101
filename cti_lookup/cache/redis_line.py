"""
A connection to Redis that is held for reads: what is asked is written at once, what is answered is told at once.

Facts:

- redis-py 8.1 takes more than 100 µs for one MGET, of which the loop and the kernel need 25: a connection is borrowed and given
  back, the command is packed in Python, the answer wakes a dozen coroutines, and each wait has a time-out of its own,
  in Python 3.11 with a task of its own. Here nothing is awaited: hiredis packs and parses in C, and one callback of the
  transport tells the reader.
- redis-py still connects: to any address, with TLS, a login and a database, to the master that Sentinels name. Its
  connection stays taken out of its pool while its transport is used here.
- Redis answers in the order in which it was asked (Redis serialization protocol, "Request-Response model"). One answer
  too few or too many would give every later reader another's value. So a line is ended for good, and with it all that
  is under way on it, by the first thing that does not fit: no answer in time, an answer that is none, one that nobody
  asked for. A line that has ended is never read from again.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool, DefaultParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

Values = Sequence[bytes | None]
_Asked = tuple["asyncio.Future[list[bytes | None]]", int, float]

_INCOMPLETE: Final = object()
_READABLE: Final = frozenset((bytes, type(None)))


class Line(asyncio.Protocol):
    """
    One connection's transport, from when it is taken over until it ends; `patience` is seconds for one answer.

    Whoever asks later may not be in more of a hurry: only the oldest question is looked after, by one timer for all.
    """

    def __init__(self, transport: asyncio.WriteTransport, patience: float) -> None:
        self.ended = False
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._asked: deque[_Asked] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._answers = hiredis.Reader(
            protocolError=InvalidResponse, replyError=_refusal, notEnoughData=_INCOMPLETE
        )
        self._transport = transport
        # redis-py's, which waits for the end when it closes the connection
        self._former = transport.get_protocol()
        transport.set_protocol(self)

    def read(self, keys: Sequence[str], deadline: float) -> "asyncio.Future[list[bytes | None]]":
        """Read keys at one moment, by `deadline` in the loop's time: a value or None for each."""
        until = min(deadline, self._loop.time() + self._patience)
        future = self._loop.create_future()
        self._asked.append((future, len(keys), until))
        self._transport.write(hiredis.pack_command(("MGET", *keys)))  # type: ignore[arg-type]  # typed for one word only
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._look_after)
        return future

    def data_received(self, data: bytes) -> None:
        """Tell what is answered."""
        if self.ended:
            return
        try:
            self._answers.feed(data)
            while (answer := self._answers.gets()) is not _INCOMPLETE:
                self._tell(answer)
        except Exception as exc:  # noqa: BLE001  # whatever it is, what comes after it cannot be trusted
            self.end(exc)

    def eof_received(self) -> None:
        """End: Redis has hung up."""
        self.end(RedisConnectionError("hung up"))

    def connection_lost(self, exc: Exception | None) -> None:
        """End: the connection is gone."""
        self.end(exc or RedisConnectionError("lost"))
        self._former.connection_lost(exc)

    def end(self, exc: Exception) -> None:
        """End the line, and tell all who wait why."""
        if self.ended:
            return
        self.ended = True
        self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
        for future, _, _ in self._asked:
            if not future.done():
                future.set_exception(exc)
        self._asked.clear()

    def _tell(self, answer: Any) -> None:
        """Tell the oldest question's answer. Raises what ends the line."""
        future, count, _ = self._asked[0]
        if type(answer) is list and len(answer) == count and _READABLE.issuperset(map(type, answer)):
            if not future.done():
                future.set_result(answer)
        elif isinstance(
            answer, ResponseError
        ):  # refused, but answered: the next answer is the next question's
            if not future.done():
                future.set_exception(answer)
        else:
            raise answer if isinstance(answer, Exception) else ValueError("an answer that no MGET has")
        self._asked.popleft()

    def _look_after(self) -> None:
        self._timer = None
        if not self._asked:
            return
        until = self._asked[0][2]
        if self._loop.time() >= until:
            self.end(RedisTimeoutError("no answer in time"))
        else:
            self._timer = self._loop.call_at(until, self._look_after)


class HeldLine:
    """Takes a line out of a pool when it is needed, and another one after that has ended."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._taking = asyncio.Lock()
        self._line: Line | None = None
        self._connection: AbstractConnection | None = None
        self._master: object = None

    @property
    def ready(self) -> Line | None:
        """Give the line if it may be used at once; one to a master that was followed by another may not."""
        line = self._line
        return None if line is None or line.ended or self._master is not self._known_master() else line

    async def take(self) -> Line:
        """Give the line, connecting if need be, once for all who wait. Raises what redis-py raises."""
        async with self._taking:
            if line := self.ready:
                return line
            await self._give_back()
            self._connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # not typed there
            self._line = _line_of(self._connection)
            self._master = self._known_master()
            return self._line

    async def close(self) -> None:
        """End what is under way and give the connection back, closed."""
        async with self._taking:
            await self._give_back()

    async def _give_back(self) -> None:
        line, connection = self._line, self._connection
        self._line = self._connection = None
        if line is not None:
            line.end(RedisConnectionError("given back"))
        if connection is not None:
            # whoever waits for this may run out of time, and the pool would then miss the connection for good
            await asyncio.shield(self._release(connection))

    async def _release(self, connection: AbstractConnection) -> None:
        await connection.disconnect(nowait=True)
        await self._pool.release(connection)

    def _known_master(self) -> object:
        """Give the address that Sentinels named last; it is another object only if it is another address."""
        return getattr(self._pool, "master_address", None)


def _line_of(connection: AbstractConnection) -> Line:
    """Take over the transport of a connection that is connected; redis-py has no public name for it."""
    writer, patience = connection._writer, connection.socket_timeout  # noqa: SLF001
    if writer is None or patience is None:
        raise RedisConnectionError("not connected")
    return Line(writer.transport, patience)


def _refusal(text: str) -> Exception:
    """Give redis-py's exception for an error that Redis tells."""
    refusal: Exception = DefaultParser.parse_error(text)  # type: ignore[no-untyped-call]  # not typed there
    return refusal
