"""Sample calls are played as phone systems would, for pages on this machine only."""

import asyncio
from typing import Any, Final

import aiohttp
import pytest

from cti_lookup.demonstration.samples import SAMPLES
from cti_lookup.demonstration.stage import MOST_AT_ONCE
from cti_lookup.demonstration.staging import staged
from cti_lookup.settings import Settings
from tests.page.demonstrated import KEY, Demonstrated, Directory, demonstrated

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

PATIENCE: Final = 60
OUTCOMES: Final = {
    "one-person": "matched",
    "vip": "matched",
    "shared-number": "matched",
    "switchboard": "matched",
    "nobody": "nobody",
    "broken-number": "invalid",
    "withheld": "withheld",
    "colleague": "internal",
    "transfer": "matched",
    "another-script": "matched",
    "hold": "matched",
    "missed": "matched",
}


async def ask(product: Demonstrated, method: str, path: str, **more: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{product.url}{path}", **more) as response,
    ):
        return response.status, await response.json() if response.content_length else None


async def calls(product: Demonstrated) -> list[Any]:
    _, told = await ask(product, "GET", "/v1/calls", params={"key": KEY})
    return list(told["calls"])


async def until_ended(product: Demonstrated) -> Any:
    """Let a call go on until it has ended and it is known who called, and give it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            product.pauses.go_on()
            found = await calls(product)
            if found and found[0]["state"] == "ended" and found[0]["lookup"]["outcome"] != "pending":
                return found[0]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
async def test_each_sample_is_signed_well_and_shows_what_it_says(product: Demonstrated, sample: Any) -> None:
    status, _ = await ask(product, "POST", "/demo/ring", json={"event": sample.id})
    assert status == 202
    call = await until_ended(product)
    assert call["source"] == sample.dialect
    assert call["lookup"]["outcome"] == OUTCOMES[sample.id]
    assert call["result"] == ("missed" if sample.id == "missed" else "answered")
    assert not any(b"demonstration" in line for line in product.log)


async def test_the_samples_are_of_as_many_phone_systems(product: Demonstrated) -> None:
    _, told = await ask(product, "GET", "/demo/events")
    assert [one["id"] for one in told["events"]] == list(OUTCOMES)
    assert len({one["dialect"] for one in told["events"]}) == len(SAMPLES)


async def test_the_token_of_a_demonstration_shows_all_calls(product: Demonstrated) -> None:
    status, told = await ask(product, "POST", "/demo/token")
    assert status == 201
    bearer = {"Authorization": f"Bearer {told['token']}"}
    assert (await ask(product, "GET", "/v1/calls", headers=bearer))[0] == 200
    assert (await ask(product, "GET", "/v1/explain?telephone=1002", headers=bearer))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example"},
        {"Host": "rebound.example", "Origin": "http://rebound.example"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
    ],
    ids=str,
)
async def test_a_page_from_elsewhere_is_given_nothing(product: Demonstrated, headers: dict[str, str]) -> None:
    for method, path in (("POST", "/demo/token"), ("GET", "/demo/events"), ("POST", "/demo/ring")):
        status, told = await ask(product, method, path, headers=headers)
        assert (status, told["code"]) == (403, "bad_origin")


async def test_without_a_demonstration_there_is_no_such_route(service: Demonstrated) -> None:
    for method, path in (("POST", "/demo/token"), ("GET", "/demo/events"), ("POST", "/demo/ring")):
        assert (await ask(service, method, path))[0] == 404


@pytest.mark.parametrize("body", [{"event": "no-such"}, {}, {"event": 1}], ids=str)
async def test_a_sample_that_there_is_not_is_refused(product: Demonstrated, body: Any) -> None:
    status, told = await ask(product, "POST", "/demo/ring", json=body)
    assert (status, told["field"]) == (422, "event")


async def test_only_so_many_calls_are_played_at_once(product: Demonstrated) -> None:
    answers = [
        (await ask(product, "POST", "/demo/ring", json={"event": "withheld"}))[0]
        for _ in range(MOST_AT_ONCE + 1)
    ]
    assert answers == [202] * MOST_AT_ONCE + [429]


async def test_calls_are_played_to_a_generic_source_that_is_configured(people: Directory) -> None:
    async with demonstrated(people, sources={"front-desk": {"dialect": "generic"}}) as product:
        _, told = await ask(product, "GET", "/demo/events")
        assert {one["source"] for one in told["events"]} == {"front-desk"}
        await ask(product, "POST", "/demo/ring", json={"event": "vip"})
        assert (await until_ended(product))["lookup"]["people"][0]["name"] == "Sir Edmund Ashworth"


async def test_other_sources_that_are_configured_are_left_alone(people: Directory) -> None:
    async with demonstrated(people, sources={"desk": {"dialect": "zammad", "secrets": ["s"]}}) as product:
        assert await ask(product, "GET", "/demo/events") == (200, {"events": []})


async def test_where_the_port_is_not_known_no_system_is_played_that_signs_its_url() -> None:
    demonstration = staged(Settings.model_validate({"port": 0}))
    assert demonstration.settings.public_url is None
    dialects = {source.dialect for source in demonstration.settings.sources.values()}
    assert "generic" in dialects
    assert dialects.isdisjoint({"twilio", "sipgate"})


async def test_what_is_set_stays_as_it_is() -> None:
    chosen = {"public_url": "https://cti.example", "region": "DE", "api_keys": "k", "secret": "s" * 32}
    settings = staged(Settings.model_validate(chosen)).settings
    assert (settings.public_url, settings.region) == ("https://cti.example", "DE")
    assert [key.get_secret_value() for key in settings.api_keys] == ["k"]
    assert settings.secret is not None
    assert settings.secret.get_secret_value() == "s" * 32


async def test_its_pages_may_be_opened_by_any_name_of_the_machine() -> None:
    settings = staged(Settings.model_validate({"port": 8080, "origins": "https://desk.example"})).settings
    assert settings.origins == (
        "https://desk.example",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
    )
