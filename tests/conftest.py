"""What tests of several parts share: a clock, and real servers of each test's own."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.fake_directory import FakeDirectory
from tests.servers.redis_process import RedisProcess

pytest_plugins = (
    "tests.corpus.publishing",
)  # what is to be shown at the end is shown by the process that starts others

# how long an example takes says how busy the machine is, and nothing of what is claimed
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Give each test an id of its own, and let files that take long go first.

    Processes that share the work run one test for an id, and schemathesis gives that of the function to all operations. What is left
    for the end is short, so that no process waits long for the other.
    """
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        if not item.nodeid.endswith(item.name):
            item._id = item.id.with_params(item.name.partition("[")[2].removesuffix("]"))
    shared = [one for one, count in Counter(item.nodeid for item in items).items() if count > 1]
    if shared:
        raise pytest.UsageError(f"tests that have an id with others: {shared}")


@dataclass
class SettableClock:
    """A clock that stands until a test lets time pass; seconds since the epoch."""

    now: float = 1_795_291_200.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def directory() -> AsyncIterator[FakeDirectory]:
    """Give a directory that knows Ashok Kumar, and misbehaves when told to."""
    directory = FakeDirectory()
    await directory.start()
    yield directory
    await directory.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisProcess]:
    """Give a Redis of the test's own."""
    process = RedisProcess(tmp_path)
    process.start()
    yield process
    process.end()
