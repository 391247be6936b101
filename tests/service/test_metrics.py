"""What is counted, and that nothing counted tells of anybody."""

import asyncio
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cti_lookup.tallies import DEFINITIONS
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, hanging
from tests.servers.redis_process import RedisProcess
from tests.service.conftest import BEARER, KEY, Service, StartService


async def series(service: Service) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Give all that has a name and labels of its own."""
    families = text_string_to_metric_families(await service.metrics())
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in families
        for sample in family.samples
        if sample.name.startswith("cti_")
    }


async def use(service: Service) -> None:
    """Do one of everything."""
    await service.lookup()
    await service.lookup()
    await service.ring("+442079460999", callId="1")
    await service.ring("nonsense")
    async with service.client.post("/webhooks/generic", data=b"words", headers=BEARER) as response:
        assert response.status == 400


async def use_what_is_rare(service: Service) -> None:
    """Do what needs a token server, the directory's own messages and an administrator."""
    async with service.client.delete(
        "/v1/cache", params={"telephone": ASHOKS_NUMBER}, headers=BEARER
    ) as response:
        assert response.status == 204
    asked = {"webhook_id": 1, "event": "webhook.verify", "payload": {"callback": "http://127.0.0.1:9/verify"}}
    async with service.client.post("/upstream/a-token", json=asked) as response:
        assert response.status == 200
    async with asyncio.timeout(20):
        while not await service.counted("cti_upstream_handshakes_total", result="connection"):  # noqa: ASYNC110  # the count is all there is
            await asyncio.sleep(0.005)


async def test_every_metric_that_is_defined_appears_with_its_sentence(
    start: StartService, redis: RedisProcess
) -> None:
    service = await start(
        redis_url=redis.url,
        directory_token=None,
        directory_client_id="an-application",
        directory_client_secret="its-secret",
        directory_oauth_url="http://127.0.0.1:9/token",
        upstream_tokens="a-token",
        upstream_hosts="127.0.0.1:9",
    )
    await use(service)
    await use_what_is_rare(service)
    text = await service.metrics()
    shown = {
        family.name: family
        for family in text_string_to_metric_families(text)
        if family.name.startswith("cti_")
    }
    assert set(shown) == set(DEFINITIONS)
    for name, sentence in DEFINITIONS.items():
        assert shown[name].documentation == sentence
        assert shown[name].samples, name


async def test_what_was_done_is_counted_once(service: Service, directory: FakeDirectory) -> None:
    await use(service)
    assert await service.counted("cti_lookups_total", outcome="matched", tier="directory") == 1
    assert await service.counted("cti_lookups_total", outcome="matched", tier="memory") == 1
    assert await service.counted("cti_lookups_total", outcome="nobody", tier="directory") == 1
    assert await service.counted("cti_lookups_total", outcome="invalid", tier="none") == 1
    assert await service.counted("cti_webhooks_total", source="generic", result="accepted") == 2
    assert await service.counted("cti_webhooks_total", source="generic", result="unreadable") == 1
    assert await service.counted("cti_source_lookups_total", source="generic", outcome="nobody") == 1
    assert await service.counted("cti_webhook_seconds_count", source="generic") == 2
    assert await service.counted("cti_directory_seconds_count") == 2
    assert await service.counted("cti_directory_requests_total", result="found") == 1
    assert await service.counted("cti_directory_requests_total", result="nobody") == 1
    assert await service.counted("cti_lookup_seconds_count", tier="memory") == 1
    assert await service.counted("cti_cache_entries") == 2
    assert await service.counted("cti_calls_remembered") == 1
    await directory.stop()
    await service.lookup("+442079460998")
    assert await service.counted("cti_directory_requests_total", result="connection") == 2  # tried again
    assert await service.counted("cti_lookups_total", outcome="unavailable", tier="none") == 1


async def test_each_way_to_be_refused_is_counted_under_its_reason(service: Service) -> None:
    async def refused(path: str, body: bytes, result: str, source: str = "generic") -> None:
        before = await service.counted("cti_webhooks_total", source=source, result=result)
        async with service.client.post(path, data=body) as response:
            assert response.status >= 400
        assert await service.counted("cti_webhooks_total", source=source, result=result) == before + 1

    keyed = f"/webhooks/generic/{KEY}"
    await refused("/webhooks/generic", b"{}", "bad_key")
    await refused(keyed, b"words", "unreadable")
    await refused(keyed, b'{"callId":[]}', "wrong_field")
    await refused(keyed, b"x" * 100_000, "too_large")
    await refused("/webhooks/nobody", b"{}", "unknown_source", "unknown")
    await refused("/api/v1/cti/wrong", b"{}", "bad_key", "unknown")


async def test_questions_under_way_are_counted_while_they_are(
    start: StartService, directory: FakeDirectory
) -> None:
    service = await start(lookup_budget=0.05)
    directory.behaviour = hanging()
    await asyncio.gather(*(service.ring(f"+44207946010{digit}") for digit in range(3)))
    assert await service.counted("cti_lookups_under_way") == 3


@pytest.mark.slow
async def test_hundreds_of_source_names_and_numbers_add_no_series(
    service: Service, clock: SettableClock
) -> None:
    async def strange(position: int) -> None:
        path = f"/webhooks/source-{position}"
        async with service.client.post(path, data=b"{}", headers=BEARER) as response:
            assert response.status == 404
        async with service.client.get(f"/route-{position}") as response:
            assert response.status == 404
        await service.lookup(f"+4420794{position:05}")

    await use(service)
    await strange(0)
    before = await series(service)
    for start_at in range(1, 301, 10):
        clock.pass_by(2)  # the directory's quota
        await asyncio.gather(*map(strange, range(start_at, start_at + 10)))
    assert await series(service) == before


async def test_no_digits_of_a_number_no_name_and_no_key_are_in_the_metrics(service: Service) -> None:
    await use(service)
    await service.ring(ASHOKS_NUMBER, callId="CA-17139872967", user="agent-smith", queue="queue-blue")
    text = "".join(
        line.rpartition(" ")[0] for line in (await service.metrics()).splitlines()
    )  # not what was measured
    for personal in ("713987", "872967", "207946", "Ashok", "Kumar", "people.example", KEY, "smith", "blue"):
        assert personal not in text


async def test_labels_are_words_of_ours(service: Service) -> None:
    await use(service)
    words = {value for _, labels in await series(service) for name, value in labels if name != "le"}
    assert all(re.fullmatch(r"[a-z_]+", word) for word in words)
