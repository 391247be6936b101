"""
Replicas end while phones ring and agents look on: killed, or told to and waited for. What was accepted is known afterwards, once.

Facts: a webhook is answered when Redis knows its call; the call log and the screens are told some milliseconds later. What a process that
is killed in between had not told yet, another finds in the outbox, and tells.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.feed.watching import WITHIN, Agent, listening_agents
from tests.replicas.fleet import BEARER, Fleet, Replica, until
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

AGENTS: Final = 9
CALLS_EACH: Final = 40
PHONES: Final = 6
MOST_CALLS: Final = 480
"""Fewer than the call log tells at once."""

RESTS: Final = 0.1
"""Seconds between two calls of one phone."""

LOOKS: Final = 0.05
"""Seconds between two looks at who is ready."""

DRAIN: Final = 2
"""Seconds for which a process goes on, many times what it takes to see that it is not ready."""

EVENTS: Final = (("newCall", "ringing"), ("answer", "answered"), ("hangup", "ended"))


class Balancer:
    """
    Spreads requests over the replicas that are ready, over connections that are kept.

    A refused connection is tried elsewhere, for nobody has seen the request. Whatever else goes wrong is noted in `failed`, and tried
    again as a phone system would.
    """

    def __init__(self, replicas: Sequence[Replica], session: ClientSession) -> None:
        self.failed: Counter[str] = Counter()
        self.accepted: dict[str, str] = {}
        self._ready = list(replicas)
        self._all = list(replicas)
        self._session = session

    def replace(self, old: Replica, new: Replica) -> None:
        """Take in a replica for another."""
        self._all[self._all.index(old)] = new

    async def look(self) -> None:
        """Look at who is ready, until cancelled."""
        while True:
            self._ready = [one for one in self._all if await self._is_ready(one)]
            await asyncio.sleep(LOOKS)

    async def _is_ready(self, replica: Replica) -> bool:
        try:
            async with self._session.get(f"{replica.url}/readyz") as response:
                return response.status == 200
        except ClientError:
            return False

    async def send(self, serial: int, event: dict[str, str | list[str]]) -> None:
        """Send an event until it is accepted; each call's events reach one replica after the other."""
        for attempt in range(1000):
            if not self._ready:
                await asyncio.sleep(LOOKS)
                continue
            replica = self._ready[(serial + attempt) % len(self._ready)]
            try:
                url = f"{replica.url}/webhooks/generic"
                async with self._session.post(url, json=event, headers=BEARER) as response:
                    await response.read()
                    if response.status == 200:
                        return
                    self.failed[str(response.status)] += 1
            except ClientConnectorError:
                await asyncio.sleep(0)
            except ClientError as error:
                self.failed[type(error).__name__] += 1
        raise AssertionError("nobody accepts it")

    async def call(self, serial: int, agent: str) -> None:
        """Make a call from its ringing to its end, and note how far it was accepted."""
        name = f"c{serial}"
        for number, (event, state) in enumerate(EVENTS):
            told = {"event": event, "from": "+17139872967", "to": agent, "direction": "in", "callId": name}
            await self.send(serial + number, {**told, "user": [agent], "answeringNumber": agent})
            self.accepted[name] = state


@asynccontextmanager
async def balancing(replicas: Sequence[Replica]) -> AsyncIterator[Balancer]:
    """Spread requests for as long as this lasts."""
    timeout = ClientTimeout(60)
    async with ClientSession(
        connector=TCPConnector(limit=0, keepalive_timeout=60), timeout=timeout
    ) as session:
        balancer = Balancer(replicas, session)
        looking = asyncio.create_task(balancer.look())
        try:
            yield balancer
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


async def ring_through(balancer: Balancer, agents: Sequence[Agent], half: asyncio.Event) -> None:
    """Let each agent have calls, some at a time; say when half of them were made."""
    left = iter(range(AGENTS * CALLS_EACH))

    async def ring_on() -> None:
        for serial in left:
            if serial == AGENTS * CALLS_EACH // 2:
                half.set()
            await balancer.call(serial, agents[serial % AGENTS].name)

    await asyncio.gather(*(ring_on() for _ in range(PHONES)))


async def ring_until(ended: asyncio.Event, balancer: Balancer, agents: Sequence[Agent]) -> None:
    """Let each agent have calls until it is enough; a phone keeps its line, and rests between two calls."""
    serials = iter(range(MOST_CALLS))

    async def ring_on() -> None:
        while not ended.is_set() and (serial := next(serials, None)) is not None:
            await balancer.call(serial, agents[serial % AGENTS].name)
            await asyncio.sleep(RESTS)

    await asyncio.gather(*(ring_on() for _ in range(PHONES)))


def own(agents: Sequence[Agent], calls: Iterable[str]) -> dict[str, set[str]]:
    """Give each agent's calls."""
    told: dict[str, set[str]] = {one.name: set() for one in agents}
    for name in calls:
        told[agents[int(name[1:]) % AGENTS].name].add(name)
    return told


async def logged(replica: Replica) -> Counter[tuple[str, str]]:
    """Count the calls of the log by the provider's id and the state."""
    url = f"{replica.url}/v1/calls"
    async with replica.session.get(url, params={"limit": "500"}, headers=BEARER) as response:
        calls: list[Any] = (await response.json())["calls"]
    return Counter((one["provider_id"], one["state"]) for one in calls)


async def assert_that_all_is_known_once(
    balancer: Balancer,
    replicas: Sequence[Replica],
    agents: Sequence[Agent],
) -> None:
    """Hold the log of each replica, and what each agent saw, against what was accepted."""

    async def knows_all(replica: Replica) -> bool:
        return balancer.accepted.items() <= {(name, state) for name, state in await logged(replica)}

    for replica in replicas:
        await until(partial(knows_all, replica), within=WITHIN)
        told = await logged(replica)
        assert [name for name, count in Counter(name for name, _ in told).items() if count > 1] == []
        assert {name for name, _ in told} <= balancer.accepted.keys()
    theirs = own(agents, balancer.accepted)
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*(one.has_seen(theirs[one.name]) for one in agents))
    assert {one.name: set(one.seen) for one in agents} == theirs
    assert [one.doubled for one in agents if one.doubled] == []
    assert [ids for one in agents for ids in one.ids.values() if len(ids) != 1] == []


async def test_what_was_accepted_is_known_once_though_one_of_three_is_killed_and_started_again(
    fleet: Fleet, redis: RedisProcess
) -> None:
    first, *others = await fleet.start_patient(3, redis_url=redis.url)
    await first.answer()
    async with balancing([first, *others]) as balancer, listening_agents(AGENTS, [first, *others]) as agents:
        half = asyncio.Event()
        ringing = asyncio.create_task(ring_through(balancer, agents, half))
        await half.wait()
        first.program.kill()
        (again,) = await fleet.start_patient(1, redis_url=redis.url)
        balancer.replace(first, again)
        await ringing
        await assert_that_all_is_known_once(balancer, [again, *others], agents)


async def test_an_event_is_known_that_was_accepted_in_the_very_moment_before_the_end(
    fleet: Fleet, redis: RedisProcess
) -> None:
    first, other = await fleet.start_patient(2, redis_url=redis.url)
    await first.answer()  # so that the next is answered at once
    event = {"event": "newCall", "from": "+17139872967", "to": "agent", "direction": "in", "callId": "last"}
    async with first.session.post(f"{first.url}/webhooks/generic", json=event, headers=BEARER) as response:
        first.program.kill()  # the log is told 5 ms after the answer
        assert response.status == 200

    async def is_known() -> bool:
        return ("last", "ringing") in await logged(other)

    await until(is_known, within=WITHIN)


async def test_no_request_fails_while_all_three_are_told_to_end_one_by_one(
    fleet: Fleet, redis: RedisProcess
) -> None:
    replicas = await fleet.start_patient(3, redis_url=redis.url, drain=f"{DRAIN}")
    await replicas[0].answer()
    async with balancing(replicas) as balancer, listening_agents(AGENTS, replicas) as agents:
        ended = asyncio.Event()
        ringing = asyncio.create_task(ring_until(ended, balancer, agents))
        for place, old in enumerate(list(replicas)):
            (new,) = await fleet.start_patient(1, redis_url=redis.url, drain=f"{DRAIN}")
            for one in agents:
                one.urls.append(new.url)
            await assert_that_it_ends_well(old)
            balancer.replace(old, new)
            replicas[place] = new
        ended.set()
        await ringing

        assert balancer.failed == Counter()
        await assert_that_all_is_known_once(balancer, replicas, agents)


async def assert_that_it_ends_well(replica: Replica) -> None:
    """Tell a replica to end, as an orchestrator does, and wait."""
    replica.program.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(replica.program.process.wait, WITHIN) == 0
    assert "Traceback" not in replica.program.complained
