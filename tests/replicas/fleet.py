"""
Replicas as they run: processes of the very program, that share a directory and perhaps a Redis.

A machine may stand still for half a second at any time. So nothing that is asked here is taken for an answer before it
says something, as any client asks again who is told `unavailable` or `pending`; and a fleet whose claim is about what
replicas do together is started patient, so that no call to Redis is given up.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, web
from prometheus_client.parser import text_string_to_metric_families

from tests.servers.fake_directory import ASHOKS_NUMBER, TOKEN, Behaviour, FakeDirectory
from tests.servers.program import COMMAND, Program

KEY: Final = "a-machine-key"
BEARER: Final = {"Authorization": f"Bearer {KEY}"}
UPSTREAM: Final = "a-token-of-the-directory"
SECRET: Final = "a secret of all replicas"
SOON: Final = 20.0
"""Seconds for what is to happen soon; this machine may be busy."""

PROMISED: Final = 2.0
"""Seconds within which every replica shows what one was told."""

_PATIENT: Final = "patient"
_PAUSE: Final = 0.02
_USUAL: Final = 0.1
"""Seconds that a pause and an answer take at most on a machine that does not stand still."""

_VAGUE: Final = frozenset({"unavailable", "pending"})
_LISTENING: Final = r"listens at (http://127\.0\.0\.1:\d+)"


@dataclass
class Replica:
    """One process of the service."""

    program: Program
    url: str
    session: ClientSession

    async def lookup(self, telephone: str = ASHOKS_NUMBER, **query: str) -> Any:
        """Give the answer to `GET /v1/lookup`."""
        params = {"telephone": telephone, **query}
        async with self.session.get(f"{self.url}/v1/lookup", params=params, headers=BEARER) as response:
            assert response.status == 200
            return await response.json()

    async def answer(self, telephone: str = ASHOKS_NUMBER, **query: str) -> Any:
        """Look up until the answer says something."""
        return await _definite(lambda: self.lookup(telephone, **query))

    async def ring(self, number: str = ASHOKS_NUMBER, **event: object) -> Any:
        """Give the lookup of a call's answer."""
        told = {"event": "newCall", "from": number, "to": "1002", "direction": "in", **event}
        async with self.session.post(f"{self.url}/webhooks/generic", json=told, headers=BEARER) as response:
            assert response.status == 200
            return (await response.json())["lookup"]

    async def rung(self, number: str = ASHOKS_NUMBER, **event: object) -> Any:
        """Ring until the answer says something."""
        return await _definite(lambda: self.ring(number, **event))

    async def changed(self, person_id: int = 30, event: str = "person.update") -> int:
        """Tell of a change as the directory does, and give the status."""
        told = {"webhook_id": 2, "event": event, "object_id": person_id}
        async with self.session.post(f"{self.url}/upstream/{UPSTREAM}", json=told) as response:
            return response.status

    async def forget(self, telephone: str = ASHOKS_NUMBER) -> int:
        """Forget a number, and give the status."""
        params = {"telephone": telephone}
        async with self.session.delete(f"{self.url}/v1/cache", params=params, headers=BEARER) as response:
            return response.status

    async def erase(self, person_id: int = 30) -> tuple[int, Any]:
        """Erase a person, and give status and answer."""
        told = {"person_id": person_id}
        async with self.session.post(f"{self.url}/v1/erasures", json=told, headers=BEARER) as response:
            return response.status, await response.json()

    async def counted(self, name: str, **labels: str) -> float:
        """Give a sample of `/metrics`, 0 if it is not there."""
        samples = await self._samples(name)
        return next((value for one, value in samples if one == labels), 0.0)

    async def told_of_requests(self) -> dict[str, float]:
        """Count what became of each request to the directory that has ended, by its result."""
        samples = await self._samples("cti_directory_requests_total")
        return {labels["result"]: value for labels, value in samples}

    async def _samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        async with self.session.get(f"{self.url}/metrics") as response:
            families = text_string_to_metric_families(await response.text())
        samples = (sample for family in families for sample in family.samples)
        return [(dict(one.labels), one.value) for one in samples if one.name == name]

    async def remembers(self, telephone: str = ASHOKS_NUMBER) -> bool:
        """Look up, and tell whether that needed no asking."""
        return bool((await self.lookup(telephone)).get("tier") == "memory")

    async def has_stored(self, answers: int = 1) -> bool:
        """Tell whether so many answers of this process have gone to Redis."""
        told = await self.counted("cti_redis_operations_total", operation="fill", result="ok")
        return told >= answers

    def stop(self) -> int:
        """Ask the process to end, and give its exit status."""
        return self.program.terminate()


class Fleet:
    """Starts replicas, each in a folder of its own; `options` are their settings, in lower case and without prefix."""

    def __init__(self, folder: Path, directory: FakeDirectory, session: ClientSession) -> None:
        self._folder = folder
        self._directory = directory
        self._session = session
        self._programs: list[Program] = []

    async def start(self, count: int, **options: str) -> list[Replica]:
        """Start some at once; each that has a Redis hears the others by then, if this machine is not busy."""
        programs = [self._open(options) for _ in range(count)]
        return [await self._listening(program) for program in programs]

    async def start_patient(self, count: int, **options: str) -> list[Replica]:
        """Start some that wait for Redis; each hears the others by then."""
        programs = [self._open(options, _PATIENT) for _ in range(count)]
        return [await self._listening(program) for program in programs]

    async def start_as(self, module: str, count: int, **options: str) -> list[Replica]:
        """Start some by a module of the tests that serves as `serve` does, and more; each is a process of its own from its start."""
        programs = [self._open(options, module=module) for _ in range(count)]
        return [await self._listening(program) for program in programs]

    def _open(self, options: dict[str, str], name: str = COMMAND, *, module: str = "") -> Program:
        folder = self._folder / f"replica-{len(self._programs)}"
        folder.mkdir()
        chosen = {
            "port": "0",
            "directory_url": self._directory.url,
            "directory_token": TOKEN,
            "api_keys": KEY,
            "region": "US",
            "secret": SECRET,
            "upstream_tokens": UPSTREAM,
        } | options
        variables = {f"CTI_{name.upper()}": value for name, value in chosen.items() if value}
        self._programs.append(Program(folder, "serve", variables=variables, name=name, module=module))
        return self._programs[-1]

    async def _listening(self, program: Program) -> Replica:
        found = await asyncio.to_thread(program.await_said, _LISTENING)
        return Replica(program, found[1], self._session)

    async def close(self) -> None:
        """End all processes, stopped ones too."""
        for program in self._programs:
            if program.process.poll() is None:
                os.kill(program.process.pid, signal.SIGCONT)
            program.kill()


async def until(holds: Callable[[], Awaitable[bool]], *, within: float = SOON) -> None:
    """
    Wait until something holds that can only be asked for.

    A question and the pause after it count for no longer than they usually take: meanwhile the machine stood still.
    """
    counted = 0.0
    began = time.monotonic()
    while not await holds():
        assert counted < within, f"not within {within} s"
        await asyncio.sleep(_PAUSE)
        now = time.monotonic()
        counted += min(now - began, _USUAL)
        began = now


async def _definite(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until the answer says something."""
    answer = await ask()
    began = time.monotonic()
    while answer["outcome"] in _VAGUE:
        assert time.monotonic() - began < SOON, f"still {answer['outcome']} after {SOON} s"
        await asyncio.sleep(_PAUSE)
        answer = await ask()
    return answer


def taking(seconds: float, then: Behaviour) -> Behaviour:
    """Answer after so many seconds."""

    async def behave(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request)

    return behave


def names(answer: Any) -> list[str]:
    """Give the names of those whom an answer lists."""
    return [one["name"] for one in answer["people"]]


def outcomes(answers: list[Any]) -> set[str]:
    """Give the outcomes that some answers have."""
    return {answer["outcome"] for answer in answers}
