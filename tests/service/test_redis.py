"""Redis shares answers and outlives restarts; whatever is wrong with it, a lookup only loses a shortcut."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from cti_lookup.answers import encode_lookup
from cti_lookup.telephone import read_caller
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, hanging, person
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import SHIPPED
from tests.service.conftest import Service, StartService, lookup_of

UNKNOWN = "+442079460999"
GENEROUS = 4.0
"""Seconds; the tier's own waits sum up to a quarter of them, and each wait of the libraries' own is longer."""

AT_ONCE = 15
"""New numbers, fewer than the directory's burst: the clock of these services stands still."""


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until it is so; there is nothing to wait for in another task's counters."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110  # what is counted is all there is
            await asyncio.sleep(0.01)


async def counted(service: Service, operation: str, result: str) -> float:
    return await service.counted("cti_redis_operations_total", operation=operation, result=result)


async def until_counted(service: Service, operation: str, result: str, times: int = 1) -> None:
    async def holds() -> bool:
        return await counted(service, operation, result) >= times

    await until(holds)


async def until_stored(service: Service, times: int = 1) -> None:
    """Wait until Redis has taken so many answers."""
    await until_counted(service, "fill", "ok", times)


async def promptly(service: Service, number: str = ASHOKS_NUMBER) -> tuple[str, str]:
    """
    Look up and give outcome and tier; what takes longer than a caller can wait is answered as unavailable.

    Where the machine stood still meanwhile, a failure is remembered for moments.
    """
    async with asyncio.timeout(GENEROUS):
        while "tier" not in (answer := await service.lookup(number)):  # noqa: ASYNC110  # nobody tells when it may be asked again
            await asyncio.sleep(0.1)
    return answer["outcome"], answer["tier"]


@pytest.fixture
def stored(redis: RedisProcess) -> Iterator[Redis]:
    """Give a client of the test's own, to look at what is stored."""
    client = Redis.from_url(redis.url)
    yield client
    client.close()


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
    assert len(directory.requests) == 1


async def test_what_redis_told_is_remembered_here_once_forgettings_are_heard(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(redis_url=redis.url)
    assert await promptly(service) == ("matched", "directory")
    await until_stored(service)

    async def remembered() -> bool:
        return await promptly(service) == ("matched", "memory")

    await until(remembered)
    assert len(directory.requests) == 1


async def test_a_service_begins_with_the_numbers_that_rang_before_it_did(
    start: StartService, redis: RedisProcess, stored: Redis, directory: FakeDirectory
) -> None:
    first = await start(redis_url=redis.url, most_busy=10)
    assert await promptly(first) == ("matched", "directory")
    assert await promptly(first, UNKNOWN) == ("nobody", "directory")
    await until_stored(first)
    await first.stop()
    second = await start(redis_url=redis.url, most_busy=10)
    await second.until_ready()

    assert await promptly(second) == ("matched", "memory")
    assert len(directory.requests) == 2
    assert not [key for key in stored.scan_iter() if b"713987" in key]


async def test_a_service_is_ready_though_redis_hangs_when_it_begins(
    start: StartService, redis: RedisProcess
) -> None:
    redis.pause()
    try:
        service = await start(redis_url=redis.url, redis_limits=SHIPPED, most_busy=10)
        await service.until_ready()
    finally:
        redis.resume()


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


async def test_a_refresh_on_one_replica_is_heard_by_the_other(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    one, other = await start(redis_url=redis.url), await start(redis_url=redis.url)
    await one.lookup()
    await until_stored(one)
    directory.people[0]["name"] = "Ashok K. Kumar"
    assert (await other.lookup(refresh="true"))["tier"] == "directory"

    async def heard() -> bool:
        return bool((await one.lookup())["people"][0]["name"] == "Ashok K. Kumar")

    await until(heard)


@pytest.mark.parametrize(
    "different",
    [
        {"directory_account": "other"},
        {"directory_query": "e164"},
        {"region": "GB"},
        {"secret": "another secret"},
    ],
    ids=lambda different: next(iter(different)),
)
async def test_services_whose_answers_mean_different_things_share_none(
    start: StartService, redis: RedisProcess, different: dict[str, str]
) -> None:
    first = await start(redis_url=redis.url)
    await first.lookup()
    await until_stored(first)
    assert await promptly(await start(redis_url=redis.url, **different)) == ("matched", "directory")


async def assert_lost_is_only_a_shortcut(service: Service, reason: str) -> None:
    """Two numbers are looked up as well as without Redis, and what is wrong is counted."""
    assert await promptly(service) == ("matched", "directory")
    assert await promptly(service, UNKNOWN) == ("nobody", "directory")
    assert await promptly(service) == ("matched", "memory")
    assert await counted(service, "read", reason) >= 1
    await until_counted(service, "fill", "unfenced", 2)


async def test_a_redis_that_was_never_there_is_not_missed(start: StartService, tmp_path: Path) -> None:
    service = await start(redis_url=f"unix://{tmp_path}/nothing.sock", redis_limits=SHIPPED)
    await assert_lost_is_only_a_shortcut(service, "error")


async def test_a_port_that_refuses_is_not_missed(start: StartService) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can have it
        port = taken.getsockname()[1]
        service = await start(redis_url=f"redis://127.0.0.1:{port}", redis_limits=SHIPPED)
        await assert_lost_is_only_a_shortcut(service, "error")


async def test_a_redis_that_hangs_from_the_start_is_not_waited_for(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    redis.pause()
    async with asyncio.timeout(GENEROUS):
        service = await start(redis_url=redis.url, redis_limits=SHIPPED)
    assert directory.requests == []
    await assert_lost_is_only_a_shortcut(service, "timeout")
    async with asyncio.timeout(GENEROUS):
        await service.stop()


async def test_many_new_numbers_at_once_are_found_while_redis_hangs(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    numbers = [f"+44207946{number:04}" for number in range(AT_ONCE)]
    directory.people = [person(number, id=position) for position, number in enumerate(numbers, 1)]
    service = await start(redis_url=redis.url, redis_limits=SHIPPED)
    redis.pause()
    lookup = lookup_of(service)
    lookups = await asyncio.gather(
        *(lookup.find(read_caller(one, "US"), patience=GENEROUS) for one in numbers)
    )
    answers = [json.loads(encode_lookup(one)) for one in lookups]
    told = [(answer["outcome"], answer["people"][0]["id"]) for answer in answers]
    assert told == [("matched", position) for position in range(1, AT_ONCE + 1)]


async def test_a_wrong_password_is_counted_and_shown_to_nobody(start: StartService, tmp_path: Path) -> None:
    redis = RedisProcess(tmp_path, password="the-right-one")
    redis.start()
    try:
        wrong = redis.url.replace("the-right-one", "the-wrong-one")
        service = await start(redis_url=wrong, redis_limits=SHIPPED)
        await assert_lost_is_only_a_shortcut(service, "auth")
        assert "the-wrong-one" not in json.dumps(service.logged) + await service.metrics()
        none = await start(redis_url=redis.url_without_password, redis_limits=SHIPPED)
        await assert_lost_is_only_a_shortcut(none, "auth")
        right = await start(redis_url=redis.url)
        await right.lookup()
        await until_stored(right)
    finally:
        redis.end()


async def test_garbage_in_redis_is_counted_and_replaced_by_the_directorys_word(
    start: StartService, redis: RedisProcess, stored: Redis
) -> None:
    first = await start(redis_url=redis.url)
    await first.lookup()
    await until_stored(first)
    await first.stop()
    for key in stored.scan_iter():
        if stored.type(key) == b"string" and stored.strlen(key) > 100:  # an answer, for marks are short
            stored.setrange(key, 8, b"garbage")  # behind the generation under which it is believed
    service = await start(redis_url=redis.url)
    assert await promptly(service) == ("matched", "directory")
    assert await counted(service, "get", "garbage") == 1
    await until_stored(service)
    await service.stop()
    assert await promptly(await start(redis_url=redis.url)) == ("matched", "redis")


@pytest.mark.slow
@pytest.mark.alone
async def test_a_directory_that_hangs_is_seen_to_fail_though_a_turn_is_taken_first(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    """Were the flight over before the request, it would be cancelled: no failure, and no breaker that opens."""
    service = await start(redis_url=redis.url, lookup_budget=0.05)
    directory.behaviour = hanging()
    await asyncio.gather(*(service.ring(f"+44207946010{digit}") for digit in range(5)))

    async def all_timed_out() -> bool:
        return await service.counted("cti_directory_requests_total", result="timeout") == 5

    await until(all_timed_out)
    assert await service.counted("cti_directory_breaker_open") == 1
