"""How long a request takes at 70 % of what a server can do: as callers come, whether or not others are answered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tests.bench.beside import open_bench
from tests.bench.figures import Calm, Gate, Measure, Row, Slice, Trial, What, latency, trial_row
from tests.bench.load import AtMost, AtRate
from tests.bench.processes import Server
from tests.bench.rounds import Bench, Patience
from tests.bench.stage import Scene, Stage
from tests.bench.variant import Paths, Variant

CONNECTIONS: Final = 64
_SHARE: Final = 0.7
_SECONDS: Final = 2.0
_GATE: Final = Gate.most(2.5, goal=1.5)
_CALM: Final = Calm(0.6, 1.67, unsure=0.25)
"""A p99 swings more than a rate; beyond this the bare handler says nothing."""

Turn = tuple[Slice, Slice, Slice]
"""The bare handler, ours, and the other bare handler, each at its own 70 %."""


def steady(paths: Paths) -> Scene:
    """Make the scene; it takes the variants of another one."""

    def scene(stage: Stage) -> Iterator[Row]:
        with open_bench(paths, stage) as bench:
            for variant in bench.variants:
                turns = []
                for _ in range(stage.plan.rounds(5, 2)):
                    turns.append(_turn(bench, variant))
                    stage.say(_progress(variant, turns[-1]))
                yield steady_row(variant.name, turns)

    return scene


def steady_row(name: str, turns: Sequence[Turn]) -> Row:
    """Sum up the turns: the p99 as a multiple of the bare handler's."""
    trials = [
        Trial(first.p99_ms, ours.p99_ms, second.p99_ms, max(one.disturbed for one in (first, ours, second)))
        for first, ours, second in turns
    ]
    row = trial_row(
        What(name, Measure.P99, CONNECTIONS, "ms"), trials, lambda one: one.ratio, _GATE, calm=_CALM
    )
    bases = [base for first, _, second in turns for base in (first, second)]
    return replace(row, base_ms=latency(bases), our_ms=latency([ours for _, ours, _ in turns]))


def _turn(bench: Bench, variant: Variant) -> Turn:
    """Find out what each can do, just before it is given 70 % of that."""
    first, second = bench.bases
    return _base(bench, first), _ours(bench, variant), _base(bench, second)


def _base(bench: Bench, base: Server) -> Slice:
    most = bench.base_slice(base, AtMost(CONNECTIONS, bench.cores.load), Patience(1))
    return bench.base_slice(base, _at_share(bench, most), Patience(2))


def _ours(bench: Bench, variant: Variant) -> Slice:
    most = bench.our_slice(variant, AtMost(CONNECTIONS, bench.cores.load), Patience(1))
    return bench.our_slice(variant, _at_share(bench, most), Patience(2))


def _at_share(bench: Bench, most: Slice) -> AtRate:
    return AtRate(CONNECTIONS, bench.cores.load, _SHARE * most.rate, _SECONDS)


def _progress(variant: Variant, turn: Turn) -> str:
    told = ", ".join(f"{one.rate:,.0f}/s p50 {one.p50_ms:.2f} p99 {one.p99_ms:.2f} ms" for one in turn)
    return f"  {variant.name} at 70 %, bare – ours – bare: {told}"
