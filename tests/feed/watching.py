"""Agents who look on as programs do that are to be relied upon: whatever ends, they connect again and say what they heard last."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.feed.desk import Event
from tests.feed.listening import Listener, bearer
from tests.replicas.fleet import BEARER, Replica

WITHIN: Final = 400.0
"""Seconds for all; a sixteenth of it is what it takes on a machine that does nothing else."""


class Agent:
    """
    Somebody who listens, and connects again wherever there is a service when the line is cut.

    `seen` is the last state of each call by its provider's id, `ids` under which ids it was shown, and `doubled` are those that were shown as
    they were before.
    """

    def __init__(self, name: str, urls: Iterable[str], session: ClientSession) -> None:
        self.name = name
        self.urls = list(urls)
        self.seen: dict[str, str] = {}
        self.revisions: dict[str, int] = {}
        self.ids: dict[str, set[str]] = {}
        self.doubled: list[str] = []
        self.listens = asyncio.Event()
        self.changed = asyncio.Event()
        self._session = session
        self._last_id = ""
        self._token = ""

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen_to(self.urls[0])
            except (AssertionError, ClientError, OSError):
                self.urls.append(self.urls.pop(0))

    async def _listen_to(self, url: str) -> None:
        self._token = self._token or await self._new_token(url)
        headers = bearer(self._token) | ({"Last-Event-ID": self._last_id} if self._last_id else {})
        timeout = ClientTimeout(total=None, sock_read=40)
        async with self._session.get(f"{url}/v1/calls/stream", headers=headers, timeout=timeout) as response:
            listener = Listener(response)
            while True:
                event = await listener.next()
                self._last_id = listener.last_id
                self._see(event)

    async def _new_token(self, url: str) -> str:
        grant = {"subject": self.name, "agents": [self.name], "expires_in": 3600}
        async with self._session.post(f"{url}/v1/tokens", json=grant, headers=BEARER) as response:
            return str((await response.json())["token"])

    def _see(self, event: Event) -> None:
        calls = event.told["calls"] if event.name == "calls" else [event.told] if event.name == "call" else []
        if event.name == "calls" or (event.name == "hello" and self._last_id):
            self.listens.set()
        for call in calls:
            known = self.revisions.get(call["id"], 0)
            if event.name == "call" and call["revision"] < known:
                self.doubled.append(call["provider_id"])
            self.revisions[call["id"]] = max(known, call["revision"])
            self.seen[call["provider_id"]] = call["state"]
            self.ids.setdefault(call["provider_id"], set()).add(call["id"])
        self.changed.set()

    async def has_seen(self, calls: set[str]) -> None:
        """Wait until all of some calls were seen."""
        while not calls <= self.seen.keys():
            self.changed.clear()
            await self.changed.wait()


@asynccontextmanager
async def listening_agents(count: int, replicas: list[Replica]) -> AsyncIterator[list[Agent]]:
    urls = [one.url for one in replicas]
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        agents = [
            Agent(str(2000 + at), urls[at % len(urls) :] + urls[: at % len(urls)], session)
            for at in range(count)
        ]
        tasks = [asyncio.create_task(one.listen()) for one in agents]
        try:
            async with asyncio.timeout(WITHIN):
                await asyncio.gather(*(one.listens.wait() for one in agents))
            yield agents
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
