"""What tests say over a link, and how they hear why Redis was silent, and after how long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script

BOUND: Final = 3.5
"""
Seconds in which every call has ended that Redis does not answer; nearly all of them are for a machine that stands still.

A wait that nobody bounds is longer: redis-py's own end after 4 s and after 59 s.
"""

STORE: Final = Script("return redis.call('SET', KEYS[1], ARGV[1])")
_PATIENCE: Final = 30.0
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


async def becomes_readable(
    link: RedisLink, key: str, *, silent: Callable[[], None] = lambda: None
) -> bytes | None:
    """Read until Redis answers; every try that it does not answer ends within the bound, and `silent` is told."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while loop.time() < deadline:
        begun = loop.time()
        try:
            return (await link.read((key,)))[0]
        except RedisSilent:
            assert loop.time() - begun < BOUND
        silent()
        await asyncio.sleep(_PAUSE)  # nothing can be waited for: Redis recovers when it does
    raise AssertionError("Redis did not answer again")
