"""Many screens that are open at one process: what each of them holds in memory, and how soon the last is told of a call."""

import asyncio
from collections.abc import Iterator
from typing import Final

from aiohttp import ClientSession

from tests.bench.figures import Gate, Measure, Row, What, gauge_row, percentile
from tests.bench.machine import memory_of
from tests.bench.processes import Server
from tests.bench.stage import Stage
from tests.bench.variants.people import knowing_its_callers
from tests.bench.watchers import Desk, Watcher, watch

_SUPERVISORS: Final = 1000
_AGENTS: Final = 200
_EACH: Final = Gate.most(15.0)
"""KiB; five thousand streams are allowed as much each."""

_LAST: Final = Gate.most(150.0)
"""Milliseconds; for five thousand."""

_PAUSE: Final = 0.05
_IDLE: Final = 1.0


def streams(stage: Stage) -> Iterator[Row]:
    """Open a thousand supervisors' streams, who see all calls, then those of two hundred agents, who see their own."""
    for role, many in (("supervisor", _SUPERVISORS), ("agent", _AGENTS)):
        with knowing_its_callers(stage, f"streams-{role}") as server:
            each, times = asyncio.run(_told(server, role, many, stage.plan.rounds(40, 10)))
        name = f"{many:,} {role}s' streams"
        stage.say(f"  {name}: {each:.1f} KiB each, the last of them after {percentile(times, 0.5):.1f} ms")
        yield gauge_row(What(f"{name}, each", Measure.MEMORY, many, "KiB"), [each], _EACH)
        yield gauge_row(What(f"{name}, webhook to the last told", Measure.TELLING, many, "ms"), times, _LAST)


async def _told(server: Server, role: str, many: int, rounds: int) -> tuple[float, list[float]]:
    """Give the KiB of each stream, and the milliseconds until the last who is to be told was told, ring by ring."""
    async with ClientSession() as session:
        desk = Desk(server, session)
        await _warm_up(server, desk)
        tokens = [await desk.token(f"{2000 + at}", role) for at in range(many)]
        before = memory_of(server.pid).pss
        watchers = await watch(server, tokens)
        await asyncio.sleep(_IDLE)
        each = (memory_of(server.pid).pss - before) * 1024 / many
        times = [await _ring(desk, watchers, role, number) for number in range(rounds)]
    return each, times


async def _warm_up(server: Server, desk: Desk) -> None:
    """Let what runs for the first time run, and the caller be known."""
    (watcher,) = await watch(server, [await desk.token("1999", "agent")])
    for number in range(20):
        watcher.expect(f"warm-{number}")
        await desk.ring(f"warm-{number}", "1999")
        await watcher.told()
        await desk.hang_up(f"warm-{number}", "1999")


async def _ring(desk: Desk, watchers: list[Watcher], role: str, number: int) -> float:
    call_id, place = f"call-{number}", number % len(watchers)
    concerned = watchers if role == "supervisor" else [watchers[place]]
    for one in concerned:
        one.expect(call_id)
    sent_at = await desk.ring(call_id, f"{2000 + place}")
    last = max(await asyncio.gather(*(one.told() for one in concerned)))
    await desk.hang_up(call_id, f"{2000 + place}")
    await asyncio.sleep(_PAUSE)
    return (last - sent_at) * 1000
