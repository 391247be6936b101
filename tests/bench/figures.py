"""The arithmetic of a verdict: ratios within a round, medians over rounds, noise, gates. No I/O."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import ceil, sqrt
from statistics import fmean, median, stdev
from typing import Final, Protocol, Self

MOST_DISTURBED: Final = 0.05
"""The part of a core that other programs may take during a slice."""


class Verdict(StrEnum):
    """What a row of the table came to."""

    MET = "met"
    MISSED = "MISSED"
    NOISY = "too noisy"
    REPORTED = "reported"


class Measure(StrEnum):
    """What a row tells."""

    RATE = "requests/s"
    P99 = "p99 at 70 %"
    OWN = "own p50"
    START = "start"
    MEMORY = "idle memory"
    IMPORT = "import"
    LOOKUP = "in the process"
    HEARING = "verify, read, answer"
    TELLING = "time to screens"


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

    `busy` is the part of its core that the server used, for `used` seconds; `disturbed` the part of a core that other programs took.
    """

    requests: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float
    busy: float = 0.0
    disturbed: float = 0.0
    used: float = 0.0

    @property
    def cost(self) -> float:
        """Seconds of its core that the server used for a request."""
        return self.used / self.requests

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

    @property
    def self_thrift(self) -> float:
        """The bare handler's thrift against itself: 1.0 where nobody wears out the processor's caches."""
        return self.bases[0].cost / self.bases[1].cost

    def thrift(self, position: int) -> float:
        """Say how little of its core one variant uses for a request: a part of the bare handler's thrift."""
        return fmean(base.cost for base in self.bases) / self.ours[position].cost


@dataclass(frozen=True, slots=True)
class Trial:
    """Something told of another program before and after, and of ours between, in one unit."""

    before: float
    ours: float
    after: float
    disturbed: float = 0.0

    @property
    def calm(self) -> bool:
        """Tell whether other programs left it alone."""
        return self.disturbed <= MOST_DISTURBED

    @property
    def base(self) -> float:
        """Give the other program's figure, over both of it."""
        return fmean((self.before, self.after))

    @property
    def ratio(self) -> float:
        """Give our figure as a multiple of the other's."""
        return self.ours / self.base

    @property
    def excess(self) -> float:
        """Say by how much our figure is above the other's."""
        return self.ours - self.base

    @property
    def self_ratio(self) -> float:
        """Compare the other program with itself."""
        return self.after / self.before


@dataclass(frozen=True, slots=True)
class Gate:
    """What a figure has to reach, at least or at most, and what it should."""

    limit: float
    goal: float | None
    at_most: bool

    @classmethod
    def least(cls, limit: float, goal: float | None = None) -> Self:
        """Make a gate for what should be large."""
        return cls(limit, goal, at_most=False)

    @classmethod
    def most(cls, limit: float, goal: float | None = None) -> Self:
        """Make a gate for what should be small."""
        return cls(limit, goal, at_most=True)

    def lets(self, figure: float) -> bool:
        """Tell whether a figure is good enough; the gate itself is."""
        return figure <= self.limit if self.at_most else figure >= self.limit


@dataclass(frozen=True, slots=True)
class What:
    """What was measured, of which path, under how many connections, and the unit of the figure; ratios have none."""

    variant: str
    measure: Measure
    connections: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the table.

    `base` and `ours` are the two measured values, `figure` what came of them and is held against the gate, `lowest` and
    `highest` its spread over the rounds. `thrift` is the same ratio by the time of the core that requests took, which other programs
    disturb less, and the bare handler's to itself. What was not measured is None.
    """

    what: What
    base: float
    ours: float
    figure: float
    lowest: float
    highest: float
    self_ratio: float
    unsure: float
    disturbed: float
    gate: Gate | None
    verdict: Verdict
    base_ms: tuple[float, float] | None = None
    our_ms: tuple[float, float] | None = None
    busy: float | None = None
    thrift: tuple[float, float] | None = None


class Compared(Protocol):
    """A round in which something was measured twice."""

    @property
    def self_ratio(self) -> float:
        """Compare it with itself."""
        ...


def self_ratio(rounds: Sequence[Compared]) -> float:
    """Compare the bare handler with itself, over all rounds."""
    return median(one.self_ratio for one in rounds)


def uncertainty(rounds: Sequence[Compared]) -> float:
    """Give the standard error of the bare handler's ratio to itself: rounds that swing widely may have a fine median."""
    ratios = [one.self_ratio for one in rounds]
    return 1.25 * stdev(ratios) / sqrt(len(ratios)) if len(ratios) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Calm:
    """Between what its ratio to itself must lie, and how sure that must be."""

    low: float
    high: float
    unsure: float

    def holds(self, rounds: Sequence[Compared]) -> bool:
        """Tell whether equal programs were equal."""
        return self.low <= self_ratio(rounds) <= self.high and uncertainty(rounds) <= self.unsure


CALM: Final = Calm(0.94, 1.06, unsure=0.06)
"""
What is asked of the bare handler's speed.

`unsure` is how far the median over the rounds may be from what many more rounds would tell: its standard error.
"""


def believable(rounds: Sequence[Round]) -> bool:
    """Tell whether the machine was calm: two equal servers were equally fast, and nobody else used their cores."""
    return CALM.holds(rounds) and all(one.calm for one in rounds)


def row(name: str, position: int, connections: int, rounds: Sequence[Round], gate: Gate | None) -> Row:
    """Sum up what the rounds told of one variant's speed."""
    ours = [one.ours[position] for one in rounds]
    bases = [base for one in rounds for base in one.bases]
    ratios = [one.ratio(position) for one in rounds]
    return Row(
        what=What(name, Measure.RATE, connections),
        base=median(one.base_rate for one in rounds),
        ours=median(one.rate for one in ours),
        figure=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        self_ratio=self_ratio(rounds),
        unsure=uncertainty(rounds),
        disturbed=max(one.disturbed for one in (*bases, *ours)),
        gate=gate,
        verdict=verdict(median(ratios), gate, calm=believable(rounds)),
        base_ms=latency(bases),
        our_ms=latency(ours),
        busy=median(one.busy for one in ours),
        thrift=(
            median(one.thrift(position) for one in rounds),
            median(one.self_thrift for one in rounds),
        ),
    )


def trial_row(
    what: What,
    trials: Sequence[Trial],
    figure: Callable[[Trial], float],
    gate: Gate | None,
    *,
    calm: Calm,
) -> Row:
    """Sum up trials; `calm` says how equal the other program must be to itself."""
    figures = [figure(one) for one in trials]
    quiet = all(one.calm for one in trials) and calm.holds(trials)
    return Row(
        what=what,
        base=median(one.base for one in trials),
        ours=median(one.ours for one in trials),
        figure=median(figures),
        lowest=min(figures),
        highest=max(figures),
        self_ratio=self_ratio(trials),
        unsure=uncertainty(trials),
        disturbed=max(one.disturbed for one in trials),
        gate=gate,
        verdict=verdict(median(figures), gate, calm=quiet),
    )


def gauge_row(what: What, figures: Sequence[float], gate: Gate | None) -> Row:
    """Sum up figures that are held against nothing but their gate; what the machine did meanwhile is in their spread."""
    return Row(
        what=what,
        base=0.0,
        ours=median(figures),
        figure=median(figures),
        lowest=min(figures),
        highest=max(figures),
        self_ratio=1.0,
        unsure=0.0,
        disturbed=0.0,
        gate=gate,
        verdict=verdict(median(figures), gate, calm=True),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Give the least value that is not less than this share of all: the nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, ceil(share * len(ranked)) - 1)]


def latency(slices: Sequence[Slice]) -> tuple[float, float]:
    """Give the median of slices' p50 and p99."""
    return median(one.p50_ms for one in slices), median(one.p99_ms for one in slices)


def verdict(figure: float, gate: Gate | None, *, calm: bool) -> Verdict:
    """Hold a figure against its gate; of what was measured in noise nothing is said."""
    if not calm:
        return Verdict.NOISY
    if gate is None:
        return Verdict.REPORTED
    return Verdict.MET if gate.lets(figure) else Verdict.MISSED


def exit_status(rows: Iterable[Row], faults: Iterable[Exit] = ()) -> Exit:
    """
    Say what the gated rows, and what ended scenes early, came to.

    Noise is neither pass nor fail, and hides no miss that was seen clearly.
    """
    verdicts = {row.verdict for row in rows if row.gate is not None}
    ended = set(faults)
    if Verdict.MISSED in verdicts or Exit.MISSED in ended:
        return Exit.MISSED
    return Exit.NOISY if Verdict.NOISY in verdicts or Exit.NOISY in ended else Exit.MET
