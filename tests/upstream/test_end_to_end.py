"""The directory tells of a change, and whoever rings next is shown what is so now: the whole service over real HTTP."""

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, held, person, replying
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import SHIPPED
from tests.service import conftest as services
from tests.service.conftest import Service, StartService
from tests.upstream.signing import SECRET, plain, signed

no_settings_from_outside = services.no_settings_from_outside
start = services.start

TOKEN = "a-token-of-the-directory"
LONDON = "+442079460110"
SOON = 20.0
BREAKERS_TIME = 11.0
"""Seconds after which a silent Redis is tried again."""


@pytest.fixture
async def service(start: StartService) -> Service:
    """Give a service that the directory may call."""
    return await start(upstream_tokens=TOKEN)


async def told(service: Service, body: bytes | None = None, **changes: Any) -> tuple[int, Any]:
    """Have the directory tell of something, and give status and answer."""
    content = plain(**changes) if body is None else body
    async with service.client.post(f"/upstream/{TOKEN}", data=content) as response:
        return response.status, await response.json()


async def until_counted(service: Service, name: str, **labels: str) -> None:
    """Wait until something has been counted."""
    async with asyncio.timeout(SOON):
        while not await service.counted(name, **labels):  # noqa: ASYNC110  # the count is all there is
            await asyncio.sleep(0.005)


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer["people"]]


async def test_whoever_rings_after_a_change_is_shown_as_they_are_now(
    service: Service, directory: FakeDirectory
) -> None:
    await service.lookup()
    directory.people[0] |= {"name": "Ashok K. Kumar", "vip": True}
    assert (await service.lookup())["people"][0]["vip"] is False
    assert await told(service) == (200, {})
    shown = (await service.ring())["lookup"]
    assert (names(shown), shown["people"][0]["vip"]) == (["Ashok K. Kumar"], True)


async def test_a_number_that_nobody_had_is_its_new_owners_soon_after(
    service: Service, directory: FakeDirectory
) -> None:
    assert (await service.lookup(LONDON))["outcome"] == "nobody"
    directory.people.append(person(LONDON, id=31, name="Gwen Boss"))
    assert (await service.lookup(LONDON))["tier"] == "memory"
    assert await told(service, event="person.create", object_id=31) == (200, {})
    await until_counted(service, "cti_forgotten_total", what="numbers")
    assert names(await service.lookup(LONDON)) == ["Gwen Boss"]


async def test_a_change_that_is_told_while_the_directory_is_being_asked_is_not_overlooked(
    service: Service, directory: FakeDirectory
) -> None:
    gate = asyncio.Event()
    before = replying([dict(directory.people[0])])
    directory.behaviour = held(gate, before)
    ring = asyncio.create_task(service.ring())
    await asyncio.wait_for(directory.asked.wait(), SOON)
    directory.people[0]["name"] = "Ashok K. Kumar"
    directory.behaviour = directory.answer
    assert (await told(service))[0] == 200
    gate.set()
    assert names((await ring)["lookup"]) == ["Ashok K. Kumar"]
    assert names(await service.lookup()) == ["Ashok K. Kumar"]


async def test_a_thousand_changes_leave_the_directory_to_phones_that_ring(
    service: Service, directory: FakeDirectory
) -> None:
    for number in range(1, 201):
        assert (await told(service, object_id=1000 + number))[0] == 200
    await until_counted(service, "cti_directory_requests_total", result="quota")
    assert len(directory.requests) <= 10, "half of the 20 in 2 s are the phones'"
    assert (await service.ring())["lookup"]["outcome"] == "matched"


async def test_a_verification_is_called_back_and_anybody_elses_is_not(
    start: StartService, directory: FakeDirectory
) -> None:
    service = await start(upstream_tokens=TOKEN, upstream_hosts=f"127.0.0.1:{directory.port}")
    callback = f"http://127.0.0.1:{directory.port}/verify?code=c0de"
    assert await told(service, event="webhook.verify", payload={"callback": callback}) == (200, {})
    await asyncio.wait_for(directory.asked.wait(), SOON)
    assert [(one.path, one.query) for one in directory.requests] == [("/verify", {"code": "c0de"})]
    assert "Authorization" not in directory.requests[0].headers
    strange = f"http://127.0.0.1:{directory.port + 1}/verify"
    status, problem = await told(service, event="webhook.verify", payload={"callback": strange})
    assert (status, problem["code"], len(directory.requests)) == (403, "strange_host", 1)


async def test_with_a_key_only_what_is_signed_is_believed(
    start: StartService, directory: FakeDirectory, clock: SettableClock
) -> None:
    service = await start(upstream_tokens=TOKEN, upstream_jwt_keys=SECRET)
    await service.lookup()
    directory.people[0]["name"] = "Ashok K. Kumar"
    assert (await told(service))[0] == 401
    assert (await told(service, signed("x" * 64)))[0] == 401
    assert names(await service.lookup()) == ["Ashok Kumar"]
    assert await told(service, signed(iat=int(clock.now))) == (200, {})
    assert names(await service.lookup()) == ["Ashok K. Kumar"]


async def test_without_a_token_nobody_is_let_in(start: StartService, directory: FakeDirectory) -> None:
    service = await start()
    assert (await told(service))[0] == 401
    assert directory.requests == []


async def test_while_redis_hangs_the_directory_is_to_tell_again_and_nothing_old_is_shown_here(
    start: StartService, redis: RedisProcess, directory: FakeDirectory, clock: SettableClock
) -> None:
    service = await start(upstream_tokens=TOKEN, redis_url=redis.url, redis_limits=SHIPPED)
    await service.lookup()
    redis.pause()
    directory.people[0]["name"] = "Ashok K. Kumar"
    status, problem = await told(service)
    assert (status, problem["code"]) == (503, "not_forgotten")
    assert names(await service.lookup()) == ["Ashok K. Kumar"]
    redis.resume()
    clock.pass_by(BREAKERS_TIME)
    async with asyncio.timeout(SOON):
        while (await told(service))[0] != 200:
            clock.pass_by(BREAKERS_TIME)
    assert await service.counted("cti_upstream_messages_total", result="changed") == 1


async def test_a_person_of_whom_nothing_is_known_any_more_is_forgotten_without_a_fault(
    service: Service, directory: FakeDirectory
) -> None:
    await service.lookup()
    directory.people.clear()
    assert (await told(service))[0] == 200
    assert (await service.lookup())["outcome"] == "nobody"
    assert (await told(service, object_id=2**62))[0] in (200, 422)


async def test_no_line_of_the_log_tells_of_anybody(service: Service) -> None:
    await service.lookup()
    await told(service)
    await told(service, b"{")
    logged = json.dumps(service.logged)
    for trace in ("Ashok", "Hal Turner", ASHOKS_NUMBER, "713987", TOKEN, "S-1-5"):
        assert trace not in logged
