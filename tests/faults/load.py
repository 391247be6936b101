"""A steady load of webhooks and lookups, and for how long the machine stood still meanwhile."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from tests.faults.truth import Caller

KEY: Final = "a-machine-key"
RATE: Final = 12.0
"""Calls in a second, every other one a webhook: with their refreshes they stay within the directory's burst."""

LOOKUP_LIMIT: Final = 1.55
WEBHOOK_LIMIT: Final = 1.0
"""Seconds after which an answer is too late; only that time is taken off before in which the machine stood still."""

_BEAT: Final = 0.005
_CORE_BEAT: Final = 0.01
_NOTED: Final = 0.03
"""Seconds after which whatever was late has been noted."""

_HANG_UP_AFTER: Final = 0.03


class Lag:
    """
    Notes when the machine, or this process, stood still: how much later than asked for a sleeper woke.

    One sleeps in the loop, and one thread on each core: what is waited for is a process of its own, and may run there.
    """

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []

    async def measure(self) -> None:
        """Measure until cancelled."""
        ended = threading.Event()
        for core in os.sched_getaffinity(0):
            threading.Thread(target=self._watch, args=(core, ended), daemon=True).start()
        try:
            while True:
                before = time.monotonic()
                await asyncio.sleep(_BEAT)
                self._note(before, _BEAT)
        finally:
            ended.set()

    def between(self, start: float, end: float) -> float:
        """Give how long it stood still in all during an interval."""
        still, reached = 0.0, start
        for since, until in sorted(self._late):
            still += max(0.0, min(until, end) - max(since, reached))
            reached = max(reached, until)
        return still

    def _watch(self, core: int, ended: threading.Event) -> None:
        os.sched_setaffinity(0, {core})  # this thread's
        while not ended.is_set():
            before = time.monotonic()
            time.sleep(_CORE_BEAT)
            self._note(before, _CORE_BEAT)

    def _note(self, before: float, asked_for: float) -> None:
        woken = time.monotonic()
        if woken - before > 2 * asked_for:
            self._late.append((before + asked_for, woken))


@dataclass(frozen=True)
class Sample:
    """One call and its answer; times are monotonic seconds, `lag` is the part of `seconds` in which the machine stood still."""

    caller: Caller
    webhook: bool
    started: float
    seconds: float
    lag: float
    status: int
    lookup: Any

    @property
    def finished(self) -> float:
        return self.started + self.seconds

    @property
    def is_late(self) -> bool:
        """Tell whether the service took longer than it may."""
        return self.seconds - self.lag > (WEBHOOK_LIMIT if self.webhook else LOOKUP_LIMIT)

    @property
    def outcome(self) -> str:
        return str(self.lookup["outcome"])

    @property
    def tier(self) -> str | None:
        tier: str | None = self.lookup.get("tier")
        return tier

    def __str__(self) -> str:
        how = "webhook" if self.webhook else "lookup"
        return f"{how} of {self.caller.kind.value}: {self.outcome} {self.tier} in {self.seconds:.3f} s (lag {self.lag:.3f} s)"


class Load:
    """The phones: they call at a steady rate, whatever is answered. With `hangs_up`, others hang up beside them."""

    def __init__(self, url: str, calls: Iterator[Caller], session: aiohttp.ClientSession) -> None:
        self.samples: list[Sample] = []
        self.lag = Lag()
        self.hangs_up = False
        self._url = url
        self._calls = calls
        self._session = session
        self._under_way: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Call until cancelled."""
        due = time.monotonic()
        for number, caller in enumerate(self._calls):
            self._begin(caller, webhook=number % 2 == 1)
            due += 1 / RATE
            await asyncio.sleep(due - time.monotonic())

    async def settle(self) -> None:
        """Wait for all that are still under way."""
        await asyncio.gather(*self._under_way)

    async def ask(self, caller: Caller, *, webhook: bool = False) -> Sample:
        """Make one call now."""
        started = time.monotonic()
        status, answer = await (self._ring(caller) if webhook else self._look_up(caller))
        seconds = time.monotonic() - started
        await asyncio.sleep(_NOTED)
        lag = self.lag.between(started, started + seconds)
        return Sample(caller, webhook, started, seconds, lag, status, answer)

    def _begin(self, caller: Caller, *, webhook: bool) -> None:
        if self.hangs_up:
            self._spawn(self._hang_up(caller))
        self._spawn(self._sample(caller, webhook=webhook))

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _sample(self, caller: Caller, *, webhook: bool) -> None:
        self.samples.append(await self.ask(caller, webhook=webhook))

    async def _hang_up(self, caller: Caller) -> None:
        try:
            async with asyncio.timeout(_HANG_UP_AFTER):
                await self._look_up(caller)
        except TimeoutError:
            return  # which closes the connection

    async def _look_up(self, caller: Caller) -> tuple[int, Any]:
        query = {"telephone": caller.number, "key": KEY}
        async with self._session.get(f"{self._url}/v1/lookup", params=query) as response:
            return response.status, await response.json()

    async def _ring(self, caller: Caller) -> tuple[int, Any]:
        event = {"event": "newCall", "from": caller.number, "to": "1002", "direction": "in"}
        url = f"{self._url}/webhooks/generic"
        async with self._session.post(url, json=event, headers={"X-API-Key": KEY}) as response:
            return response.status, (await response.json())["lookup"]
