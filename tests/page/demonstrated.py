"""The whole product as `make run` starts it, in this process: sample people, sample calls, and pages in a browser."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from cti_lookup.app import create_app
from cti_lookup.demonstration.stage import Stage
from cti_lookup.demonstration.staging import staged
from cti_lookup.directory import create_directory_app, directory_runner
from cti_lookup.logs import Log
from cti_lookup.settings import Settings
from cti_lookup.web.demo import demonstrating

KEY: Final = "a-machine-key"
DIRECTORY_TOKEN: Final = "a-directory-token"


class Pauses:
    """What stands between the parts of a call: each waits until a test lets it go on."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(0)

    async def __call__(self, _: float) -> None:
        await self._turns.acquire()

    def go_on(self, times: int = 1) -> None:
        """Let as many parts of calls happen."""
        for _ in range(times):
            self._turns.release()


@dataclass(frozen=True)
class Directory:
    """A directory of sample people that runs by itself."""

    url: str

    async def add(self, name: str, telephone: str) -> None:
        """Add a person with a number."""
        headers = {"Authorization": f"Bearer {DIRECTORY_TOKEN}"}
        person = {"name": name, "primary_email": "added@widget.example", "organization_id": 20}
        async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
            async with session.post(f"{self.url}/people", json=person) as response:
                person_id = (await response.json())["id"]
            contact = {"label": "work", "telephone": telephone}
            async with session.post(f"{self.url}/people/{person_id}/contacts", json=contact):
                pass


@dataclass(frozen=True)
class Demonstrated:
    """A service that demonstrates itself."""

    url: str
    pauses: Pauses
    stage: Stage
    log: list[bytes]


@asynccontextmanager
async def sample_directory(folder: Path) -> AsyncIterator[Directory]:
    """Let a directory of sample people run."""
    app = create_directory_app(database=folder / "people.sqlite3", token=DIRECTORY_TOKEN, samples=True)
    runner = directory_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Directory(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    await runner.cleanup()


@asynccontextmanager
async def demonstrated(
    directory: Directory, *, plays: bool = True, **settings: Any
) -> AsyncIterator[Demonstrated]:
    """Let a service run; its port is known before it listens, as several phone systems sign the URL they call."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    chosen = {
        "port": port,
        "api_keys": KEY,
        "directory_url": directory.url,
        "directory_token": DIRECTORY_TOKEN,
        "lookup_budget": 5,
        **settings,
    }
    demonstration = staged(Settings.model_validate(chosen))
    pauses, lines = Pauses(), list[bytes]()
    log = Log(lines.append)
    stage = Stage(demonstration, log=log, clock=time.time, wait=pauses)
    app = create_app(demonstration.settings, log=log, extended=demonstrating(stage) if plays else None)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    yield Demonstrated(f"http://127.0.0.1:{port}", pauses, stage, lines)
    await runner.cleanup()
