"""
What a call nobody has heard of costs beside the directory's own time: one connection, one request at a time.

The directory alone is asked from the service's core, as the service asks it, so that both times hold the same way between cores.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any, Final

from tests.bench.awake import awake, staying_on
from tests.bench.errors import WrongAnswerError
from tests.bench.figures import Calm, Gate, Measure, Row, Trial, What, percentile, trial_row
from tests.bench.machine import Moment, between
from tests.bench.processes import Server
from tests.bench.rounds import Patience
from tests.bench.stage import Stage
from tests.bench.traffic import Line, numbered
from tests.bench.variant import Variant
from tests.bench.variants.cold_lookup import asked_directly, cold_service, directory

_GATE: Final = Gate.most(1.0)
"""Milliseconds."""

_CALM: Final = Calm(0.85, 1.18, unsure=0.1)
_MANY: Final = {0: 400, 50: 30}
"""Requests in a stretch, by how many milliseconds the directory takes."""


def overhead(stage: Stage) -> Iterator[Row]:
    """Ask the directory alone, through the service, and alone again; one that answers at once, and one after 50 ms."""
    for delay, many in _MANY.items():
        rounds = stage.plan.rounds(7, 3) if delay == 0 else stage.plan.rounds(3, 2)
        with awake(stage.cores) as loops, _asked(stage, delay) as (stub, variant):
            one = _Asking(stage, stub, variant, many, loops)
            one.warm()
            patience = Patience(2 * rounds)
            trials = [one.trial(patience) for _ in range(rounds)]
        what = What(variant.name, Measure.OWN, 1, "ms")
        yield trial_row(what, trials, lambda trial: trial.excess, _GATE, calm=_CALM)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One directory, the service before it, and how many requests make a p50."""

    stage: Stage
    stub: Server
    variant: Variant
    many: int
    awake: Mapping[int, int]
    serials: Iterator[int] = field(default_factory=lambda: count(1))

    def warm(self) -> None:
        """Ask both, unmeasured."""
        self._alone()
        self._through()

    def trial(self, patience: Patience) -> Trial:
        """Measure the milliseconds of the one in the middle, again and again until nobody disturbs or patience ends."""
        while True:
            start = self._moment()
            before, ours, after = self._alone(), self._through(), self._alone()
            told = Trial(before, ours, after, between(start, self._moment(), self.stage.cores).disturbed)
            self.stage.say(
                f"  {self.variant.name}: {ours:.2f} ms, the directory alone {before:.2f} and {after:.2f} ms"
            )
            if told.calm or not patience.again():
                return told

    def _alone(self) -> float:
        with staying_on(self.stage.cores.server):
            return self._p50(self.stub, asked_directly(), _is_one_person)

    def _through(self) -> float:
        (request,) = self.variant.traffic.requests()
        return self._p50(self.variant.server, request, partial(self.variant.check, 0))

    def _p50(self, server: Server, request: bytes, check: Callable[[Any], None]) -> float:
        """Send requests one after the other, each with a number of its own; give the milliseconds of one."""
        serials = (next(self.serials) for _ in range(self.many))
        seconds = _times(server, [numbered(request, serial) for serial in serials], check)
        return percentile(seconds, 0.5) * 1000

    def _moment(self) -> Moment:
        return Moment.now(self.variant.server.pid, self.variant.helpers, self.awake)


@contextmanager
def _asked(stage: Stage, delay: int) -> Iterator[tuple[Server, Variant]]:
    name, title = f"own-{delay}", f"cold lookup, directory of {delay} ms"
    with directory(stage, name, delay) as stub, cold_service(stage, name, stub, title=title) as variant:
        yield stub, variant


def _times(server: Server, requests: Sequence[bytes], check: Callable[[Any], None]) -> Sequence[float]:
    """Give the seconds of each request; every answer is checked, after it was timed."""
    seconds = []
    with Line(server.port) as line:
        for request in requests:
            start = perf_counter()
            reply = line.ask(request)
            seconds.append(perf_counter() - start)
            if reply.status != 200:
                raise WrongAnswerError(
                    f"a cold number is answered {reply.status} {reply.body[:300].decode()}"
                )
            check(json.loads(reply.body))
    return seconds


def _is_one_person(answer: Any) -> None:
    if len(answer) != 1:
        raise WrongAnswerError(f"the directory knows {len(answer)} people where there is one")
