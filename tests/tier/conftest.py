"""Replicas that share the test's Redis."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis import Redis

from cti_lookup.cache.redis_link import RedisLink
from tests.conftest import SettableClock
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import PATIENT
from tests.tier.replicas import SECRET, Replica, StartReplica, new_link, seals_of


@pytest.fixture
async def start(redis: RedisProcess) -> AsyncIterator[StartReplica]:
    """Start replicas; they end with the test."""
    links: list[RedisLink] = []

    def start_replica(
        *secrets: bytes, wall: SettableClock | None = None, within: float = PATIENT, **options: Any
    ) -> Replica:
        counts: Counter[tuple[str, str]] = Counter()
        link = new_link(
            redis.url, lambda operation, result: counts.update([(operation, result)]), within=within
        )
        links.append(link)
        seals = seals_of(*(secrets or (SECRET,)))
        steady = SettableClock(1000.0 * len(links))  # no two processes started at the same moment
        return Replica(link, seals, wall or SettableClock(), steady, counts, **options)

    yield start_replica
    for link in links:
        await link.close()


@pytest.fixture
def replica(start: StartReplica) -> Replica:
    return start()


@pytest.fixture
def stored(redis: RedisProcess) -> Iterator[Redis]:
    """Give a client of the test's own, to look at what is stored, and to spoil it."""
    client = Redis.from_url(redis.url)
    yield client
    client.close()
