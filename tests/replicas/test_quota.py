"""What all replicas may ask of the directory together, and with which token."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from cti_lookup.rservice.quota_windows import WINDOW_SECONDS
from tests.replicas.fleet import Fleet, Replica, outcomes, until
from tests.rservice.token_server import SECRET, TokenServer
from tests.servers.fake_directory import FakeDirectory, held
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

BURST = 20
NUMBERS = [f"+44207946{last:04}" for last in range(60)]
WINDOW = 1.9
"""Seconds, less than the directory's 2: requests that were sent in one order arrive in another."""

AT_ONCE = WINDOW_SECONDS / 2
"""Seconds that are too few to wait for more quota."""

REFUSED_HERE = ("quota", "busy", "open")


class Arrivals:
    """When requests reach a directory that otherwise behaves well."""

    def __init__(self, directory: FakeDirectory) -> None:
        self.times: list[float] = []
        self._then = directory.behaviour
        directory.behaviour = self._note

    async def _note(self, request: web.Request) -> web.StreamResponse:
        self.times.append(time.monotonic())
        return await self._then(request)

    def most_together(self) -> int:
        """Give how many came at most in any window."""
        return max(sum(begin <= one < begin + WINDOW for one in self.times) for begin in self.times)


async def all_numbers(replicas: list[Replica]) -> list[Any]:
    """Ask for sixty different numbers at once, each at the next replica."""
    asked = (replicas[place % len(replicas)].lookup(one) for place, one in enumerate(NUMBERS))
    return await asyncio.gather(*asked)


async def ended(replicas: list[Replica]) -> Counter[str]:
    """Count what became of the requests that have ended, those that were refused here among them."""
    told: Counter[str] = Counter()
    for one in replicas:
        for result, count in (await one.told_of_requests()).items():
            told[result] += int(count)
    return told


@pytest.mark.alone
async def test_three_processes_together_keep_to_the_directorys_quota_and_say_so_at_once(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    replicas = await fleet.start_patient(3, redis_url=redis.url)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    arrivals = Arrivals(directory)

    async def all_are_decided() -> bool:
        return len(arrivals.times) + (await ended(replicas)).total() >= len(NUMBERS)

    began = time.monotonic()
    asking = asyncio.create_task(all_numbers(replicas))
    await until(all_are_decided, within=AT_ONCE)  # though the directory has answered nobody
    windows = 1 + int((time.monotonic() - began) / WINDOW_SECONDS)
    told = await ended(replicas)
    lost = told.total() - sum(told[one] for one in REFUSED_HERE)
    assert len(arrivals.times) + lost >= BURST - 3
    assert len(arrivals.times) <= windows * BURST
    gate.set()
    answers = await asking
    assert outcomes(answers) <= {"nobody", "unavailable"}
    known = [answer["outcome"] == "nobody" for answer in answers]
    await until(partial(is_known, replicas[0], NUMBERS[known.index(False)]))
    assert arrivals.most_together() <= BURST


async def is_known(replica: Replica, number: str) -> bool:
    return bool((await replica.lookup(number))["outcome"] == "nobody")


@pytest.mark.alone
async def test_without_redis_three_processes_together_ask_more_than_the_quota(
    fleet: Fleet, directory: FakeDirectory
) -> None:
    replicas = await fleet.start(3)
    arrivals = Arrivals(directory)
    await all_numbers(replicas)
    assert arrivals.most_together() > BURST


class TestClientCredentials:
    """The service with an application's id and secret instead of a token."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[TokenServer]:
        server = TokenServer()
        await server.start()
        yield server
        await server.stop()

    async def test_a_token_that_the_directory_refuses_is_replaced_by_one_new_one(
        self, fleet: Fleet, directory: FakeDirectory, server: TokenServer
    ) -> None:
        good = "token-1"
        healthy = directory.answer

        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bearer {good}":
                return web.json_response({"message": "Unauthorized"}, status=401)
            return await healthy(request)

        directory.behaviour = guarded
        (replica,) = await fleet.start(
            1,
            directory_token="",
            directory_client_id="a-client",
            directory_client_secret=SECRET,
            directory_oauth_url=server.credentials.url,
        )
        assert (await replica.answer())["outcome"] == "matched"
        assert len(server.forms) == 1
        assert server.forms[0]["grant_type"] == "client_credentials"

        good = "token-2"
        answers = await asyncio.gather(*(replica.answer(f"+44207946000{last}") for last in range(5)))
        assert outcomes(answers) == {"nobody"}
        assert len(server.forms) == 2

        good = "none"
        assert (await replica.lookup("+442079460006"))["outcome"] == "unavailable"
        assert (
            len(server.forms) == 2
        )  # the new one was refused too soon: that is not asked for again and again
        assert SECRET not in replica.program.complained
        assert "token-" not in replica.program.complained
