"""Nobody waits long for a replica that has died in its turn, and one that lives keeps its turn."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest
from redis import Redis

from cti_lookup.background import beside
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.renewals import LONGEST_TURN, Renewals
from cti_lookup.cache.turns import PATIENCE
from cti_lookup.cache.waits import LOCK
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.questions import Forgotten
from cti_lookup.web.lookups import PATIENCE as A_LOOKUP
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import BRIEF
from tests.standstill import standstill
from tests.tier.replicas import ASHOK, HOWARD, NEVER, Replica, StartReplica, new_link

LONG: Final = 20.0
LONGER: Final = 60.0
"""Seconds of locks and of patience that no test sees the end of."""

DIRECTORYS_TIME: Final = 0.5
"""Seconds for which the directory may take to answer, of those of a lookup; its sample calls took 259 to 391 ms."""

BRIEFLY: Final = 0.2
"""Seconds of a lock whose end is waited for."""

STEADILY: Final = 3.0
"""Seconds of a lock whose owner may stand still for half of them."""


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what can only be looked at."""
    async with asyncio.timeout(LONG):
        while not holds():  # noqa: ASYNC110  # what is counted and stored is all there is
            await asyncio.sleep(0.01)


async def renewed(replica: Replica, times: int = 1) -> None:
    """Wait until a replica has renewed what it keeps so many times more."""
    wanted = replica.counts["renew", "ok"] + times
    await until(lambda: replica.counts["renew", "ok"] >= wanted)


@pytest.mark.alone
async def test_the_turn_of_a_replica_that_was_killed_is_another_s_in_time_for_a_lookup(
    start: StartReplica,
) -> None:
    one, other = start(lock_seconds=LOCK), start(lock_seconds=LOCK, patience=LONGER)
    async with standstill() as stood, beside(one.tier.renew_turns()):
        await one.tier.turn(ASHOK, NEVER)
        waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))
        await renewed(one, 3)
        assert not waiting.done() or stood() > LOCK / 4

    async with standstill() as stood:
        killed_at = time.monotonic()
        async with asyncio.timeout(LONG):
            assert (await waiting).found is None
        assert time.monotonic() - killed_at - stood() < A_LOOKUP - DIRECTORYS_TIME


@pytest.mark.slow
async def test_with_a_lock_as_long_as_a_turn_it_would_be_too_late_for_a_lookup(start: StartReplica) -> None:
    one, other = start(lock_seconds=LONGEST_TURN), start(patience=LONGER)
    await one.tier.turn(ASHOK, NEVER)
    waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))

    _, still_waiting = await asyncio.wait((waiting,), timeout=A_LOOKUP)

    assert still_waiting == {waiting}
    waiting.cancel()
    await asyncio.wait((waiting,))


@pytest.mark.slow
async def test_who_asks_for_longer_than_a_lock_lasts_keeps_it_and_nobody_else_asks(
    start: StartReplica, stored: Redis
) -> None:
    one, other = start(lock_seconds=STEADILY), start(lock_seconds=STEADILY, patience=LONGER)
    async with beside(one.tier.renew_turns()):
        turn = await one.tier.turn(ASHOK, NEVER)
        lock = stored.get(one.names.lock(ASHOK))
        waiting = asyncio.create_task(other.tier.turn(ASHOK, NEVER))
        await renewed(one, 5)  # by now the lock would have ended

        assert stored.get(one.names.lock(ASHOK)) == lock is not None
        assert not waiting.done()
        await turn.fill(one.answer(), 60)

        async with asyncio.timeout(LONG):
            assert (await waiting).found is not None


async def test_without_renewals_another_asks_though_the_owner_lives(start: StartReplica) -> None:
    one, other = start(lock_seconds=BRIEFLY), start(patience=LONGER)
    await one.tier.turn(ASHOK, NEVER)

    async with asyncio.timeout(LONG):
        assert (await other.tier.turn(ASHOK, NEVER)).found is None


@pytest.mark.slow
async def test_a_turn_that_ends_soon_costs_no_renewal(start: StartReplica) -> None:
    replica = start(lock_seconds=2 * STEADILY)
    async with beside(replica.tier.renew_turns()):
        await replica.learn(ASHOK)
        await (await replica.tier.turn(HOWARD, NEVER)).leave()
        await asyncio.sleep(STEADILY)  # nothing comes of it that could be awaited

    assert "renew" not in {operation for operation, _ in replica.counts}


async def test_of_many_who_wait_for_one_that_has_died_one_asks(start: StartReplica) -> None:
    dead, *others = start(lock_seconds=BRIEFLY), *(start(patience=LONGER) for _ in range(6))
    await dead.tier.turn(ASHOK, NEVER)
    asked: list[Replica] = []

    async def ask(replica: Replica) -> None:
        turn = await replica.tier.turn(ASHOK, NEVER)
        if turn.found is None:
            asked.append(replica)
            looks = {id(one): one.counts["read", "ok"] for one in others}
            waiting = [one for one in others if one is not replica]
            await until(lambda: all(one.counts["read", "ok"] > looks[id(one)] + 1 for one in waiting))
            await turn.fill(replica.answer(), 60)

    async with asyncio.timeout(LONG):
        await asyncio.gather(*map(ask, others))

    assert len(asked) == 1


async def test_who_stood_still_and_lost_the_lock_renews_not_that_of_the_next(
    start: StartReplica, stored: Redis
) -> None:
    one, other = start(lock_seconds=BRIEFLY), start(lock_seconds=LONGER, patience=LONGER)
    late = await one.tier.turn(ASHOK, NEVER)
    async with asyncio.timeout(LONG):
        await other.tier.turn(ASHOK, NEVER)
    lock = stored.get(one.names.lock(ASHOK))

    async with beside(one.tier.renew_turns()):  # it goes on
        await renewed(one, 2)
    await late.leave()

    assert stored.get(one.names.lock(ASHOK)) == lock is not None
    assert stored.pttl(one.names.lock(ASHOK)) > 1000 * (LONGER - LONG)


async def test_who_stood_still_and_lost_the_lock_stores_nothing_that_was_forgotten_meanwhile(
    start: StartReplica,
) -> None:
    one, other = start(lock_seconds=BRIEFLY), start(patience=LONGER)
    late = await one.tier.turn(ASHOK, NEVER)
    async with asyncio.timeout(LONG):
        next_one = await other.tier.turn(ASHOK, NEVER)
    await other.tier.forget(Forgotten((ASHOK.mark,)))

    await late.fill(one.answer(), 60)
    await next_one.fill(other.answer(), 60)

    assert (one.counts["fill", "overtaken"], other.counts["fill", "overtaken"]) == (1, 1)
    assert await other.tier.get(ASHOK) is None


async def test_a_redis_that_was_silent_is_told_of_turns_again(
    start: StartReplica, redis: RedisProcess
) -> None:
    replica = start(lock_seconds=BRIEFLY, within=BRIEF)
    async with beside(replica.tier.renew_turns()):
        turn = await replica.tier.turn(ASHOK, NEVER)
        await renewed(replica)

        redis.pause()
        await until(lambda: replica.counts["renew", "timeout"] > 0)
        redis.resume()

        await renewed(replica, 2)
        await turn.fill(replica.answer(), 60)
    assert await replica.tier.get(ASHOK) is not None


@pytest.fixture
async def link(redis: RedisProcess) -> AsyncIterator[tuple[RedisLink, Counter[str]]]:
    """Give a line, and what came of the renewals that went over it."""
    results: Counter[str] = Counter()
    link = new_link(redis.url, lambda _, result: results.update((result,)))
    yield link, results
    await link.close()


async def test_a_lock_is_renewed_no_longer_than_a_turn_may_last(
    link: tuple[RedisLink, Counter[str]], stored: Redis
) -> None:
    renewals = Renewals(link[0], lock_seconds=BRIEFLY, longest=5 * BRIEFLY)
    stored.set("a lock", b"token", px=int(1000 * LONGER))
    renewals.keep("a lock", b"token")

    async with beside(renewals.run()):
        await until(lambda: not stored.exists("a lock"))

    assert link[1]["ok"] > 0


async def test_nonsense_under_one_key_costs_no_other_lock_its_renewal(
    link: tuple[RedisLink, Counter[str]], stored: Redis
) -> None:
    renewals = Renewals(link[0], lock_seconds=BRIEFLY)
    stored.rpush("nonsense", "a list")
    stored.set("a lock", b"token", px=int(1000 * LONGER))
    renewals.keep("nonsense", b"another token")
    renewals.keep("a lock", b"token")

    async with beside(renewals.run()):
        await until(lambda: link[1].total() > 0 and stored.pttl("a lock") <= 1000 * BRIEFLY)

    assert link[1].keys() == {"ok"}


async def test_however_many_there_are_all_are_renewed(
    link: tuple[RedisLink, Counter[str]], stored: Redis
) -> None:
    renewals = Renewals(link[0], lock_seconds=BRIEFLY)
    locks = [f"lock {at}" for at in range(1200)]
    with stored.pipeline() as pipeline:
        for lock in locks:
            pipeline.set(lock, lock, px=int(1000 * LONGER))
        pipeline.execute()
    for lock in locks:
        renewals.keep(lock, lock.encode())

    async with beside(renewals.run()):
        await until(lambda: all(stored.pttl(lock) <= 1000 * BRIEFLY for lock in (locks[0], locks[-1])))


def test_a_lookup_outlives_a_lock_and_no_flight_the_renewals() -> None:
    assert LOCK + DIRECTORYS_TIME < A_LOOKUP
    assert PATIENCE < LONGEST_FLIGHT <= LONGEST_TURN
