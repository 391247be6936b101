"""Whoever listens to a stream over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import ClientResponse, ClientSession

from tests.feed.desk import Event, events_in
from tests.service.conftest import BEARER, Service

PATIENCE: Final = 30.0
"""Seconds for what is to happen at once; this machine may be busy."""


class Listener:
    """A stream that is open, read event by event."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.last_id = ""
        self._rest = b""
        self._events: list[Event] = []

    async def next(self) -> Event:
        """Give the next event; wait for it."""
        async with asyncio.timeout(PATIENCE):
            while not self._events:
                await self._read()
        event = self._events.pop(0)
        self.last_id = event.id or self.last_id
        return event

    async def _read(self) -> None:
        content = await self.response.content.readany()
        assert content, "the stream has ended"
        whole, _, self._rest = (self._rest + content).rpartition(b"\n\n")
        self._events += events_in(whole + b"\n\n")

    async def call(self) -> tuple[str, str, str]:
        """Give of the next event, which tells of a call, the provider's id, the state and the outcome."""
        event = await self.next()
        assert event.name == "call", event
        return event.told["provider_id"], event.told["state"], event.told["lookup"]["outcome"]

    async def settled(self, outcome: str = "matched") -> Any:
        """Give the next call whose caller is known; what comes before it is pending."""
        while True:
            event = await self.next()
            assert event.name == "call", event
            if event.told["lookup"]["outcome"] != "pending":
                assert event.told["lookup"]["outcome"] == outcome
                return event.told

    async def end(self) -> bytes:
        """Read to the end, and give what was left."""
        async with asyncio.timeout(PATIENCE):
            return await self.response.content.read()


async def token_for(service: Service, *names: str, **fields: object) -> dict[str, Any]:
    """Make a token."""
    grant = {"subject": f"u-{names[0]}", "agents": names, **fields}
    async with service.client.post("/v1/tokens", json=grant, headers=BEARER) as response:
        assert response.status == 201, await response.text()
        told: dict[str, Any] = await response.json()
        return told


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def url_of(service: Service, path: str = "/v1/calls/stream") -> str:
    return str(service.client.make_url(path))


@asynccontextmanager
async def listening(
    url: str, headers: Mapping[str, str], session: ClientSession | None = None
) -> AsyncIterator[Listener]:
    """Open a stream; it is closed at the end."""
    async with ClientSession() as own, (session or own).get(url, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        yield Listener(response)


@asynccontextmanager
async def agent_listening(service: Service, *names: str, **fields: object) -> AsyncIterator[Listener]:
    """Let an agent listen, past the greeting and the calls there are."""
    token = await token_for(service, *names, **fields)
    async with listening(url_of(service), bearer(token["token"])) as listener:
        assert [(await listener.next()).name, (await listener.next()).name] == ["hello", "calls"]
        yield listener
