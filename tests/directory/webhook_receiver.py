"""A receiver of webhooks: a real server that keeps what it is sent, and misbehaves when told to."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

SOON = 20.0
"""Seconds within which something happens on the slowest machine."""


@dataclass
class SettableClock:
    """A clock that stands until a test lets time pass."""

    now: datetime = field(default=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Received:
    """A call of a webhook."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def event(self) -> str:
        return str(self.content["event"])

    @property
    def object_id(self) -> int:
        return int(self.content["object_id"])

    def claims(self, key: Any, algorithm: str) -> Any:
        """Check the signature, and give what was signed."""
        assert self.content.keys() == {"jwt"}
        return json.loads(jwt.PyJWS().decode(self.content["jwt"], key, algorithms=[algorithm]))


@dataclass
class Receiver:
    """Answers 200 unless `answers` holds something else to do next; `at_once` counts calls under way by their paths."""

    server: TestServer = field(init=False)
    received: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    answers: list[int | asyncio.Event | Callable[[], Awaitable[web.StreamResponse]]] = field(
        default_factory=list
    )
    most_at_once: dict[str, int] = field(default_factory=dict)
    at_once: dict[str, int] = field(default_factory=dict)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{place:.*}", self._take)
        self.server = TestServer(app, host="127.0.0.1")
        await self.server.start_server()

    async def stop(self) -> None:
        await self.server.close()

    def uri(self, path: str = "hook") -> str:
        return str(self.server.make_url(f"/{path}"))

    async def next(self) -> Received:
        """Wait for what comes next."""
        return await asyncio.wait_for(self.received.get(), SOON)

    async def verify(self) -> Received:
        """Wait for a verification, and call back."""
        asked = await self.next()
        assert asked.event == "webhook.verify"
        async with ClientSession() as stranger, stranger.get(asked.content["payload"]["callback"]) as answer:
            assert (answer.status, await answer.text()) == (200, "Verification successful")
        return asked

    async def _take(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.at_once[path] = self.at_once.get(path, 0) + 1
        self.most_at_once[path] = max(self.at_once[path], self.most_at_once.get(path, 0))
        try:
            self.received.put_nowait(Received(path, dict(request.headers), await request.read()))
            return await self._answer()
        finally:
            self.at_once[path] -= 1

    async def _answer(self) -> web.StreamResponse:
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return web.Response()
        return web.Response(status=answer) if isinstance(answer, int) else await answer()


async def until(state: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SOON):
        while not await state():  # noqa: ASYNC110 - the state is all there is
            await asyncio.sleep(0.02)
