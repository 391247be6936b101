"""What a variant is: requests, the way they must go, and the least ratio that is good enough."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.bench.figures import Gate
from tests.bench.processes import Server
from tests.bench.proof import Way
from tests.bench.stage import Stage
from tests.bench.traffic import Traffic

Check = Callable[[int, Any], None]
Confirm = Callable[[int], None]


def _saw_nothing() -> Confirm:
    """Be the witness of a path on which nobody else is asked."""
    return lambda _: None


@dataclass(frozen=True, slots=True)
class Variant:
    """
    One path through the service, ready to be measured.

    `check` is given the position of a body and its decoded answer, and raises `WrongAnswerError`. `way` says which
    series of /metrics count every request. `witness` is called before some requests, and what it returns after them,
    with their number: it asks another server whether it saw them, and raises `WrongAnswerError`. `prepare` is called before
    answers are checked one by one. `helpers` are processes
    besides the service that work for it, on the core of the load. `gates` are for numbers of connections; others are only
    reported.
    """

    name: str
    server: Server
    traffic: Traffic
    check: Check
    way: Way
    gates: Mapping[int, Gate] = field(default_factory=dict)
    helpers: tuple[int, ...] = ()
    witness: Callable[[], Confirm] = _saw_nothing
    prepare: Callable[[], None] = lambda: None


Paths = Callable[[Stage], AbstractContextManager[Sequence[Variant]]]
"""Starts what its variants need, warms it, and ends it; up to three variants, whose answers are of one size."""
