"""One flight over all replicas: however many ring at once at however many processes, the directory is asked once."""

import asyncio
import signal
import time
from typing import Any

import pytest

from cti_lookup.cache.notices import SILENCE
from cti_lookup.cache.turns import PATIENCE
from cti_lookup.fetching import LONGEST_FLIGHT
from tests.replicas.fleet import PROMISED, SOON, Fleet, Replica, names, outcomes, taking, until
from tests.servers.fake_directory import FakeDirectory, held
from tests.servers.redis_process import RedisProcess
from tests.standstill import standstill

pytestmark = pytest.mark.slow

DIRECTORYS_TIME = 0.3
EACH = 20
TO_SPARE = 0.3
"""Seconds that this process, which is the directory too, may stand still before who waits is told `unavailable`."""


async def all_at_once(replicas: list[Replica]) -> list[Any]:
    """Have sixty look up one number at three replicas."""
    return await asyncio.gather(*(one.answer() for _ in range(EACH) for one in replicas))


@pytest.mark.parametrize("outcome", ["matched", "nobody"])
async def test_sixty_who_ask_three_processes_for_a_new_number_are_one_request(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory, outcome: str
) -> None:
    replicas = await fleet.start_patient(3, redis_url=redis.url)
    if outcome == "nobody":
        directory.people.clear()
    directory.behaviour = taking(DIRECTORYS_TIME, directory.answer)
    answers = await all_at_once(replicas)
    assert len(answers) == 60
    assert outcomes(answers) == {outcome}
    assert [one.path for one in directory.requests] == ["/v1/sd"]


async def test_without_redis_each_of_three_processes_asks_once(
    fleet: Fleet, directory: FakeDirectory
) -> None:
    replicas = await fleet.start(3)
    directory.behaviour = taking(DIRECTORYS_TIME, directory.answer)
    answers = await all_at_once(replicas)
    assert outcomes(answers) == {"matched"}
    assert len(directory.requests) == 3


async def test_while_redis_hangs_each_process_asks_at_most_once(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    replicas = await fleet.start(3, redis_url=redis.url)
    redis.pause()
    directory.behaviour = taking(DIRECTORYS_TIME, directory.answer)
    began = time.monotonic()
    answers = await all_at_once(replicas)
    assert outcomes(answers) == {"matched"}
    again = (
        max(0.0, time.monotonic() - began - SILENCE) / DIRECTORYS_TIME
    )  # while nothing is heard, none is relied on
    assert 1 <= len(directory.requests) <= 3 * (1 + int(again))


@pytest.mark.alone
async def test_who_waits_for_a_process_that_was_killed_is_answered_in_time_and_soon_knows(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    first, *others = await fleet.start_patient(3, redis_url=redis.url)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    lost = asyncio.create_task(first.ring())
    await asyncio.wait_for(directory.asked.wait(), SOON)
    began = time.monotonic()
    rings = asyncio.gather(*(one.ring() for _ in range(EACH) for one in others))
    first.program.kill()
    gate.set()
    answers = await rings
    assert time.monotonic() - began < PATIENCE, "as long as a replica waits for another"
    assert outcomes(answers) <= {"pending", "matched"}
    for one in others:
        await until(one.remembers)
    flights = 1 + int((time.monotonic() - began) / LONGEST_FLIGHT)
    assert len(directory.requests) <= 1 + flights * len(others)
    await asyncio.gather(lost, return_exceptions=True)


@pytest.mark.alone
async def test_a_lookup_of_what_a_killed_process_was_asking_is_answered_in_time(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    first, *others = await fleet.start(3, redis_url=redis.url)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    lost = asyncio.create_task(first.lookup())
    await asyncio.wait_for(directory.asked.wait(), SOON)

    async def has_renewed_its_lock() -> bool:
        return await first.counted("cti_redis_operations_total", operation="renew", result="ok") > 0

    await until(has_renewed_its_lock)
    directory.behaviour = directory.answer
    async with standstill() as stood:
        lookups = asyncio.gather(*(one.lookup() for _ in range(EACH) for one in others))
        first.program.kill()
        late = outcomes(await lookups) - {"matched"}
        assert not late or (late == {"unavailable"} and stood() > TO_SPARE), "which they are after 1.5 s"
    assert len(directory.requests) <= 1 + len(others)
    gate.set()
    await asyncio.gather(lost, return_exceptions=True)


async def test_a_process_that_is_stopped_for_seconds_holds_nobody_back_and_spoils_nothing(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    first, other = await fleet.start_patient(2, redis_url=redis.url)
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
    assert names(await other.answer()) == ["Ashok K. Kumar"]

    async def knows_the_new_name() -> bool:
        return names(await first.answer()) == ["Ashok K. Kumar"]

    await until(knows_the_new_name, within=PROMISED)
