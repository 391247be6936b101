"""The measuring itself: slices in turn, the bare handler around them, everything checked before and after."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

from tests.bench.errors import WrongAnswerError
from tests.bench.figures import Round, Slice
from tests.bench.load import Load, run_wrk, write_script
from tests.bench.machine import Cores, Moment, between
from tests.bench.processes import Server
from tests.bench.proof import check_bytes, check_rises, parse_counters
from tests.bench.traffic import Line, numbered
from tests.bench.variant import Variant

_CHECKED: Final = 200
"""Requests that are checked one by one before a slice and after it."""

_CHECKED_BARE: Final = 20
_SERIALS: Final = 1_000_000
"""Numbers that one slice may use."""

_SLICE: Final = 1
"""Seconds; wrk knows no less."""


@dataclass(slots=True)
class Patience:
    """How many disturbed slices may still be repeated."""

    left: int
    repeated: int = 0

    def again(self) -> bool:
        """Take one repetition, if there is one."""
        if self.left == 0:
            return False
        self.left -= 1
        self.repeated += 1
        return True


@dataclass(slots=True)
class Bench:
    """Variants of one scene beside the two bare handlers, which answer with `answer` at `path`."""

    cores: Cores
    variants: Sequence[Variant]
    bases: tuple[Server, Server]
    path: str
    answer: bytes
    scratch: Path
    _scripts: dict[str, Path] = field(default_factory=dict)
    _serials: Iterator[int] = field(default_factory=lambda: count(_SERIALS, _SERIALS))

    def warm(self) -> None:
        """Load everything once, unmeasured: pools are filled then, and the interpreter knows its way."""
        for base in self.bases:
            self._base_slice(base, 64)
        for variant in self.variants:
            self._our_slice(variant, 64)

    def measure(self, rounds: int, connections: int, patience: Patience) -> Iterator[Round]:
        """Measure round by round; every other round begins with the other bare handler."""
        for number in range(rounds):
            first, second = self.bases if number % 2 == 0 else self.bases[::-1]
            before = self._base_slice(first, connections, patience)
            ours = tuple(self._our_slice(variant, connections, patience) for variant in self.variants)
            after = self._base_slice(second, connections, patience)
            yield Round((before, after) if number % 2 == 0 else (after, before), ours)

    def _base_slice(self, base: Server, connections: int, patience: Patience | None = None) -> Slice:
        self._check_bare(base)
        script = self._script(self.path, self.variants[0], self.path)
        while True:
            told = self._slice(base, script, connections)
            if told.calm or patience is None or not patience.again():
                break
        self._check_bare(base)
        return told

    def _our_slice(self, variant: Variant, connections: int, patience: Patience | None = None) -> Slice:
        script = self._script(variant.name, variant)
        while True:
            told = self._checked_slice(variant, script, connections)
            if told.calm or patience is None or not patience.again():
                return told

    def _checked_slice(self, variant: Variant, script: Path, connections: int) -> Slice:
        with Line(variant.server.port) as line:
            sizes = self._check(variant, line)
            before = parse_counters(line.get("/metrics"))
        told = self._slice(variant.server, script, connections)
        with Line(variant.server.port) as line:
            after = parse_counters(line.get("/metrics"))
            later = self._check(variant, line)
        check_rises(before, after, variant.rises, told.requests, connections)
        check_bytes(told.bytes, told.requests, connections, sizes, later)
        variant.server.empty_log()
        return told

    def _slice(self, server: Server, script: Path, connections: int) -> Slice:
        before = Moment.now(server.pid)
        told = run_wrk(script, server.port, Load(connections, _SLICE, next(self._serials), self.cores.load))
        stretch = between(before, Moment.now(server.pid), self.cores)
        return replace(told, busy=stretch.busy, disturbed=stretch.disturbed)

    def _check(self, variant: Variant, line: Line) -> tuple[int, ...]:
        """Ask some hundred times, look at each answer, and give the size of the answer to each body."""
        requests = variant.traffic.requests()
        sizes = [0] * len(requests)
        start = next(self._serials)
        for number in range(max(_CHECKED, len(requests))):
            position = number % len(requests)
            reply = line.ask(numbered(requests[position], start + number))
            if reply.status != 200:
                raise WrongAnswerError(f"{variant.name}: {reply.status} {reply.body[:300].decode()}")
            variant.check(position, json.loads(reply.body))
            sizes[position] = reply.size
        return tuple(sizes)

    def _check_bare(self, base: Server) -> None:
        (request, *_) = self.variants[0].traffic.requests(self.path)
        with Line(base.port) as line:
            for number in range(_CHECKED_BARE):
                reply = line.ask(numbered(request, number))
                if (reply.status, reply.body) != (200, self.answer):
                    raise WrongAnswerError(
                        f"the bare handler answers {reply.status}, {len(reply.body)} bytes"
                    )

    def _script(self, name: str, variant: Variant, path: str | None = None) -> Path:
        if name not in self._scripts:
            place = self.scratch / f"script-{len(self._scripts)}.lua"
            self._scripts[name] = write_script(place, variant.traffic.requests(path))
        return self._scripts[name]


def record_answer(variants: Sequence[Variant]) -> bytes:
    """Record what the bare handlers will answer; raise `ValueError` if a scene's answers are not of one size."""
    answers = []
    for variant in variants:
        with Line(variant.server.port) as line:
            answers.append(line.ask(numbered(variant.traffic.requests()[0], 0)).body)
    if max(map(len, answers)) > 1.02 * min(map(len, answers)):
        raise ValueError("the answers of a scene's variants differ in size: make scenes of their own of them")
    return answers[0]
