"""Tokens for client credentials: fetched ahead, once however many ask, and never in a storm."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from cti_lookup.rservice.resolving import PatientResolver
from cti_lookup.rservice.tokens import PATIENCE as TOKENS_PATIENCE
from cti_lookup.rservice.tokens import ClientTokens, FixedToken, NoToken
from cti_lookup.rservice.transport import open_session
from tests.conftest import SettableClock
from tests.rservice.opening import ASHOK, PATIENCE, Counts, opened, unlimited
from tests.rservice.token_server import SECRET, TokenServer
from tests.servers.fake_directory import (
    TOKEN,
    Behaviour,
    FakeDirectory,
    bomb,
    dripping,
    hanging,
    held,
    replying,
    resetting,
)

RINGING = Purpose.RINGING


@pytest.fixture
async def server() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def tokens(server: TokenServer, clock: SettableClock) -> AsyncIterator[ClientTokens]:
    async with opened_tokens(server, clock) as tokens:
        yield tokens


@asynccontextmanager
async def opened_tokens(
    server: TokenServer, clock: SettableClock, patience: float = PATIENCE
) -> AsyncIterator[ClientTokens]:
    async with open_session(PatientResolver(clock), connect=PATIENCE) as session:
        tokens = ClientTokens(session, server.credentials, clock, count=lambda _: None, patience=patience)
        yield tokens
        await tokens.close()


async def why_not(tokens: ClientTokens) -> str:
    with pytest.raises(NoToken) as raised:
        await tokens.current()
    return raised.value.reason


async def landed(tokens: ClientTokens) -> None:
    """Wait until a fetch in the background has ended."""
    if tokens._flight is not None:
        await asyncio.wait((tokens._flight,))
        await asyncio.sleep(0)


async def test_credentials_are_sent_as_a_form_and_nothing_else_is_told(
    tokens: ClientTokens, server: TokenServer
) -> None:
    assert await tokens.current() == "token-1"
    assert server.forms == [
        {"grant_type": "client_credentials", "client_id": "a-client", "client_secret": SECRET}
    ]
    assert server.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert not {"Authorization", "X-4me-Account", "Cookie"} & set(server.headers[0])


async def test_a_thousand_who_ask_at_once_cost_one_fetch(tokens: ClientTokens, server: TokenServer) -> None:
    assert set(await asyncio.gather(*(tokens.current() for _ in range(1000)))) == {"token-1"}
    assert len(server.forms) == 1


class NoFlight(ClientTokens):
    """Lets everybody fetch a token of their own."""

    def _fly(self) -> asyncio.Task[str]:
        return asyncio.create_task(self._fetch())


async def test_without_a_single_flight_each_of_them_fetches_a_token(
    server: TokenServer, clock: SettableClock
) -> None:
    async with open_session(PatientResolver(clock), connect=PATIENCE) as session:
        tokens = NoFlight(session, server.credentials, clock, count=lambda _: None, patience=PATIENCE)
        await asyncio.gather(*(tokens.current() for _ in range(20)))
    assert len(server.forms) == 20


async def test_a_token_serves_until_two_minutes_before_its_end_and_then_while_another_is_fetched(
    tokens: ClientTokens, server: TokenServer, clock: SettableClock
) -> None:
    await tokens.current()
    clock.pass_by(3479)
    assert await tokens.current() == "token-1"
    assert len(server.forms) == 1
    clock.pass_by(1)
    assert await tokens.current() == "token-1"
    await landed(tokens)
    assert await tokens.current() == "token-2"
    assert len(server.forms) == 2


async def test_the_old_token_serves_while_the_server_of_new_ones_is_down(
    tokens: ClientTokens, server: TokenServer, clock: SettableClock
) -> None:
    await tokens.current()
    server.behaviour = replying(status=500)
    clock.pass_by(3500)
    for _ in range(5):
        assert await tokens.current() == "token-1"
        await landed(tokens)
    assert len(server.forms) == 2
    clock.pass_by(100)
    assert await why_not(tokens) == "status"


@pytest.mark.parametrize(
    ("life", "serves"), [(60, 30), (1, 15), (10**12, 86280), (3600.5, 3480), (None, 3480)]
)
async def test_absurd_lives_are_brought_within_sense(
    tokens: ClientTokens, server: TokenServer, clock: SettableClock, life: object, serves: float
) -> None:
    server.life = life
    await tokens.current()
    clock.pass_by(serves - 1)
    await tokens.current()
    await landed(tokens)
    assert len(server.forms) == 1
    clock.pass_by(2)
    await tokens.current()
    await landed(tokens)
    assert len(server.forms) == 2


def granting(text: object = "t", **more: object) -> Behaviour:
    return replying({"access_token": text, **more})


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (replying({"error": "invalid_client", "error_description": SECRET}, status=400), "unauthorized"),
        (replying(status=401), "unauthorized"),
        (replying(status=403), "unauthorized"),
        (replying(status=429), "throttled"),
        (replying(status=500), "status"),
        (replying(status=302, headers={"Location": "/elsewhere"}), "redirect"),
        (replying(b"<html>"), "malformed"),
        (replying(b""), "malformed"),
        (replying([]), "malformed"),
        (replying(b'{"access_token":"a","access_token":"b"}'), "malformed"),
        (replying(b'{"access_token":"a","expires_in":NaN}'), "malformed"),
        (granting(""), "malformed"),
        (granting(5), "malformed"),
        (granting("a b"), "malformed"),
        (granting("a\r\nX: y"), "malformed"),
        (granting("ä"), "malformed"),
        (granting("a" * 8193), "malformed"),
        (granting(token_type="mac"), "malformed"),
        (granting(expires_in=0), "malformed"),
        (granting(expires_in=-1), "malformed"),
        (granting(expires_in=True), "malformed"),
        (granting(expires_in="soon"), "malformed"),
        (replying(b" " * (1 << 20)), "oversized"),
        (bomb(3), "oversized"),
        (resetting(), "connection"),
    ],
)
async def test_a_server_that_gives_no_token_gives_a_reason(
    tokens: ClientTokens, server: TokenServer, behaviour: Behaviour, reason: str
) -> None:
    server.behaviour = behaviour
    assert await why_not(tokens) == reason
    assert len(server.forms) == 1 or reason == "connection"


@pytest.mark.parametrize("silent", [hanging(), dripping()], ids=["hanging", "dripping"])
async def test_a_server_that_comes_to_no_end_is_a_timeout(
    server: TokenServer, clock: SettableClock, silent: Behaviour
) -> None:
    server.behaviour = silent
    async with opened_tokens(server, clock, patience=0.3) as tokens:
        assert await why_not(tokens) == "timeout"


async def test_failed_fetches_wait_a_second_and_twice_as_long_each_time_up_to_thirty(
    tokens: ClientTokens, server: TokenServer, clock: SettableClock
) -> None:
    server.behaviour = replying(status=401)
    for fetches, wait in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
        assert await why_not(tokens) == "unauthorized"
        clock.pass_by(wait - 0.1)
        assert await why_not(tokens) == "unauthorized"
        assert len(server.forms) == fetches
        clock.pass_by(0.1)
    server.behaviour = server.grant
    assert await tokens.current() == "token-8"


async def test_a_caller_who_leaves_hurts_nobody(tokens: ClientTokens, server: TokenServer) -> None:
    gate = asyncio.Event()
    server.behaviour = held(gate, server.grant)
    leaver, stayer = (asyncio.create_task(tokens.current()) for _ in range(2))
    await server.asked.wait()
    leaver.cancel()
    await asyncio.wait((leaver,))
    gate.set()
    assert await stayer == "token-1"
    assert len(server.forms) == 1


async def test_when_all_callers_leave_the_token_is_there_for_the_next(
    tokens: ClientTokens, server: TokenServer
) -> None:
    gate = asyncio.Event()
    server.behaviour = held(gate, server.grant)
    leaver = asyncio.create_task(tokens.current())
    await server.asked.wait()
    leaver.cancel()
    await asyncio.wait((leaver,))
    gate.set()
    assert await tokens.current() == "token-1"
    assert len(server.forms) == 1


async def test_a_fetch_that_hangs_does_not_hold_up_the_end(tokens: ClientTokens, server: TokenServer) -> None:
    server.behaviour = hanging()
    asking = asyncio.create_task(tokens.current())
    await server.asked.wait()
    async with asyncio.timeout(10):
        await tokens.close()
    assert (await asyncio.gather(asking, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_refused_token_is_replaced_once_for_all_who_hold_it(
    tokens: ClientTokens, server: TokenServer
) -> None:
    old = await tokens.current()
    assert set(await asyncio.gather(*(tokens.another(old) for _ in range(100)))) == {"token-2"}
    assert await tokens.another(old) == "token-2"
    assert len(server.forms) == 2


async def test_tokens_that_are_refused_one_after_the_other_do_not_hammer_the_server(
    tokens: ClientTokens, server: TokenServer, clock: SettableClock
) -> None:
    token = await tokens.current()
    for _ in range(300):
        token = await tokens.another(token) or token
        clock.pass_by(0.1)
    assert len(server.forms) == 1 + 5  # after 0, 1, 3, 7 and 15 of the 30 s


async def test_a_token_that_lived_well_is_replaced_at_once(
    tokens: ClientTokens, server: TokenServer, clock: SettableClock
) -> None:
    token = await tokens.another(await tokens.current())
    for _ in range(5):
        clock.pass_by(61)
        assert token is not None
        token = await tokens.another(token)
    assert len(server.forms) == 7
    assert token == "token-7"


async def test_a_fixed_token_has_no_other() -> None:
    fixed = FixedToken(TOKEN)
    assert (await fixed.current(), await fixed.another(TOKEN)) == (TOKEN, None)
    assert TOKEN not in repr(fixed)


def accepting(directory: FakeDirectory, *tokens: str) -> Behaviour:
    """Answer whoever has one of these tokens; 401 to all others."""

    async def behave(request: web.Request) -> web.StreamResponse:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return await (directory.answer if token in tokens else replying(status=401))(request)

    return behave


async def test_a_401_is_answered_with_a_new_token_and_the_caller_notices_nothing(
    directory: FakeDirectory, server: TokenServer
) -> None:
    directory.behaviour = accepting(directory, "token-2")
    counts = Counts()
    async with opened(directory.url, credentials=server.credentials, counts=counts) as remote:
        people = await remote.people_with(ASHOK, RINGING)
    assert [one.name for one in people] == ["Ashok Kumar"]
    assert (counts.requests, counts.tokens) == (["unauthorized", "found"], ["ok", "ok"])


async def test_a_401_for_ever_costs_two_requests_and_few_tokens(
    directory: FakeDirectory, server: TokenServer, clock: SettableClock
) -> None:
    directory.behaviour = replying(status=401)
    async with opened(directory.url, credentials=server.credentials, clock=clock) as remote:
        with pytest.raises(Unavailable, match="unauthorized"):
            await remote.people_with(ASHOK, RINGING)
        assert len(directory.requests) == 2
        results = await asyncio.gather(
            *(remote.people_with(ASHOK, RINGING) for _ in range(50)), return_exceptions=True
        )
    assert {str(one) for one in results} == {"unauthorized"}
    assert len(server.forms) == 2


async def test_a_fixed_token_that_is_refused_costs_one_request(directory: FakeDirectory) -> None:
    directory.behaviour = replying(status=401)
    async with opened(directory.url) as remote:
        with pytest.raises(Unavailable, match="unauthorized"):
            await remote.people_with(ASHOK, RINGING)
    assert len(directory.requests) == 1


async def test_without_a_token_the_directory_is_not_asked_and_not_thought_ill(
    directory: FakeDirectory, server: TokenServer, clock: SettableClock
) -> None:
    server.behaviour = resetting()
    guards = unlimited(clock)
    async with opened(directory.url, guards, credentials=server.credentials, clock=clock) as remote:
        for _ in range(10):
            with pytest.raises(Unavailable, match="connection"):
                await remote.people_with(ASHOK, RINGING)
    assert directory.requests == []
    assert not guards.breaker.is_open


async def test_a_token_server_that_hangs_is_a_timeout_within_the_questions_own_time(
    directory: FakeDirectory, server: TokenServer
) -> None:
    server.behaviour = hanging()
    async with opened(directory.url, credentials=server.credentials, total=0.2) as remote:
        async with asyncio.timeout(TOKENS_PATIENCE - 1):
            with pytest.raises(Unavailable, match="timeout"):
                await remote.people_with(ASHOK, RINGING)


@pytest.mark.parametrize(
    "behaviour", [replying({"error": SECRET}, status=400), granting(f"{SECRET}\n"), resetting()]
)
async def test_no_secret_stands_in_an_error_or_a_log(
    tokens: ClientTokens, server: TokenServer, behaviour: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.behaviour = behaviour
    with pytest.raises(NoToken) as raised:
        await tokens.current()
    written = "".join(traceback.format_exception(raised.value)) + caplog.text + repr(server.credentials)
    assert SECRET not in written
    assert SECRET not in json.dumps(str(tokens))
