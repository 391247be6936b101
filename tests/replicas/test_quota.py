"""What all replicas may ask of the directory together, and with which token."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from tests.replicas.fleet import Fleet, Replica, TooBusyError, outcomes, undisturbed, until
from tests.rservice.token_server import SECRET, TokenServer
from tests.servers.fake_directory import FakeDirectory
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

BURST = 20
WINDOW = 1.9
"""Seconds, less than the directory's 2: requests that were sent in one order arrive in another."""

AT_ONCE = 0.5
"""Seconds within which sixty are answered, and on a machine that is not busy in half of that; a lookup may wait for 1.5."""


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


async def all_numbers(replicas: list[Replica], turn: int = 0) -> list[Any]:
    """Ask for sixty different numbers at once, each at the next replica; for others at each turn."""
    asked = (replicas[place % len(replicas)].lookup(one) for place, one in enumerate(numbers(turn)))
    return await asyncio.gather(*asked)


def numbers(turn: int = 0) -> list[str]:
    return [f"+442079{turn}6{last:04}" for last in range(60)]


async def test_three_processes_together_keep_to_the_directorys_quota_and_say_so_at_once(
    fleet: Fleet, redis: RedisProcess, directory: FakeDirectory
) -> None:
    replicas = await fleet.start(3, redis_url=redis.url)
    arrivals = Arrivals(directory)

    async def attempt(turn: int) -> None:
        arrivals.times.clear()
        began = time.monotonic()
        answers = await all_numbers(replicas, turn)
        if time.monotonic() - began > AT_ONCE:  # more than the common count's own patience is lost then
            raise TooBusyError
        assert outcomes(answers) == {"nobody", "unavailable"}
        known = [answer["outcome"] == "nobody" for answer in answers]
        assert BURST - 3 <= sum(known) == len(arrivals.times) <= BURST
        await until(partial(is_known, replicas[0], numbers(turn)[known.index(False)]))
        assert arrivals.most_together() <= BURST

    await undisturbed(replicas, "take", attempt, pause=2.0)


async def is_known(replica: Replica, number: str) -> bool:
    return bool((await replica.lookup(number))["outcome"] == "nobody")


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
        assert (await replica.lookup())["outcome"] == "matched"
        assert len(server.forms) == 1
        assert server.forms[0]["grant_type"] == "client_credentials"

        good = "token-2"
        answers = await asyncio.gather(*(replica.lookup(f"+44207946000{last}") for last in range(5)))
        assert outcomes(answers) == {"nobody"}
        assert len(server.forms) == 2

        good = "none"
        assert (await replica.lookup("+442079460006"))["outcome"] == "unavailable"
        assert (
            len(server.forms) == 2
        )  # the new one was refused too soon: that is not asked for again and again
        assert SECRET not in replica.program.complained
        assert "token-" not in replica.program.complained
