"""What tests of several processes share: a fleet that ends with the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from tests.replicas.fleet import Fleet
from tests.servers.fake_directory import FakeDirectory


@pytest.fixture
async def fleet(tmp_path: Path, directory: FakeDirectory) -> AsyncIterator[Fleet]:
    """Give a fleet whose directory is the test's."""
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(60)) as session:
        fleet = Fleet(tmp_path, directory, session)
        yield fleet
        await fleet.close()
