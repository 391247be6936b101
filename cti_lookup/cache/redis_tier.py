"""
The Redis tier: optional and fail-open. Whatever is wrong with Redis, a lookup only loses a shortcut.

How nothing comes back that was forgotten. The race: a replica asks the directory; the person changes; that is heard and
forgotten; then the replica stores the old answer. A plain deletion leaves it there in a third of adversarial
interleavings. Here each mark has a generation, 8 random bytes with which every answer begins that is believed, and
forgetting ends it: a turn that began under it stores nothing. Answers that list a forgotten person under a mark that
nobody named are found in the person's index, and those yet to come are refused by the person's tombstone.

Facts:
- A script runs alone, so that what it has read holds until it has written (Redis manual, "Scripting with Lua"). An
  MGET is read at one moment.
- A Redis that fails over to a replica may have lost what it was told last; the notices then have a gap.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Final, TypeVar

from cti_lookup.answers import Answer
from cti_lookup.cache.coalescing import Values
from cti_lookup.cache.naming import NAME_LENGTH, Names
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script, unless_nonsense
from cti_lookup.cache.scripts import lua
from cti_lookup.cache.sealing import Seals
from cti_lookup.cache.stored import Notice, packed_notice
from cti_lookup.cache.turns import PATIENCE, Turns
from cti_lookup.cache.vault import Clocks, NoAnswer, Vault
from cti_lookup.cache.waits import LOCK
from cti_lookup.errors import NotForgotten
from cti_lookup.ports import Turn
from cti_lookup.questions import AnyQuestion, Forgotten

T = TypeVar("T")

MOST_NOTICES: Final = 10_000

_TOMBSTONE_MS: Final = 60_000
"""Longer than any turn lasts that had begun before the person was forgotten."""
_ERASED_MS: Final = 30 * 86_400_000
_ERASED_END: Final = 12
"""Digits before a sealed id: when its time ends, in epoch seconds."""

_MOST_KEYS: Final = 8192

_MISS: Final = NoAnswer.MISS  # a member named through its class costs 0.1 µs each time
_FORGET: Final = Script(lua("forget"))


class RedisTier:
    """
    Answers shared by replicas and restarts.

    `tenant` names all that decides what an answer means. The current one of `seals` writes, all of them read and
    forget, for as long as a secret is being changed. `origin` tells this process's notices from those of others.
    `count` is told of each `get` that Redis answered: `ok`, `miss`, `garbage` (does not open, or is of another version),
    `future` (asked later than now); and of what :class:`Turns` says. What Redis itself does the link counts.
    """

    def __init__(  # noqa: PLR0913  # what the tier depends on, named at the composition root
        self,
        link: RedisLink,
        *,
        seals: Seals,
        tenant: str,
        origin: bytes,
        count: Callable[[str, str], None],
        wall: Callable[[], float],
        steady: Callable[[], float],
        lock_seconds: float = LOCK,
        patience: float = PATIENCE,
    ) -> None:
        clocks = Clocks(wall, steady)
        self._link = link
        self._vaults = tuple(Vault(Names(seal, tenant), clocks) for seal in seals)
        self._turns = Turns(link, self._vaults[0], count, lock_seconds=lock_seconds, patience=patience)
        self._origin = origin
        self._count = count
        self._keys_of = lru_cache(maxsize=_MOST_KEYS)(self._make_keys)  # 0.2 µs instead of 1.5

    def get(self, question: AnyQuestion) -> Awaitable[Answer | None]:
        """Give what is remembered, under the newest secret that has it; every fault of Redis is a miss."""
        return self.learn(question, _as_it_is)

    def learn(self, question: AnyQuestion, learn: Callable[[Answer], T | None]) -> Awaitable[T | None]:
        """
        Give what `learn` makes of it.

        That is done where it is opened, for all who read at the same moment in a row, and takes half the time that it does between
        other work.
        """
        keys = self._keys_of(question)
        return self._link.read_as(keys, partial(self._learned, keys, learn), _not_known)

    def _learned(
        self, keys: tuple[str, ...], learn: Callable[[Answer], T | None], values: Values
    ) -> T | None:
        """Open what was read, under the newest secret that has it; count it, or why the newest that has something does not open."""
        why = _MISS
        for place, vault in enumerate(self._vaults):
            at = 2 * place
            opened = vault.opened(keys[at], values[at], values[at + 1])
            if isinstance(opened, Answer):
                self._count("get", "ok")
                return learn(opened)
            why = opened if why is _MISS else why
        self._count("get", why)
        return None

    def _make_keys(self, question: AnyQuestion) -> tuple[str, ...]:
        """Name what is read for a question: under each secret the answer, and the generation of its mark."""
        names = [vault.names for vault in self._vaults]
        pairs = [(one.answer(question), one.generation(question.mark)) for one in names]
        return tuple(chain.from_iterable(pairs))

    async def turn(self, question: AnyQuestion, newer_than: float) -> Turn:
        """Wait for the replica that asks the same, and then take one's turn; without Redis, at once."""
        return await self._turns.take(question, newer_than)

    async def renew_turns(self) -> None:
        """Let no other replica take a turn that lasts, until cancelled; without this every turn ends with its lock."""
        await self._turns.renew()

    async def forget(self, forgotten: Forgotten) -> None:
        """Forget under every secret, and tell all replicas. Raises `NotForgotten` if one of them failed."""
        failed = await asyncio.gather(*(self._forget(vault.names, forgotten) for vault in self._vaults))
        for reason in filter(None, failed):
            raise NotForgotten(reason)

    async def erased(self, known: Collection[int] = ()) -> frozenset[int]:
        """
        Give the people who were erased in the last 30 days. Raises `RedisSilent`.

        Whom the present secret does not name, though another does or this process knows them, it is told.
        """
        named = [await self._erased(vault.names) for vault in self._vaults]
        everybody = frozenset(known).union(*named)
        for person in everybody - named[0]:
            await self._forget(self._vaults[0].names, Forgotten(person=person, erased=True))
        return everybody

    async def _forget(self, names: Names, forgotten: Forgotten) -> str | None:
        """Forget under one secret; give what was wrong."""
        notice = names.seal.close(names.notices, packed_notice(Notice(self._origin, forgotten)))
        marks = [names.generation(mark) for mark in forgotten.marks]
        keys = [names.epoch, names.notice_number, names.notices, *marks]
        args: list[str | bytes | int] = [
            notice,
            MOST_NOTICES,
            len(marks),
            names.prefix,
            NAME_LENGTH,
            _TOMBSTONE_MS,
        ]
        if forgotten.person is not None:
            keys += [names.tombstone(forgotten.person), names.index(forgotten.person), names.erased]
            if forgotten.erased:
                field = names.erased_field(forgotten.person)
                sealed = names.seal.close(names.erased + field, str(forgotten.person).encode())
                args += [field, sealed, _ERASED_MS]
        try:
            await self._link.run("forget", _FORGET, keys, args)
        except RedisSilent as exc:
            return exc.reason
        return None

    async def _erased(self, names: Names) -> set[int]:
        async def read(client: Client) -> Any:
            return await unless_nonsense(client.execute_command("HGETALL", names.erased), {})

        fields: dict[bytes, bytes] = await self._link.call("erased", read)
        opened = (
            names.seal.open(names.erased + field.decode(errors="replace"), value[_ERASED_END:])
            for field, value in fields.items()
        )
        return {int(one) for one in opened if one is not None}


def _as_it_is(answer: Answer) -> Answer:
    return answer


def _not_known(_reason: str) -> None:
    """Know nothing; the link has counted why."""
