"""A day at the office, in short: phones of all systems, screens that open and close, lookups, and strangers."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count, cycle, islice
from typing import Any, Final

from aiohttp import ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from cti_lookup.playing.scene import Sent
from tests.playing.systems import CALLEE, Systems
from tests.replicas.fleet import BEARER, Replica

CALLERS: Final = tuple(f"+1713987{last:04}" for last in range(3000, 3060))
_AGENTS: Final = ("Ada Example", "Ben Example", "ada@desk.example", "1001", CALLEE)
_STRANGE: Final[tuple[tuple[str, str, bytes, Mapping[str, str]], ...]] = (
    ("POST", "/webhooks/generic", b'{"event":', {}),
    ("POST", "/webhooks/twilio", b"CallSid=1&From=%2B1", {"X-Twilio-Signature": "c2lnbmVk"}),
    ("POST", "/webhooks/nobody", b"{}", {}),
    ("GET", "/v1/lookup?telephone=1", b"", {"Authorization": "Bearer wrong"}),
    ("GET", "/v1/calls/stream", b"", {"Authorization": "Bearer a.b.c"}),
    ("POST", "/v1/tokens", b"[" * 5000, BEARER),
    ("GET", "/v1/calls?limit=nine", b"", BEARER),
    ("POST", "/upstream/wrong", b"{}", {}),
    ("GET", "/nothing/here", b"", {}),
    ("POST", "/webhooks/zoom", b"x" * 70_000, {}),
)
_CLIENT_FAULTS: Final = range(400, 500)


class Office:
    """Drives some replicas; `told` counts what was answered, `wrong` tells what should not have been."""

    def __init__(self, replicas: Sequence[Replica], systems: Systems) -> None:
        self.told: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.calls = 0
        self.played: set[str] = set()
        self._replicas = cycle(replicas)
        self._systems = systems
        self._session: ClientSession
        self._serials = count(time.time_ns() // 1000 % 10**9 * 1000)
        self._tokens: list[str] = []

    @asynccontextmanager
    async def staffed(self) -> AsyncIterator[None]:
        """Have lines to the service; when everybody goes home they are hung up."""
        async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(60)) as self._session:
            yield

    async def open(self) -> None:
        """Get tokens for the agents' screens."""
        for name in _AGENTS:
            grant = {"subject": "u", "agents": [name], "queues": ["support"], "expires_in": 43_200}
            url = f"{next(self._replicas).url}/v1/tokens"
            async with self._session.post(url, json=grant, headers=BEARER) as response:
                self._tokens.append((await response.json())["token"])

    async def fill(self, calls: int, at_once: int = 24) -> None:
        """Play calls of all systems as fast as they are taken, so that what is bounded is full, and of what it will hold."""
        left = islice(cycle(self._systems.names), calls)

        async def play_on() -> None:
            for name in left:
                await self._call(name, 0.0)

        await asyncio.gather(*(play_on() for _ in range(at_once)))

    async def work(self, seconds: float, *, calls: float, screens: int) -> None:
        """Work for a while: so many calls in a second, so many screens open at a time."""
        names = cycle(self._systems.names)
        async with asyncio.TaskGroup() as group:
            steadily = [
                (calls, lambda: self._call(next(names), 0.4)),
                (calls / 2, self._look_up),
                (calls / 4, self._be_strange),
            ]
            for rate, act in steadily:
                group.create_task(self._steadily(seconds, rate, act))
            for place in range(screens):
                group.create_task(self._watch(seconds, place))

    async def _steadily(
        self, seconds: float, rate: float, act: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        due = began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            while due < began + seconds:
                await asyncio.sleep(due - time.monotonic())
                group.create_task(act())
                due += 1 / rate

    async def _call(self, name: str, pause: float) -> None:
        """Play a call; each of its events reaches the next replica."""
        serial = next(self._serials)
        self.calls += 1
        self.played.add(name)
        for number, played in enumerate(self._systems.call(name, serial, CALLERS[serial % len(CALLERS)])):
            if number:
                await asyncio.sleep(pause)
            status = await self._send(played.to(next(self._replicas).url))
            self._note(f"webhook {status}", right=status // 100 == 2, what=f"{name} {played.act}")

    async def _look_up(self) -> None:
        caller = CALLERS[next(self._serials) % len(CALLERS)]
        url = f"{next(self._replicas).url}/v1/lookup"
        async with self._session.get(url, params={"telephone": caller}, headers=BEARER) as response:
            outcome = (await response.json())["outcome"]
        self._note(f"lookup {outcome}", right=outcome in ("matched", "unavailable", "pending"))

    async def _be_strange(self) -> None:
        method, target, body, headers = _STRANGE[next(self._serials) % len(_STRANGE)]
        status = await self._send(Sent(method, next(self._replicas).url + target, headers, body))
        self._note(f"stranger {status}", right=status in _CLIENT_FAULTS, what=target)

    async def _watch(self, seconds: float, place: int) -> None:
        """Open a screen, look on for some seconds, close it, and open it again elsewhere; where it was left, or anew."""
        until, last_id = time.monotonic() + seconds, b""
        while (left := until - time.monotonic()) > 0:
            headers = {"Authorization": f"Bearer {self._tokens[place % len(self._tokens)]}"}
            if last_id and place % 2:
                headers["Last-Event-ID"] = last_id.decode()
            last_id = await self._look_on(min(left, 2 + place % 5), headers, last_id)

    async def _look_on(self, seconds: float, headers: dict[str, str], last_id: bytes) -> bytes:
        url = f"{next(self._replicas).url}/v1/calls/stream"
        timeout = ClientTimeout(total=None)
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(seconds),
                self._session.get(url, headers=headers, timeout=timeout) as response,
            ):
                self._note(f"stream {response.status}", right=response.status == 200)
                async for line in response.content:
                    if line.startswith(b"id: "):
                        last_id = line[4:].strip()
        return last_id

    async def _send(self, sent: Sent) -> int:
        async with self._session.request(
            sent.method, URL(sent.url, encoded=True), headers=sent.headers, data=sent.body or None
        ) as response:
            await response.read()
            return response.status

    def _note(self, told: str, *, right: bool, what: str = "") -> None:
        self.told[told] += 1
        if not right:
            self.wrong.append(f"{told} {what}")
