"""What is promised, tried once more where it has changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cti_lookup.answers import NOBODY, Answer
from cti_lookup.cache.memory import CUT_OFF, Freshness, MemoryTier
from cti_lookup.errors import Unavailable
from cti_lookup.fetching import Fetching
from cti_lookup.people import Person
from cti_lookup.ports import NoSharedTier
from cti_lookup.questions import AnyQuestion, Purpose
from cti_lookup.reading import Reading
from cti_lookup.rservice.quota import Quota
from cti_lookup.times import Clock
from tests.conftest import SettableClock
from tests.rservice.opening import ASHOK, opened
from tests.servers.fake_directory import FakeDirectory
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import SHIPPED
from tests.service.conftest import StartService, starting

OLD, NEW = "Ashok Kumar", "Ashok K. Kumar"


@pytest.fixture
async def start(directory: FakeDirectory, clock: SettableClock) -> AsyncIterator[StartService]:
    """Start services under the test's clock; they stop when the test ends."""
    async with starting(directory, Clock(clock, clock)) as start_service:
        yield start_service


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer["people"]]


async def test_a_replica_that_never_heard_anything_relies_on_its_own_memory_for_moments_only(
    start: StartService, redis: RedisProcess, directory: FakeDirectory, clock: SettableClock
) -> None:
    redis.end()
    service = await start(redis_url=redis.url, redis_limits=SHIPPED)
    assert names(await service.lookup()) == [OLD]
    directory.people[0]["name"] = NEW
    clock.pass_by(CUT_OFF * 1.2 + 0.2)
    assert names(await service.lookup()) == [NEW]


async def test_a_404_whose_end_is_the_lines_is_no_nobody() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()  # before the proxy's page

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server, opened(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1") as remote:
        with pytest.raises(Unavailable):
            await remote.people_with(ASHOK, Purpose.RINGING)


async def test_a_directory_that_once_had_too_many_requests_keeps_its_quota(clock: SettableClock) -> None:
    quota = Quota(clock, clock)
    quota.learn(200, {})
    quota.learn(429, {"Retry-After": "1"})
    quota.learn(200, {})  # one that was under way beside it
    clock.pass_by(2)
    for _ in range(20):
        await quota.take(Purpose.RINGING)
    with pytest.raises(Unavailable):
        await quota.take(Purpose.RINGING)


async def test_who_sends_the_body_in_a_second_packet_reads_that_the_key_is_wrong_and_that_the_line_ends(
    start: StartService,
) -> None:
    service = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(
        b"POST /v1/erasures HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer wrong\r\nContent-Length: 16\r\n\r\n"
    )
    async with asyncio.timeout(20):
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.write(b'{"person_id": 3}')
        await reader.read()  # to the end, as it came
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nconnection: close\r\n" in answer.lower()


class SlowDirectory:
    """A directory that knows nobody, and says so only when the gate is open."""

    def __init__(self) -> None:
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def people_with(self, _: AnyQuestion, __: Purpose) -> tuple[Person, ...]:
        self.asked.set()
        await self.gate.wait()
        return ()

    async def person(self, _: int, __: Purpose) -> Person | None:
        return None


async def test_a_flight_that_was_overtaken_by_another_replicas_answer_tells_the_newer_one(
    clock: SettableClock,
) -> None:
    freshness = Freshness(positive=900, negative=60, stale=86400, local=30)
    memory, directory = MemoryTier(freshness, clock), SlowDirectory()
    fetching = Fetching(
        memory=memory,
        shared=NoSharedTier(),
        directory=directory,
        freshness=freshness,
        clock=clock,
        dropped=lambda _: None,
        reading=Reading(),
    )
    flight = asyncio.create_task(fetching.fetch(ASHOK, Purpose.RINGING, refresh=False, looks=False))
    await directory.asked.wait()
    clock.pass_by(1)
    newer = Answer(b'[{"id":30}]', truncated=False, asked_at=clock(), ids=(30,))
    memory.learn(ASHOK, newer, memory.fence.count)  # a caller has read it in Redis, and was told
    directory.gate.set()
    answer, _ = await flight
    await fetching.close()
    assert answer.people != NOBODY
