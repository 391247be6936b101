"""Processes of the very program, one Redis, many agents: each sees exactly their own calls, whatever ends in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.feed.desk import Event
from tests.feed.listening import Listener, bearer
from tests.replicas.fleet import BEARER, Fleet, Replica
from tests.servers.fake_directory import FakeDirectory
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

AGENTS: Final = 200
CALLS: Final = 10_000
AT_ONCE: Final = 32
WITHIN: Final = 120.0
"""Seconds for all; a fifth of it is what it takes on a machine that does nothing else."""


@pytest.fixture
async def fleet(tmp_path: Path, directory: FakeDirectory) -> AsyncIterator[Fleet]:
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(60)) as session:
        fleet = Fleet(tmp_path, directory, session)
        yield fleet
        await fleet.close()


class Agent:
    """Somebody who listens, and connects again wherever there is a service when the line is cut."""

    def __init__(self, name: str, urls: Iterable[str], session: ClientSession) -> None:
        self.name = name
        self.urls = list(urls)
        self.seen: dict[str, str] = {}
        self.revisions: dict[str, int] = {}
        self.doubled: list[str] = []
        self.listens = asyncio.Event()
        self.changed = asyncio.Event()
        self._session = session
        self._last_id = ""
        self._token = ""

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen_to(self.urls[0])
            except (AssertionError, ClientError, OSError):
                self.urls.append(self.urls.pop(0))

    async def _listen_to(self, url: str) -> None:
        self._token = self._token or await self._new_token(url)
        headers = bearer(self._token) | ({"Last-Event-ID": self._last_id} if self._last_id else {})
        timeout = ClientTimeout(total=None, sock_read=40)
        async with self._session.get(f"{url}/v1/calls/stream", headers=headers, timeout=timeout) as response:
            listener = Listener(response)
            while True:
                event = await listener.next()
                self._last_id = listener.last_id
                self._see(event)

    async def _new_token(self, url: str) -> str:
        grant = {"subject": self.name, "agents": [self.name], "expires_in": 3600}
        async with self._session.post(f"{url}/v1/tokens", json=grant, headers=BEARER) as response:
            return str((await response.json())["token"])

    def _see(self, event: Event) -> None:
        calls = event.told["calls"] if event.name == "calls" else [event.told] if event.name == "call" else []
        if event.name == "calls" or (event.name == "hello" and self._last_id):
            self.listens.set()
        for call in calls:
            known = self.revisions.get(call["id"], 0)
            if event.name == "call" and call["revision"] < known:
                self.doubled.append(call["provider_id"])
            self.revisions[call["id"]] = max(known, call["revision"])
            self.seen[call["provider_id"]] = call["state"]
        self.changed.set()

    async def has_seen(self, calls: set[str]) -> None:
        """Wait until all of some calls were seen."""
        while not calls <= self.seen.keys():
            self.changed.clear()
            await self.changed.wait()


@asynccontextmanager
async def listening_agents(count: int, replicas: list[Replica]) -> AsyncIterator[list[Agent]]:
    urls = [one.url for one in replicas]
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        agents = [
            Agent(str(2000 + at), urls[at % len(urls) :] + urls[: at % len(urls)], session)
            for at in range(count)
        ]
        tasks = [asyncio.create_task(one.listen()) for one in agents]
        try:
            async with asyncio.timeout(WITHIN):
                await asyncio.gather(*(one.listens.wait() for one in agents))
            yield agents
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


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
