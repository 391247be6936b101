"""A directory whose name nobody can resolve, from the start; a name server that dies later is in tests/rservice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.faults.load import KEY, Load, Sample
from tests.faults.truth import AREA, Caller, Kind
from tests.servers.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.alone]

CALLERS: Final = 12
SETTINGS: Final = {
    "CTI_PORT": "0",
    "CTI_DIRECTORY_URL": "http://directory.invalid/v1",  # RFC 6761: a name that never has an address
    "CTI_DIRECTORY_TOKEN": "a-token",
    "CTI_API_KEYS": KEY,
    "CTI_REGION": "US",
}


@pytest.fixture
async def load(tmp_path: Path) -> AsyncIterator[Load]:
    """Give phones that call a service whose directory has no address."""
    program = Program(tmp_path, "serve", variables=SETTINGS)
    try:
        found = await asyncio.to_thread(program.await_said, r"listens at (http://[0-9.]+:[0-9]+)")
        async with aiohttp.ClientSession() as session:
            yield Load(found[1], iter(()), session)
    finally:
        program.kill()


async def ask_all(load: Load, *, webhook: bool) -> list[Sample]:
    """Let all call at once, and measure how late this process is meanwhile."""
    measuring = asyncio.create_task(load.lag.measure())
    callers = [Caller(f"{AREA}{1000 + number}", Kind.NEW) for number in range(CALLERS)]
    samples = await asyncio.gather(*(load.ask(one, webhook=webhook) for one in callers))
    measuring.cancel()
    return samples


async def test_whoever_calls_is_unavailable_in_time_and_never_nobody(load: Load) -> None:
    looked_up = await ask_all(load, webhook=False)
    assert {one.outcome for one in looked_up} == {"unavailable"}
    assert not any(one.is_late for one in looked_up)


async def test_a_phone_rings_on_in_time(load: Load) -> None:
    rung = await ask_all(load, webhook=True)
    assert {one.outcome for one in rung} <= {"unavailable", "pending"}
    assert not any(one.is_late for one in rung)
