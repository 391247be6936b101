"""What a variant is: requests, the way they must go, and the least ratio that is good enough."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import Gate
from tests.bench.processes import Server
from tests.bench.proof import Counters, Way, parse_counters
from tests.bench.stage import Stage
from tests.bench.traffic import Asked, Line

Check = Callable[[int, Any], None]
Confirm = Callable[[int], None]


def _saw_nothing() -> Confirm:
    """Be the witness of a path on which nobody else is asked."""
    return lambda _: None


def _of_metrics(line: Line) -> Counters:
    """Read the counters of the service."""
    return parse_counters(line.get("/metrics"))


@dataclass(frozen=True, slots=True)
class Variant:
    """
    One path through the service, ready to be measured.

    `check` is given the position of a body and its decoded answer, and raises `WrongAnswerError`. `way` says which
    series of /metrics count every request. `witness` is called before some requests, and what it returns after them,
    with their number: it asks another server whether it saw them, and raises `WrongAnswerError`. `prepare` is called before
    answers are checked one by one. `counters` reads those of the server, which another than the service may not have. `helpers` are processes
    besides the service that work for it, on the core of the load. `gates` are for numbers of connections; others are only
    reported.
    """

    name: str
    server: Server
    traffic: Asked
    check: Check
    way: Way
    gates: Mapping[int, Gate] = field(default_factory=dict)
    helpers: tuple[int, ...] = ()
    witness: Callable[[], Confirm] = _saw_nothing
    prepare: Callable[[], None] = lambda: None
    counters: Callable[[Line], Counters] = _of_metrics


Paths = Callable[[Stage], AbstractContextManager[Sequence[Variant]]]
"""Starts what its variants need, warms it, and ends it; up to three variants, whose answers are of one size."""
