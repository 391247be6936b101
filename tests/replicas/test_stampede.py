"""One flight over all replicas: however many ring at once at however many processes, the directory is asked once."""

import asyncio
import signal
import time
from typing import Any

import pytest

from tests.replicas.fleet import SOON, Fleet, Replica, names, outcomes, taking, undisturbed, until
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, held, person
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

DIRECTORYS_TIME = 0.3
EACH = 20
BUDGET = 0.8
"""Seconds that a webhook waits, as by default."""

BUSY = 0.7
"""Seconds by which this machine may be late."""


async def all_at_once(replicas: list[Replica], number: str) -> list[Any]:
    """Have sixty look up one number at three replicas."""
    return await asyncio.gather(*(one.lookup(number) for _ in range(EACH) for one in replicas))


NEW = [f"+44207946{last:04}" for last in range(10)]


@pytest.mark.parametrize("outcome", ["matched", "nobody"])
async def test_sixty_who_ask_three_processes_for_a_new_number_are_one_request(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory, outcome: str
) -> None:
    replicas = await fleet.start(3, redis_url=redis.url)
    if outcome == "matched":
        directory.people = [person(number, id=place) for place, number in enumerate(NEW, 1)]
    directory.behaviour = taking(DIRECTORYS_TIME, directory.answer)

    async def attempt(turn: int) -> None:
        directory.requests.clear()
        answers = await all_at_once(replicas, NEW[turn])
        assert len(answers) == 60
        assert outcomes(answers) == {outcome}
        assert {one["id"] for answer in answers for one in answer["people"]} <= {turn + 1}
        assert [one.path for one in directory.requests] == ["/v1/sd"]

    await undisturbed(replicas, "turn", attempt)


async def test_without_redis_each_of_three_processes_asks_once(
    fleet: Fleet, directory: FakeDirectory
) -> None:
    replicas = await fleet.start(3)
    directory.behaviour = taking(DIRECTORYS_TIME, directory.answer)
    answers = await all_at_once(replicas, ASHOKS_NUMBER)
    assert outcomes(answers) == {"matched"}
    assert len(directory.requests) == 3


async def test_while_redis_hangs_each_process_asks_at_most_once(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    replicas = await fleet.start(3, redis_url=redis.url)
    redis.pause()
    directory.behaviour = taking(DIRECTORYS_TIME, directory.answer)
    answers = await all_at_once(replicas, ASHOKS_NUMBER)
    assert outcomes(answers) == {"matched"}
    assert 1 <= len(directory.requests) <= 3


async def test_who_waits_for_a_process_that_was_killed_is_answered_in_time_and_soon_knows(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    first, *others = await fleet.start(3, redis_url=redis.url)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    lost = asyncio.create_task(first.ring())
    await asyncio.wait_for(directory.asked.wait(), SOON)
    began = time.monotonic()
    rings = asyncio.gather(*(one.ring() for _ in range(EACH) for one in others))
    first.program.kill()
    gate.set()
    answers = await rings
    assert time.monotonic() - began < BUDGET + BUSY
    assert outcomes(answers) <= {"pending", "matched"}
    for one in others:
        await until(one.remembers)
    assert len(directory.requests) <= 1 + len(others)
    await asyncio.gather(lost, return_exceptions=True)


async def test_a_process_that_is_stopped_for_seconds_holds_nobody_back_and_spoils_nothing(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    first, other = await fleet.start(2, redis_url=redis.url)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    late = asyncio.create_task(first.lookup())
    await asyncio.wait_for(directory.asked.wait(), SOON)
    first.program.process.send_signal(signal.SIGSTOP)  # its lock stays, its answer waits in its socket
    gate.set()
    directory.behaviour = directory.answer
    await until(other.remembers)
    directory.people[0]["name"] = "Ashok K. Kumar"
    assert await other.changed() == 200
    first.program.process.send_signal(signal.SIGCONT)
    await late
    assert names(await other.lookup()) == ["Ashok K. Kumar"]

    async def knows_the_new_name() -> bool:
        return names(await first.lookup()) == ["Ashok K. Kumar"]

    await until(knows_the_new_name, within=2.0 + BUSY)
