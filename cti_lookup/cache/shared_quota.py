"""
The directory's quota, counted by all replicas together.

The window is exact: a sorted set holds the time of each request of the last 2 s, by Redis's own clock, so that the
replicas' clocks do not matter. Where Redis is silent each replica counts alone.
"""

import os
from typing import Final

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.rservice.quota import News, Verdict, Wish
from cti_lookup.rservice.quota_windows import HOUR, WINDOW_SECONDS

_MEMBER: Final = 12
_HOUR_MS: Final = int(HOUR * 1000)
_TAKE: Final = Script(lua("take"))
_TELL: Final = Script(lua("tell"))


class SharedQuota:
    """The count of one token's requests, keeping the promises of `SharedCount`; a burst is what `window` seconds hold."""

    def __init__(self, link: RedisLink, names: Names, *, window: float = WINDOW_SECONDS) -> None:
        self._link = link
        self._window_us = int(window * 1_000_000)
        self._burst = names.quota("burst")
        self._rest = names.quota("rest")
        self._sent = names.quota("sent")
        self._pause = names.quota("pause")

    async def take(self, wish: Wish) -> Verdict | None:
        """Take one request's worth; None where Redis is silent."""
        keys = [self._burst, self._rest, self._sent, self._pause]
        member = os.urandom(_MEMBER)
        args: list[str | bytes | int] = [
            wish.burst,
            wish.hourly,
            wish.keep,
            member,
            self._window_us,
            _HOUR_MS,
        ]
        try:
            granted, left, ends_in_ms, pause_ms = await self._link.run("take", _TAKE, keys, args)
        except RedisSilent:
            return None
        return Verdict(bool(granted), News(left, ends_in_ms / 1000, pause_ms / 1000))

    async def tell(self, news: News) -> None:
        """Share what the directory said."""
        left = "" if news.left is None else news.left
        args = [left, int(news.ends_in * 1000), int(news.pause * 1000)]
        try:
            await self._link.run("tell", _TELL, [self._rest, self._pause], args)
        except RedisSilent:
            return  # the others learn it from their own answers
