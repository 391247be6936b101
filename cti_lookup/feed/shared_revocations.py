"""Tokens that were taken back, on all replicas."""

from collections.abc import Callable, Sequence

import msgspec

from cti_lookup.cache.redis_link import RedisLink, RedisSilent
from cti_lookup.errors import NotForgotten
from cti_lookup.feed.agents import Agent
from cti_lookup.feed.records import Records
from cti_lookup.feed.revocations import OwnRevocations, Revoked
from cti_lookup.feed.tokens import LONGEST_LIFE


class SharedRevocations:
    """
    What any replica took back; keeps the promises of `Revocations`.

    What Redis cannot be told holds in this process, and is told when it can be. `count` is told what could not be shared.
    """

    def __init__(
        self, link: RedisLink, sides: Sequence[Records], own: OwnRevocations, count: Callable[[str], None]
    ) -> None:
        self._link = link
        self._sides = sides
        self._own = own
        self._count = count
        self._untold: list[Revoked] = []

    async def revoke(self, revoked: Revoked) -> None:
        """Take back. Raises `NotForgotten` where other replicas could not be told yet."""
        self._own.hear(revoked)
        self._untold.append(revoked)
        await self.keep_up()
        if revoked in self._untold:
            raise NotForgotten("error")

    async def keep_up(self) -> None:
        """Tell what could not be told before. Never raises."""
        for revoked in list(self._untold):
            try:
                for side in self._sides:
                    await side.revoke(self._own.newest(revoked), LONGEST_LIFE)
            except RedisSilent as exc:
                self._count(exc.reason)
                return
            if revoked in self._untold:
                self._untold.remove(revoked)

    async def holds(self, agent: Agent) -> bool:
        """Tell whether somebody's token was taken back, by any replica if Redis answers."""
        if self._own.knows(agent):
            return True
        wanted = (Revoked(0.0, token=agent.id), Revoked(0.0, subject=agent.subject))
        keys = tuple(side.revocation_key(one) for side in self._sides for one in wanted)
        try:
            values = await self._link.read(keys)
        except RedisSilent as exc:
            self._count(exc.reason)
            return False
        sides = [side for side in self._sides for _ in wanted]
        for side, key, value in zip(sides, keys, values, strict=True):
            opened = side.names.seal.open(key, value) if value is not None else None
            if opened is not None:
                self._own.hear(msgspec.msgpack.decode(opened, type=Revoked))
        return self._own.knows(agent)
