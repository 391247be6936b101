"""A secret is changed while its replicas serve: what they know outlives that."""

from functools import partial

import pytest

from tests.replicas.fleet import PROMISED, SECRET, Fleet, Replica, names, until
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

NEW = "a new secret"
UNKNOWN = "+442079460999"


async def learn(fleet: Fleet, redis: RedisProcess) -> None:
    """Have a replica with the old secret learn two answers, and end it."""
    (replica,) = await fleet.start_patient(1, redis_url=redis.url)
    await replica.answer()
    await replica.answer(UNKNOWN)
    await until(lambda: replica.has_stored(2))
    assert replica.stop() == 0


async def test_what_was_stored_under_the_old_secret_is_found_while_that_is_known(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    await learn(fleet, redis)
    (replica,) = await fleet.start_patient(1, redis_url=redis.url, secret=NEW, secret_previous=SECRET)
    found = await replica.answer()
    assert (found["outcome"], names(found)) == ("matched", ["Ashok Kumar"])
    assert (await replica.answer(UNKNOWN))["outcome"] == "nobody"
    assert len(directory.requests) == 2, "it was not found, and the directory was asked"


async def test_without_the_old_secret_nothing_of_before_is_found(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    await learn(fleet, redis)
    (replica,) = await fleet.start_patient(1, redis_url=redis.url, secret=NEW)
    assert (await replica.answer())["outcome"] == "matched"
    assert len(directory.requests) == 3


async def test_while_replicas_know_different_secrets_each_hears_what_the_other_forgets(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    (old,) = await fleet.start_patient(1, redis_url=redis.url, secret_previous=NEW)
    (new,) = await fleet.start_patient(1, redis_url=redis.url, secret=NEW, secret_previous=SECRET)
    for teller, hearer, name in ((old, new, "Ashok K. Kumar"), (new, old, "A. K. Kumar")):
        for replica in (old, new):
            await until(replica.remembers)
        directory.people[0]["name"] = name
        assert await teller.forget(ASHOKS_NUMBER) == 204
        await until(partial(_shows, hearer, name), within=PROMISED)


async def _shows(replica: Replica, name: str) -> bool:
    return names(await replica.answer()) == [name]
