"""How tokens are made, taken back and checked, over real HTTP."""

import asyncio
from typing import Any, Final

import pytest

from tests.conftest import SettableClock
from tests.feed.listening import PATIENCE
from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.service.conftest import BEARER, KEY, Service, StartService

LOOKUP: Final = "/v1/lookup"
ASKED: Final = {"telephone": ASHOKS_NUMBER}


async def minted(service: Service, **fields: object) -> dict[str, Any]:
    grant = {"subject": "u-17", "agents": ["1001"], **fields}
    async with service.client.post("/v1/tokens", json=grant, headers=BEARER) as response:
        assert response.status == 201
        told: dict[str, Any] = await response.json()
        return told


async def asked(service: Service, path: str, token: str, **headers: str) -> tuple[int, Any]:
    """Ask with a token, and give status and problem code, or what was answered."""
    headers = {"Authorization": f"Bearer {token}", **headers}
    async with service.client.get(path, params=ASKED, headers=headers) as response:
        told = await response.json(content_type=None)
        return response.status, told.get("code", told)


async def test_a_token_is_made_for_a_machine_key_and_looks_callers_up(service: Service) -> None:
    token = await minted(service)
    status, told = await asked(service, LOOKUP, token["token"])

    assert set(token) == {"token", "id", "expires_at"}
    assert token["expires_at"] == "2026-11-21T20:15:00.000Z"
    assert (status, told["outcome"]) == (200, "matched")


async def test_a_token_that_another_replica_made_with_the_other_secret_is_good_while_that_is_known(
    start: StartService,
) -> None:
    old = await start(secret="the secret until today", secret_previous="the secret from tomorrow on")
    new = await start(secret="the secret from tomorrow on", secret_previous="the secret until today")
    done = await start(secret="the secret from tomorrow on")
    before, after = (await minted(old))["token"], (await minted(new))["token"]

    assert [(await asked(one, LOOKUP, before))[0] for one in (old, new, done)] == [200, 200, 401]
    assert [(await asked(one, LOOKUP, after))[0] for one in (old, new, done)] == [200, 200, 200]


async def test_a_token_makes_no_token_and_forgets_nothing(service: Service) -> None:
    token = (await minted(service, role="supervisor"))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for method, path in (("POST", "/v1/tokens"), ("DELETE", "/v1/cache?telephone=1"), ("GET", "/v1/stats")):
        async with service.client.request(method, path, json={}, headers=headers) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (401, "bad_key")


async def test_only_a_supervisor_has_a_lookup_explained(service: Service) -> None:
    agent, supervisor = await minted(service), await minted(service, role="supervisor")

    assert await asked(service, "/v1/explain", agent["token"]) == (401, "bad_key")
    assert (await asked(service, "/v1/explain", supervisor["token"]))[0] == 200


async def test_a_token_in_the_query_opens_nothing(service: Service) -> None:
    token = (await minted(service))["token"]
    async with service.client.get(LOOKUP, params={**ASKED, "key": token}) as response:
        assert response.status == 401


async def test_an_expired_and_a_strange_token_say_what_they_are(
    service: Service, clock: SettableClock
) -> None:
    token = (await minted(service, expires_in=60))["token"]
    clock.pass_by(60)

    assert await asked(service, LOOKUP, token) == (401, "token_expired")
    assert await asked(service, LOOKUP, f"{token}x") == (401, "bad_token")


async def test_a_token_that_was_taken_back_opens_nothing(service: Service) -> None:
    one, other = await minted(service), await minted(service)
    async with service.client.delete(f"/v1/tokens/{one['id']}", headers=BEARER) as response:
        assert response.status == 204

    assert await asked(service, LOOKUP, one["token"]) == (401, "token_revoked")
    assert (await asked(service, LOOKUP, other["token"]))[0] == 200


async def test_all_of_a_subject_s_tokens_until_now_are_taken_back(
    service: Service, clock: SettableClock
) -> None:
    old, others = await minted(service), await minted(service, subject="u-18")
    params = {"subject": "u-17"}
    async with service.client.delete("/v1/tokens", params=params, headers=BEARER) as response:
        assert response.status == 204
    clock.pass_by(0.001)
    new = await minted(service)

    told = [await asked(service, LOOKUP, one["token"]) for one in (old, others, new)]
    assert [status for status, _ in told] == [401, 200, 200]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("[]", 400),
        ("{}", 422),
        ('{"subject":"u","agents":[]}', 422),
        ('{"subject":"u","agents":["1"],"expires_in":43201}', 422),
        ('{"subject":"u","agents":["1"],"admin":true}', 422),
    ],
)
async def test_a_wish_for_a_token_that_makes_no_sense_is_refused(
    service: Service, body: str, status: int
) -> None:
    async with service.client.post("/v1/tokens", data=body, headers=BEARER) as response:
        assert response.status == status


async def test_no_token_is_made_that_no_request_could_carry(service: Service) -> None:
    queues = [f"queue {number} {'q' * 100}" for number in range(64)]
    token = (await minted(service, queues=queues[:45]))["token"]
    assert (await asked(service, LOOKUP, token))[0] == 200
    grant = {"subject": "u-17", "agents": ["1001"], "queues": queues}
    async with service.client.post("/v1/tokens", json=grant, headers=BEARER) as response:
        assert (response.status, (await response.json(content_type=None))["field"]) == (422, "queues")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/tokens"), ("DELETE", "/v1/tokens/x"), ("DELETE", "/v1/tokens?subject=x")],
)
async def test_without_a_machine_key_no_token_is_made_or_taken_back(
    service: Service, method: str, path: str
) -> None:
    async with service.client.request(method, path, json={}) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (401, "bad_key")


async def test_whose_tokens_are_taken_back_has_to_be_said(service: Service) -> None:
    for params in ({}, {"subject": ""}, {"subject": "x" * 129}):
        async with service.client.delete("/v1/tokens", params=params, headers=BEARER) as response:
            assert response.status == 422


class TestOrigins:
    """Pages of which origins may ask, and what their browsers are told."""

    DESK = "https://desk.example"

    async def test_pages_of_the_service_itself_and_of_allowed_origins_may_ask(
        self, start: StartService
    ) -> None:
        service = await start(origins=f"{self.DESK},https://other.example:8443")
        token = (await minted(service))["token"]
        own = f"http://127.0.0.1:{service.port}"
        for origin in (self.DESK, "https://other.example:8443", own):
            headers = {"Authorization": f"Bearer {token}", "Origin": origin}
            async with service.client.get(LOOKUP, params=ASKED, headers=headers) as response:
                assert response.status == 200
                assert response.headers["Access-Control-Allow-Origin"] == origin
                assert response.headers["Vary"] == "Origin"
                assert "Access-Control-Allow-Credentials" not in response.headers

    @pytest.mark.parametrize(
        "origin",
        ["https://evil.example", "null", "https://desk.example.evil", "http://desk.example", "*", ""],
    )
    async def test_pages_of_any_other_may_not(self, start: StartService, origin: str) -> None:
        service = await start(origins=self.DESK)
        token = (await minted(service))["token"]
        headers = {"Authorization": f"Bearer {token}", "Origin": origin}
        async with service.client.get(LOOKUP, params=ASKED, headers=headers) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (403, "bad_origin")
            assert "Access-Control-Allow-Origin" not in response.headers
            assert response.headers["Vary"] == "Origin"

    async def test_a_token_may_be_for_pages_of_one_origin_only(self, start: StartService) -> None:
        service = await start(origins=f"{self.DESK},https://other.example")
        token = (await minted(service, origins=[self.DESK]))["token"]

        assert (await asked(service, LOOKUP, token, Origin=self.DESK))[0] == 200
        assert await asked(service, LOOKUP, token, Origin="https://other.example") == (403, "bad_origin")
        assert (await asked(service, LOOKUP, token))[0] == 200  # no page asks

    async def test_a_refusal_can_be_read_by_a_page_that_may_ask(self, start: StartService) -> None:
        service = await start(origins=self.DESK)
        headers = {"Authorization": f"Bearer {KEY}x", "Origin": self.DESK}
        async with service.client.get(LOOKUP, params=ASKED, headers=headers) as response:
            assert response.status == 401
            assert response.headers["Access-Control-Allow-Origin"] == self.DESK

    async def test_a_refusal_before_the_body_has_come_can_be_read_too(self, start: StartService) -> None:
        service = await start(origins=self.DESK)
        request = (
            f"POST /v1/calls/1/person HTTP/1.1\r\nHost: x\r\nOrigin: {self.DESK}\r\n"
            f"Authorization: Bearer {KEY}x\r\nContent-Length: 17\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(request.encode())
        async with asyncio.timeout(PATIENCE):
            answer = (await reader.read()).decode()  # the body never comes
        writer.close()
        await writer.wait_closed()

        assert answer.startswith("HTTP/1.1 401")
        assert f"Access-Control-Allow-Origin: {self.DESK}\r\n" in answer

    async def test_the_public_url_is_the_service_s_own_origin(self, start: StartService) -> None:
        service = await start(public_url="https://cti.example/phones")
        token = (await minted(service))["token"]

        assert (await asked(service, LOOKUP, token, Origin="https://cti.example"))[0] == 200
        own = f"http://127.0.0.1:{service.port}"
        assert await asked(service, LOOKUP, token, Origin=own) == (403, "bad_origin")

    async def test_a_browser_is_told_beforehand_what_a_page_may_ask(self, start: StartService) -> None:
        service = await start(origins=self.DESK)
        wish = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        async with service.client.options(LOOKUP, headers={"Origin": self.DESK, **wish}) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == self.DESK
            allowed = response.headers["Access-Control-Allow-Headers"]
            assert allowed == "Authorization, Last-Event-ID, Content-Type"
        for path, origin in ((LOOKUP, "https://evil.example"), ("/v1/tokens", self.DESK)):
            async with service.client.options(path, headers={"Origin": origin, **wish}) as response:
                assert response.status in (403, 405)
                assert "Access-Control-Allow-Origin" not in response.headers
