"""Processes of the very program, one Redis, many agents: each sees exactly their own calls, whatever ends in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from tests.feed.listening import Listener, bearer
from tests.feed.watching import WITHIN, Agent, listening_agents
from tests.replicas.fleet import BEARER, Fleet, Replica
from tests.servers.fake_directory import FakeDirectory
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

AGENTS: Final = 200
CALLS: Final = 10_000
AT_ONCE: Final = 32


@pytest.fixture
async def fleet(tmp_path: Path, directory: FakeDirectory) -> AsyncIterator[Fleet]:
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(60)) as session:
        fleet = Fleet(tmp_path, directory, session)
        yield fleet
        await fleet.close()


async def ring(replica: Replica, agent: str, call_id: str, **event: Any) -> None:
    told = {
        "event": "newCall",
        "from": "+17139872967",
        "to": agent,
        "direction": "in",
        "callId": call_id,
        **event,
    }
    async with replica.session.post(f"{replica.url}/webhooks/generic", json=told, headers=BEARER) as response:
        assert response.status == 200


def own(agents: list[Agent], calls: int) -> dict[str, set[str]]:
    """Give each agent's calls: they are dealt out in turn."""
    return {
        one.name: {f"c{at}" for at in range(calls) if at % len(agents) == place}
        for place, one in enumerate(agents)
    }


async def ring_all(replicas: list[Replica], agents: list[Agent], numbers: Iterable[int]) -> None:
    left = iter(numbers)

    async def ring_on() -> None:
        for at in left:
            await ring(replicas[at % len(replicas)], agents[at % len(agents)].name, f"c{at}")

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ring_on())


async def test_two_hundred_agents_see_exactly_their_own_of_ten_thousand_calls(
    fleet: Fleet, redis: RedisProcess
) -> None:
    replicas = await fleet.start_patient(2, redis_url=redis.url)
    await replicas[0].answer()
    async with listening_agents(AGENTS, replicas) as agents:
        expected = own(agents, CALLS)
        async with asyncio.timeout(WITHIN):
            await ring_all(replicas, agents, range(CALLS))
            await asyncio.gather(*(one.has_seen(expected[one.name]) for one in agents))

        assert {one.name: set(one.seen) for one in agents} == expected
        assert [one.doubled for one in agents if one.doubled] == []


async def test_when_one_of_three_replicas_is_killed_its_agents_go_on_elsewhere(
    fleet: Fleet, redis: RedisProcess
) -> None:
    replicas = await fleet.start_patient(3, redis_url=redis.url)
    async with listening_agents(12, replicas) as agents:
        expected = own(agents, 300)
        async with asyncio.timeout(WITHIN):
            await ring_all(replicas, agents, range(100))
            first = own(agents, 100)
            await asyncio.gather(
                *(one.has_seen(first[one.name]) for one in agents)
            )  # told, not only answered
            replicas[0].program.kill()
            await ring_all(replicas[1:], agents, range(100, 300))
            await asyncio.gather(*(one.has_seen(expected[one.name]) for one in agents))

        assert {one.name: set(one.seen) for one in agents} == expected
        assert [one.doubled for one in agents if one.doubled] == []


async def test_redis_is_killed_and_comes_back_and_no_call_is_lost_or_doubled(
    fleet: Fleet, redis: RedisProcess
) -> None:
    replicas = await fleet.start(2, redis_url=redis.url)
    async with listening_agents(12, replicas) as agents:
        expected = own(agents, 300)
        async with asyncio.timeout(WITHIN):
            await ring_all(replicas, agents, range(100))
            redis.kill()
            await ring_all(replicas, agents, range(100, 200))
            redis.start()
            await ring_all(replicas, agents, range(200, 300))
            await asyncio.gather(*(one.has_seen(expected[one.name]) for one in agents))

        assert {one.name: set(one.seen) for one in agents} == expected
        assert [one.doubled for one in agents if one.doubled] == []


async def test_a_token_that_one_replica_takes_back_ends_the_streams_of_all(
    fleet: Fleet, redis: RedisProcess
) -> None:
    one, other = await fleet.start_patient(2, redis_url=redis.url)
    grant = {"subject": "u", "agents": ["2000"]}
    async with one.session.post(f"{one.url}/v1/tokens", json=grant, headers=BEARER) as response:
        token = await response.json()
    async with one.session.get(f"{other.url}/v1/calls/stream", headers=bearer(token["token"])) as stream:
        listener = Listener(stream)
        assert [(await listener.next()).name for _ in range(2)] == ["hello", "calls"]
        async with one.session.delete(f"{one.url}/v1/tokens/{token['id']}", headers=BEARER) as response:
            assert response.status == 204
        assert (await listener.next()).told == {"reason": "revoked"}
    async with one.session.get(f"{other.url}/v1/calls", headers=bearer(token["token"])) as response:
        assert (await response.json(content_type=None))["code"] == "token_revoked"
