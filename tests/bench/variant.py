"""What a variant is: requests, the way they must go, and the least ratio that is good enough."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.machine import Cores
from tests.bench.processes import Server
from tests.bench.traffic import Traffic

Check = Callable[[int, Any], None]


@dataclass(frozen=True, slots=True)
class Variant:
    """
    One path through the service, ready to be measured.

    `check` is given the position of a body and its decoded answer, and raises `WrongAnswerError`. `rises` are the
    series of /metrics that count every request; no other counter may move. `gates` says the least ratio to the bare
    handler for a number of connections; others are only reported.
    """

    name: str
    server: Server
    traffic: Traffic
    check: Check
    rises: frozenset[str]
    gates: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scene is given to start its servers with."""

    cores: Cores
    scratch: Path


Scene = Callable[[Stage], AbstractContextManager[Sequence[Variant]]]
"""Starts what its variants need, warms it, and ends it; up to three variants, whose answers are of one size."""
