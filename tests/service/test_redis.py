"""Redis shares answers and outlives restarts; whatever is wrong with it, a lookup only loses a shortcut."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person
from tests.servers.fault_proxy import FaultProxy, Line
from tests.servers.redis_process import RedisProcess
from tests.service.conftest import Service, StartService

UNKNOWN = "+442079460999"
GENEROUS = 1.0
"""Seconds; the tier's own waits sum up to less than a quarter of them."""


async def until_stored(service: Service, times: int = 1, result: str = "ok") -> None:
    """Wait until Redis has taken, or not taken, so many answers."""
    async with asyncio.timeout(5):
        while await service.counted("cti_redis_operations_total", operation="put", result=result) < times:  # noqa: ASYNC110  # the count is all there is
            await asyncio.sleep(0.005)


async def promptly(service: Service, number: str = ASHOKS_NUMBER) -> tuple[str, str]:
    """Look up and give outcome and tier, in a time that a ringing phone has."""
    async with asyncio.timeout(GENEROUS):
        answer = await service.lookup(number)
    return answer["outcome"], answer["tier"]


@pytest.fixture
def stored(redis: RedisProcess) -> Iterator[Redis]:
    """Give a client of the test's own, to look at what is stored."""
    client = Redis.from_url(redis.url)
    yield client
    client.close()


def keys_of(stored: Redis) -> list[str]:
    return [key.decode() for key in stored.scan_iter() if isinstance(key, bytes)]


@pytest.fixture
async def proxy(redis: RedisProcess) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(redis.socket)
    await proxy.start()
    yield proxy
    await proxy.stop()


def url_of(proxy: FaultProxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}"


async def test_an_answer_outlives_a_restart_of_the_service(
    start: StartService, redis: RedisProcess, directory: FakeDirectory, clock: SettableClock
) -> None:
    first = await start(redis_url=redis.url)
    assert await promptly(first) == ("matched", "directory")
    await until_stored(first)
    await first.stop()
    clock.pass_by(20)
    second = await start(redis_url=redis.url)
    answer = await second.lookup()
    assert (answer["outcome"], answer["tier"], answer["age_seconds"]) == ("matched", "redis", 20.0)
    assert answer["people"][0]["name"] == "Ashok Kumar"
    assert await promptly(second) == ("matched", "memory")
    assert len(directory.requests) == 1


async def test_nobody_outlives_a_restart_as_nobody(start: StartService, redis: RedisProcess) -> None:
    first = await start(redis_url=redis.url)
    await first.lookup(UNKNOWN)
    await until_stored(first)
    await first.stop()
    assert await promptly(await start(redis_url=redis.url), UNKNOWN) == ("nobody", "redis")


async def test_an_old_answer_in_redis_is_stale_after_a_restart_without_a_directory(
    start: StartService, redis: RedisProcess, directory: FakeDirectory, clock: SettableClock
) -> None:
    first = await start(redis_url=redis.url)
    await first.lookup()
    await until_stored(first)
    await first.stop()
    await directory.stop()
    clock.pass_by(5000)
    answer = await (await start(redis_url=redis.url)).lookup()
    assert (answer["outcome"], answer["tier"], answer["age_seconds"]) == ("matched", "stale", 5000.0)


async def test_a_replica_believes_its_own_memory_for_half_a_minute_only(
    start: StartService, redis: RedisProcess, directory: FakeDirectory, clock: SettableClock
) -> None:
    one, other = await start(redis_url=redis.url), await start(redis_url=redis.url)
    await one.lookup()
    await until_stored(one)
    directory.people[0]["name"] = "Ashok K. Kumar"
    await other.lookup(refresh="true")
    await until_stored(other)
    assert (await one.lookup())["people"][0]["name"] == "Ashok Kumar"
    clock.pass_by(37)
    answer = await one.lookup()
    assert (answer["tier"], answer["people"][0]["name"]) == ("redis", "Ashok K. Kumar")


async def test_services_whose_answers_mean_different_things_share_none(
    start: StartService, redis: RedisProcess
) -> None:
    first = await start(redis_url=redis.url)
    await first.lookup()
    await until_stored(first)
    for different in (
        {"directory_account": "other"},
        {"directory_query": "e164"},
        {"region": "GB"},
        {"secret": "another secret"},
    ):
        assert await promptly(await start(redis_url=redis.url, **different)) == ("matched", "directory")


async def test_keys_hold_no_digits_of_the_number_and_values_expire(
    start: StartService, redis: RedisProcess, stored: Redis
) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup()
    await service.lookup(UNKNOWN)
    await until_stored(service, 2)
    keys = keys_of(stored)
    lives = sorted(stored.pttl(key) for key in keys)
    assert len(keys) == 2
    assert not any(digits in key for key in keys for digits in ("713987", "872967", "207946", "460999"))
    assert 55_000 < lives[0] <= 60_000
    assert 86_390_000 < lives[1] <= 86_400_000


async def test_the_same_number_stands_under_another_key_where_the_secret_is_another(
    start: StartService, redis: RedisProcess, stored: Redis
) -> None:
    for secret in ("one secret", "another secret"):
        service = await start(redis_url=redis.url, secret=secret)
        await service.lookup()
        await until_stored(service)
    assert len(keys_of(stored)) == 2


async def assert_lost_is_only_a_shortcut(service: Service) -> None:
    """Two numbers are looked up as well as without Redis, and the fault is counted."""
    assert await promptly(service) == ("matched", "directory")
    assert await promptly(service, UNKNOWN) == ("nobody", "directory")
    assert await promptly(service) == ("matched", "memory")
    await until_stored(service, 2, "error")
    assert await service.counted("cti_redis_operations_total", operation="get", result="error") == 2


async def test_a_redis_that_was_never_there_is_not_missed(start: StartService, tmp_path: Path) -> None:
    await assert_lost_is_only_a_shortcut(await start(redis_url=f"unix://{tmp_path}/nothing.sock"))


async def test_a_port_that_refuses_is_not_missed(start: StartService) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can have it
        await assert_lost_is_only_a_shortcut(
            await start(redis_url=f"redis://127.0.0.1:{taken.getsockname()[1]}")
        )


async def test_a_redis_that_hangs_is_not_waited_for(start: StartService, redis: RedisProcess) -> None:
    service = await start(redis_url=redis.url)
    redis.pause()
    await assert_lost_is_only_a_shortcut(service)
    async with asyncio.timeout(2):
        await service.stop()


async def test_a_redis_that_hangs_later_is_not_waited_for(start: StartService, redis: RedisProcess) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup("+442079460123")
    await until_stored(service)
    redis.pause()
    await assert_lost_is_only_a_shortcut(service)


async def test_many_new_numbers_at_once_are_found_while_redis_hangs(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    numbers = [f"+44207946{number:04}" for number in range(60)]
    directory.people = [person(number, id=position) for position, number in enumerate(numbers)]
    service = await start(redis_url=redis.url)
    redis.pause()
    async with asyncio.timeout(2):
        answers = await asyncio.gather(*map(service.lookup, numbers))
    assert [(a["outcome"], a["people"][0]["id"]) for a in answers] == [("matched", i) for i in range(60)]


async def test_a_redis_that_comes_back_is_used_again(start: StartService, redis: RedisProcess) -> None:
    service = await start(redis_url=redis.url)
    redis.pause()
    assert await promptly(service) == ("matched", "directory")
    await until_stored(service, result="error")
    redis.resume()
    await service.lookup(refresh="true")
    await until_stored(service)


async def test_a_redis_killed_midway_is_not_missed(start: StartService, redis: RedisProcess) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup("+442079460123")
    await until_stored(service)
    redis.kill()
    await assert_lost_is_only_a_shortcut(service)
    redis.start()
    await service.lookup(refresh="true")
    await until_stored(service, 2)


async def test_a_wrong_password_is_counted_and_shown_to_nobody(start: StartService, tmp_path: Path) -> None:
    redis = RedisProcess(tmp_path, password="the-right-one")
    redis.start()
    try:
        wrong = redis.url.replace("the-right-one", "the-wrong-one")
        service = await start(redis_url=wrong)
        await assert_lost_is_only_a_shortcut(service)
        assert "the-wrong-one" not in json.dumps(service.logged) + await service.metrics()
        await assert_lost_is_only_a_shortcut(await start(redis_url=redis.url_without_password))
        right = await start(redis_url=redis.url)
        await right.lookup()
        await until_stored(right)
    finally:
        redis.end()


@pytest.mark.parametrize("fault", ["reset", "hang", "cut", "refuse"])
async def test_a_broken_line_to_redis_is_not_missed(
    start: StartService, proxy: FaultProxy, fault: str
) -> None:
    service = await start(redis_url=url_of(proxy))
    await service.lookup("+442079460123")
    await until_stored(service)
    match fault:
        case "reset":
            proxy.line = Line.RESET
        case "hang":
            proxy.line = Line.HANG
        case "cut":
            proxy.cut_after = 3
        case _:
            await proxy.refuse()
    await assert_lost_is_only_a_shortcut(service)


async def test_an_answer_cut_in_the_middle_is_not_half_believed(
    start: StartService, proxy: FaultProxy
) -> None:
    first = await start(redis_url=url_of(proxy))
    await first.lookup()
    await until_stored(first)
    await first.stop()
    proxy.cut_after = 300
    second = await start(redis_url=url_of(proxy))
    answer = await second.lookup()
    assert (answer["tier"], answer["people"][0]["name"]) == ("directory", "Ashok Kumar")


NOW = 1_795_291_200
GARBAGE = [
    b"",
    b"garbage",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b"{}",
    b'{"people":[],"truncated":"no","asked_at":0}',
    b'{"people":[],"truncated":false}',
    b'{"people":[],"truncated":false,"asked_at":NaN}',
    b'{"people":[{"id":1}',
    b"[" * 100_000,
]
NO_PEOPLE = [
    b'{"people":5,"truncated":false,"asked_at":%d}' % NOW,
    b'{"people":{"a":1},"truncated":false,"asked_at":%d}' % NOW,
    b'{"people":[{"id":"thirty"}],"truncated":false,"asked_at":%d}' % NOW,
    b'{"people":[ ],"truncated":false,"asked_at":%d}' % NOW,
]


async def stored_key(start: StartService, redis: RedisProcess, stored: Redis) -> str:
    """Give the key of Ashok's number, with the answer's value gone."""
    service = await start(redis_url=redis.url)
    await service.lookup()
    await until_stored(service)
    await service.stop()
    (key,) = keys_of(stored)
    stored.delete(key)
    return key


@pytest.mark.parametrize("value", GARBAGE)
async def test_garbage_in_redis_is_counted_and_replaced_by_the_directorys_word(
    start: StartService, redis: RedisProcess, stored: Redis, value: bytes
) -> None:
    stored.set(await stored_key(start, redis, stored), value)
    service = await start(redis_url=redis.url)
    assert await promptly(service) == ("matched", "directory")
    assert await service.counted("cti_redis_operations_total", operation="get", result="garbage") == 1
    await until_stored(service)
    await service.stop()
    assert await promptly(await start(redis_url=redis.url)) == ("matched", "redis")


@pytest.mark.parametrize("value", NO_PEOPLE)
async def test_a_value_that_holds_no_people_is_garbage_too(
    start: StartService, redis: RedisProcess, stored: Redis, value: bytes
) -> None:
    stored.set(await stored_key(start, redis, stored), value)
    service = await start(redis_url=redis.url)
    answer = await service.lookup()
    assert answer["people"]
    assert answer["people"][0]["name"] == "Ashok Kumar"


async def test_a_key_of_the_wrong_type_is_an_error_and_no_more(
    start: StartService, redis: RedisProcess, stored: Redis
) -> None:
    stored.rpush(await stored_key(start, redis, stored), "a", "list")
    service = await start(redis_url=redis.url)
    assert await promptly(service) == ("matched", "directory")
    assert await service.counted("cti_redis_operations_total", operation="get", result="error") == 1


async def test_a_redis_that_takes_no_writes_is_an_error_and_no_more(
    start: StartService, redis: RedisProcess, stored: Redis
) -> None:
    stored.config_set("maxmemory", "1")
    service = await start(redis_url=redis.url)
    assert await promptly(service) == ("matched", "directory")
    await until_stored(service, result="error")


async def test_the_service_starts_and_stops_promptly_whatever_redis_does(
    redis: RedisProcess, directory: FakeDirectory, start: StartService
) -> None:
    redis.pause()
    async with asyncio.timeout(GENEROUS):
        service = await start(redis_url=redis.url)
        await service.stop()
    assert directory.requests == []
