"""A service that has done one of everything, and what it then tells Prometheus."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cti_lookup.times import Clock
from tests.conftest import SettableClock
from tests.observability.promql import Exposed
from tests.servers.fake_directory import FakeDirectory
from tests.servers.redis_process import RedisProcess
from tests.service.conftest import starting
from tests.service.test_metrics import use, use_what_is_rare


@pytest.fixture
async def exposed(
    directory: FakeDirectory, redis: RedisProcess, clock: SettableClock
) -> AsyncIterator[Exposed]:
    """Give the labels of each series name that a service with Redis, OAuth and the directory's messages exposes."""
    async with starting(directory, Clock(clock, clock)) as start:
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
        labels: dict[str, set[str]] = {}
        for family in text_string_to_metric_families(await service.metrics()):
            for sample in family.samples:
                labels.setdefault(sample.name, set()).update(sample.labels)
        yield labels
