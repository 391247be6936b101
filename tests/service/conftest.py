"""The whole service, in this process and on a free port, asked over real HTTP."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from cti_lookup.app import create_app
from cti_lookup.cache.waits import RedisLimits
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.settings import Settings
from cti_lookup.times import Clock
from cti_lookup.traces import Traces
from cti_lookup.web.keys import PARTS
from cti_lookup.web.lookups import PATIENCE
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, TOKEN, FakeDirectory
from tests.servers.redis_waits import LIMITS, PATIENT

KEY = "a-machine-key"
BEARER = {"Authorization": f"Bearer {KEY}"}


@dataclass
class Service:
    """A service that runs."""

    client: TestClient[web.Request, web.Application]
    log: Log
    lines: list[dict[str, Any]]

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Give what was logged until now."""
        self.log.flush()
        return self.lines

    @property
    def port(self) -> int:
        assert self.client.port is not None
        return self.client.port

    async def until_ready(self) -> None:
        """Wait until the service says that calls may be sent to it."""
        async with asyncio.timeout(60):
            while True:
                async with self.client.get("/readyz") as response:
                    if response.status == 200:
                        return
                await asyncio.sleep(0.01)

    async def lookup(self, telephone: str = ASHOKS_NUMBER, **query: str) -> Any:
        """Give the answer to `GET /v1/lookup`."""
        params = {"telephone": telephone, **query}
        async with self.client.get("/v1/lookup", params=params, headers=BEARER) as response:
            assert response.status == 200
            return await response.json()

    async def ring(self, number: object = ASHOKS_NUMBER, **event: object) -> Any:
        """Give the generic dialect's answer to a call."""
        event = {"event": "newCall", "from": number, "to": "1002", "direction": "in", **event}
        async with self.client.post("/webhooks/generic", json=event, headers=BEARER) as response:
            assert response.status == 200
            return await response.json()

    async def metrics(self) -> str:
        async with self.client.get("/metrics") as response:
            assert response.status == 200
            return await response.text()

    async def counted(self, name: str, **labels: str) -> float:
        """Give a sample of `/metrics`, 0 if it is not there."""
        for family in text_string_to_metric_families(await self.metrics()):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return 0.0

    async def stop(self) -> None:
        await self.client.close()


StartService = Callable[..., Awaitable[Service]]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("CTI_"):
            monkeypatch.delenv(name)


@pytest.fixture
async def start(directory: FakeDirectory, clock: SettableClock) -> AsyncIterator[StartService]:
    """Start services that ask the test's directory, under the test's clock; they stop when the test ends."""
    async with starting(directory, Clock(clock, clock)) as start_service:
        yield start_service


@asynccontextmanager
async def starting(directory: FakeDirectory, clock: Clock, **common: object) -> AsyncIterator[StartService]:
    """
    Give what starts services, all with the settings in `common`; they stop at the end.

    Where nothing else is said they begin with an empty memory, and wait so long for Redis, for the directory and for a webhook's lookup that a busy
    machine changes no answer.
    """
    started: list[Service] = []

    async def start_service(
        *,
        redis_limits: RedisLimits = LIMITS,
        head_start: float = PATIENCE,
        most_busy: int = 0,
        traces: Traces | None = None,
        **settings: object,
    ) -> Service:
        chosen: dict[str, object] = {
            "directory_url": directory.url,
            "directory_token": TOKEN,
            "api_keys": KEY,
            "region": "US",
            "lookup_budget": 5,
            **common,
            **settings,
        }
        lines: list[dict[str, Any]] = []
        log = listening_log(lines)
        app = create_app(
            Settings.model_validate(chosen),
            log=log,
            clock=clock,
            redis_limits=redis_limits,
            head_start=head_start,
            connect=PATIENT,
            most_busy=most_busy,
            traces=traces,
        )
        client = TestClient(TestServer(app))
        await client.start_server()
        started.append(Service(client, log, lines))
        return started[-1]

    try:
        yield start_service
    finally:
        for service in started:
            await service.stop()


@pytest.fixture
async def service(start: StartService) -> Service:
    return await start()


def lookup_of(service: Service) -> CallerLookup:
    """Give the lookup inside a service, where a test must know who waits for what."""
    assert service.client.app is not None
    return service.client.app[PARTS].lookup


def listening_log(lines: list[dict[str, Any]]) -> Log:
    """Make a log that a test can read."""

    def note(written: bytes) -> None:
        lines.extend(json.loads(line) for line in written.splitlines())

    return Log(note)
