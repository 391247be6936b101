"""Name servers that hang or are dead: who waits, how long, and who is not hurt."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from cti_lookup.rservice.resolving import Address, PatientResolver
from tests.conftest import SettableClock
from tests.lookup.timeless import TimelessLoop, clock_of_this_loop
from tests.rservice.opening import ASHOK, opened
from tests.servers.fake_directory import FakeDirectory

LOOPBACK: list[Address] = [(socket.AF_INET, socket.IPPROTO_TCP, "127.0.0.1")]
HOST = "directory.example"


class NameServer:
    """A look-up that a test lets succeed, fail or hang."""

    def __init__(self) -> None:
        self.hangs = False
        self.dead = False
        self.asked = 0
        self.gate = threading.Event()

    def __call__(self, host: str, port: int, family: socket.AddressFamily) -> list[Address]:
        assert (host, family) in {(HOST, socket.AF_INET), (HOST, socket.AF_UNSPEC)}
        assert port >= 0
        self.asked += 1
        if self.hangs:
            self.gate.wait(30)
        if self.dead:
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return LOOPBACK


@pytest.fixture
def names() -> Iterator[NameServer]:
    names = NameServer()
    yield names
    names.gate.set()
    for thread in threading.enumerate():
        if thread.name == "resolver":
            thread.join()


async def test_the_last_good_addresses_are_given_while_the_name_server_is_dead(
    names: NameServer, clock: SettableClock
) -> None:
    resolver = PatientResolver(clock, look_up=names)
    first = await resolver.resolve(HOST, 443)
    names.dead = True
    clock.pass_by(86400)
    assert await resolver.resolve(HOST, 443) == first
    assert (first[0]["hostname"], first[0]["host"], first[0]["port"]) == (HOST, "127.0.0.1", 443)
    assert names.asked == 2


async def test_a_host_that_was_never_known_is_an_error(names: NameServer, clock: SettableClock) -> None:
    names.dead = True
    with pytest.raises(OSError, match="not known"):
        await PatientResolver(clock, look_up=names).resolve(HOST)


async def test_a_label_too_long_for_a_name_is_an_error(clock: SettableClock) -> None:
    with pytest.raises(OSError, match="not known"):
        await PatientResolver(clock).resolve(f"{'a' * 64}.example")


def test_a_name_server_that_hangs_is_waited_for_0_3_seconds_and_asked_once(names: NameServer) -> None:
    async def wait_in_vain() -> None:
        clock = clock_of_this_loop()
        resolver = PatientResolver(clock, look_up=names)
        started = clock()
        results = await asyncio.gather(*(resolver.resolve(HOST) for _ in range(100)), return_exceptions=True)
        assert all(isinstance(one, OSError) for one in results)
        assert clock() - started == pytest.approx(0.3)

    names.hangs = True
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        runner.run(wait_in_vain())
    assert names.asked == 1


async def test_nobody_waits_for_a_look_up_that_is_late_if_addresses_are_known(
    names: NameServer, clock: SettableClock
) -> None:
    resolver = PatientResolver(clock, look_up=names, patience=20)
    await resolver.resolve(HOST)
    names.hangs = True
    waiting = asyncio.create_task(resolver.resolve(HOST))
    await asyncio.sleep(0)
    clock.pass_by(20)
    async with asyncio.timeout(10):
        assert len(await resolver.resolve(HOST)) == 1
    assert not waiting.done()
    names.gate.set()
    assert len(await waiting) == 1


async def test_hung_threads_of_a_host_do_not_add_up(names: NameServer, clock: SettableClock) -> None:
    names.hangs = True
    resolver = PatientResolver(clock, look_up=names, patience=0.001)
    for _ in range(20):
        with contextlib.suppress(OSError):
            await resolver.resolve(HOST)
        clock.pass_by(31)
    while names.asked < 2:  # noqa: ASYNC110  # a thread counts, and tells nobody
        await asyncio.sleep(0.005)
    assert names.asked == 2


async def test_a_late_answer_is_there_for_the_next(names: NameServer, clock: SettableClock) -> None:
    names.hangs = True
    resolver = PatientResolver(clock, look_up=names, patience=0.01)
    with pytest.raises(OSError, match="not known"):
        await resolver.resolve(HOST)
    flight = resolver._flights[HOST, 0, socket.AF_INET]
    names.gate.set()
    await flight.found
    names.dead = True
    assert len(await resolver.resolve(HOST)) == 1


async def test_other_threads_work_while_the_name_server_hangs(
    names: NameServer, directory: FakeDirectory
) -> None:
    names.hangs = True
    async with opened(f"http://{HOST}:{directory.port}/v1", look_up=names, total=0.2) as remote:
        asking = [asyncio.create_task(remote.people_with(ASHOK, Purpose.RINGING)) for _ in range(40)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):  # a thread that is held up waits for thirty
            assert await asyncio.to_thread(lambda: 5) == 5
        await asyncio.gather(*asking, return_exceptions=True)


async def test_a_directory_whose_name_cannot_be_resolved_is_a_failed_connection(
    names: NameServer, directory: FakeDirectory
) -> None:
    names.hangs = True
    async with opened(f"http://{HOST}:{directory.port}/v1", look_up=names) as remote:
        async with asyncio.timeout(10):
            with pytest.raises(Unavailable, match="connection"):
                await remote.people_with(ASHOK, Purpose.RINGING)


async def test_a_directory_is_asked_at_its_known_address_while_the_name_server_is_dead(
    names: NameServer, directory: FakeDirectory
) -> None:
    resolver_asked_anew = 2
    async with opened(f"http://{HOST}:{directory.port}/v1", look_up=names) as remote:
        assert len(await remote.people_with(ASHOK, Purpose.RINGING)) == 1
        names.dead = True
        session = remote._api._session
        assert session.connector is not None
        session.connector.clear_dns_cache()  # type: ignore[attr-defined]  # it is a TCPConnector
        await directory.stop()
        await directory.start()
        assert len(await remote.people_with(ASHOK, Purpose.RINGING)) == 1
    assert names.asked >= resolver_asked_anew


PROGRAM = """
import asyncio, sys, threading
from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from tests.rservice.opening import ASHOK, opened

async def main():
    async with opened("http://directory.example/v1", look_up=lambda *_: threading.Event().wait()) as remote:
        try:
            await remote.people_with(ASHOK, Purpose.RINGING)
        except Unavailable as unavailable:
            print(unavailable)

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_hung_look_up_does_not_keep_the_process_from_ending() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, timeout=60, capture_output=True, text=True, check=True
    )
    assert done.stdout == "connection\n"
