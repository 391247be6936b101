"""A process that begins knows who was erased before it answers, and does not wait for a Redis that is not there."""

import time
from pathlib import Path

import pytest

from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.cache.waits import BEGIN
from cti_lookup.people import Person
from cti_lookup.replicas import open_replicas
from cti_lookup.settings import Settings
from cti_lookup.tallies import Tallies
from cti_lookup.times import Clock
from tests.replicas.fleet import SECRET, Fleet
from tests.servers.fake_directory import TOKEN, FakeDirectory
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import LIMITS

pytestmark = pytest.mark.slow

BUSY = 5.0
"""Seconds by which this machine may be late; a start that waits for Redis to come never ends."""


async def test_from_the_beginning_a_process_knows_who_was_erased_before(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    (first,) = await fleet.start_patient(1, redis_url=redis.url)
    assert (await first.erase())[0] == 200
    chosen = {"redis_url": redis.url, "directory_url": directory.url, "directory_token": TOKEN}
    settings = Settings.model_validate({**chosen, "secret": SECRET, "region": "US"})
    clock = Clock()
    memory = MemoryTier(Freshness(900, 60, 86400), clock.steady)
    async with (
        open_replicas(redis.url, settings, Tallies(), clock, LIMITS, None) as replicas,
        replicas.listening(memory),
    ):
        assert memory.unerased((Person(30, "Ashok Kumar"), Person(31, "Gwen Boss"))) == (
            Person(31, "Gwen Boss"),
        )


async def test_what_a_process_learns_first_it_remembers(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    await fleet.start_patient(1, redis_url=redis.url)
    (second,) = await fleet.start_patient(1, redis_url=redis.url)
    await second.answer()
    for _ in range(20):
        assert await second.remembers()
    assert len(directory.requests) == 1


@pytest.mark.alone
@pytest.mark.parametrize("fault", ["away", "hung"])
async def test_a_redis_that_is_not_there_delays_the_beginning_by_little(
    fleet: Fleet, redis: RedisProcess, tmp_path: Path, fault: str
) -> None:
    began = time.monotonic()
    await fleet.start(1)
    usual = time.monotonic() - began
    redis.pause()
    began = time.monotonic()
    url = redis.url if fault == "hung" else f"unix://{tmp_path}/nothing.sock"
    (replica,) = await fleet.start(1, redis_url=url)
    assert time.monotonic() - began < 3 * usual + BEGIN + BUSY
    assert (await replica.answer())["outcome"] == "matched"
