"""
Names of hosts, looked up in threads of their own: a name server that hangs hurts nobody else.

Facts: aiohttp's resolver uses the event loop's default executor, whose few threads `asyncio.to_thread` shares; with all
of them hung in `getaddrinfo`, SQLite waited 19.5 s for a thread. A `ThreadPoolExecutor` joins its threads when the
interpreter exits, so one that hangs would keep the process alive: these are daemon threads.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

PATIENCE: Final = 0.3
"""Seconds that a request waits for an address."""

_FORSAKEN: Final = 30.0
"""Seconds after which a look-up that hangs is given up, and another is tried beside it."""

_MOST_THREADS: Final = 4
_MOST_OF_ONE: Final = 2
"""Threads that one host may have: others may have name servers that answer."""

Address = tuple[int, int, str]
"""Address family, protocol, numeric address."""

LookUp = Callable[[str, int, socket.AddressFamily], list[Address]]
Key = tuple[str, int, socket.AddressFamily]


def look_up(host: str, port: int, family: socket.AddressFamily) -> list[Address]:
    """Ask the system for a host's addresses; this blocks. Raises `OSError`."""
    flags = socket.AI_ADDRCONFIG | socket.AI_NUMERICSERV
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=flags)
    return [(kind, protocol, str(address[0])) for kind, _, protocol, _, address in infos]


@dataclass(frozen=True, slots=True)
class _Flight:
    """One look-up in its thread; `found` has the addresses, or None where there are none."""

    started: float
    found: asyncio.Future[list[Address] | None]


class PatientResolver(AbstractResolver):
    """
    Resolves in threads that nothing else uses, and remembers the last good addresses for when that fails.

    Whoever asks for a host that is being looked up waits with the others; once a look-up is late, and addresses are
    known from before, nobody waits. `clock` is monotonic seconds.
    """

    def __init__(
        self, clock: Callable[[], float], *, look_up: LookUp = look_up, patience: float = PATIENCE
    ) -> None:
        self._clock = clock
        self._look_up = look_up
        self._patience = patience
        self._known: dict[Key, list[Address]] = {}
        self._flights: dict[Key, _Flight] = {}
        self._threads = 0
        self._hung: Counter[Key] = Counter()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give a host's addresses, if need be those from before. Raises `OSError`."""
        key = (host, port, family)
        found = await self._wait(key) or self._known.get(key)
        if not found:
            raise OSError("the host's addresses are not known")
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=protocol, flags=flags)
            for kind, protocol, address in found
        ]

    async def close(self) -> None:
        """Leave the threads to themselves: one that hangs ends with its name server or with the process."""
        self._flights.clear()

    async def _wait(self, key: Key) -> list[Address] | None:
        flight = self._flight(key)
        if flight is None or (key in self._known and self._clock() - flight.started >= self._patience):
            return None
        await asyncio.wait((flight.found,), timeout=self._patience)
        return flight.found.result() if flight.found.done() else None

    def _flight(self, key: Key) -> _Flight | None:
        """Give the look-up that is under way, or begin one; None where too many threads hang."""
        now = self._clock()
        flight = self._flights.get(key)
        forsaken = flight is not None and now - flight.started >= _FORSAKEN and self._hung[key] < _MOST_OF_ONE
        if (flight is None or forsaken) and self._threads < _MOST_THREADS:
            loop = asyncio.get_running_loop()
            flight = self._flights[key] = _Flight(now, loop.create_future())
            self._threads += 1
            self._hung[key] += 1
            Thread(target=self._work, args=(loop, key, flight), name="resolver", daemon=True).start()
        return flight

    def _work(self, loop: asyncio.AbstractEventLoop, key: Key, flight: _Flight) -> None:
        try:
            found = self._look_up(*key)
        except (OSError, UnicodeError):  # a label of more than 63 characters is a UnicodeError
            found = []
        with suppress(RuntimeError):  # the loop was closed meanwhile, and nobody waits any more
            loop.call_soon_threadsafe(self._landed, key, flight, found)

    def _landed(self, key: Key, flight: _Flight, found: list[Address]) -> None:
        self._threads -= 1
        self._hung -= Counter({key: 1})  # forgets what is 0
        if found:
            self._known[key] = found
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.found.done():
            flight.found.set_result(found or None)
