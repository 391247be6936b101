"""Directories opened as the service opens them, with the parts that a test chooses."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from cti_lookup.questions import Question
from cti_lookup.rservice.asking import Guards, make_guards
from cti_lookup.rservice.client import Address, RemoteDirectory, open_directory
from cti_lookup.rservice.concurrency import Slots
from cti_lookup.rservice.quota_windows import UNLIMITED
from cti_lookup.rservice.resolving import LookUp, look_up
from cti_lookup.rservice.tokens import ClientCredentials
from cti_lookup.telephone import E164
from tests.servers.fake_directory import ASHOKS_NUMBER, TOKEN

PATIENCE = 60.0
"""Seconds that no answer takes, however busy this machine: what a test does not claim to be late is not."""

ASHOK = Question(E164(ASHOKS_NUMBER))


@dataclass
class Counts:
    """What was counted, in order."""

    requests: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)


def unlimited(clock: Callable[[], float] = time.monotonic) -> Guards:
    """Make guards without a quota."""
    return patient(make_guards(clock, clock, limits=UNLIMITED))


def patient(guards: Guards) -> Guards:
    """Let phones wait for a slot for as long as it takes."""
    return replace(guards, slots=Slots(patience=PATIENCE))


@asynccontextmanager
async def opened(  # noqa: PLR0913  # a test's choices, by name
    url: str,
    guards: Guards | None = None,
    *,
    credentials: str | ClientCredentials = TOKEN,
    counts: Counts | None = None,
    clock: Callable[[], float] = time.monotonic,
    total: float = PATIENCE,
    look_up: LookUp = look_up,
) -> AsyncIterator[RemoteDirectory]:
    """Open the directory at `url`."""
    counts = counts or Counts()
    async with open_directory(
        Address(url, total=total, connect=PATIENCE),
        credentials,
        guards or unlimited(clock),
        count=counts.requests.append,
        count_token=counts.tokens.append,
        steady=clock,
        look_up=look_up,
    ) as remote:
        yield remote
