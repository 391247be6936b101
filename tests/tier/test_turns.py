"""Of all replicas that want to know the same, one asks; nobody waits for one that has died."""

import asyncio
import math
import time
from typing import Final

from redis import Redis

from cti_lookup.questions import Forgotten
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import BRIEF
from tests.tier.replicas import ASHOK, HOWARD, NEVER, Replica, StartReplica

LONG: Final = 20.0
LONGER: Final = 60.0
"""Seconds of locks and of patience that no test sees the end of."""


async def test_the_loser_gets_what_the_winner_was_told(start: StartReplica) -> None:
    one, other = start(), start()
    turn = await one.tier.turn(ASHOK, NEVER)
    waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))
    await _looking(other, waiting)

    await turn.fill(one.answer(), 60)

    found = (await waiting).found
    assert turn.found is None
    assert found is not None
    assert found.people == one.answer().people
    assert found.asked_at == other.steady()


async def test_of_many_replicas_one_asks(start: StartReplica) -> None:
    replicas = [start() for _ in range(5)]
    asked: list[int] = []

    async def ask(at: int) -> None:
        turn = await replicas[at].tier.turn(ASHOK, NEVER)
        if turn.found is None:
            asked.append(at)
            await asyncio.sleep(0)
            await turn.fill(replicas[at].answer(), 60)

    await asyncio.gather(*map(ask, range(5)))
    assert len(asked) == 1


async def test_what_was_learned_just_before_a_turn_is_found_and_the_lock_is_free(
    start: StartReplica, stored: Redis
) -> None:
    one, other = start(), start()
    await one.learn(ASHOK)

    assert (await other.tier.turn(ASHOK, NEVER)).found is not None
    assert not stored.exists(one.names.lock(ASHOK))


async def test_an_answer_that_is_to_be_replaced_is_not_found(start: StartReplica) -> None:
    replica = start()
    answer = await replica.learn(ASHOK)

    assert (await replica.tier.turn(ASHOK, answer.asked_at)).found is None


async def test_a_newer_answer_than_the_one_to_be_replaced_is_found(start: StartReplica) -> None:
    one, other = start(), start()
    old = await one.learn(ASHOK)
    for clock in (one.wall, one.steady, other.wall, other.steady):
        clock.pass_by(10)
    renewing = await one.tier.turn(ASHOK, old.asked_at)
    waiting = asyncio.create_task(other.tier.turn(ASHOK, other.steady() - 10))
    await _looking(other, waiting)
    assert not waiting.done()

    await renewing.fill(one.answer(), 60)

    assert (await waiting).found is not None


async def test_different_questions_do_not_wait_for_each_other(start: StartReplica) -> None:
    one, other = start(lock_seconds=LONGER), start(patience=LONGER)
    await one.tier.turn(ASHOK, NEVER)

    async with asyncio.timeout(LONG):
        assert (await other.tier.turn(HOWARD, NEVER)).found is None


async def test_where_the_winner_leaves_the_loser_takes_over(start: StartReplica) -> None:
    one, other = start(lock_seconds=LONGER), start(patience=LONGER)
    turn = await one.tier.turn(ASHOK, NEVER)
    waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))
    await _looking(other, waiting)

    await turn.leave()

    async with asyncio.timeout(LONG):
        taken = await waiting
    assert taken.found is None
    await taken.fill(other.answer(), 60)
    assert await one.tier.get(ASHOK) is not None


async def test_where_the_winner_was_overtaken_the_loser_asks_itself(start: StartReplica) -> None:
    one, other = start(lock_seconds=LONGER), start(patience=LONGER)
    turn = await one.tier.turn(ASHOK, NEVER)
    waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))
    await _looking(other, waiting)

    await other.tier.forget(Forgotten((ASHOK.mark,)))
    await turn.fill(one.answer(), 60)

    async with asyncio.timeout(LONG):
        taken = await waiting
    assert taken.found is None
    await taken.fill(other.answer(), 60)
    assert await one.tier.get(ASHOK) is not None


async def test_where_the_winner_dies_the_loser_takes_over_when_its_lock_ends(start: StartReplica) -> None:
    one, other = start(lock_seconds=0.3), start(patience=LONGER)
    await one.tier.turn(ASHOK, NEVER)

    async with asyncio.timeout(LONG):
        taken = await other.tier.turn(ASHOK, NEVER)
    await taken.fill(other.answer(), 60)

    assert taken.found is None
    assert await one.tier.get(ASHOK) is not None


async def test_nobody_waits_longer_than_patience_and_what_is_learned_then_is_shared(
    start: StartReplica, stored: Redis
) -> None:
    one, other = start(lock_seconds=LONGER), start(patience=0.2)
    dead = await one.tier.turn(ASHOK, NEVER)
    began = time.monotonic()

    async with asyncio.timeout(LONG):
        turn = await other.tier.turn(ASHOK, NEVER)

    assert time.monotonic() - began > 0.15
    assert stored.exists(one.names.lock(ASHOK))
    await turn.fill(other.answer(), 60)
    assert await one.tier.get(ASHOK) is not None
    assert (await start().tier.turn(ASHOK, NEVER)).found is not None
    await dead.leave()


async def test_a_late_winner_does_not_release_the_lock_of_the_next(
    start: StartReplica, stored: Redis
) -> None:
    one, other = start(lock_seconds=0.05), start(lock_seconds=LONGER, patience=LONGER)
    late = await one.tier.turn(ASHOK, NEVER)
    await other.tier.turn(ASHOK, math.inf)
    lock = stored.get(one.names.lock(ASHOK))

    await late.leave()
    await late.fill(one.answer(), 60)

    assert lock is not None
    assert stored.get(one.names.lock(ASHOK)) == lock


async def test_a_lock_ends_by_itself(start: StartReplica, stored: Redis) -> None:
    replica = start(lock_seconds=LONGER)
    await replica.tier.turn(ASHOK, NEVER)

    assert 1000 * (LONGER - LONG) < stored.pttl(replica.names.lock(ASHOK)) <= 1000 * LONGER


async def test_a_redis_that_falls_silent_ends_the_waiting(start: StartReplica, redis: RedisProcess) -> None:
    one, other = start(lock_seconds=LONGER), start(within=BRIEF, patience=LONGER)
    await one.tier.turn(ASHOK, NEVER)
    waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))
    await _looking(other, waiting)

    redis.pause()

    async with asyncio.timeout(LONG):
        assert (await waiting).found is None
    redis.resume()


async def _looking(replica: Replica, waiting: "asyncio.Task[object]") -> None:
    """Let a replica find that another has the lock, and look for the other's answer."""
    async with asyncio.timeout(LONG):
        while not replica.counts["read", "ok"]:  # noqa: ASYNC110  # what is counted is all there is
            await asyncio.sleep(0.01)
    assert not waiting.done()
