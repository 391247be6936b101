"""What tests say over a link, and how they hear why Redis was silent, and after how long."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final

from cti_lookup.cache.redis_link import CALL_LIMIT, RedisLink, RedisSilent, Script

BOUND: Final = CALL_LIMIT + 0.85  # of a machine that has other things to do
"""Seconds in which every call has ended; the rest is for a machine that does other things too."""

STORE: Final = Script("return redis.call('SET', KEYS[1], ARGV[1])")
_PATIENCE: Final = 15.0
_PAUSE: Final = 0.05


async def store(link: RedisLink, key: str, value: bytes) -> Any:
    """Write as the tier does: with a script."""
    return await link.run("store", STORE, (key,), (value,))


async def reason_for(saying: Awaitable[object]) -> str:
    """Give the reason why Redis was silent, which must have come within the bound."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        answer = await saying
    except RedisSilent as exc:
        assert loop.time() - begun < BOUND
        return exc.reason
    return f"not silent: {answer!r}"


async def becomes_readable(link: RedisLink, key: str) -> bytes | None:
    """Read until Redis answers; every try that it does not answer ends within the bound."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while loop.time() < deadline:
        begun = loop.time()
        try:
            return (await link.read((key,)))[0]
        except RedisSilent:
            assert loop.time() - begun < BOUND
        await asyncio.sleep(_PAUSE)  # nothing can be waited for: Redis recovers when it does
    raise AssertionError("Redis did not answer again")
