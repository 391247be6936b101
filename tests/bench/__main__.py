"""
Measure the service under load, beside a bare aiohttp handler that reads the same JSON and answers the same bytes.

Only ratios within one run count: the machine drifts. Exit status 0: every gate is met. 1: a gate is missed, or an
answer was wrong. 2: nothing could be measured. 3: the machine was too noisy to tell.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench.errors import CannotMeasureError, TooNoisyError, WrongAnswerError
from tests.bench.figures import Exit, Row, exit_status
from tests.bench.load import need_programs
from tests.bench.machine import Cores, take_cores
from tests.bench.report import CONCLUSIONS, show, write_json
from tests.bench.scenes import SCENES
from tests.bench.stage import Plan, Stage

_WIDTH: Final = 190
_console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the benchmark; return the exit status."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that servers are ended
    plan, names = Plan(quick=options.quick, wanted=options.rounds), options.scene or list(SCENES)
    rows: list[Row] = []
    faults: list[Exit] = []
    try:
        need_programs()
        cores = take_cores()
        for name in names:
            faults += _play(name, cores, plan, rows)
    except CannotMeasureError as error:
        _console.print(f"✗ {error}", markup=False)
        return Exit.CANNOT
    status = exit_status(rows, faults)
    _console.print()
    show(rows, Console(highlight=False, width=max(_WIDTH, _console.width)))
    _console.print(f"\n{CONCLUSIONS[status]}")
    if options.json:
        write_json(options.json, rows, status)
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes: what is gated only, few rounds")
    parser.add_argument("--scene", action="append", choices=SCENES, help="this one only; may be given again")
    parser.add_argument("--rounds", type=int, help="rounds of the gated rows; the more, the surer")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


def _play(name: str, cores: Cores, plan: Plan, rows: list[Row]) -> Iterator[Exit]:
    """Play a scene and add its rows; say what ended it early, the others are still worth playing."""
    _console.print(f"[bold]{name}[/]")
    with tempfile.TemporaryDirectory(prefix="cti-bench-") as folder:
        stage = Stage(cores, Path(folder), plan, lambda line: _console.print(line, markup=False))
        try:
            rows.extend(SCENES[name](stage))
        except WrongAnswerError as error:
            _console.print(f"✗ {error}", markup=False)
            yield Exit.MISSED
        except TooNoisyError as error:
            _console.print(f"✗ too noisy: {error}", markup=False)
            yield Exit.NOISY


if __name__ == "__main__":
    sys.exit(main())
