"""One service with everything around it, healthy until a fault begins: Redis, a line to it, a directory, phones."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from cti_lookup.answers import Outcome
from cti_lookup.app import create_app, open_parts
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.rservice.quota_windows import WINDOW_SECONDS
from cti_lookup.settings import Settings
from cti_lookup.telephone import read_caller
from cti_lookup.times import Clock
from cti_lookup.web.keys import PARTS, Parts
from tests.faults.load import KEY, Load, Sample
from tests.faults.truth import LEARNED, Caller, Truth
from tests.servers.fake_directory import TOKEN, FakeDirectory
from tests.servers.fault_proxy import FaultProxy
from tests.servers.program import Program
from tests.servers.redis_process import RedisProcess

NEGATIVE_TTL: Final = 1.5
_PATIENCE: Final = 45.0
_PAUSE: Final = 0.05
_FILLED: Final = 8
"""Numbers that an earlier service has put into Redis: fewer than the directory's burst."""


@dataclass
class Scene:
    """All parts of a test, and the shift of the wall clock where the service runs in this process."""

    redis: RedisProcess
    proxy: FaultProxy
    directory: FakeDirectory
    truth: Truth
    wall_shift: float = 0.0
    load: Load = field(init=False)
    url: str = ""

    async def metrics(self, session: aiohttp.ClientSession) -> dict[tuple[str, str], float]:
        """Give all counters by name and last label's value, summed over the others."""
        async with session.get(f"{self.url}/metrics") as response:
            text = await response.text()
        summed: dict[tuple[str, str], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                label = sample.labels.get("result", sample.labels.get("tier", ""))
                key = sample.name, label
                summed[key] = summed.get(key, 0.0) + sample.value
        return summed


async def until(ask: Callable[[], Awaitable[Sample]], holds: Callable[[Sample], bool]) -> None:
    """Ask until an answer is as it should be."""
    deadline = time.monotonic() + _PATIENCE
    while not holds(sample := await ask()):
        assert time.monotonic() < deadline, f"never so: {sample}"
        await asyncio.sleep(_PAUSE)  # nothing can be waited for: phones are not called back


Spoil = Callable[[CallerLookup], None]
"""Takes a protection away from a service that runs in this process."""


def unspoilt(_: CallerLookup) -> None:
    """Leave all protections where they are."""


@asynccontextmanager
async def opened(  # noqa: PLR0913  # a story's choices, by name
    folder: Path,
    *,
    ttl: float,
    through_proxy: bool,
    in_process: bool,
    spoil: Spoil,
    settings: Mapping[str, str],
) -> AsyncIterator[tuple[Scene, aiohttp.ClientSession]]:
    """Open a scene, with numbers known in memory and numbers known in Redis only."""
    async with AsyncExitStack() as stack:
        redis = RedisProcess(folder)
        stack.callback(redis.end)
        await asyncio.to_thread(redis.start)
        proxy, directory = FaultProxy(redis.socket), FakeDirectory()
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        await directory.start()
        stack.push_async_callback(directory.stop)
        scene = Scene(redis, proxy, directory, Truth(directory))
        chosen = {
            "port": "0",
            "directory_url": directory.url,
            "directory_token": TOKEN,
            "api_keys": KEY,
            "region": "US",
            "secret": "a secret of the faults",
            "redis_url": f"redis://127.0.0.1:{proxy.port}" if through_proxy else redis.url,
            "cache_ttl": str(ttl),
            "cache_negative_ttl": str(NEGATIVE_TTL),
            **settings,
        }
        await _fill_redis(scene, chosen | {"redis_url": redis.url})
        quota_is_whole_at = time.monotonic() + WINDOW_SECONDS
        serving = _served_here(chosen, scene, spoil) if in_process else _served_by_the_program(folder, chosen)
        scene.url = await stack.enter_async_context(serving)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        scene.load = Load(scene.url, scene.truth.calls(), session)
        measuring = asyncio.create_task(scene.load.lag.measure())
        stack.callback(measuring.cancel)
        await _warm(scene)
        await asyncio.sleep(quota_is_whole_at - time.monotonic())
        yield scene, session


async def _fill_redis(scene: Scene, settings: dict[str, str]) -> None:
    """Ask for some numbers with an earlier service, which stores them and ends."""
    log = Log(lambda _: None)
    async with open_parts(Settings.model_validate(settings), log=log) as parts:
        async with asyncio.timeout(_PATIENCE):
            for one in scene.truth.fill_redis(_FILLED):
                await _fill_one(parts, one)


async def _fill_one(parts: Parts, one: Caller) -> None:
    """Ask until Redis has taken the answer: a busy loop may be too late for Redis, and for the quota."""
    stored = parts.tallies.redis["fill", "ok"]
    while parts.tallies.redis["fill", "ok"] == stored:
        asked = read_caller(one.number, "US")
        await parts.lookup.find(asked, patience=2.0, late=Outcome.UNAVAILABLE, refresh=True)
        await asyncio.sleep(_PAUSE)  # nothing can be waited for: counters call nobody


@asynccontextmanager
async def _served_by_the_program(folder: Path, settings: dict[str, str]) -> AsyncIterator[str]:
    """Serve in a process of its own, whose loop nothing of the test shares."""
    variables = {f"CTI_{name.upper()}": value for name, value in settings.items()}
    program = Program(folder, "serve", variables=variables)
    try:
        found = await asyncio.to_thread(program.await_said, r"listens at (http://[0-9.]+:[0-9]+)")
        yield found[1]
    finally:
        await asyncio.to_thread(program.kill)


@asynccontextmanager
async def _served_here(settings: dict[str, str], scene: Scene, spoil: Spoil) -> AsyncIterator[str]:
    """Serve in this process, whose wall clock can be shifted."""
    clock = Clock(lambda: time.time() + scene.wall_shift, time.monotonic)
    app = create_app(Settings.model_validate(settings), log=Log(lambda _: None), clock=clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        spoil(app[PARTS].lookup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _warm(scene: Scene) -> None:
    """Ask for those who call often until memory has them: it is trusted once forgettings are heard."""
    for caller in (*scene.truth.familiar, scene.truth.shared):
        assert caller.kind in LEARNED
        await until(partial(scene.load.ask, caller), lambda one: one.tier == "memory")
