"""
The Redis tier: optional and fail-open. Whatever is wrong with Redis, a lookup only loses a shortcut.

Facts (redis-py 8.1): its defaults retry ten times with 5 s time-outs, so that one GET on a hung server fails after
58.8 s; with `Retry(NoBackoff(), 0)` and explicit time-outs, after 51 ms. A wrong password is a `ConnectionError`,
a read-only or full server a `ResponseError`; all are `RedisError`.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cti_lookup.answers import NOBODY, Answer, people_of
from cti_lookup.questions import Question

SCHEMA: Final = 1
"""Raised when the stored form changes: values of another schema stand under other keys."""

_POOL_WAIT: Final = 0.02
_CONNECT: Final = 0.1
_SOCKET: Final = 0.05
_CONNECTIONS: Final = 16


class _Stored(msgspec.Struct, frozen=True):
    people: msgspec.Raw
    truncated: bool
    asked_at: float


_decode = msgspec.json.Decoder(_Stored).decode
_encode = msgspec.json.Encoder().encode


def connect(url: str) -> Redis:
    """Make a client whose every wait is bounded in tens of milliseconds; connects when first used."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_POOL_WAIT,
        socket_timeout=_SOCKET,
        socket_connect_timeout=_CONNECT,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


class RedisTier:
    """
    Answers shared by replicas and restarts.

    Keys are `cti:<schema>:<tenant>:<HMAC-SHA256 of the number>`: a plain hash of a telephone number is reversed in
    seconds. `tenant` names all that decides what an answer means. `count` is told `ok`, `miss`, `error`, `garbage`.
    """

    def __init__(
        self, client: Redis, *, secret: bytes, tenant: str, count: Callable[[str, str], None]
    ) -> None:
        self._client = client
        self._secret = secret
        self._prefix = f"cti:{SCHEMA}:{tenant}:"
        self._count = count

    def key(self, question: Question) -> str:
        """Give the key of a question; nothing can be read out of it."""
        digest = hmac.new(self._secret, question.text.encode(), hashlib.sha256).hexdigest()
        return self._prefix + digest

    async def get(self, question: Question) -> Answer | None:
        """Give what is remembered; every fault of Redis is a miss and a count."""
        try:
            stored = await self._client.get(self.key(question))
        except (RedisError, OSError, TimeoutError):
            self._count("get", "error")
            return None
        if stored is None:
            self._count("get", "miss")
            return None
        try:
            answer = _opened(stored if isinstance(stored, bytes) else stored.encode())
        except (msgspec.MsgspecError, RecursionError, ValueError):
            self._count("get", "garbage")
            return None
        self._count("get", "ok")
        return answer

    async def put(self, question: Question, answer: Answer, seconds: float) -> None:
        """Remember an answer, if Redis takes it."""
        value = _encode(_Stored(msgspec.Raw(answer.people), answer.truncated, answer.asked_at))
        try:
            await self._client.set(self.key(question), value, px=max(1, int(seconds * 1000)))
        except (RedisError, OSError, TimeoutError):
            self._count("put", "error")
        else:
            self._count("put", "ok")


def _opened(stored: bytes) -> Answer:
    """Read a stored answer; what holds no people is not passed on. Raises `MsgspecError`, `ValueError`."""
    value = _decode(stored)
    answer = Answer(bytes(value.people), value.truncated, value.asked_at)
    if not people_of(answer) and answer.people != NOBODY:
        raise ValueError("nobody, written in another way")
    return answer
