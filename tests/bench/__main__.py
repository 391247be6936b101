"""
Measure the service under load, beside a bare aiohttp handler that reads the same JSON and answers the same bytes.

Only ratios within one run count: the machine drifts. Exit status 0: every gate is met. 1: a gate is missed, or an
answer was wrong. 2: nothing could be measured. 3: the machine was too noisy to tell.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench.errors import CannotMeasureError, WrongAnswerError
from tests.bench.figures import Exit, Round, Row, believable, exit_status, row, self_ratio, uncertainty
from tests.bench.load import need_programs
from tests.bench.machine import Cores, take_cores
from tests.bench.processes import running
from tests.bench.report import CONCLUSIONS, show, write_json
from tests.bench.rounds import Bench, Patience, record_answer
from tests.bench.variant import Scene, Stage
from tests.bench.variants import SCENES

GATED: Final = 64
"""Connections that the gates are about."""

_ATTEMPTS: Final = 3
_WIDTH: Final = 140
_console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many rounds are measured at how many connections."""

    rounds: dict[int, int]


def _plan(options: argparse.Namespace) -> Plan:
    if options.quick:
        return Plan({GATED: options.rounds or 3})
    return Plan({GATED: options.rounds or 14, 8: 4, 1: 4})


def main() -> int:
    """Run the benchmark; return the exit status."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that servers are ended
    try:
        need_programs()
        cores = take_cores()
        rows = [one for scene in SCENES for one in _measure(scene, cores, _plan(options))]
    except CannotMeasureError as error:
        _console.print(f"✗ {error}", markup=False)
        return Exit.CANNOT
    except WrongAnswerError as error:
        _console.print(f"✗ {error}", markup=False)
        return Exit.MISSED
    status = exit_status(rows)
    _console.print()
    show(rows, Console(highlight=False, width=max(_WIDTH, _console.width)))
    _console.print(f"\n{CONCLUSIONS[status]}")
    if options.json:
        write_json(options.json, rows, status)
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 seconds: the gated rows only, few rounds")
    parser.add_argument("--rounds", type=int, help="rounds of the gated rows; the more, the surer")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


def _measure(scene: Scene, cores: Cores, plan: Plan) -> Iterator[Row]:
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cti-bench-")))
        variants = stack.enter_context(scene(Stage(cores, scratch)))
        name = variants[0].server.log.stem
        answer = record_answer(variants)
        answers = scratch / "answers"
        answers.mkdir()
        (answers / name).write_bytes(answer)
        bases = [
            stack.enter_context(
                running(
                    f"bare-{number}", ("-m", "tests.bench.bare", str(answers)), cores=cores, scratch=scratch
                )
            )
            for number in (1, 2)
        ]
        bench = Bench(cores, variants, (bases[0], bases[1]), f"/{name}", answer, scratch)
        _console.print(
            f"{name}: answers of {len(answer):,} bytes; servers on core {cores.server}, load on core {cores.load}"
        )
        bench.warm()
        for connections, rounds in plan.rounds.items():
            measured = _believable_rounds(bench, rounds, connections)
            for position, variant in enumerate(variants):
                yield row(variant.name, position, connections, measured, variant.gates.get(connections))


def _believable_rounds(bench: Bench, rounds: int, connections: int) -> Sequence[Round]:
    """Measure until the bare handler is as fast as itself; only the gated rows are worth several attempts."""
    measured: list[Round] = []
    for _ in range(_ATTEMPTS if connections == GATED else 1):
        patience = Patience(rounds * (2 + len(bench.variants)))
        measured = []
        for one in bench.measure(rounds, connections, patience):
            measured.append(one)
            shares = " ".join(f"{one.ratio(position):.3f}" for position in range(len(one.ours)))
            _console.print(
                f"  {connections:>2} connections, round {len(measured)}: {shares}, bare:bare {one.self_ratio:.3f}"
            )
        if patience.repeated:
            _console.print(f"  {patience.repeated} slices were disturbed by other programs, and repeated")
        if believable(measured):
            break
        _console.print(f"  too noisy: bare:bare {self_ratio(measured):.3f} ± {uncertainty(measured):.3f}")
    return measured


if __name__ == "__main__":
    sys.exit(main())
