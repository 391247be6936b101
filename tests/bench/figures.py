"""The arithmetic of a verdict: ratios within a round, medians over rounds, noise, gates. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import sqrt
from statistics import fmean, median, stdev
from typing import Final

CALM: Final = (0.94, 1.06)
"""Between these the bare handler, measured against itself, must lie."""

MOST_UNSURE: Final = 0.06
"""How far the median over the rounds may be from what many more rounds would tell: its standard error."""

MOST_DISTURBED: Final = 0.05
"""The part of a core that other programs may take during a slice."""


class Verdict(StrEnum):
    """What a row of the table came to."""

    MET = "met"
    MISSED = "MISSED"
    NOISY = "too noisy"
    REPORTED = "reported"


class Exit(IntEnum):
    """What the program's exit status says."""

    MET = 0
    MISSED = 1
    CANNOT = 2
    NOISY = 3


@dataclass(frozen=True, slots=True)
class Slice:
    """
    One stretch of load on one server.

    `busy` is the part of its core that the server used, `disturbed` the part of a core that other programs took.
    """

    requests: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float
    busy: float = 0.0
    disturbed: float = 0.0

    @property
    def rate(self) -> float:
        """Requests in a second."""
        return self.requests / self.seconds

    @property
    def calm(self) -> bool:
        """Tell whether other programs left the slice alone."""
        return self.disturbed <= MOST_DISTURBED


@dataclass(frozen=True, slots=True)
class Round:
    """The bare handler twice, and what was measured between; ratios are taken inside a round, where the machine is one."""

    bases: tuple[Slice, Slice]
    ours: tuple[Slice, ...]

    @property
    def calm(self) -> bool:
        """Tell whether other programs left all of it alone."""
        return all(one.calm for one in (*self.bases, *self.ours))

    @property
    def base_rate(self) -> float:
        """The bare handler's requests in a second, over both of it."""
        return fmean(base.rate for base in self.bases)

    @property
    def self_ratio(self) -> float:
        """The bare handler against itself: 1.0 on a calm machine."""
        return self.bases[1].rate / self.bases[0].rate

    def ratio(self, position: int) -> float:
        """Say how fast one variant is, as a part of the bare handler's speed."""
        return self.ours[position].rate / self.base_rate


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a variant under a number of connections."""

    variant: str
    connections: int
    base_rate: float
    our_rate: float
    ratio: float
    lowest: float
    highest: float
    base_ms: tuple[float, float]
    our_ms: tuple[float, float]
    busy: float
    self_ratio: float
    unsure: float
    disturbed: float
    gate: float | None
    verdict: Verdict


def self_ratio(rounds: Sequence[Round]) -> float:
    """Compare the bare handler with itself, over all rounds."""
    return median(one.self_ratio for one in rounds)


def uncertainty(rounds: Sequence[Round]) -> float:
    """Give the standard error of the bare handler's ratio to itself: rounds that swing widely may have a fine median."""
    ratios = [one.self_ratio for one in rounds]
    return 1.25 * stdev(ratios) / sqrt(len(ratios)) if len(ratios) > 1 else 0.0


def believable(rounds: Sequence[Round]) -> bool:
    """Tell whether the machine was calm: two equal servers were equally fast, and nobody else used their cores."""
    low, high = CALM
    equal = low <= self_ratio(rounds) <= high and uncertainty(rounds) <= MOST_UNSURE
    return equal and all(one.calm for one in rounds)


def row(name: str, position: int, connections: int, rounds: Sequence[Round], gate: float | None) -> Row:
    """Sum up what the rounds told of one variant."""
    ours = [one.ours[position] for one in rounds]
    bases = [base for one in rounds for base in one.bases]
    ratios = [one.ratio(position) for one in rounds]
    ratio = median(ratios)
    return Row(
        variant=name,
        connections=connections,
        base_rate=median(one.base_rate for one in rounds),
        our_rate=median(one.rate for one in ours),
        ratio=ratio,
        lowest=min(ratios),
        highest=max(ratios),
        base_ms=_latency(bases),
        our_ms=_latency(ours),
        busy=median(one.busy for one in ours),
        self_ratio=self_ratio(rounds),
        unsure=uncertainty(rounds),
        disturbed=max(one.disturbed for one in (*bases, *ours)),
        gate=gate,
        verdict=_verdict(ratio, gate, calm=believable(rounds)),
    )


def _latency(slices: Sequence[Slice]) -> tuple[float, float]:
    return median(one.p50_ms for one in slices), median(one.p99_ms for one in slices)


def _verdict(ratio: float, gate: float | None, *, calm: bool) -> Verdict:
    if not calm:
        return Verdict.NOISY
    if gate is None:
        return Verdict.REPORTED
    return Verdict.MET if ratio >= gate else Verdict.MISSED


def exit_status(rows: Iterable[Row]) -> Exit:
    """Say what the gated rows came to: noise is neither pass nor fail, and hides no miss that was seen clearly."""
    verdicts = {row.verdict for row in rows if row.gate is not None}
    if Verdict.MISSED in verdicts:
        return Exit.MISSED
    return Exit.NOISY if Verdict.NOISY in verdicts else Exit.MET
