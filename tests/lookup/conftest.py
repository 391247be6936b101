"""What tests of the in-process path share: time that passes at a word, a directory in memory, replicas that are closed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from tests.conftest import SettableClock
from tests.lookup.people import LONDON, PeopleDirectory, person
from tests.lookup.replica import Replica, replica
from tests.lookup.timeless import TimelessLoop, clock_of_this_loop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"timeless": TimelessLoop}


@pytest.fixture
async def clock() -> SettableClock:
    return clock_of_this_loop()


@pytest.fixture
def directory() -> PeopleDirectory:
    """Give a directory that knows one person."""
    return PeopleDirectory([person(1, LONDON)])


Start = Callable[..., Replica]


@pytest.fixture
async def start(clock: SettableClock) -> AsyncIterator[Start]:
    """Give what makes replicas, and close them at the end."""
    started: list[Replica] = []

    def one(directory: PeopleDirectory, **parts: Any) -> Replica:
        started.append(replica(directory, clock, **parts))
        return started[-1]

    yield one
    for each in started:
        await each.close()


@pytest.fixture
async def service(start: Start, directory: PeopleDirectory) -> Replica:
    """Give one replica that shares with nobody."""
    return start(directory)
