"""Nobody reads the directory out number by number, and no phone system is held up for it."""

from typing import Any

import pytest

from cti_lookup.feed.tokens import Grant
from cti_lookup.web.keys import PARTS
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.service.conftest import BEARER, Service, StartService

SHOWN = ("/", "/debug", "/docs", "/openapi.json", "/livez", "/metrics", "/readyz", "/widget/frame.html")


@pytest.fixture
async def service(start: StartService) -> Service:
    return await start(key_rate=0.5, agent_lookups=3, trusted_proxies="127.0.0.0/8")


async def _asked(service: Service, headers: dict[str, str], path: str = "/v1/lookup") -> tuple[int, Any, Any]:
    query = {"telephone": ASHOKS_NUMBER, "number": ASHOKS_NUMBER}
    async with service.client.get(path, params=query, headers=headers) as response:
        return response.status, response.headers.get("Retry-After"), await response.text()


async def test_a_key_may_ask_so_often_and_is_told_when_it_may_again(
    service: Service, clock: SettableClock
) -> None:
    asked = [await _asked(service, BEARER) for _ in range(11)]

    assert [status for status, _, _ in asked] == [200] * 10 + [429]
    assert asked[-1][1] == "2"
    assert '"code":"too_often"' in asked[-1][2]
    clock.pass_by(2)
    assert (await _asked(service, BEARER))[0] == 200


async def test_an_agent_has_an_allowance_of_their_own(service: Service) -> None:
    assert service.client.app is not None
    tokens = service.client.app[PARTS].screen.tokens
    held = {"Authorization": f"Bearer {tokens.mint(Grant(subject='ada', agents=('1002',))).token}"}
    asked = [await _asked(service, held) for _ in range(4)]

    assert [status for status, _, _ in asked] == [200, 200, 200, 429]
    assert asked[-1][1] == "1200"
    assert (await _asked(service, BEARER))[0] == 200


async def test_a_telephone_s_display_stays_empty_instead_of_showing_an_error(service: Service) -> None:
    names = [await _asked(service, BEARER, "/v1/cnam") for _ in range(11)]

    assert names[0][2] != ""
    assert [status for status, _, _ in names] == [200] * 11
    assert names[-1][2] == ""


async def test_a_phone_system_s_calls_are_never_held_up(service: Service) -> None:
    for _ in range(12):
        await _asked(service, BEARER)

    assert [(await service.ring())["lookup"]["outcome"] for _ in range(30)] == ["matched"] * 30


async def test_wrong_keys_are_refused_more_shortly_after_a_while_and_hurt_no_right_one(
    service: Service,
) -> None:
    wrong = {"Authorization": "Bearer wrong", "X-Forwarded-For": "198.51.100.7"}
    statuses = [(await _asked(service, wrong))[0] for _ in range(61)]

    assert statuses == [401] * 60 + [429]
    assert (await _asked(service, {**wrong, "X-Forwarded-For": "198.51.100.8"}))[0] == 401
    assert (await _asked(service, {**BEARER, "X-Forwarded-For": "198.51.100.7"}))[0] == 200


async def test_every_answer_says_that_it_is_what_it_says_and_not_with_what_it_was_made(
    service: Service,
) -> None:
    paths = ("/v1/lookup", "/v1/cnam", "/v1/calls", "/v1/calls/stream", "/nowhere", *SHOWN)
    for path in paths:
        async with service.client.get(path, headers=BEARER) as response:
            assert response.headers.get("X-Content-Type-Options") == "nosniff", path
            assert response.headers.get("Server") == "cti-lookup", path


@pytest.mark.parametrize("path", SHOWN)
async def test_a_monitor_may_ask_by_head_whether_it_is_there(service: Service, path: str) -> None:
    async with service.client.get(path) as shown, service.client.head(path) as asked:
        assert (asked.status, await asked.read()) == (shown.status, b"")
        assert asked.headers["Content-Type"] == shown.headers["Content-Type"]


async def test_a_desk_whose_tokens_have_ended_hears_so_however_many_they_are(
    service: Service, clock: SettableClock
) -> None:
    assert service.client.app is not None
    tokens = service.client.app[PARTS].screen.tokens
    held = {"Authorization": f"Bearer {tokens.mint(Grant(subject='ada', agents=('1002',))).token}"}
    clock.pass_by(901)
    asked = [await _asked(service, held) for _ in range(70)]

    assert {status for status, _, _ in asked} == {401}
    assert '"code":"token_expired"' in asked[-1][2]
    assert '"code":"bad_token"' in (await _asked(service, {"Authorization": "Bearer x"}, "/v1/calls"))[2]
