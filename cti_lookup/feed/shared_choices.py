"""Who it was, remembered by all replicas."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.scripts import lua
from cti_lookup.errors import NotForgotten
from cti_lookup.feed.choices import KEPT, OwnChoices

_CHOOSE: Final = Script(lua("choose"))
_KEPT_MS: Final = int(KEPT * 1000)


class SharedChoices:
    """
    What replicas remember together, and this process alone while Redis cannot be told; keeps the promises of `Choices`.

    The first of `sides` is the current secret's, which writes. `count` is told what could not be shared.
    """

    def __init__(
        self, link: RedisLink, sides: tuple[Names, ...], own: OwnChoices, count: Callable[[str], None]
    ) -> None:
        self._link = link
        self._sides = sides
        self._own = own
        self._count = count

    async def of(self, number: str) -> int | None:
        """Give who was chosen."""
        keys = tuple(names.choice(number) for names in self._sides)
        try:
            values = await self._link.read(keys)
        except RedisSilent as exc:
            self._count(exc.reason)
            return await self._own.of(number)
        for names, key, value in zip(self._sides, keys, values, strict=True):
            if value is not None and (person := names.seal.open(key, value)) is not None:
                return msgspec.msgpack.decode(person, type=int)
        return await self._own.of(number)

    async def choose(self, number: str, person: int) -> None:
        """Remember who it was."""
        names = self._sides[0]
        key, index = names.choice(number), names.chosen(person)
        sealed = names.seal.close(key, msgspec.msgpack.encode(person))
        try:
            await self._link.run("choose", _CHOOSE, [key, index], [sealed, _KEPT_MS, names.bare(key)])
        except RedisSilent as exc:
            self._count(exc.reason)
            await self._own.choose(number, person)
        else:
            await self._own.forget_number(number)

    async def forget_number(self, number: str) -> None:
        """Forget who was chosen for a number. Raises `NotForgotten`."""
        await self._own.forget_number(number)
        await self._unlink([names.choice(number) for names in self._sides])

    async def forget_person(self, person: int) -> None:
        """Forget that a person was ever chosen. Raises `NotForgotten`."""
        await self._own.forget_person(person)
        for names in self._sides:
            index = names.chosen(person)

            async def ask(client: Client, index: str = index) -> Any:
                return await client.execute_command("SMEMBERS", index)

            try:
                found = await self._link.call("choose", ask)
            except RedisSilent as exc:
                raise NotForgotten(exc.reason) from exc
            await self._unlink([index, *(names.prefix + one.decode() for one in found)])

    async def _unlink(self, keys: list[str]) -> None:
        async def ask(client: Client) -> Any:
            return await client.execute_command("UNLINK", *keys)

        try:
            await self._link.call("choose", ask)
        except RedisSilent as exc:
            raise NotForgotten(exc.reason) from exc
