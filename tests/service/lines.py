"""A service behind its door, as it stands in production, and connections on which bytes are said as they are."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from cti_lookup.web.door import KEEP_ALIVE, Door
from cti_lookup.web.express import express_lane
from cti_lookup.web.keys import PARTS
from cti_lookup.web.line import Express, no_express
from tests.service.conftest import Service

PATIENCE = 30.0


@dataclass
class Behind:
    """Who listens behind a door, and whether it is to end."""

    port: int
    door: Door
    ends: bool = False


@asynccontextmanager
async def behind_a_door(
    service: Service,
    *,
    express: bool = True,
    lane: Express | None = None,
    keep_alive: float = KEEP_ALIVE,
    within: float = 5.0,
) -> AsyncIterator[Behind]:
    """Let a service that runs listen on one more port, with the express lane, with another `lane`, or with none."""
    runner = service.client.server.runner
    assert isinstance(runner, web.AppRunner)
    assert runner.server is not None
    inside = runner.server.request_handler
    parts = runner.app[PARTS]
    door = Door(
        runner.server,
        most=100,
        count=parts.tallies.count_turned_away,
        within=within,
        keep_alive=keep_alive,
        draining=lambda: behind.ends,
        express=lane or (express_lane(parts) if express else no_express),
    )
    listener = await asyncio.get_running_loop().create_server(door, "127.0.0.1", 0)
    behind = Behind(listener.sockets[0].getsockname()[1], door)
    try:
        yield behind
    finally:
        listener.close()
        door.close()
        runner.server.request_handler = inside


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Talk:
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *said: bytes) -> Self:
        self.writer.write(b"".join(said))
        return self

    async def say_slowly(self, pieces: Iterable[bytes], pause: float = 0.01) -> Self:
        """Say pieces that arrive one by one."""
        for piece in pieces:
            self.writer.write(piece)
            await asyncio.sleep(pause)
        return self

    async def answer(self) -> Answer:
        """Give the next answer."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, body)

    async def answers(self, many: int) -> list[Answer]:
        return [await self.answer() for _ in range(many)]

    async def some(self) -> bytes:
        """Give what comes next, up to the end of a head."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Give what comes until the other side hangs up."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


@asynccontextmanager
async def talking(behind: Behind) -> AsyncIterator[Talk]:
    """Keep a connection open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", behind.port)
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()


def event(
    body: bytes,
    *headers: str,
    path: str = "/webhooks/generic",
    method: str = "POST",
    version: str = "1.1",
) -> bytes:
    """Write a request, with the length of its body."""
    lines = (f"{method} {path} HTTP/{version}", "Host: service.example", *headers)
    return "\r\n".join((*lines, f"Content-Length: {len(body)}", "", "")).encode() + body


_OWN = re.compile(rb'"(id|started_at|answered_at|ended_at|request)":"[^"]*"|[0-9a-f]{32}')


def alike(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """Give what two answers to the same have in common."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status, headers, _OWN.sub(b"", answer.body)
