"""
The line to Redis: every wait bounded, and one exception for whatever goes wrong.

Facts (redis-py 8.1, read in its source): `AuthenticationError` and LOADING are `ConnectionError`s; READONLY, OOM, BUSY
and NOPERM are `ResponseError`s.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from redis.asyncio import Redis
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    MaxConnectionsError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from cti_lookup.breaker import Breaker, Permit
from cti_lookup.cache.coalescing import CoalescedReads, Values
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_line import HeldLine
from cti_lookup.cache.waits import CALL_LIMIT
from cti_lookup.errors import NotDone

_FAREWELL: Final = 1.0
_LEAST: Final = 0.005
"""Seconds below which it is not worth asking: a read that is given up costs its connection."""

_NO_CONNECTION: Final = "No connection available."
"""What a pool says, as a `ConnectionError`, if none came free in time."""

T = TypeVar("T")


class RedisSilent(NotDone):
    """
    Redis did not do what it was asked.

    `reason`: `timeout` (no answer or no free connection in time), `auth` (unknown user, wrong password, or a command or
    a key that is not permitted), `readonly` (a replica), `full` (out of memory), `skipped` (the breaker is open),
    `error` (anything else: no connection, another refusal, an answer that is none).
    """


class Script:
    """A Lua script, and the name under which Redis remembers it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()  # Redis's own choice


AT_ONCE: Final = 12
"""
Calls that may be under way, reads apart; the pool has 16 connections.

A burst of calls so waits in order, for as long as a call may take, and not for the 20 ms that the pool grants.
"""


class RedisLink:
    """
    What the tier says to one Redis; raises nothing but `RedisSilent`, and takes no call longer than `within` seconds.

    `count` is told each operation and its result: `ok` or the reason of its failure. Reads are called `read`.

    An answer, if only a refusal, is a life sign for the breaker. Refused rights are not: each new connection would try
    the same password again, filling Redis's log, and what may be read but not written is of no use; somebody has to
    change the configuration, and the probes see it when they have. That no connection came free in time says how busy
    this process is and nothing of Redis.
    """

    def __init__(
        self,
        client: Client,
        *,
        breaker: Breaker,
        count: Callable[[str, str], None],
        within: float = CALL_LIMIT,
    ) -> None:
        self._client = client
        self._breaker = breaker
        self._count = count
        self._within = within
        self._slots = asyncio.Semaphore(AT_ONCE)
        # a Cluster's keys are where its slots are: only its client knows which connection to use
        self._held = HeldLine(client.connection_pool) if isinstance(client, Redis) else None
        self._reads = CoalescedReads(self._fetch, within, self._have_read)

    async def read(self, keys: tuple[str, ...]) -> Values:
        """Read keys at one moment, together with what others read: a value or None for each."""
        return await self.read_as(keys, _as_they_are, _silent)

    def read_as(
        self, keys: tuple[str, ...], make: Callable[[Values], T], silent: Callable[[str], T]
    ) -> Awaitable[T]:
        """Read the same, and give what `make` makes of it, or `silent` of a reason as `RedisSilent` has it."""
        return self._reads.get(keys, make, lambda exc: silent(_reason_told(exc)))

    def _have_read(self, readers: int, exc: BaseException | None) -> None:
        """Count what came of a batch for each of its readers."""
        result = "ok" if exc is None else _reason_told(exc)
        for _ in range(readers):
            self._count("read", result)

    async def run(
        self, operation: str, script: Script, keys: Sequence[str], args: Sequence[str | bytes | int | float]
    ) -> Any:
        """Run a script where its keys are; Redis is sent the text only if it does not know it."""
        return await self.call(operation, lambda client: _run(client, script, keys, args))

    async def call(self, operation: str, command: Callable[[Client], Awaitable[T]]) -> T:
        """Do anything else."""
        deadline = asyncio.get_running_loop().time() + self._within

        async def in_turn(client: Client) -> T:
            async with self._slots:
                return await command(client)

        try:
            result = await self._ask(in_turn, deadline)
        except RedisSilent as exc:
            self._count(operation, exc.reason)
            raise
        self._count(operation, "ok")
        return result

    async def close(self) -> None:
        """End what is under way and close the connections; never raises, whatever Redis does."""
        await self._reads.close()
        with suppress(Exception):
            async with asyncio.timeout(_FAREWELL):
                if self._held is not None:
                    await self._held.close()
                await self._client.aclose()

    def _fetch(self, keys: Sequence[str], deadline: float) -> Awaitable[Sequence[bytes | None]]:
        """Read over the line that is held, at once; where it has to be taken first, or may not be used, by a task."""
        line = self._held.ready if self._held is not None else None
        left = deadline - asyncio.get_running_loop().time()
        if line is None or left < _LEAST or (permit := self._breaker.admit()) is None:
            return self._mget(keys, deadline)
        answer = line.read(keys, deadline)
        answer.add_done_callback(partial(self._heard, permit))
        return answer

    def _heard(self, permit: Permit, answer: "asyncio.Future[Any]") -> None:
        if answer.cancelled():
            self._breaker.gave_up(permit)
        elif exc := answer.exception():
            self._tell(permit, exc, reason_of(exc))
        else:
            self._breaker.succeeded(permit)

    async def _mget(self, keys: Sequence[str], deadline: float) -> Sequence[bytes | None]:
        if deadline - asyncio.get_running_loop().time() < _LEAST:
            raise RedisSilent("timeout")
        held = self._held
        if held is None:
            return await self._ask(lambda client: _mget(client, keys), deadline)
        return await self._ask(lambda _: _mget_over(held, keys, deadline), deadline)

    async def _ask(self, command: Callable[[Client], Awaitable[T]], deadline: float) -> T:
        permit = self._breaker.admit()
        if permit is None:
            raise RedisSilent("skipped")
        try:
            async with asyncio.timeout_at(deadline):
                result = await _heeding(command(self._client))
        except Exception as exc:
            # Everything: redis-py lets ValueError, KeyError, AttributeError and RedisClusterException through for
            # answers that are none and for connections that break at the wrong moment.
            reason = reason_of(exc)
            self._tell(permit, exc, reason)
            raise RedisSilent(reason) from exc
        except BaseException:
            self._breaker.gave_up(permit)
            raise
        self._breaker.succeeded(permit)
        return result

    def _tell(self, permit: Permit, exc: BaseException, reason: str) -> None:
        if isinstance(exc, MaxConnectionsError) or str(exc) == _NO_CONNECTION:
            self._breaker.gave_up(permit)
        elif reason in ("readonly", "full") or (reason == "error" and isinstance(exc, ResponseError)):
            self._breaker.succeeded(permit)
        else:
            self._breaker.failed(permit)


async def _heeding(answer: Awaitable[T]) -> T:
    """
    Give an answer, unless its reader was cancelled.

    The race: redis-py sends with `asyncio.wait_for`, which before Python 3.12 forgets a cancellation in the moment in which all
    is sent. Whoever repeats a call until cancelled would then do so for ever.
    """
    before = _cancellations()
    try:
        return await answer
    finally:
        if _cancellations() > before:
            raise asyncio.CancelledError


def _cancellations() -> int:
    """Count how often the present task was cancelled; one that tidies up was so before."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _as_they_are(values: Values) -> Values:
    return values


def _silent(reason: str) -> NoReturn:
    raise RedisSilent(reason)


def _reason_told(exc: BaseException) -> str:
    return exc.reason if isinstance(exc, RedisSilent) else reason_of(exc)


async def _mget_over(held: HeldLine, keys: Sequence[str], deadline: float) -> Sequence[bytes | None]:
    line = await held.take()
    return await line.read(keys, deadline)


async def _mget(client: Client, keys: Sequence[str]) -> Sequence[bytes | None]:
    """Read keys; what is no list of values, one for each key, is no answer."""
    values = await client.execute_command("MGET", *keys)
    if (
        type(values) is not list
        or len(values) != len(keys)
        or not {type(value) for value in values} <= _READABLE
    ):
        raise ValueError("an answer that no MGET has")
    return values


_READABLE: Final = {bytes, type(None)}


async def _run(client: Client, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
    try:
        return await client.execute_command("EVALSHA", script.sha, len(keys), *keys, *args)
    except NoScriptError:
        return await client.execute_command("EVAL", script.text, len(keys), *keys, *args)


_SAID: Final = (
    # What Redis says of a command inside a script, where its code is ERR (7.0 for rights; before 7.0 for all).
    ("-READONLY", "readonly"),
    ("-OOM", "full"),
    ("-NOPERM", "auth"),
    ("can't run this command", "auth"),
    ("can't access at least one", "auth"),
)


async def unless_nonsense(answer: Awaitable[Any], nothing: Any) -> Any:
    """Give what Redis answers, and `nothing` where a value of another kind stands under the key."""
    try:
        return await answer
    except ResponseError as exc:
        if not str(exc).startswith(_ANOTHER_KIND):
            raise
        return nothing


_ANOTHER_KIND: Final = "WRONGTYPE"


def reason_of(exc: BaseException) -> str:
    """Name what is wrong with Redis, as `RedisSilent` does; looks behind the exceptions in which others are wrapped."""
    return next((reason for one in _causes(exc) if (reason := _reason(one))), "error")


def _reason(exc: BaseException) -> str | None:
    match exc:
        case AuthenticationError() | AuthorizationError() | NoPermissionError():
            return "auth"
        case ReadOnlyError():
            return "readonly"
        case OutOfMemoryError():
            return "full"
        case RedisTimeoutError() | TimeoutError() | MaxConnectionsError():
            return "timeout"
        case ResponseError():
            return next((reason for words, reason in _SAID if words in str(exc)), None)
    return None


def _causes(exc: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = exc
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__
