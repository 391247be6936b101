"""The call log works with the rights that the document asks for, and in a Cluster."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.feed.replicas import ADAS_NUMBER, Replica, answered, call, heard, sharing
from tests.redis.test_acl import words_of_the_document
from tests.servers.redis_cluster import RedisClusterProcesses
from tests.servers.redis_process import RedisProcess


class Restricted(RedisProcess):
    """A Redis whose user may do what the document says, and nothing else."""

    @property
    def url(self) -> str:
        return f"unix://cti:right@{self.socket}"


@pytest.fixture
async def restricted(tmp_path: Path) -> AsyncIterator[Replica]:
    redis = Restricted(tmp_path / "restricted")
    redis.start()
    redis.command(*words_of_the_document())
    async with sharing(redis) as replica:
        yield replica
    redis.end()


@pytest.fixture
async def clustered(tmp_path: Path) -> AsyncIterator[Replica]:
    cluster = RedisClusterProcesses(tmp_path)
    cluster.start()
    async with sharing(cluster) as replica:
        yield replica
    cluster.end()


async def use(replica: Replica) -> None:
    """Do all that is done with the log."""
    screen, one = replica.look(), call()
    await replica.note(one)
    await heard(screen)
    await replica.note(answered(one))
    assert [event.told["state"] for event in await heard(screen)] == ["answered"]
    assert [entry.id for entry in await replica.log()] == [one.id]
    await replica.choices.choose(ADAS_NUMBER, 1)
    assert await replica.choices.of(ADAS_NUMBER) == 1
    await replica.choices.forget_person(1)
    await replica.calls.erase_person(1)
    await heard(screen)
    await replica.calls.erase_number(ADAS_NUMBER)
    assert (await heard(screen))[0].told["reason"] == "erased"
    assert replica.counts.keys() <= {"told", "left"}


async def test_the_rights_of_the_document_are_enough(restricted: Replica) -> None:
    await use(restricted)


@pytest.mark.slow
async def test_all_keys_of_the_log_are_on_one_node_of_a_cluster(clustered: Replica) -> None:
    await use(clustered)
