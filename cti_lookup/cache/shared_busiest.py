"""
Which numbers rang lately, for a process that has just begun: it has their answers in memory before calls are sent to it.

Facts: of the replicas that write it the last one counts. It is sealed as answers are, and is of no use after a day.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent
from cti_lookup.cache.sealing import Seals
from cti_lookup.questions import Question
from cti_lookup.telephone import E164

_KEPT_MS: Final = 86_400_000


class _Number(msgspec.Struct, array_like=True, gc=False):
    text: str
    extension: str | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[_Number, ...]).decode


class SharedBusiest:
    """The busiest numbers in Redis; keeps the promises of `Busiest`."""

    def __init__(self, link: RedisLink, *, seals: Seals, tenant: str) -> None:
        self._link = link
        self._names = tuple(Names(seal, tenant) for seal in seals)

    async def read(self) -> tuple[Question, ...]:
        """Give what was written last, under the newest secret that has it; () if nothing can be read."""
        try:
            values = await self._link.read(tuple(names.busiest for names in self._names))
        except RedisSilent:
            return ()
        for names, value in zip(self._names, values, strict=True):
            opened = names.seal.open(names.busiest, value) if value is not None else None
            if opened is not None:
                return _questions(opened)
        return ()

    async def write(self, questions: Iterable[Question]) -> None:
        """Write down which they are; a Redis that does not listen hears it the next time."""
        names = self._names[0]
        numbers = [
            _Number(one.number.text, one.extension) for one in questions if isinstance(one.number, E164)
        ]
        sealed = names.seal.close(names.busiest, _encode(numbers))

        async def put(client: Client) -> object:
            return await client.execute_command("SET", names.busiest, sealed, "PX", _KEPT_MS)

        try:
            await self._link.call("busiest", put)
        except RedisSilent:
            return


def _questions(value: bytes) -> tuple[Question, ...]:
    try:
        return tuple(Question(E164(one.text), one.extension) for one in _decode(value))
    except (msgspec.MsgspecError, ValueError):
        return ()  # of another version
