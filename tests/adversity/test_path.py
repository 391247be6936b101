"""What the lookup path promises, tried where it is hardest to keep."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cti_lookup.cache.memory import CUT_OFF
from cti_lookup.cache.waits import RedisLimits
from cti_lookup.times import Clock
from cti_lookup.web.lookups import PATIENCE
from tests.servers.fake_directory import FakeDirectory, hanging, held
from tests.servers.fault_proxy import FaultProxy, Line
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import SHIPPED, waits_of
from tests.service.conftest import BEARER, Service, StartService, starting
from tests.standstill import standstill

OLD, NEW = "Ashok Kumar", "Ashok K. Kumar"
UPSTREAM = "a-token-of-the-directory"
SOON = 20.0
"""Seconds for what is to happen; what is remembered here beside Redis would be relied on for 24 s."""


@pytest.fixture
async def start(directory: FakeDirectory) -> AsyncIterator[StartService]:
    """Start services that run by the machine's own clocks; they stop when the test ends."""
    async with starting(
        directory, Clock(), secret="a secret of all replicas", upstream_tokens=UPSTREAM
    ) as start_service:
        yield start_service


async def until(holds: Callable[[], Awaitable[bool]], within: float = SOON) -> None:
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110  # what is counted is all there is
            await asyncio.sleep(0.01)


async def done(service: Service, operation: str, result: str = "ok") -> float:
    return await service.counted("cti_redis_operations_total", operation=operation, result=result)


async def until_done(service: Service, operation: str, result: str = "ok", times: float = 1) -> None:
    async def holds() -> bool:
        return await done(service, operation, result) >= times

    await until(holds)


async def until_stored(service: Service) -> None:
    await until_done(service, "fill")


async def changed(service: Service, person_id: int = 30) -> int:
    told = {"webhook_id": 2, "event": "person.update", "object_id": person_id}
    async with service.client.post(f"/upstream/{UPSTREAM}", json=told) as response:
        return response.status


async def erase(service: Service, person_id: int = 30) -> int:
    async with service.client.post("/v1/erasures", json={"person_id": person_id}, headers=BEARER) as response:
        return response.status


async def forget(service: Service, telephone: str = "+17139872967") -> int:
    async with service.client.delete(
        "/v1/cache", params={"telephone": telephone}, headers=BEARER
    ) as response:
        return response.status


async def explained(service: Service) -> Any:
    params = {"telephone": "+17139872967", "ask": "false"}
    async with service.client.get("/v1/explain", params=params, headers=BEARER) as response:
        return await response.json()


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer["people"]]


def evict(redis: RedisProcess, kind: str) -> None:
    """Evict the keys of a type that have a time to live, as `volatile-lru` may, which the document recommends."""
    for key in redis.command("KEYS", "cti:*").splitlines():
        if redis.command("TYPE", key) == kind and int(redis.command("PTTL", key)) > 0:
            redis.command("DEL", key)


async def test_a_changed_person_is_not_shown_as_before_when_redis_has_evicted_their_index(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup()
    await until_stored(service)
    evict(redis, "set")  # the indices of Ashok and his manager
    directory.people[0]["name"] = NEW
    gate = asyncio.Event()

    async def slow_person(request: Any) -> Any:
        if request.path.startswith("/v1/people/"):
            await gate.wait()
        return await directory.answer(request)

    directory.behaviour = slow_person
    assert await changed(service) == 200
    answer = await service.lookup()
    gate.set()
    assert names(answer) == [NEW]


async def test_a_changed_manager_is_not_shown_as_before_when_redis_has_evicted_their_index(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup()
    await until_stored(service)
    evict(redis, "set")
    directory.people[0]["manager"] = {"id": 5, "name": "Howard T. Tanner"}
    assert await changed(service, 5) == 200

    async def shown() -> bool:
        return bool((await service.lookup())["people"][0]["manager"]["name"] == "Howard T. Tanner")

    await until(shown)


async def test_a_replica_that_hears_nothing_relies_on_its_own_memory_for_moments_only(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    proxy = FaultProxy(redis.socket)
    await proxy.start()
    try:
        one = await start(redis_url=redis.url)
        cut_off = await start(redis_url=f"redis://127.0.0.1:{proxy.port}", redis_limits=SHIPPED)
        await until_done(cut_off, "beat")  # it hears, and is not only about to
        before = await done(cut_off, "notices", "timeout")
        proxy.line = Line.HANG
        await until_done(
            cut_off, "notices", "timeout", before + 1
        )  # it hears nothing, and distrusts what it knew
        assert names(await cut_off.lookup()) == [OLD]
        directory.people[0]["name"] = NEW
        assert await forget(one) == 204

        async def shown() -> bool:
            return names(await cut_off.lookup()) == [NEW]

        await until(shown, within=CUT_OFF * 3)
    finally:
        await proxy.stop()


@pytest.mark.alone
async def test_a_refresh_by_three_keys_is_answered_in_time_with_a_slow_redis_and_a_hung_directory(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    proxy = FaultProxy(redis.socket)
    await proxy.start()
    try:
        limits = RedisLimits(call=0.5, waits=waits_of(0.5))
        service = await start(redis_url=f"redis://127.0.0.1:{proxy.port}", redis_limits=limits)
        directory.behaviour = hanging()
        proxy.delay = 0.3
        async with standstill() as stood:
            began = time.monotonic()
            await service.lookup(supportID="1", employeeID="2", refresh="true")
            assert time.monotonic() - began < PATIENCE + 0.25 + stood(), "what is forgotten counts, too"
    finally:
        await proxy.stop()


async def test_who_was_erased_stays_so_when_the_secret_has_been_changed_as_documented(
    start: StartService, redis: RedisProcess
) -> None:
    first = await start(redis_url=redis.url, secret="old")
    assert await erase(first) == 200
    await first.stop()
    for secrets in (
        {"secret": "old", "secret_previous": "new"},
        {"secret": "new", "secret_previous": "old"},
    ):
        service = await start(redis_url=redis.url, **secrets)
        assert names(await service.lookup(refresh="true")) == []
        await service.stop()
    last = await start(redis_url=redis.url, secret="new")
    assert names(await last.lookup(refresh="true")) == []


async def test_no_explanation_lists_the_erased(start: StartService, redis: RedisProcess) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup()
    await until_stored(service)
    evict(redis, "set")
    assert await erase(service) == 200
    matches = (await explained(service))["lookup"]["matches"]
    assert not [one for one in matches or () if one["id"] == 30]


async def test_the_documented_rights_are_enough_for_the_service(
    start: StartService, redis: RedisProcess
) -> None:
    document = Path(__file__).parents[2] / "docs" / "redis.md"
    found = re.search(r"^ACL SETUSER .*$", document.read_text(), re.MULTILINE)
    assert found is not None
    redis.command(*found[0].replace(">PASSWORD", ">right").split())
    service = await start(redis_url=f"unix://cti:right@{redis.socket}")
    await service.lookup()
    await until_stored(service)
    await until_done(service, "beat", times=2)
    metrics = await service.metrics()
    assert [line for line in metrics.splitlines() if 'result="auth"' in line] == []
    assert await forget(service) == 204


async def test_who_was_erased_stays_so_when_redis_has_evicted_the_list_of_them(
    start: StartService, redis: RedisProcess
) -> None:
    first = await start(redis_url=redis.url)
    assert await erase(first) == 200
    evict(redis, "hash")
    second = await start(redis_url=redis.url)
    assert names(await second.lookup()) == []


async def test_the_process_that_forgot_does_not_show_it_again_when_redis_falls_back(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup()
    await until_stored(service)
    redis.command("SAVE")
    directory.people[0]["name"] = NEW
    assert await forget(service) == 204
    redis.kill()
    before = await done(service, "beat")
    redis.start()
    await until_done(service, "beat", times=before + 2)
    assert names(await service.lookup()) == [NEW]


async def test_three_replicas_ask_a_directory_of_two_and_a_half_seconds_once(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    replicas = [await start(redis_url=redis.url) for _ in range(3)]

    async def slow(request: Any) -> Any:
        await asyncio.sleep(2.6)
        return await directory.answer(request)

    directory.behaviour = slow
    rung = await asyncio.gather(*(one.ring() for one in replicas))
    assert [names(one["lookup"]) for one in rung] == [[OLD]] * 3
    assert len([one for one in directory.requests if one.path == "/v1/sd"]) == 1


async def test_a_redis_that_ends_while_the_directory_is_asked_costs_no_second_request(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(redis_url=redis.url)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    ringing = asyncio.create_task(service.lookup())
    await directory.asked.wait()
    redis.kill()
    gate.set()
    assert names(await ringing) == [OLD]
    assert len(directory.requests) == 1


async def test_a_full_redis_still_forgets(
    start: StartService, redis: RedisProcess, directory: FakeDirectory
) -> None:
    service = await start(redis_url=redis.url)
    await service.lookup()
    await until_stored(service)
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.command("CONFIG", "SET", "maxmemory", "1")
    directory.people[0]["name"] = NEW
    assert await forget(service) == 204
