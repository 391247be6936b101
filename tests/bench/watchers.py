"""Those who look on while calls ring: many at once over bare connections, each of which only notes when it was told."""

import asyncio
import json
from time import perf_counter
from typing import Any, Final

from aiohttp import ClientSession

from tests.bench.errors import WrongAnswerError
from tests.bench.processes import Server
from tests.bench.variants.people import CALLERS, KEY

PATIENCE: Final = 30.0
"""Seconds for what takes milliseconds; whoever waits longer measures nothing."""

_AT_ONCE: Final = 50
_BEGUN: Final = b"event: calls"


class Watcher(asyncio.Protocol):
    """One open stream; `told_at` is when the call that is waited for was named in it, in seconds of `perf_counter`."""

    def __init__(self) -> None:
        self.told_at = 0.0
        self.has_begun = asyncio.Event()
        self._wanted = b""
        self._told = asyncio.Event()
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """Look for what is waited for; what came before may end in its middle."""
        seen = self._rest + data
        self._rest = seen[-len(_BEGUN) - len(self._wanted) :]
        if _BEGUN in seen:
            self.has_begun.set()
        if self._wanted and self._wanted in seen:
            self.told_at = perf_counter()
            self._wanted = b""
            self._told.set()

    def expect(self, call_id: str) -> None:
        """Wait for a call from now on."""
        self._wanted, self._rest = f'"provider_id":"{call_id}"'.encode(), b""
        self._told.clear()

    async def told(self) -> float:
        """Give when it was told of the call."""
        async with asyncio.timeout(PATIENCE):
            await self._told.wait()
        return self.told_at


async def watch(server: Server, tokens: list[str]) -> list[Watcher]:
    """Open a stream for each token."""
    loop, watchers = asyncio.get_running_loop(), []
    for start in range(0, len(tokens), _AT_ONCE):
        some = []
        for token in tokens[start : start + _AT_ONCE]:
            transport, watcher = await loop.create_connection(Watcher, "127.0.0.1", server.port)
            head = (
                f"GET /v1/calls/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            transport.write(head.encode())
            some.append(watcher)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one.has_begun.wait() for one in some))
        watchers += some
    return watchers


class Desk:
    """The machine's side: tokens, and calls of a caller who is known."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._url = f"http://127.0.0.1:{server.port}"
        self._session = session

    async def token(self, agent: str, role: str) -> str:
        """Make a token."""
        grant = {"subject": "bench", "agents": [agent], "role": role, "expires_in": 3600}
        return str((await self._post("/v1/tokens", grant))["token"])

    async def ring(self, call_id: str, agent: str) -> float:
        """Let an agent's telephone ring; give when the webhook was sent, in seconds of `perf_counter`."""
        sent_at = perf_counter()
        answer = await self._tell("newCall", call_id, agent)
        if answer["lookup"]["outcome"] != "matched":
            raise WrongAnswerError(f"a known caller was answered with {answer['lookup']['outcome']}")
        return sent_at

    async def hang_up(self, call_id: str, agent: str) -> None:
        """End a call."""
        await self._tell("hangup", call_id, agent)

    async def _tell(self, event: str, call_id: str, agent: str) -> Any:
        told = {"event": event, "direction": "in", "from": CALLERS[0], "to": agent, "callId": call_id}
        return await self._post("/webhooks/generic", told)

    async def _post(self, path: str, told: object) -> Any:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        async with self._session.post(
            self._url + path, data=json.dumps(told).encode(), headers=headers
        ) as response:
            if response.status // 100 != 2:
                raise WrongAnswerError(f"{path} answers {response.status}")
            return await response.json()
