"""How long the service takes to start, and what it holds in memory when nothing happens."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Final

from tests.bench.figures import Calm, Gate, Measure, Row, Trial, What, trial_row
from tests.bench.machine import Memory, memory_of
from tests.bench.processes import running
from tests.bench.stage import Stage
from tests.bench.traffic import Line
from tests.bench.variants.people import settings_of

_START: Final = Gate.most(3.0, goal=2.0)
_MEMORY: Final = Gate.most(70.0, goal=55.0)
"""MiB."""

_CALM: Final = Calm(0.85, 1.18, unsure=0.08)
_IDLE: Final = 0.5
"""Seconds that a server is left alone before its memory is read."""

_NOTHING: Final = (
    "-c",
    "import aiohttp.web, signal; print('http://127.0.0.1:1', flush=True); signal.pause()",
)
_SERVICE: Final = ("-m", "cti_lookup", "serve")


_DIRECTORIES: Final[Mapping[str, Mapping[str, str]]] = {
    "a directory elsewhere": {
        "CTI_DIRECTORY_URL": "http://127.0.0.1:9/v1"
    },  # nobody is asked before a call comes
    "the embedded directory": {},
}
"""What is set beside what all scenes share."""


@dataclass(frozen=True, slots=True)
class Started:
    """A server that was started: seconds until it said that it listens, and what it then holds."""

    seconds: float
    memory: Memory


Turn = tuple[Started, Started, Started]
"""An interpreter that only imports, the service, and such an interpreter again."""


def footprint(stage: Stage) -> Iterator[Row]:
    """Start the service between two interpreters that only `import aiohttp.web`; the first start of each is not counted."""
    for directory, more in _DIRECTORIES.items():
        settings = {**settings_of(stage, "footprint"), **more}
        turns = [_turn(stage, number, settings) for number in range(1 + stage.plan.rounds(7, 3))]
        yield from _rows(directory, turns[1:])


def _turn(stage: Stage, number: int, settings: Mapping[str, str]) -> Turn:
    before = _started(stage, f"nothing-{number}a", _NOTHING, {})
    ours = _started(stage, f"service-{number}", _SERVICE, settings, listens=True)
    stage.say(f"  start in {ours.seconds:.3f} s, `import aiohttp.web` in {before.seconds:.3f} s")
    return before, ours, _started(stage, f"nothing-{number}b", _NOTHING, {})


def _rows(directory: str, turns: Sequence[Turn]) -> Iterator[Row]:
    starts = [Trial(*(one.seconds for one in turn)) for turn in turns]
    sizes = [Trial(*(one.memory.rss for one in turn)) for turn in turns]
    parts = [Trial(*(one.memory.pss for one in turn)) for turn in turns]
    start = What(f"start, {directory}, beside import aiohttp.web", Measure.START, unit="s")
    yield trial_row(start, starts, lambda one: one.ratio, _START, calm=_CALM)
    yield trial_row(_size("RSS", directory), sizes, lambda one: one.ours, _MEMORY, calm=_CALM)
    yield trial_row(_size("PSS", directory), parts, lambda one: one.ours, None, calm=_CALM)


def _size(name: str, directory: str) -> What:
    return What(f"memory ({name}), {directory}, beside import aiohttp.web", Measure.MEMORY, unit="MiB")


def _started(
    stage: Stage, name: str, command: Sequence[str], settings: Mapping[str, str], *, listens: bool = False
) -> Started:
    start = perf_counter()
    with running(name, command, core=stage.cores.server, scratch=stage.scratch, settings=settings) as server:
        if listens:
            Line(server.port).close()
        seconds = perf_counter() - start
        sleep(_IDLE)
        return Started(seconds, memory_of(server.pid))
