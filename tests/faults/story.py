"""One fault in the middle of a steady load: what was called and answered before it, under it and until it had healed."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.faults.load import Sample
from tests.faults.scene import Scene, Spoil, opened, unspoilt, until
from tests.faults.table import Fault

LASTS: Final = float(os.environ.get("CTI_CHAOS_SECONDS", "2"))
"""Seconds that a fault lasts."""

HEALTHY: Final = min(1.5, LASTS)
"""Seconds that are measured before it."""

AT_ONCE: Final = 5
_PATIENCE: Final = 45.0
_FRESH: Final = frozenset({"memory", "directory", "redis"})


@dataclass
class Story:
    """
    What happened in one scene, in monotonic seconds: a fault `began`, everything was `broken`, it had `ended`.

    `before` and `during` count requests to the directory, in `healthy_for` seconds before it and in the `lasted` seconds
    for which it did, `seen` what the fault's metric counted.
    """

    fault: Fault
    scene: Scene
    began: float = 0.0
    broken: float = 0.0
    ended: float = 0.0
    healthy_for: float = HEALTHY
    lasted: float = LASTS
    before: int = 0
    during: int = 0
    healed_after: float = 0.0
    seen: float = 0.0
    samples: list[Sample] = field(default_factory=list)

    @property
    def meanwhile(self) -> list[Sample]:
        """Give the calls that met the fault."""
        return [one for one in self.samples if one.finished >= self.began and one.started <= self.ended]

    @property
    def healthy(self) -> list[Sample]:
        """Give the calls before it."""
        return [one for one in self.samples if one.finished < self.began]


async def tell(fault: Fault, folder: Path, spoil: Spoil = unspoilt, **settings: str) -> Story:
    """Let a fault happen in the middle of a load, and heal; `spoil` may take protections away."""
    scene_of = partial(opened, ttl=fault.ttl, through_proxy=fault.through_proxy, in_process=fault.in_process)
    async with scene_of(folder, spoil=spoil, settings=settings) as (scene, session):
        story = Story(fault, scene)
        calling = asyncio.create_task(scene.load.run())
        try:
            await _happen(story, session)
        finally:
            calling.cancel()
            await asyncio.wait((calling,))
        await scene.load.settle()
        story.samples = scene.load.samples
        return story


async def _happen(story: Story, session: aiohttp.ClientSession) -> None:
    scene, fault = story.scene, story.fault
    seen = (await scene.metrics(session)).get(fault.metric, 0.0) if fault.metric else 0.0
    asked, healthy_since = len(scene.directory.requests), time.monotonic()
    await asyncio.sleep(HEALTHY)
    story.before = len(scene.directory.requests) - asked
    story.began = time.monotonic()
    story.healthy_for = story.began - healthy_since
    await fault.begin(scene)
    story.broken, asked = time.monotonic(), len(scene.directory.requests)
    await asyncio.sleep(LASTS)
    story.during = len(scene.directory.requests) - asked
    story.lasted = time.monotonic() - story.broken
    await fault.end(scene)
    healing = time.monotonic()
    await until(lambda: scene.load.ask(scene.truth.newcomer()), lambda one: one.tier == "directory")
    for caller in scene.truth.familiar:
        await until(partial(scene.load.ask, caller), lambda one: one.tier in _FRESH)
    await _redis_answers(story, session)
    story.healed_after = time.monotonic() - healing
    story.ended = time.monotonic()  # what was asked until here may still have met the fault
    if fault.metric:
        story.seen = (await scene.metrics(session)).get(fault.metric, 0.0) - seen


async def _redis_answers(story: Story, session: aiohttp.ClientSession) -> None:
    """Wait until Redis is used again; the phones go on calling, and what they bring about is counted."""
    answered = "cti_redis_operations_total", "ok"
    before = (await story.scene.metrics(session)).get(answered, 0.0)
    async with asyncio.timeout(_PATIENCE):
        while (await story.scene.metrics(session)).get(answered, 0.0) == before:  # noqa: ASYNC110  # counters call nobody
            await asyncio.sleep(0.1)


Told = Story | BaseException


def heard(told: Told) -> Story:
    """Give a story, or raise what kept it from being told."""
    if isinstance(told, BaseException):
        raise told
    return told


async def tell_all(telling: Iterable[Callable[[], Coroutine[Any, Any, Story]]]) -> list[Told]:
    """Tell stories, a few at a time; one that cannot be told is an exception in its place."""
    room = asyncio.Semaphore(AT_ONCE)

    async def tell_one(begin: Callable[[], Coroutine[Any, Any, Story]]) -> Story:
        async with room:
            return await begin()

    return await asyncio.gather(*map(tell_one, telling), return_exceptions=True)
