"""The measuring itself: slices in turn, the bare handler around them, everything checked before and after."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

from tests.bench.errors import TooNoisyError, WrongAnswerError
from tests.bench.figures import MOST_DISTURBED, Round, Slice
from tests.bench.load import AtMost, Drive, Requests
from tests.bench.machine import Cores, Moment, between
from tests.bench.processes import Server
from tests.bench.proof import check_bytes, check_rises
from tests.bench.traffic import Line, numbered
from tests.bench.variant import Variant

_CHECKED: Final = 200
"""Requests that are checked one by one before a slice and after it."""

_CHECKED_BARE: Final = 20
_SERIALS: Final = 1_000_000
"""Numbers that one slice may use."""


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
    _requests: dict[str, Requests] = field(default_factory=dict)
    _serials: Iterator[int] = field(default_factory=lambda: count(_SERIALS, _SERIALS))

    def warm(self) -> None:
        """Load everything once, unmeasured: pools are filled then, and the interpreter knows its way."""
        drive = AtMost(64, self.cores.load)
        for base in self.bases:
            self.base_slice(base, drive)
        for variant in self.variants:
            self.our_slice(variant, drive)

    def measure(self, rounds: int, connections: int, patience: Patience) -> Iterator[Round]:
        """Measure speed round by round; every other round begins with the other bare handler."""
        drive = AtMost(connections, self.cores.load)
        for number in range(rounds):
            first, second = self.bases if number % 2 == 0 else self.bases[::-1]
            before = self.base_slice(first, drive, patience)
            ours = tuple(self.our_slice(variant, drive, patience) for variant in self.variants)
            after = self.base_slice(second, drive, patience)
            yield Round((before, after) if number % 2 == 0 else (after, before), ours)

    def base_slice(self, base: Server, drive: Drive, patience: Patience | None = None) -> Slice:
        """Load a bare handler, again and again until nobody disturbs it or the patience ends."""
        self._check_bare(base)
        requests = self._written(self.path, self.variants[0], self.path)
        while True:
            told = self._slice(base, requests, drive)
            if told.calm or patience is None or not patience.again():
                break
        self._check_bare(base)
        return told

    def our_slice(self, variant: Variant, drive: Drive, patience: Patience | None = None) -> Slice:
        """
        Load a variant likewise; what others disturbed is thrown away without being looked at.

        Raises `WrongAnswerError`, or `TooNoisyError` if others may be to blame.
        """
        start = self._moment(variant.server)
        try:
            return self._checked_slice(variant, drive, patience)
        except WrongAnswerError as error:
            disturbed = between(start, self._moment(variant.server), self.cores).disturbed
            if disturbed <= MOST_DISTURBED:
                raise
            raise TooNoisyError(f"{error}, while others took {disturbed:.0%} of a core") from error

    def _checked_slice(self, variant: Variant, drive: Drive, patience: Patience | None) -> Slice:
        requests = self._written(variant.name, variant)
        while True:
            with Line(variant.server.port) as line:
                sizes = self._check(variant, line)
                before = variant.counters(line)
            confirm = variant.witness()
            told = self._slice(variant.server, requests, drive)
            if told.calm or patience is None or not patience.again():
                break
        confirm(told.requests)
        with Line(variant.server.port) as line:
            after = variant.counters(line)
            later = self._check(variant, line)
        check_rises(before, after, variant.way, told.requests, drive.connections)
        check_bytes(told.bytes, told.requests, drive.connections, sizes, later)
        variant.server.empty_log()
        return told

    def _slice(self, server: Server, requests: Requests, drive: Drive) -> Slice:
        before = self._moment(server)
        told = drive(requests, server.port, next(self._serials))
        stretch = between(before, self._moment(server), self.cores)
        return replace(told, busy=stretch.busy, disturbed=stretch.disturbed, used=stretch.used)

    def _moment(self, server: Server) -> Moment:
        helpers = {process for variant in self.variants for process in variant.helpers}
        return Moment.now(server.pid, helpers)

    def _check(self, variant: Variant, line: Line) -> tuple[int, ...]:
        """Ask some hundred times, look at each answer, and give the size of the answer to each body."""
        variant.prepare()
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

    def _written(self, name: str, variant: Variant, path: str | None = None) -> Requests:
        if name not in self._requests:
            file = f"requests-{len(self._requests)}"
            self._requests[name] = Requests.write(self.scratch, file, variant.traffic.requests(path))
        return self._requests[name]


def record_answer(variants: Sequence[Variant]) -> bytes:
    """Record what the bare handlers will answer; raise `ValueError` if a scene's answers are not of one size."""
    answers = []
    for variant in variants:
        with Line(variant.server.port) as line:
            answers.append(line.ask(numbered(variant.traffic.requests()[0], 0)).body)
    if max(map(len, answers)) > 1.02 * min(map(len, answers)):
        raise ValueError("the answers of a scene's variants differ in size: make scenes of their own of them")
    return answers[0]
