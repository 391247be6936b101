"""
What a process and its Redis take: `python -m tools.sizing` measures the figures of docs/sizing.md on this machine.

A directory of people is made, and a process asked for each of them; then it is told of calls of a few of them. What grew meanwhile,
divided by how many there were, is what one of them takes. Takes a minute, a core, and redis-server.
"""

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aiohttp import ClientSession
from redis.asyncio import Redis

KEY: Final = "a-key-for-this-measurement"
PROGRAM: Final = str(Path(sys.executable).with_name("cti-lookup"))
AT_ONCE: Final = 8
SETTLED: Final = 3.0
"""Seconds after which what was begun is over."""

FEW: Final = 100
"""Callers whose calls are told of: all of them are in memory."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken until a moment: bytes by the process and by Redis, seconds of the process's processor."""

    memory: float
    redis: float
    processor: float

    def since(self, before: "Taken", count: int) -> "Taken":
        """Give what each of so many took since then."""
        return Taken(
            (self.memory - before.memory) / count,
            (self.redis - before.redis) / count,
            (self.processor - before.processor) / count,
        )

    def __str__(self) -> str:
        """Say it in KiB and µs."""
        return f"{self.memory / 1024:8.1f} KiB {self.redis / 1024:8.2f} KiB in Redis {self.processor * 1e6:7.0f} µs"


def telephone(number: int) -> str:
    """Give a person's telephone number."""
    return f"+1212{2_000_000 + number}"


def card(number: int) -> str:
    """Write a person as a vCard."""
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:sizing-{number}\r\nFN:Person Number {number}\r\nTITLE:Service Desk Analyst\r\n"
        f"EMAIL:person.{number}@desk.example\r\nTEL;TYPE=WORK:{telephone(number)}\r\nEND:VCARD\r\n"
    )


def fill(folder: Path, people: int) -> None:
    """Make a directory of so many people."""
    cards = folder / "people.vcf"
    cards.write_text("".join(map(card, range(people))), encoding="utf-8", newline="")
    command = [PROGRAM, "directory", "import", str(cards), "--db", str(folder / "people.sqlite3")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own program


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis that keeps nothing, and give the path of its socket."""
    place = str(folder / "redis.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", place, "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  # Debian's, from the PATH
    try:
        yield place
    finally:
        server.terminate()
        server.wait()


def started(variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the service with these variables and no others."""
    nowhere = subprocess.DEVNULL
    return subprocess.Popen([PROGRAM, "serve"], env=variables, stdout=nowhere, stderr=nowhere)  # noqa: S603  # our own program


@asynccontextmanager
async def service(folder: Path, **settings: str) -> AsyncIterator[ClientSession]:
    """Run the service over the directory in a folder, and give what asks it, once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {
        "CTI_PORT": str(port),
        "CTI_REGION": "US",
        "CTI_API_KEYS": KEY,
        "CTI_SECRET": "a-secret-for-this-measurement",
        "CTI_KEY_RATE": "10000",
        "CTI_DIRECTORY_DB": str(folder / "people.sqlite3"),
        **settings,
    }
    process = started(variables)
    try:
        async with ClientSession(f"http://127.0.0.1:{port}", headers={"X-API-Key": KEY}) as session:
            await _ready(session)
            yield session
    finally:
        process.terminate()
        process.wait()


async def _ready(session: ClientSession) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get("/readyz") as answer:
                    if answer.ok:
                        return
            except OSError:
                await asyncio.sleep(0.1)


async def look_up(session: ClientSession, number: int) -> None:
    """Ask for one of the people."""
    async with session.get("/v1/lookup", params={"telephone": telephone(number)}) as answer:
        if (await answer.json())["outcome"] != "matched":
            raise RuntimeError("somebody is not found, so this measures nothing")


async def ring(session: ClientSession, number: int) -> None:
    """Tell of a call of one of a few of the people."""
    event = {"event": "newCall", "from": telephone(number % FEW), "to": "1001", "callId": str(number)}
    async with session.post("/webhooks/generic", data=event) as answer:
        if (await answer.json())["lookup"]["outcome"] != "matched":
            raise RuntimeError("somebody is not found, so this measures nothing")


async def each(count: int, do: Callable[[int], Awaitable[None]]) -> None:
    """Do something so many times, a few at a time."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await do(number)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def taken(session: ClientSession, place: str | None, settled: float) -> Taken:
    """Look at what is taken by now."""
    await asyncio.sleep(settled)
    async with session.get("/metrics") as answer:
        told = dict(re.findall(r"^(process_\w+) (\S+)$", await answer.text(), re.MULTILINE))
    used = 0.0
    if place:
        async with Redis(unix_socket_path=place) as redis:
            used = float((await redis.info("memory"))["used_memory"])
    return Taken(float(told["process_resident_memory_bytes"]), used, float(told["process_cpu_seconds_total"]))


async def measure(folder: Path, people: int, place: str | None, settled: float) -> None:
    """Print what is taken: by a process that idles, by an answer, by a call, and by what is asked again."""
    redis = {"CTI_REDIS_URL": f"unix://{place}"} if place else {}
    async with service(folder, **redis) as session:
        idle = await taken(session, place, settled)
        await each(people, lambda number: look_up(session, number))
        known = await taken(session, place, settled)
        await each(people, lambda number: look_up(session, number % FEW))
        again = await taken(session, place, settled)
        await each(people, lambda number: ring(session, number))
        told = await taken(session, place, settled)
    print(f"{'with' if place else 'without'} Redis, {people} of each")  # noqa: T201  # what was asked for
    print(f"  idle              {idle.memory / 1024 / 1024:8.1f} MiB")  # noqa: T201
    print(f"  a new caller      {known.since(idle, people)}")  # noqa: T201
    print(f"  asked again       {again.since(known, people)}")  # noqa: T201
    print(f"  a call that rings {told.since(again, people)}")  # noqa: T201


def main(people: int = 5_000, settled: float = SETTLED) -> None:
    """Measure without Redis and with it."""
    with TemporaryDirectory() as name, redis_server(Path(name)) as place:
        folder = Path(name)
        fill(folder, people)
        asyncio.run(measure(folder, people, None, settled))
        asyncio.run(measure(folder, people, place, settled))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
