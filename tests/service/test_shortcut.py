"""Past the router an event is answered as by it: the time that is saved is the only difference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from cti_lookup.web.shortcut import take_shortcut
from tests.service.conftest import BEARER, KEY, Service

OWN = "/webhooks/generic"
NAMED = {"X-Request-Id": "0af7651916cd43dd8448eb211c80319c"}
RINGING = b'{"event":"newCall","from":"+1 713 987 2967","direction":"in","callId":"one"}'


@dataclass(frozen=True)
class Asked:
    """A request that may or may not be let past the router."""

    path: str = OWN
    method: str = "POST"
    body: bytes = RINGING
    headers: Mapping[str, str] = field(default_factory=lambda: BEARER)


REQUESTS = {
    "an event": Asked(),
    "an event whose sender hangs up": Asked(headers={**BEARER, "Connection": "close"}),
    "an event whose sender waits for a word": Asked(headers={**BEARER, "Expect": "100-continue"}),
    "an event with a key in the query": Asked(f"{OWN}?key={KEY}", headers={}),
    "an event with a key in the path": Asked(f"{OWN}/{KEY}", headers={}),
    "an event in the query": Asked(f"{OWN}?from=%2B17139872967&callId=two", "GET", b""),
    "no key": Asked(headers={}),
    "a body that is none": Asked(body=b"{"),
    "a body that is too large": Asked(body=b" " * 70_000),
    "a field of a wrong type": Asked(body=b'{"direction":[]}'),
    "a method that is none": Asked(method="PUT"),
    "a source that is none": Asked("/webhooks/other"),
}


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
async def test_it_is_answered_alike_with_the_shortcut_and_without(service: Service, asked: Asked) -> None:
    await service.ring(callId="one")
    without = await answer_to(asked, service)
    take_shortcut(runner_of(service))
    assert await answer_to(asked, service) == without


async def test_an_event_on_its_sources_own_path_asks_no_router(service: Service) -> None:
    runner = runner_of(service)
    assert runner.server is not None
    runner.server.request_handler = only_the_router
    take_shortcut(runner)
    assert (await answer_to(Asked(), service))[0] == 200
    assert (await answer_to(Asked("/livez", "GET", b""), service))[0] == 418


async def only_the_router(_: web.BaseRequest) -> web.StreamResponse:
    return web.json_response({}, status=418)


def runner_of(service: Service) -> web.AppRunner:
    runner = service.client.server.runner
    assert isinstance(runner, web.AppRunner)
    return runner


async def answer_to(asked: Asked, service: Service) -> tuple[int, dict[str, str], Any]:
    """Ask over a connection of its own: each takes its handler when it is opened."""
    url = f"http://127.0.0.1:{service.port}{asked.path}"
    async with (
        ClientSession() as session,
        session.request(asked.method, url, data=asked.body, headers={**NAMED, **asked.headers}) as response,
    ):
        told = await response.json()
        if "call" in told:
            told["call"].pop("id")
        headers = {name: value for name, value in response.headers.items() if name != "Date"}
        return response.status, headers, told
