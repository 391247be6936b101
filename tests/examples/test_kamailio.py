"""Kamailio asks who is calling, and passes the call on with the name in it; SIPp calls, and answers."""

import asyncio
import re
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.servers.fake_directory import ASHOKS_NUMBER
from tests.servers.ports import free_port
from tests.service.conftest import StartService, no_settings_from_outside, start

pytestmark = pytest.mark.slow

__all__ = ["no_settings_from_outside", "start"]  # fixtures of the service's tests

SCRIPT: Final = Path(__file__).parents[2] / "examples" / "kamailio" / "kamailio.cfg"
CALLER: Final = Path(__file__).with_name("caller.xml")
CALLEE: Final = Path(__file__).with_name("callee.xml")
KEY: Final = "a-key-for-names"
PATIENCE: Final = 30.0

PlaceCall = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def running(*command: str, **environment: str) -> AsyncIterator[Process]:
    """Run a program until it ends, or is ended."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": "/usr/sbin:/usr/bin:/bin", "TERM": "dumb", **environment},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.communicate(), PATIENCE)


@asynccontextmanager
async def proxy(folder: Path, lookup_url: str) -> AsyncIterator[PlaceCall]:
    """Run Kamailio with the example's script; give what places a call and gives the INVITE that arrives."""
    port, behind = free_port(), free_port()
    script = ("kamailio", "-f", str(SCRIPT), "-l", f"udp:127.0.0.1:{port}", "-DD", "-E", "-m", "64")
    environment = {
        "CTI_LOOKUP_URL": lookup_url,
        "CTI_LOOKUP_KEY": KEY,
        "CTI_NEXT_HOP": f"127.0.0.1:{behind}",
    }

    async def place_call(number: str) -> str:
        told = folder / f"{behind}.txt"
        told.unlink(missing_ok=True)
        trace = ("-trace_msg", "-message_file", str(told), "-message_overwrite", "true")
        async with running(*sipp(behind), "-sf", str(CALLEE), *trace) as callee:
            async with running(
                *sipp(free_port()), "-sf", str(CALLER), "-set", "caller", number, f"127.0.0.1:{port}"
            ) as caller:
                said, _ = await asyncio.wait_for(caller.communicate(), PATIENCE)
                assert caller.returncode == 0, said.decode()
            await asyncio.wait_for(callee.communicate(), PATIENCE)
        return invite_in(told.read_text())

    async with running(*script, "-Y", str(folder), "-P", str(folder / "pid"), **environment):
        yield place_call


def sipp(port: int) -> tuple[str, ...]:
    """Give a SIPp that makes or takes one call; a message that is lost on the way is sent again."""
    return ("sipp", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin", "-timeout", "25")


def invite_in(trace: str) -> str:
    """Give the INVITE of a trace: the headers, one on a line."""
    found = re.search(r"^INVITE .*?(?:\r?\n){2}", trace, re.MULTILINE | re.DOTALL)
    assert found, trace
    return found[0]


def names_in(invite: str) -> list[str]:
    return re.findall(r"^X-Caller-Name: (.*?)\r?$", invite, re.MULTILINE)


async def test_a_call_goes_on_with_the_name_of_who_is_known(start: StartService, tmp_path: Path) -> None:
    service = await start(sources={"names": {"dialect": "cnam", "secrets": [KEY]}})
    async with proxy(tmp_path, f"http://127.0.0.1:{service.port}/webhooks/names") as place_call:
        known, unknown = await place_call(ASHOKS_NUMBER), await place_call("+442079460000")

    (name,) = names_in(known)
    assert name.startswith("Ashok Kumar")
    assert names_in(unknown) == []


async def test_a_call_goes_on_without_a_name_where_nobody_can_be_asked(tmp_path: Path) -> None:
    async with proxy(tmp_path, f"http://127.0.0.1:{free_port()}/webhooks/names") as place_call:
        assert names_in(await place_call(ASHOKS_NUMBER)) == []
