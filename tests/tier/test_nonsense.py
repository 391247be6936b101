"""What somebody else wrote under our keys is a loss and no more: whoever needs the key writes over it."""

import asyncio
from collections.abc import Callable
from itertools import product
from typing import Final

import pytest
from redis import Redis

from cti_lookup.cache.naming import Names
from cti_lookup.errors import NotForgotten
from cti_lookup.questions import Forgotten
from tests.tier.replicas import ASHOK, HOWARD, NEVER, Replica, StartReplica

Spoil = Callable[[Redis, str], object]

KINDS: Final[dict[str, Spoil]] = {
    "text": lambda stored, key: stored.set(key, "nonsense"),
    "bytes": lambda stored, key: stored.set(key, b"\x02\xff\x00" * 99),
    "nothing": lambda stored, key: stored.set(key, b""),
    "a number too large": lambda stored, key: stored.set(key, str(2**63 - 1)),
    "a list": lambda stored, key: stored.rpush(key, "x"),
    "a hash": lambda stored, key: stored.hset(key, "x", "y"),
}
KEYS: Final[dict[str, Callable[[Names], str]]] = {
    "lock": lambda names: names.lock(ASHOK),
    "generation": lambda names: names.generation(ASHOK.mark),
    "answer": lambda names: names.answer(ASHOK),
    "epoch": lambda names: names.epoch,
    "notice number": lambda names: names.notice_number,
    "notices": lambda names: names.notices,
}


def spoil(stored: Redis, key: str, kind: str) -> None:
    stored.delete(key)
    KINDS[kind](stored, key)


def cases(*keys: str) -> list[tuple[str, str]]:
    return list(product(keys, KINDS))


@pytest.mark.parametrize(("key", "kind"), cases("lock", "generation", "answer", "epoch"))
async def test_an_answer_is_stored_over_nonsense(
    start: StartReplica, stored: Redis, key: str, kind: str
) -> None:
    one, other = start(patience=600.0), start()
    spoil(stored, KEYS[key](one.names), kind)

    async with asyncio.timeout(60):  # a lock that never ends would take more
        await one.learn(ASHOK)

    found = await other.tier.get(ASHOK)
    assert found is not None
    assert found.people == one.answer().people


async def test_a_lock_of_somebody_who_asks_is_not_taken_for_nonsense(start: StartReplica) -> None:
    one, other = start(lock_seconds=600.0), start(lock_seconds=600.0, patience=0.1)
    turn = await one.tier.turn(ASHOK, NEVER)
    waiting = await other.tier.turn(ASHOK, NEVER)

    await waiting.leave()  # and so releases no lock
    still_waiting = await other.tier.turn(ASHOK, NEVER)
    await turn.fill(one.answer(), 60)

    assert (waiting.found, still_waiting.found) == (None, None)
    assert await other.tier.get(ASHOK) is not None


@pytest.mark.parametrize("kind", list(KINDS))
async def test_what_begins_under_an_epoch_of_nonsense_brings_nobody_back(
    replica: Replica, stored: Redis, kind: str
) -> None:
    spoil(stored, replica.names.epoch, kind)
    turn = await replica.tier.turn(ASHOK, NEVER)

    await replica.tier.forget(Forgotten((), 30))
    await turn.fill(replica.answer(), 60)

    assert await replica.tier.get(ASHOK) is None


@pytest.mark.parametrize(("key", "kind"), cases("epoch", "notice number", "notices"))
async def test_a_person_is_forgotten_over_nonsense(
    replica: Replica, stored: Redis, key: str, kind: str
) -> None:
    await replica.learn(ASHOK)
    spoil(stored, KEYS[key](replica.names), kind)

    await replica.tier.forget(Forgotten((), 30))

    assert await replica.tier.get(ASHOK) is None
    assert stored.xlen(replica.names.notices) == 1


@pytest.mark.parametrize("kind", ["text", "a list"])
async def test_who_was_erased_is_told_again_over_nonsense(replica: Replica, stored: Redis, kind: str) -> None:
    spoil(stored, replica.names.erased, kind)

    assert await replica.tier.erased({30}) == {30}
    assert await replica.tier.erased() == {30}


@pytest.mark.parametrize("kind", list(KINDS))
async def test_what_could_not_be_found_again_is_not_stored(
    replica: Replica, stored: Redis, kind: str
) -> None:
    spoil(stored, replica.names.index(30), kind)

    await replica.learn(ASHOK)

    assert await replica.tier.get(ASHOK) is None
    assert replica.counts["fill", "error"] == 1
    assert not stored.exists(replica.names.lock(ASHOK))


async def test_where_nobody_knows_what_lists_a_person_all_else_is_done_and_it_is_told(
    replica: Replica, stored: Redis
) -> None:
    spoil(stored, replica.names.index(30), "text")
    turn = await replica.tier.turn(ASHOK, NEVER)

    with pytest.raises(NotForgotten):
        await replica.tier.forget(Forgotten((ASHOK.mark,), 30, erased=True))

    stored.delete(replica.names.index(30))
    await turn.fill(replica.answer(), 60)
    await replica.learn(HOWARD)
    assert await replica.tier.erased() == {30}
    assert (await replica.tier.get(ASHOK), await replica.tier.get(HOWARD)) == (None, None)
    assert stored.xlen(replica.names.notices) == 1
