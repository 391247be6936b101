"""
The agent's page in Chromium: from the webhook to the card that is painted.

Chromium has the core of the load, with all else that is not the service. Its clock and ours are this machine's; the card is taken for
painted in the second frame after the widget says that it pops.
"""

import asyncio
import shutil
import time
from collections.abc import Iterator
from typing import Final

from aiohttp import ClientSession
from playwright.async_api import Page, async_playwright

from tests.bench.errors import CannotMeasureError
from tests.bench.figures import Gate, Measure, Row, What, gauge_row, percentile
from tests.bench.processes import Server
from tests.bench.stage import Stage
from tests.bench.variants.people import knowing_its_callers
from tests.bench.watchers import PATIENCE, Desk, watch

_AGENT: Final = "2000"
_PAUSE: Final = 0.2
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_PAINTED: Final = Gate.most(100.0)
"""Milliseconds until the first pop."""

_NOTE: Final = """
window.painted = new Map();
document.addEventListener("cti-pop", ({ detail }) =>
  requestAnimationFrame(() => requestAnimationFrame(() =>
    window.painted.set(detail.provider_id, performance.timeOrigin + performance.now()))));
"""


def screen(stage: Stage) -> Iterator[Row]:
    """Ring one agent who looks at the page, and whose stream somebody else reads too."""
    with knowing_its_callers(stage, "screen") as server:
        streamed, painted = asyncio.run(_rung(server, stage.plan.rounds(100, 15)))
    for name, times, gate in (
        ("the stream's message", streamed, None),
        ("the painted card", painted, _PAINTED),
    ):
        what = What(f"webhook to {name}", Measure.TELLING, unit="ms")
        row, p95 = gauge_row(what, times, gate), percentile(times, 0.95)
        stage.say(f"  {what.variant}: median {row.figure:.1f} ms, p95 {p95:.1f} ms")
        yield row
        yield gauge_row(What(f"{what.variant}, p95", Measure.TELLING, unit="ms"), [p95], None)


async def _rung(server: Server, rounds: int) -> tuple[list[float], list[float]]:
    """Give the milliseconds to the message on a stream, and to the card, ring by ring; the first few warm up."""
    program = shutil.which("chromium")
    if program is None:
        raise CannotMeasureError("missing here: chromium; `make test` installs it")
    async with async_playwright() as playwright, ClientSession() as session:
        browser = await playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        desk = Desk(server, session)
        token = await desk.token(_AGENT, "agent")
        (watcher,) = await watch(server, [token])
        page = await browser.new_page()
        await page.add_init_script(_NOTE)
        await page.goto(f"http://127.0.0.1:{server.port}/#token={token}")
        await page.locator("#connection[data-state=connected]").wait_for()
        streamed, painted = [], []
        for number in range(-5, rounds):
            call_id = f"call-{number}"
            watcher.expect(call_id)
            began = time.time()
            sent_at = await desk.ring(call_id, _AGENT)
            streamed.append((await watcher.told() - sent_at) * 1000)
            painted.append(await _painted_at(page, call_id) - began * 1000)
            await desk.hang_up(call_id, _AGENT)
            await asyncio.sleep(_PAUSE)
        await browser.close()
    return streamed[5:], painted[5:]


async def _painted_at(page: Page, call_id: str) -> float:
    """Give when a card was painted, in milliseconds since the epoch."""
    found = await page.wait_for_function("id => window.painted.get(id)", arg=call_id, timeout=PATIENCE * 1000)
    return float(await found.json_value())
