"""
The service does the same work for long and holds no more than at first.

`make soak` does so for SOAK_MINUTES; `make test` for a quarter of a minute, which shows what leaks with every request. What is remembered of
calls is bounded, and fills up: `make soak` fills it before it measures. Where it is not full yet, memory may grow by what one call is
worth for each that is added.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from redis.asyncio import Redis

from tests.playing.systems import NAMED, PUBLIC_URL, Systems
from tests.replicas.fleet import Fleet, Replica, until
from tests.servers.fake_directory import FakeDirectory, person
from tests.servers.redis_process import RedisProcess
from tests.soak.gauges import Held, Keys, held_by, keys_in
from tests.soak.office import CALLERS, Office
from tests.soak.slope import Series

pytestmark = pytest.mark.slow

SECONDS: Final = float(os.environ.get("CTI_SOAK_SECONDS", "16"))
IS_LONG: Final = SECONDS >= 120
WARM_UP: Final = 300.0 if IS_LONG else 10.0
EVERY: Final = 10.0 if IS_LONG else 1.0
CALLS: Final = 6.0
"""New calls in a second, of three to five events each."""

SCREENS: Final = 24
KEPT: Final = 30.0 if IS_LONG else 4.0
"""Seconds that a call stays in the call log, so that as many leave it as come."""

FULL: Final = 10_000
"""Names of calls that a process remembers at most."""

MEMORY: Final = 4.0
"""MiB by which a process may grow though nothing more is remembered: arenas of the allocator, and code that runs for the first time."""

EACH_CALL: Final = 12 / 1024
"""MiB for each call more that is remembered."""

HANDFUL: Final = 16
"""Files or tasks that may be left of thousands of requests: as many connections to Redis as a process may keep."""

LOOKS_AT_REST: Final = 20

KEYS_EACH_CALL: Final = 5
"""Keys at most for each call: its names, and each of its requests."""


@dataclass
class Watch:
    """What was read, in order."""

    replicas: list[Replica]
    places: list[Path]
    redis: Redis
    office: Office
    times: list[float] = field(default_factory=list)
    held: list[list[Held]] = field(default_factory=list)
    keys: list[Keys] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    async def look(self) -> None:
        """Read everything once."""
        self.times.append(time.monotonic())
        self.held.append([await held_by(*one) for one in zip(self.replicas, self.places, strict=True)])
        self.keys.append(await keys_in(self.redis))
        self.calls.append(self.office.calls)

    async def keep_looking(self, seconds: float) -> None:
        """Read again and again for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self.look()
            await asyncio.sleep(EVERY)

    def series(self) -> list[Series]:
        """Sum up what was read."""
        shared = [
            self._series("Redis, keys for moments", [one.passing for one in self.keys], 30.0),
            self._series("Redis, keys for hours", [one.lasting for one in self.keys], self._more_keys()),
        ]
        return [*(one for place in range(len(self.replicas)) for one in self._of(place)), *shared]

    def _of(self, place: int) -> list[Series]:
        held = [all_of[place] for all_of in self.held]
        added = max(0, held[-1].remembered - held[0].remembered)
        memory = MEMORY + added * EACH_CALL
        return [
            self._series(f"{place}: RSS", [one.rss for one in held], memory, "MiB"),
            self._series(f"{place}: memory of its own", [one.own for one in held], memory, "MiB"),
            self._series(f"{place}: threads", [one.threads for one in held], 1.0),
            self._series(f"{place}: calls remembered", [one.remembered for one in held], FULL),
        ]

    def _more_keys(self) -> float:
        return float(KEYS_EACH_CALL * (self.calls[-1] - self.calls[0]))

    def _series(self, name: str, values: list[float] | list[int], tolerance: float, unit: str = "") -> Series:
        return Series(name, list(zip(self.times, values, strict=True)), tolerance, unit)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(60)) as session:
        yield session


@pytest.fixture
async def office(
    tmp_path: Path, directory: FakeDirectory, redis: RedisProcess, session: ClientSession
) -> AsyncIterator[tuple[list[Replica], Office]]:
    """Give two replicas, and an office that has their calls."""
    directory.people[:] = [
        person(f"+1 ({one[2:5]}) {one[5:8]} {one[8:]}", id=at) for at, one in enumerate(CALLERS, 1)
    ]
    fleet, systems = Fleet(tmp_path, directory, session), Systems()
    replicas = await fleet.start_as(
        "tests.soak.watched",
        2,
        redis_url=redis.url,
        config=str(systems.write_config(tmp_path)),
        public_url=PUBLIC_URL,
        calls_kept=str(KEPT),
        cache_ttl="900",
        cache_stale_ttl="900",
        test_gauges="gauges",
    )
    office = Office(replicas, systems)
    async with office.staffed():
        await office.open()
    yield replicas, office
    await fleet.close()


async def at_rest(replica: Replica, place: Path) -> Held:
    """Wait until nobody is connected, and no call sought, and give what a process then holds."""

    async def is_at_rest() -> bool:
        return (
            await replica.counted("cti_streams_open") == await replica.counted("cti_lookups_under_way") == 0
        )

    await until(is_at_rest)
    least = await held_by(replica, place)
    for _ in range(LOOKS_AT_REST):  # what ends does so within moments, and nothing says when
        await asyncio.sleep(EVERY / 10)
        held = await held_by(replica, place)
        least = min(least, held, key=lambda one: one.files + one.tasks)
    return least


async def test_memory_files_tasks_and_keys_stay_as_they_are_under_steady_work(
    tmp_path: Path, redis: RedisProcess, office: tuple[list[Replica], Office]
) -> None:
    replicas, desk = office
    places = [tmp_path / f"replica-{number}" / "gauges" for number in range(len(replicas))]
    async with desk.staffed():
        if IS_LONG:
            await desk.fill(FULL + 500)
        await desk.work(WARM_UP, calls=CALLS, screens=SCREENS)
    before = [await at_rest(*one) for one in zip(replicas, places, strict=True)]
    async with Redis.from_url(redis.url) as client, desk.staffed():
        watch = Watch(replicas, places, client, desk)
        working = asyncio.create_task(desk.work(SECONDS + 2 * EVERY, calls=CALLS, screens=SCREENS))
        await asyncio.sleep(EVERY)
        await watch.keep_looking(SECONDS)
        series = watch.series()
        print(f"\n{SECONDS:.0f} s, {desk.calls} calls; {dict(desk.told)}", *series, sep="\n")  # noqa: T201  # what is claimed
        await working
    after = [await at_rest(*one) for one in zip(replicas, places, strict=True)]
    print("at rest before", *before, "and after", *after, sep="\n")  # noqa: T201

    assert [
        one.files - was.files
        for was, one in zip(before, after, strict=True)
        if one.files - was.files > HANDFUL
    ] == []
    assert [
        one.tasks - was.tasks
        for was, one in zip(before, after, strict=True)
        if one.tasks - was.tasks > HANDFUL
    ] == []
    assert desk.wrong == []
    assert {f"webhook {status}" for status in (200, 204)} & desk.told.keys()
    assert set(NAMED) <= desk.played
    assert [str(one) for one in series if not one.is_flat] == []
    assert [one.program.complained for one in replicas if "Traceback" in one.program.complained] == []
