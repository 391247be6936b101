"""What one replica forgets every other hears; where that is in doubt, all that it knows is distrusted."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis import Redis

from cti_lookup.cache.naming import Names
from cti_lookup.cache.notices import Notices
from cti_lookup.cache.redis_clients import connect
from cti_lookup.cache.redis_tier import MOST_NOTICES
from cti_lookup.errors import NotForgotten
from cti_lookup.questions import Forgotten
from tests.servers.redis_process import RedisProcess
from tests.standstill import standstill
from tests.tier.replicas import ASHOK, TENANT, Replica, StartReplica

AT_LAST = 40.0
SILENCE = 4.0
"""Seconds of silence that are suspicious here: twice as many as in the service, as a machine may stand still."""

GONE = Forgotten((ASHOK.mark,), 30)


@dataclass
class Ear:
    """A replica that listens, and what it hears."""

    replica: Replica
    heard: "asyncio.Queue[Forgotten]" = field(default_factory=asyncio.Queue)
    distrusted: "asyncio.Queue[None]" = field(default_factory=asyncio.Queue)

    def listen(self, url: str, silence: float = SILENCE) -> None:
        self.client = connect(url, patient=True)
        self.notices = Notices(
            self.client,
            self.replica.link,
            seals=self.replica.seals,
            tenant=TENANT,
            origin=self.replica.origin,
            heard=self.heard.put_nowait,
            cut_off=lambda _: None,
            distrust=lambda: self.distrusted.put_nowait(None),
            erased=self.replica.tier.erased,
            count=self.replica.note,
            clock=time.monotonic,
            silence=silence,
        )
        self.task = asyncio.create_task(self.notices.run())

    async def until_heard(self) -> Forgotten:
        async with asyncio.timeout(AT_LAST):
            return await self.heard.get()

    async def until_distrusted(self) -> None:
        async with asyncio.timeout(AT_LAST):
            await self.distrusted.get()

    async def until_counted(self, reason: str, times: int = 1) -> None:
        async with asyncio.timeout(AT_LAST):
            while self.count(reason) < times:  # noqa: ASYNC110  # what is counted is all there is
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self.task.cancel()
        async with asyncio.timeout(AT_LAST):
            await asyncio.gather(self.task, return_exceptions=True)
        await self.client.aclose()

    def count(self, reason: str) -> int:
        return self.replica.counts["notices", reason]


StartEar = Callable[..., "asyncio.Future[Ear]"]


@pytest.fixture
async def listen(start: StartReplica, redis: RedisProcess) -> AsyncIterator[StartEar]:
    """Start replicas that listen; each is given once it has heard the first heartbeat."""
    ears: list[Ear] = []

    async def listen_to_redis(*secrets: bytes, silence: float = SILENCE) -> Ear:
        ear = Ear(start(*secrets))
        ear.listen(redis.url, silence)
        ears.append(ear)
        await ear.until_distrusted()
        return ear

    yield lambda *secrets, **options: asyncio.ensure_future(listen_to_redis(*secrets, **options))
    for ear in ears:
        await ear.stop()


async def test_what_another_replica_forgets_is_heard_and_ones_own_is_not(listen: StartEar) -> None:
    one, other = await listen(), await listen()

    await one.replica.tier.forget(GONE)
    await other.replica.tier.forget(Forgotten(("7",)))

    assert await other.until_heard() == GONE
    assert await one.until_heard() == Forgotten(("7",))
    assert one.heard.empty()
    assert other.heard.empty()
    assert one.distrusted.empty()


async def test_what_was_forgotten_before_is_not_heard_but_what_was_erased_is(
    listen: StartEar, replica: Replica
) -> None:
    await replica.tier.forget(GONE)
    await replica.tier.forget(Forgotten((), 31, erased=True))
    ear = await listen()

    assert await ear.until_heard() == Forgotten((), 31, erased=True)
    assert ear.heard.empty()


async def test_while_a_secret_is_changed_notices_under_both_are_heard(listen: StartEar) -> None:
    old, new, newest = await listen(b"old"), await listen(b"new", b"old"), await listen(b"new")

    await old.replica.tier.forget(Forgotten(("1",)))
    assert await new.until_heard() == Forgotten(("1",))
    await newest.replica.tier.forget(Forgotten(("2",)))
    assert await new.until_heard() == Forgotten(("2",))
    await new.replica.tier.forget(Forgotten(("3",)))
    assert await old.until_heard() == await newest.until_heard() == Forgotten(("3",))


@pytest.mark.slow
async def test_a_quiet_hour_is_no_silence(listen: StartEar, stored: Redis) -> None:
    one, other = await listen(), await listen()
    first, began = _number(stored, one.replica.names), time.monotonic()

    async with asyncio.timeout(AT_LAST):
        while (beats := _number(stored, one.replica.names) - first) < SILENCE + 2:  # noqa: ASYNC110  # what is counted is all there is
            await asyncio.sleep(0.05)

    assert one.distrusted.empty()
    assert other.distrusted.empty()
    assert one.notices.silent_for < SILENCE
    assert beats <= (time.monotonic() - began) / 0.9 + 1, "one heartbeat a second, however many replicas"


async def test_a_gap_in_the_numbers_is_distrusted_and_once_more_when_it_is_over(
    listen: StartEar, stored: Redis
) -> None:
    ear = await listen()

    stored.incr(ear.replica.names.notice_number)

    await ear.until_distrusted()
    assert ear.count("gap") == 1
    await _hears_again(ear)


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "x"},
        {"number": "-1"},
        {"number": "1" * 5000},
        {"anything": "else"},
        {"number": "{next}", "notice": b"\xff" * 50},
    ],
    ids=["no number", "below zero", "endless", "no fields of ours", "does not open"],
)
async def test_garbage_in_the_stream_is_distrusted(
    listen: StartEar, stored: Redis, fields: dict[str, str | bytes]
) -> None:
    ear = await listen()
    names = ear.replica.names

    if fields.get("number") == "{next}":
        fields = {**fields, "number": str(stored.incr(names.notice_number))}
    stored.xadd(names.notices, fields)  # type: ignore[arg-type]  # its own aliases of these types

    await ear.until_distrusted()
    assert ear.count("garbage") == 1
    await _hears_again(ear)


@pytest.mark.parametrize("key", ["heartbeat", "notice_number", "notices", "erased"])
async def test_nonsense_that_was_there_before_keeps_nobody_from_hearing(
    listen: StartEar, start: StartReplica, stored: Redis, key: str
) -> None:
    stored.rpush(getattr(start().names, key), "nonsense")

    ear = await listen()
    await start().tier.forget(GONE)

    async with asyncio.timeout(AT_LAST):
        assert await ear.heard.get() == GONE


@pytest.mark.parametrize("key", ["notice_number", "notices"])
async def test_nonsense_is_written_over_by_the_next_heartbeat(
    listen: StartEar, stored: Redis, key: str
) -> None:
    ear = await listen()
    name = getattr(ear.replica.names, key)

    stored.set(name, "nonsense")

    await ear.until_distrusted()
    await _hears_again(ear)


async def test_a_notice_sealed_by_strangers_is_distrusted(listen: StartEar, stored: Redis) -> None:
    ear = await listen()
    stranger = await listen(b"another secret")
    await stranger.replica.tier.forget(GONE)
    ((_, fields),) = _entries(stored, stranger.replica.names, b"notice")
    number = stored.incr(ear.replica.names.notice_number)

    stored.xadd(ear.replica.names.notices, {**fields, b"number": str(number)})

    await ear.until_distrusted()
    assert ear.count("garbage") == 1


@pytest.mark.slow
async def test_a_redis_that_restarts_is_distrusted_and_heard_again(
    listen: StartEar, redis: RedisProcess
) -> None:
    ear = await listen()

    redis.kill()
    await ear.until_distrusted()
    await ear.until_counted("error", 2)
    assert ear.distrusted.empty()
    redis.start()

    await _hears_again(ear)


@pytest.mark.slow
async def test_a_redis_that_hangs_is_distrusted_once_and_once_more_when_it_is_back(
    listen: StartEar, redis: RedisProcess
) -> None:
    silence = 2.5
    ear = await listen(silence=silence)

    async with standstill() as stood:
        redis.pause()
        await ear.until_distrusted()
        assert silence <= ear.notices.silent_for < 5 + stood(), "a read is given up after 5 s"
    redis.resume()

    await _hears_again(ear)


@pytest.mark.slow
async def test_what_was_erased_while_nobody_heard_is_heard_afterwards(
    listen: StartEar, stored: Redis
) -> None:
    ear = await listen()
    names = ear.replica.names
    stored.delete(names.notices)
    stored.set(names.notices, "no stream")
    await ear.until_distrusted()

    field = names.erased_field(31)
    stored.hset(names.erased, field, b"999999999999" + names.seal.close(names.erased + field, b"31"))
    stored.delete(names.notices)

    assert await ear.until_heard() == Forgotten((), 31, erased=True)
    await ear.until_distrusted()


@pytest.mark.slow
async def test_the_silence_of_all_hearts_is_distrusted(listen: StartEar, stored: Redis) -> None:
    ear = await listen()

    stored.set(ear.replica.names.heartbeat, "taken by one that has died", px=60_000)
    await ear.until_distrusted()
    assert ear.count("silence") == 1

    stored.delete(ear.replica.names.heartbeat)
    await _hears_again(ear)


@pytest.mark.slow
async def test_a_stream_that_was_trimmed_meanwhile_is_a_gap(listen: StartEar, stored: Redis) -> None:
    ear = await listen()
    names = ear.replica.names

    with stored.pipeline(transaction=True) as together:
        together.incrby(names.notice_number, 3)
        together.xtrim(names.notices, maxlen=0, approximate=False)
        together.execute()

    await ear.until_distrusted()
    assert ear.count("gap") == 1
    await _hears_again(ear)


async def test_a_redis_that_was_never_there_is_waited_for(start: StartReplica, redis: RedisProcess) -> None:
    redis.kill()
    ear = Ear(start())
    ear.listen(redis.url)
    await ear.until_counted("error")
    redis.start()

    await _hears_again(ear)
    await ear.stop()


async def test_listening_ends_at_once_when_cancelled(listen: StartEar, redis: RedisProcess) -> None:
    ear = await listen(silence=AT_LAST)
    redis.pause()
    began = time.monotonic()

    await ear.stop()

    assert ear.task.cancelled()
    assert time.monotonic() - began < 3, "a read is given up after 5 s"


async def test_the_stream_does_not_grow_without_bound(replica: Replica, stored: Redis) -> None:
    names = replica.names
    with stored.pipeline(transaction=False) as together:
        for number in range(MOST_NOTICES + 500):
            together.xadd(names.notices, {"number": number})
        together.execute()

    await replica.tier.forget(GONE)

    length = stored.xlen(names.notices)
    assert MOST_NOTICES <= length < MOST_NOTICES + 200


async def _hears_again(ear: Ear) -> None:
    """Other replicas' notices arrive again, and what this one knew when they did is distrusted once."""
    replica = ear.replica
    other = Replica(replica.link, replica.seals, replica.wall, replica.steady, replica.counts)
    async with asyncio.timeout(AT_LAST):
        while ear.heard.empty():
            with suppress(NotForgotten):  # Redis is not there yet
                await other.tier.forget(GONE)
            await asyncio.wait([ear.task], timeout=0.05)
    assert await ear.heard.get() == GONE
    assert ear.distrusted.qsize() == 1


def _entries(stored: Redis, names: Names, having: bytes) -> list[tuple[bytes, dict[Any, Any]]]:
    entries: Any = stored.xrange(names.notices)
    return [(entry_id, fields) for entry_id, fields in entries if having in fields]


def _number(stored: Redis, names: Names) -> int:
    return int(stored.get(names.notice_number) or 0)
