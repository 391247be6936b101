"""
The same faults with a protection taken away: the harm that it prevents, as an assertion.

Twins that stand beside the part they belong to are not repeated here; `docs/promises.md` lists them all.
"""

import asyncio
import gzip
import socket
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from redis.asyncio import Redis
from yarl import URL

from cti_lookup.answers import Lookup, Outcome, Tier
from cti_lookup.breaker import Breaker, BreakerLimits
from cti_lookup.cache.redis_clients import Client, connect
from cti_lookup.cache.redis_link import RedisLink, RedisSilent
from cti_lookup.cache.waits import CALL_LIMIT
from cti_lookup.errors import Unavailable
from cti_lookup.people import Person
from cti_lookup.reading import Reading
from cti_lookup.rservice.resolving import PatientResolver
from cti_lookup.rservice.transport import fetch, open_session
from cti_lookup.rservice.wire import LARGEST_ANSWER, inflate
from cti_lookup.web.lookups import PATIENCE
from tests.conftest import SettableClock
from tests.faults.trusting import Trusting
from tests.lookup.people import HOUSTON, LONDON, PeopleDirectory, caller, person
from tests.lookup.replica import FRESHNESS, Replica, ids, replica
from tests.servers.fake_directory import FakeDirectory, bomb, replying
from tests.servers.redis_process import RedisProcess

DAY = 86_400.0
HOST = "directory.example"


class NeverOpen(Breaker):
    """A breaker that failures do not open."""

    def failed(self, permit: object) -> None:
        """Learn nothing."""


async def seconds_of_reads(
    client: Client, breaker: Breaker, within: float, reads: int = 1, results: Counter[str] | None = None
) -> float:
    """Say how long some reads take, one after the other, whatever comes of them; `results` counts that."""
    counter: Counter[str] = Counter() if results is None else results
    link = RedisLink(
        client, breaker=breaker, count=lambda _, result: counter.update((result,)), within=within
    )
    began = time.monotonic()
    try:
        for _ in range(reads):
            try:
                await link.read(("a-key",))
            except RedisSilent:
                continue
        return time.monotonic() - began
    finally:
        await link.close()


@pytest.mark.alone
async def test_a_client_with_its_librarys_defaults_is_later_than_any_lookup_may_be(
    redis: RedisProcess,
) -> None:
    redis.pause()
    bounded = await seconds_of_reads(connect(redis.url), Breaker(time.monotonic), CALL_LIMIT)
    as_usual = Redis.from_url(redis.url)
    unbounded = asyncio.create_task(seconds_of_reads(as_usual, Breaker(time.monotonic), within=60))
    done, _ = await asyncio.wait((unbounded,), timeout=PATIENCE)
    unbounded.cancel()
    await asyncio.wait((unbounded,))
    assert bounded < PATIENCE
    assert not done


async def test_without_a_breaker_every_read_of_a_hung_redis_waits_for_its_time_out(
    redis: RedisProcess, clock: SettableClock
) -> None:
    redis.pause()
    reads, one_wait, opens_after = 20, 0.05, BreakerLimits().failures
    spared, unspared = Counter[str](), Counter[str]()
    await seconds_of_reads(connect(redis.url), Breaker(clock), CALL_LIMIT, reads, spared)
    waited = await seconds_of_reads(connect(redis.url), NeverOpen(clock), CALL_LIMIT, reads, unspared)
    assert spared == {"timeout": opens_after, "skipped": reads - opens_after}
    assert unspared == {"timeout": reads}
    assert waited >= reads * one_wait


def peak_of(inflating: Callable[[], object]) -> int:
    """Give the most memory that was taken at a time."""
    tracemalloc.start()
    try:
        inflating()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_without_a_limit_a_few_bytes_of_gzip_become_all_of_the_memory() -> None:
    megabytes = 30
    packed = gzip.compress(b" " * (megabytes << 20))

    def bounded() -> None:
        with pytest.raises(Unavailable, match="oversized"):
            inflate(packed, {"Content-Encoding": "gzip"})

    assert len(packed) < LARGEST_ANSWER
    assert peak_of(bounded) < 2 << 20
    assert peak_of(lambda: gzip.decompress(packed)) >= megabytes << 20


async def test_a_client_that_inflates_by_itself_reads_the_whole_bomb(directory: FakeDirectory) -> None:
    megabytes = 20
    directory.behaviour = bomb(megabytes)
    async with aiohttp.ClientSession() as session, session.get(f"{directory.url}/sd") as response:
        assert len(await response.read()) > megabytes << 20


async def test_a_client_that_follows_redirects_tells_another_host_whose_account_it_is(
    directory: FakeDirectory,
) -> None:
    elsewhere = FakeDirectory()
    await elsewhere.start()
    elsewhere.behaviour = replying([])
    directory.behaviour = replying(status=302, headers={"Location": f"{elsewhere.url}/sd"})
    account = {"X-4me-Account": "widget"}
    async with open_session(PatientResolver(time.monotonic)) as session:
        url = URL(f"{directory.url}/sd")
        deadline = asyncio.get_running_loop().time() + 5
        assert (await fetch(session, url, headers=account, deadline=deadline)).status == 302
        assert elsewhere.requests == []
        async with session.get(url, headers=account) as followed:
            assert await followed.read() == b"[]"  # which would have been "nobody", said by a stranger
    await elsewhere.stop()
    assert elsewhere.requests[0].headers["X-4me-Account"] == "widget"


class Careless(PeopleDirectory):
    """Answers every question with somebody who has another number."""

    async def people_with(self, *_: object) -> tuple[Person, ...]:
        return (person(666, HOUSTON),)


@pytest.mark.parametrize(("reading", "shown"), [(Reading("GB"), ()), (Trusting("GB"), (666,))])
async def test_without_strict_matching_the_wrong_person_is_shown(
    clock: SettableClock, reading: Reading, shown: tuple[int, ...]
) -> None:
    service = replica(Careless(), clock)
    service.lookup._fetching._reading = reading
    assert ids(await service.find(LONDON)) == shown
    await service.close()


class CommonThreads(AbstractResolver):
    """Resolves as aiohttp does it: in the loop's default executor, which everybody shares."""

    def __init__(self, look_up: Callable[..., Any]) -> None:
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._look_up, host, port, family)
        return []

    async def close(self) -> None:
        """Close nothing."""


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Give what a hung look-up waits for; it opens when the test ends."""
    gate = threading.Event()
    yield gate
    gate.set()


async def is_sqlite_held_up(resolver: AbstractResolver, gate: threading.Event) -> bool:
    """Tell whether a thread for something else is not to be had while many look-ups hang."""
    looking_up = [asyncio.create_task(resolver.resolve(HOST, 80)) for _ in range(64)]
    await asyncio.sleep(0)
    other = asyncio.create_task(asyncio.to_thread(lambda: 5))
    done, _ = await asyncio.wait((other,), timeout=3)
    gate.set()
    await asyncio.gather(other, *looking_up, return_exceptions=True)
    return not done


async def test_with_common_threads_a_hung_name_server_holds_up_whatever_else_needs_one(
    gate: threading.Event,
) -> None:
    def hung(*_: object) -> list[tuple[int, int, str]]:
        gate.wait(30)
        return []

    assert not await is_sqlite_held_up(PatientResolver(time.monotonic, look_up=hung), gate)
    gate.clear()
    assert await is_sqlite_held_up(CommonThreads(hung), gate)


class Stepped:
    """A service on the clock that people set, as `time.time` is, or on one that nobody sets."""

    def __init__(self, *, on_wall: bool) -> None:
        self.wall, self.steady = SettableClock(), SettableClock(50.0)
        self.service: Replica = replica(
            PeopleDirectory([person(1, LONDON)]), self.wall if on_wall else self.steady
        )

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.wall.pass_by(seconds)
        self.steady.pass_by(seconds)

    def known(self) -> Lookup | None:
        """Give what is told without asking anybody."""
        return self.service.lookup.known(caller(LONDON))


@pytest.mark.parametrize("on_wall", [False, True], ids=["steady", "wall"])
async def test_on_the_wall_clock_a_step_ahead_would_expire_what_is_fresh(*, on_wall: bool) -> None:
    stepped = Stepped(on_wall=on_wall)
    await stepped.service.find()
    stepped.wall.pass_by(DAY)
    assert (stepped.known() is None) is on_wall
    await stepped.service.close()


@pytest.mark.parametrize("on_wall", [False, True], ids=["steady", "wall"])
async def test_on_the_wall_clock_a_step_back_would_freshen_what_is_old(*, on_wall: bool) -> None:
    stepped = Stepped(on_wall=on_wall)
    await stepped.service.find()
    stepped.pass_by(2 * FRESHNESS.positive)
    assert stepped.known() is None
    stepped.wall.pass_by(-DAY)
    known = stepped.known()
    assert (known is not None) is on_wall
    assert known is None or (known.outcome, known.tier, known.age) == (Outcome.MATCHED, Tier.MEMORY, 0.0)
    await stepped.service.close()
