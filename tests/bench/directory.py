"""The embedded directory with a million people: how fast it is filled, how fast callers are found in it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from time import perf_counter_ns
from typing import Any, Final

from cti_lookup.directory.callers.callers import Question, View, who_is_calling
from cti_lookup.directory.callers.telephones import telephone_digits
from cti_lookup.directory.storage.database import open_reader
from tests.bench.beside import beside_bare
from tests.bench.crowd import Crowd, gather, importing
from tests.bench.errors import WrongAnswerError
from tests.bench.figures import Gate, Measure, Row, What, gauge_row, percentile
from tests.bench.load import AtRate, Requests
from tests.bench.machine import memory_of
from tests.bench.processes import Server, running
from tests.bench.proof import Way
from tests.bench.stage import Stage
from tests.bench.traffic import Questions
from tests.bench.variant import Variant
from tests.directory.people_of_a_million import SHARED_TAIL, Somebody

_PEOPLE: Final = 1_000_000
_FEW_PEOPLE: Final = 50_000
_ASKED: Final = 4_000
"""People who call, each from another number; more than are answered in a second are not needed."""

_TOKEN: Final = "a-token-of-tests"
_OWN: Final = View(("widget",), "widget")

_SPEED: Final = Gate.least(0.7)
_IMPORT: Final = Gate.least(20_000)
"""People in a second."""

_LOOKUP: Final = Gate.most(100.0)
"""Microseconds, for as long as one person is answered."""

_CROWDED: Final = Gate.most(1000.0)
"""Microseconds, where ten people are answered."""

_P99: Final = Gate.most(5.0)
"""Milliseconds."""

_QUICK_RATE, _RATE = 100.0, 400.0


def directory(stage: Stage) -> Iterator[Row]:
    """Fill a directory, look callers up in the process, over HTTP beside a bare handler, and while an import runs."""
    crowd = gather(stage, _FEW_PEOPLE if stage.plan.quick else _PEOPLE)
    yield from filled(crowd)
    yield from looked_up(crowd)
    paths = partial(_serving, crowd=crowd)
    yield from beside_bare(paths, rounds={64: 10, 8: 6, 1: 4}, quick={64: 3})(stage)
    yield _beside_an_import(stage, crowd)


def filled(crowd: Crowd) -> Iterator[Row]:
    """Tell how the directory was filled."""
    for one, gate in zip(crowd.imports, (_IMPORT, None), strict=True):
        what = What(f"import {one.name}", Measure.IMPORT, unit="lines/s")
        yield gauge_row(what, [one.lines / one.seconds], gate)
        held = What(f"import {one.name}, at most", Measure.MEMORY, unit="MiB")
        yield gauge_row(held, [one.memory], None)
    size = What(f"file of {crowd.people:,} people", Measure.MEMORY, unit="MiB")
    yield gauge_row(size, [crowd.size], None)


def looked_up(crowd: Crowd) -> Iterator[Row]:
    """Look callers up by each way of writing their number; the second time counts, when the file is in memory."""
    some = crowd.some(1000)
    shared = [one for one in crowd.some(crowd.people // 50) if one.work.line == SHARED_TAIL][:1000]
    ways: Sequence[tuple[str, Sequence[str], Gate | None]] = (
        ("international", [one.mobile.international for one in some], _LOOKUP),
        ("with 00", [f"00{one.mobile.international}" for one in some], _LOOKUP),
        ("national", [one.mobile.national for one in some], _LOOKUP),
        ("as stored", [one.mobile.text for one in some], _LOOKUP),
        ("seven digits", [one.mobile.line[-7:] for one in some], _LOOKUP),
        ("nobody's", [f"99{one.mobile.international[::-1]}" for one in some], _LOOKUP),
        ("with a shared tail", [one.work.international for one in shared], _CROWDED),
        ("a shared tail alone", [SHARED_TAIL] * 200, _CROWDED),
    )
    with closing(open_reader(crowd.database)) as connection:
        connection.begin()
        for name, texts, gate in ways:
            questions = [Question(digits=telephone_digits(text)) for text in texts]
            look = partial(who_is_calling, connection, view=_OWN)
            _microseconds(look, questions)
            times = _microseconds(look, questions)
            what = What(f"look-up, {name}", Measure.LOOKUP, unit="µs")
            yield replace(gauge_row(what, [percentile(times, 0.5)], gate), highest=percentile(times, 0.99))


def _microseconds(look: Callable[[Question], bytes], questions: Sequence[Question]) -> list[float]:
    times = []
    for question in questions:
        start = perf_counter_ns()
        look(question)
        times.append((perf_counter_ns() - start) / 1000)
    return times


@contextmanager
def _serving(stage: Stage, crowd: Crowd) -> Iterator[tuple[Variant, ...]]:
    some = crowd.some(_ASKED)
    with _directory(stage, crowd) as server:
        stage.say(f"  the directory holds {memory_of(server.pid).rss:.0f} MiB before the first request")
        yield (
            Variant(
                "GET /sd",
                server,
                _asking(some),
                partial(_check, some),
                _NOWAY,
                {64: _SPEED},
                counters=_no_counters,
            ),
        )


@contextmanager
def _directory(stage: Stage, crowd: Crowd) -> Iterator[Server]:
    command = ("-m", "cti_lookup.directory", "--db", f"{crowd.database}", "--token", _TOKEN)
    with running("directory", command, core=stage.cores.server, scratch=stage.scratch) as server:
        yield server


_NOWAY: Final = Way(frozenset())


def _no_counters(_: object) -> dict[str, float]:
    """Give none: the directory counts nothing, each answer is looked at instead."""
    return {}


def _asking(some: Sequence[Somebody]) -> Questions:
    queries = tuple(f"telephone=%2B{one.mobile.international}" for one in some)
    return Questions("/v1/sd", queries, {"Authorization": f"Bearer {_TOKEN}"})


def _check(some: Sequence[Somebody], position: int, answer: Any) -> None:
    right = some[position].email
    if right not in [person["primary_email"] for person in answer]:
        raise WrongAnswerError(f"the caller at place {position} is not among {len(answer)} people")


def _beside_an_import(stage: Stage, crowd: Crowd) -> Row:
    """Ask at a steady rate while the same contacts are imported again."""
    rate, seconds = (_QUICK_RATE, 3.0) if stage.plan.quick else (_RATE, 20.0)
    requests = Requests.write(stage.scratch, "beside-import", _asking(crowd.some(_ASKED)).requests())
    drive = AtRate(8, stage.cores.load, rate, seconds)
    with _directory(stage, crowd) as server:
        drive(requests, server.port, 0)
        with importing(stage, crowd):
            slices = [drive(requests, server.port, 0) for _ in range(stage.plan.rounds(3, 1))]
    what = What("GET /sd while an import runs", Measure.OWN, 8, "ms")
    return gauge_row(what, [one.p99_ms for one in slices], _P99)
