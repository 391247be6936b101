"""`POST /upstream/{token}` over real HTTP: who is let in, what is forgotten, what is answered."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from cti_lookup.errors import NotForgotten
from cti_lookup.keys import Keys
from cti_lookup.logs import Log
from cti_lookup.rservice.handshake import AllowedHosts, open_handshake
from cti_lookup.rservice.signatures import verifier_of
from cti_lookup.rservice.writers import Verifier
from cti_lookup.upstream import Upstream
from cti_lookup.web.allowances import Allowances
from cti_lookup.web.bodies import LARGEST_BODY
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.problems import guarded
from cti_lookup.web.upstream import upstream
from tests.conftest import SettableClock
from tests.upstream.signing import SECRET, plain, signed

TOKEN = "a-token-of-the-tests"


@dataclass
class Tally:
    """Counts as the service's own does."""

    counts: Counter[str] = field(default_factory=Counter)

    def count_upstream(self, result: str) -> None:
        self.counts[result] += 1


@dataclass(frozen=True)
class OwnParts:
    """The parts that the route needs, under the service's names."""

    upstream: Upstream
    tallies: Tally
    log: Log
    allowances: Allowances
    traces: None = None


@dataclass
class Route:
    """The route, and what it brought about."""

    client: TestClient[web.Request, web.Application]
    directory: TestServer
    tally: Tally
    written: list[bytes]
    forgotten: list[int] = field(default_factory=list)
    noted: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)
    called_back: list[str] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)

    async def changed(self, person_id: int) -> None:
        if self.failing:
            raise self.failing.pop()
        self.forgotten.append(person_id)

    async def post(self, body: bytes, token: str = TOKEN) -> tuple[int, Any]:
        headers = {"X-4me-Delivery": "d-1"}
        async with self.client.post(f"/upstream/{token}", data=body, headers=headers) as response:
            self.headers = response.headers
            return response.status, await response.json()

    async def code(self, body: bytes, token: str = TOKEN) -> tuple[int, str]:
        status, problem = await self.post(body, token)
        return status, problem["code"]

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.directory.port}/verify?code=c0de"


StartRoute = Callable[..., Awaitable[Route]]


@pytest.fixture
async def start(clock: SettableClock) -> AsyncIterator[StartRoute]:
    """Start routes; each with a directory to call back. They stop when the test ends."""
    started: list[Route] = []

    async def start_route(*, tokens: tuple[str, ...] = (TOKEN,), verifier: Verifier | None = None) -> Route:
        app, directory = web.Application(client_max_size=LARGEST_BODY), web.Application()
        called_back = TestServer(directory, host="127.0.0.1")
        written: list[bytes] = []
        route = Route(TestClient(TestServer(app)), called_back, Tally(), written)

        async def verify(request: web.Request) -> web.Response:
            route.called_back.append(request.path_qs)
            return web.Response()

        async def parts(app: web.Application) -> AsyncIterator[None]:
            hosts = AllowedHosts([f"127.0.0.1:{called_back.port}"])
            async with open_handshake(hosts, noted=lambda *what: route.noted.put_nowait(what)) as handshake:
                made = Upstream(
                    keys=Keys(tokens),
                    verifier=verifier or verifier_of([]),
                    handshake=handshake,
                    changed=route.changed,
                    clock=clock,
                )
                allowances = Allowances(key_rate=1, agent_lookups=1, proxies=(), clock=clock)
                app[PARTS] = cast(
                    "Parts", OwnParts(made, route.tally, Log(written.append, clock), allowances)
                )
                yield

        app.router.add_post("/upstream/{token}", guarded(upstream))
        directory.router.add_get("/verify", verify)
        app.cleanup_ctx.append(parts)
        await called_back.start_server()
        await route.client.start_server()
        started.append(route)
        return route

    yield start_route
    for route in started:
        await route.client.close()
        await route.directory.close()


async def test_a_changed_person_is_forgotten_and_answered_with_an_empty_object(start: StartRoute) -> None:
    route = await start()
    assert await route.post(plain()) == (200, {})
    assert route.headers["Cache-Control"] == "no-store"
    assert route.forgotten == [30]
    assert route.tally.counts == {"changed": 1}


@pytest.mark.parametrize(
    "token", ["wrong", "a-token-of-the-test", f"{TOKEN}x", "%FF", "%00", "é", TOKEN.upper()]
)
async def test_without_the_token_nothing_is_read(start: StartRoute, token: str) -> None:
    route = await start()
    for body in (plain(), b"{", b""):
        assert await route.code(body, token) == (401, "bad_key")
    assert route.forgotten == []
    assert route.tally.counts == {"bad_key": 3}


async def test_while_one_token_replaces_another_both_are_good(start: StartRoute) -> None:
    route = await start(tokens=("old-token", "new-token"))
    assert [(await route.post(plain(), token))[0] for token in ("old-token", "new-token")] == [200, 200]


async def test_where_no_token_is_configured_nobody_is_let_in(start: StartRoute) -> None:
    route = await start(tokens=())
    assert await route.code(plain()) == (401, "bad_key")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "unreadable"),
        (plain(object_id=0), 422, "wrong_field"),
        (signed(), 401, "bad_key"),
        (b" " * (LARGEST_BODY + 1), 413, "too_large"),
        (plain(event="webhook.verify", payload={"callback": "https://evil.example/"}), 403, "strange_host"),
        (plain(event="webhook.verify", payload={"callback": "https://u@evil.example/"}), 422, "wrong_field"),
    ],
    ids=["unreadable", "field", "signed", "large", "host", "user"],
)
async def test_a_rejection_is_a_problem_and_counted(
    start: StartRoute, body: bytes, status: int, code: str
) -> None:
    route = await start()
    assert await route.code(body) == (status, code)
    assert route.tally.counts == {code: 1}
    assert (route.forgotten, route.called_back) == ([], [])


async def test_another_event_is_taken_and_changes_nothing(start: StartRoute) -> None:
    route = await start()
    assert await route.post(plain(event="organization.update")) == (200, {})
    assert (route.forgotten, route.tally.counts) == ([], {"other": 1})


async def test_where_replicas_could_not_be_told_the_directory_shall_tell_again(start: StartRoute) -> None:
    route = await start(verifier=verifier_of([SECRET]))
    route.failing.append(NotForgotten("timeout"))
    assert await route.code(signed()) == (503, "not_forgotten")
    assert route.headers["Retry-After"] == "5"
    assert await route.post(signed()) == (200, {})
    assert route.forgotten == [30]
    assert route.tally.counts == {"not_forgotten": 1, "changed": 1}


async def test_a_signature_shown_again_is_taken_and_brings_nothing_about(
    start: StartRoute, clock: SettableClock
) -> None:
    route = await start(verifier=verifier_of([SECRET]))
    await route.post(signed(iat=clock.now + 300))
    clock.pass_by(599)
    assert await route.post(signed(iat=clock.now - 299)) == (200, {})
    assert await route.post(signed(iat=clock.now, nbf=None, jti="two")) == (200, {})
    assert route.forgotten == [30, 30]
    assert route.tally.counts == {"changed": 2, "repeated": 1}


async def test_a_message_without_a_signature_counts_each_time(start: StartRoute) -> None:
    route = await start()
    for _ in range(2):
        await route.post(plain())
    assert route.forgotten == [30, 30]


async def test_a_verification_is_answered_and_the_directory_called_back(start: StartRoute) -> None:
    route = await start()
    body = plain(event="webhook.verify", payload={"callback": route.callback})
    assert await route.post(body) == (200, {})
    assert await route.noted.get() == ("127.0.0.1", "verified")
    assert route.called_back == ["/verify?code=c0de"]
    assert route.tally.counts == {"verification": 1}


async def test_a_failure_nobody_expected_tells_nothing(start: StartRoute) -> None:
    route = await start()
    route.failing.append(RuntimeError("person 30"))
    assert await route.code(plain()) == (500, "internal")
    assert b"person 30" not in b"".join(route.written)


async def test_the_log_names_the_delivery_and_nobody(start: StartRoute) -> None:
    route = await start()
    await route.post(plain())
    await route.post(plain(), "guessed-token")
    route.client.app[PARTS].log.flush()
    lines = [json.loads(line) for line in b"".join(route.written).splitlines()]
    assert [(line["event"], line["delivery"], line["result"]) for line in lines] == [
        ("upstream", "d-1", "changed")
    ]
    for secret in (TOKEN, "guessed-token", "Hal Turner", "S-1-5"):
        assert secret.encode() not in b"".join(route.written)
