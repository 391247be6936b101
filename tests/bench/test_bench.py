"""The benchmark's own arithmetic and reading: what decides a verdict must be right before it is believed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from io import StringIO
from os import SCHED_IDLE, sched_getaffinity, sched_getscheduler
from pathlib import Path

import pytest
from rich.console import Console

from cti_lookup.directory.callers.callers import Question, View, who_is_calling
from cti_lookup.directory.callers.telephones import telephone_digits
from cti_lookup.directory.storage.database import open_reader
from tests.bench.awake import awake, staying_on
from tests.bench.crowd import gather
from tests.bench.directory import filled, looked_up
from tests.bench.errors import CannotMeasureError, WrongAnswerError
from tests.bench.figures import (
    Calm,
    Exit,
    Gate,
    Measure,
    Round,
    Row,
    Slice,
    Trial,
    Verdict,
    What,
    exit_status,
    percentile,
    row,
    trial_row,
)
from tests.bench.load import AtRate, Requests, parse_wrk, write_script
from tests.bench.machine import Cores, Memory, Moment, Use, between, parse_memory, parse_process, parse_stat
from tests.bench.openloop import OpenLoop
from tests.bench.processes import Server, running
from tests.bench.proof import Way, check_bytes, check_rises, parse_counters
from tests.bench.report import show, write_json
from tests.bench.scenes import SCENES
from tests.bench.stage import Plan, Stage
from tests.bench.steady import steady_row
from tests.bench.traffic import SERIAL, Traffic, json_bodies, numbered

FIGURES = {
    "requests": 18000,
    "microseconds": 1_000_000,
    "bytes": 36_000_000,
    "p50": 3100,
    "p99": 4700,
    "connect": 0,
    "read": 0,
    "write": 0,
    "status": 0,
    "timeout": 0,
}
AT_LEAST = Gate.least(0.75, goal=0.9)
AT_MOST = Gate.most(1.0)
WRK = """Running 1s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.10ms    0.40ms   9.00ms   90.00%
Requests/sec:  18000.00

figures {}
"""


def told(**changes: int) -> str:
    return WRK.format(json.dumps(FIGURES | changes))


def a_slice(rate: int, *, disturbed: float = 0.0, used: float = 1.0) -> Slice:
    return Slice(
        requests=rate, seconds=1.0, bytes=rate * 2000, p50_ms=3.0, p99_ms=5.0, disturbed=disturbed, used=used
    )


def a_round(first: int, ours: int, second: int) -> Round:
    return Round((a_slice(first), a_slice(second)), (a_slice(ours),))


def a_row(*rounds: Round, gate: Gate | None = AT_LEAST) -> Row:
    return row("variant", 0, 64, rounds, gate)


def a_trial_row(*trials: Trial, gate: Gate | None = AT_MOST) -> Row:
    what = What("variant", Measure.OWN, 1, "ms")
    return trial_row(what, trials, lambda one: one.excess, gate, calm=Calm(0.8, 1.25, unsure=0.1))


def test_the_figures_of_wrk_are_read_from_the_line_of_our_script() -> None:
    read = parse_wrk(told())

    assert read == Slice(18000, 1.0, 36_000_000, 3.1, 4.7)
    assert read.rate == 18000


@pytest.mark.parametrize("fault", ["connect", "read", "write", "status", "timeout"])
def test_one_request_that_went_wrong_is_one_too_many(fault: str) -> None:
    with pytest.raises(WrongAnswerError, match=f"1 × {fault}"):
        parse_wrk(told(**{fault: 1}))


def test_no_answer_at_all_is_a_wrong_answer() -> None:
    with pytest.raises(WrongAnswerError, match="not one"):
        parse_wrk(told(requests=0))


def test_output_without_our_line_measures_nothing() -> None:
    with pytest.raises(CannotMeasureError, match="no figures"):
        parse_wrk("unable to connect to 127.0.0.1:1 Connection refused\n")


def test_a_ratio_is_taken_within_its_round_and_the_median_decides() -> None:
    # The machine is half as fast in the second round; the third saw a hiccup in ours.
    told_row = a_row(a_round(10000, 8000, 10000), a_round(5000, 4050, 5000), a_round(10000, 3000, 10000))

    assert (told_row.figure, told_row.lowest, told_row.highest) == pytest.approx((0.80, 0.30, 0.81))
    assert told_row.verdict is Verdict.MET


def test_the_time_of_its_core_tells_what_a_request_costs_though_others_take_turns() -> None:
    bases = (a_slice(1000, used=0.5), a_slice(800, used=0.4))
    disturbed = Round(bases, (a_slice(500, used=0.5, disturbed=0.5),))
    told = row("ours", 0, 64, [disturbed], None)

    assert told.thrift == (0.5, 1.0)
    assert told.figure == pytest.approx(5 / 9)


def test_a_drift_during_a_round_is_shared_by_the_bare_handler_before_and_after() -> None:
    assert a_row(a_round(10000, 9000, 8000), a_round(8000, 9000, 10000)).figure == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        (930, Verdict.NOISY),
        (940, Verdict.MET),
        (1000, Verdict.MET),
        (1060, Verdict.MET),
        (1070, Verdict.NOISY),
    ],
)
def test_two_equal_servers_must_be_equally_fast(second: int, verdict: Verdict) -> None:
    assert a_row(a_round(1000, 900, second)).verdict is verdict


def test_rounds_that_swing_widely_are_not_believed_for_their_median() -> None:
    swinging = [a_round(1000, 900, second) for second in (700, 1000, 1300)]
    steady = [a_round(1000, 900, second) for second in (970, 1000, 1030)]

    assert a_row(*swinging).self_ratio == a_row(*steady).self_ratio == 1.0
    assert (a_row(*swinging).verdict, a_row(*steady).verdict) == (Verdict.NOISY, Verdict.MET)


def test_a_slice_that_others_disturbed_and_that_was_not_repeated_is_noise() -> None:
    calm = a_round(1000, 900, 1000)
    loud = replace(calm, ours=(a_slice(900, disturbed=0.2),))

    assert a_row(calm, calm, calm).verdict is Verdict.MET
    assert a_row(calm, calm, loud).verdict is Verdict.NOISY


def test_the_gate_itself_is_good_enough() -> None:
    assert a_row(a_round(1000, 750, 1000)).verdict is Verdict.MET
    assert a_row(a_round(1000, 749, 1000)).verdict is Verdict.MISSED
    assert a_row(a_round(1000, 749, 1000), gate=None).verdict is Verdict.REPORTED


def test_the_exit_status_tells_pass_failure_and_noise_apart() -> None:
    met, missed = a_row(a_round(1000, 900, 1000)), a_row(a_round(1000, 500, 1000))
    noisy = a_row(a_round(1000, 500, 1500))
    reported = a_row(a_round(1000, 500, 1500), gate=None)

    assert exit_status([met, reported]) is Exit.MET
    assert exit_status([met, noisy]) is Exit.NOISY
    assert exit_status([met, missed, noisy]) is Exit.MISSED
    assert exit_status([met], [Exit.NOISY]) is Exit.NOISY
    assert exit_status([met, noisy], [Exit.NOISY, Exit.MISSED]) is Exit.MISSED
    assert len(set(Exit)) == 4


def test_the_time_of_cores_and_processes_is_read_in_seconds() -> None:
    stat = (
        "cpu  300 0 0 0 0 0 0 0 0 0\ncpu0 100 10 20 900 50 3 7 5 0 0\ncpu1 200 0 0 0 0 0 0 0 0 0\nintr 1 2\n"
    )
    process = "77 (a (strange) name) S 1 1 1 0 -1 4194560 1 0 0 0 150 50 9 9 20 0 1 0 100 1 1"

    cores = parse_stat(stat)
    assert (cores[0].busy, cores[0].stolen) == pytest.approx((1.4, 0.05))
    assert (cores[1].busy, cores[1].stolen) == pytest.approx((2.0, 0.0))
    assert parse_process(process) == pytest.approx(2.0)


def test_what_others_took_of_either_core_disturbs() -> None:
    cores = Cores(server=1, load=0)
    start = Moment(at=10.0, cores={0: Use(5.0, 0.0), 1: Use(5.0, 0.0)}, server=3.0, load=1.0)
    calm = Moment(at=12.0, cores={0: Use(5.6, 0.0), 1: Use(6.9, 0.0)}, server=4.9, load=1.6)
    visited = replace(calm, cores={0: Use(5.8, 0.0), 1: Use(6.9, 0.0)})
    stolen = replace(calm, cores={0: Use(5.6, 0.0), 1: Use(6.9, 0.3)})

    assert between(start, calm, cores).busy == pytest.approx(0.95)
    assert between(start, calm, cores).disturbed == pytest.approx(0.0)
    assert between(start, visited, cores).disturbed == pytest.approx(0.1)
    assert between(start, stolen, cores).disturbed == pytest.approx(0.15)


def test_what_keeps_a_core_awake_disturbs_nobody() -> None:
    cores = Cores(server=1, load=0)
    start = Moment(at=10.0, cores={0: Use(5.0, 0.0), 1: Use(5.0, 0.0)}, server=3.0, load=1.0)
    kept = Moment(10.0 + 2.0, {0: Use(7.0, 0.0), 1: Use(7.0, 0.0)}, 3.5, 1.6, awake={0: 1.4, 1: 1.5})

    assert between(start, kept, cores).disturbed == pytest.approx(0.0)
    assert between(start, kept, cores).busy == pytest.approx(0.25)


def test_who_keeps_the_cores_awake_runs_only_where_nobody_else_wants_to_and_ends() -> None:
    with awake(Cores(server=CORE, load=CORE)) as loops:
        process = loops[CORE]
        assert (sched_getscheduler(process), sched_getaffinity(process)) == (SCHED_IDLE, {CORE})

    with pytest.raises(ProcessLookupError):
        sched_getscheduler(process)


def test_this_program_stays_on_a_core_for_as_long_as_is_said() -> None:
    before = sched_getaffinity(0)
    with staying_on(CORE):
        assert sched_getaffinity(0) == {CORE}
    assert sched_getaffinity(0) == before


HITS = 'cti_lookups_total{outcome="matched",tier="memory"}'
BEATS = 'cti_redis_operations_total{operation="beat",result="ok"}'
ASKED = 'cti_directory_requests_total{result="found"}'


def test_counters_are_read_and_gauges_are_not() -> None:
    page = f'# TYPE cti_lookups_total counter\n{HITS} 18000.0\ncti_cache_entries 200.0\n{ASKED} 2.0\ncti_lookup_seconds_bucket{{le="1"}} 3.0\ncti_people_dropped_total 0.0\n'

    assert parse_counters(page.encode()) == {HITS: 18000.0, ASKED: 2.0, "cti_people_dropped_total": 0.0}


@pytest.mark.parametrize("rose", [100, 164])
def test_every_request_is_counted_and_some_may_be_left_unanswered(rose: int) -> None:
    check_rises(
        {HITS: 7, ASKED: 2},
        {HITS: 7 + rose, ASKED: 2, BEATS: 3},
        Way(frozenset({HITS}), frozenset({BEATS})),
        100,
        64,
    )


@pytest.mark.parametrize(
    "after", [{HITS: 106, ASKED: 2}, {HITS: 172, ASKED: 2}, {HITS: 107, ASKED: 3}, {ASKED: 2}]
)
def test_requests_that_went_another_way_are_found_out(after: dict[str, float]) -> None:
    with pytest.raises(WrongAnswerError):
        check_rises({HITS: 7, ASKED: 2}, after, Way(frozenset({HITS}), frozenset({BEATS})), 100, 64)


def test_the_bytes_that_came_are_those_of_the_checked_answers() -> None:
    for right in (200_000, 100 * 2001 + 64 * 2000):
        check_bytes(right, 100, 64, (2000, 2000), (2001, 2001))
    for wrong in (100 * 300, 100 * 5000):
        with pytest.raises(WrongAnswerError, match="bytes came"):
            check_bytes(wrong, 100, 64, (2000, 2000), (2001, 2001))


def test_a_number_changes_nothing_about_a_request_s_length(tmp_path: Path) -> None:
    traffic = Traffic("/path", json_bodies([{"callId": SERIAL}]), {"X-One": "1"})
    (request,) = traffic.requests()
    head, _, body = numbered(request, 42).partition(b"\r\n\r\n")

    assert json.loads(body) == {"callId": "0000000042"}
    assert head.splitlines()[0] == b"POST /path HTTP/1.1"
    assert head.endswith(b"Content-Length: %d" % len(body))
    assert '%010d"' in write_script(tmp_path / "script.lua", traffic.requests()).read_text()


def test_a_request_without_a_number_cannot_be_sent(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="number"):
        write_script(tmp_path / "script.lua", [b"GET / HTTP/1.1\r\n\r\n"])


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.991, 100), (0.0, 1)]
)
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(share: float, value: int) -> None:
    assert percentile([*range(100, 0, -1)], share) == value


def test_one_value_is_every_percentile() -> None:
    assert [percentile([7.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [7.0] * 4


def test_requests_are_due_at_a_fixed_rate_and_not_before() -> None:
    loop = OpenLoop(rate=10, total=3, connections=8)

    assert [loop.next(now) for now in (0.0, 0.0, 0.099, 0.1, 0.2, 0.3)] == [0, None, None, 1, 2, None]
    assert not loop.done


def test_a_request_is_timed_from_when_it_was_due_and_not_from_when_it_was_sent() -> None:
    loop = OpenLoop(rate=10, total=1, connections=1)

    assert loop.next(0.25) == 0
    loop.answered(0, 0.3)

    assert loop.seconds == pytest.approx([0.3])
    assert loop.done


def test_a_server_that_stands_still_is_charged_for_all_who_were_due_meanwhile() -> None:
    loop = OpenLoop(rate=10, total=5, connections=1)
    assert loop.next(0.0) == 0

    assert [loop.next(now) for now in (0.1, 0.2, 0.3)] == [None] * 3  # the only connection is taken
    loop.answered(0, 0.4)
    for _ in range(4):  # and now each takes no time at all
        assert loop.next(0.4) == 0
        loop.answered(0, 0.4)

    assert loop.seconds == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.0])
    assert loop.done


def test_a_gate_lets_pass_what_is_as_good_as_it() -> None:
    assert [AT_LEAST.lets(figure) for figure in (0.74, 0.75, 0.76)] == [False, True, True]
    assert [AT_MOST.lets(figure) for figure in (0.9, 1.0, 1.1)] == [True, True, False]


def test_a_trial_is_held_against_what_was_measured_before_and_after_it() -> None:
    trial = Trial(before=2.0, ours=4.5, after=4.0)

    assert (trial.base, trial.ratio, trial.excess, trial.self_ratio) == (3.0, 1.5, 1.5, 2.0)


def test_the_median_trial_decides() -> None:
    told_row = a_trial_row(Trial(2.0, 2.6, 2.0), Trial(2.0, 9.0, 2.0), Trial(2.0, 2.9, 2.0))

    assert (told_row.figure, told_row.lowest, told_row.highest) == pytest.approx((0.9, 0.6, 7.0))
    assert told_row.verdict is Verdict.MET


@pytest.mark.parametrize(
    ("trial", "verdict"),
    [
        (Trial(2.0, 3.0, 2.0), Verdict.MET),
        (Trial(2.0, 3.1, 2.0), Verdict.MISSED),
        (Trial(2.0, 3.1, 2.0, disturbed=0.06), Verdict.NOISY),
        (Trial(2.0, 3.1, 2.6), Verdict.NOISY),
    ],
)
def test_a_trial_in_noise_is_neither_met_nor_missed(trial: Trial, verdict: Verdict) -> None:
    assert a_trial_row(trial).verdict is verdict


def test_trials_that_swing_widely_are_not_believed_for_their_median() -> None:
    swinging = [Trial(2.0, 2.5, after) for after in (1.6, 2.0, 2.4)]

    assert a_trial_row(*swinging).verdict is Verdict.NOISY


def test_p99_at_70_percent_is_a_multiple_of_the_bare_handler_s() -> None:
    bare, ours = a_slice(7000), replace(a_slice(6000), p99_ms=12.0)

    told_row = steady_row("variant", [(bare, ours, bare)] * 3)

    assert (told_row.figure, told_row.base_ms, told_row.our_ms) == (2.4, (3.0, 5.0), (3.0, 12.0))
    assert told_row.verdict is Verdict.MET


def test_what_a_process_holds_is_read_in_mib() -> None:
    text = "5581-7ffd ---p 00000000 00:00 0  [rollup]\nRss:   51200 kB\nPss:   40960 kB\nPss_Anon:  1 kB\nAnonymous: 30720 kB\n"

    assert parse_memory(text) == Memory(rss=50.0, pss=40.0, own=30.0)


def test_a_quick_run_measures_once_and_a_wish_for_rounds_goes_before_both() -> None:
    assert (Plan(quick=True).rounds(14, 3), Plan(quick=False).rounds(14, 3)) == (3, 14)
    assert (Plan(quick=True, wanted=5).rounds(14, 3), Plan(quick=False, wanted=5).rounds(14, 3)) == (5, 5)
    assert (Plan(quick=True).attempts, Plan(quick=False).attempts) == (1, 2)


def test_the_table_and_the_file_tell_every_row(tmp_path: Path) -> None:
    rows = [a_row(a_round(1000, 900, 1000)), a_trial_row(Trial(2.0, 2.6, 2.0))]
    screen = StringIO()

    show(rows, Console(width=200, file=screen))
    write_json(tmp_path / "figures.json", rows, Exit.MET)

    table = screen.getvalue()
    assert "0.900" in table
    assert "≥ 0.75" in table
    assert "0.600 ms" in table
    assert "≤ 1" in table
    told = json.loads((tmp_path / "figures.json").read_text())
    assert [one["figure"] for one in told["rows"]] == pytest.approx([0.9, 0.6])
    assert told["rows"][1]["what"] == {
        "variant": "variant",
        "measure": "own p50",
        "connections": 1,
        "unit": "ms",
    }


def test_every_path_has_a_scene() -> None:
    assert list(SCENES) == [
        "memory-hit",
        "redis-hit",
        "cold-lookup",
        "overhead",
        "steady",
        "footprint",
        "directory",
        "dialects",
        "streams",
        "screen",
    ]


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Server]:
    """Run the bare handler."""
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "greeting").write_bytes(b'{"hello": "world"}')
    command = ("-m", "tests.bench.bare", str(tmp_path / "answers"))
    with running("bare", command, core=CORE, scratch=tmp_path) as server:
        yield server


CORE = min(sched_getaffinity(0))


def greeting(folder: Path, path: str, headers: Mapping[str, str]) -> Requests:
    traffic = Traffic(path, json_bodies([{"callId": SERIAL}]), headers)
    return Requests.write(folder, "greeting", traffic.requests())


@pytest.mark.slow
def test_a_real_server_is_loaded_at_the_rate_that_was_asked_for(bare: Server, tmp_path: Path) -> None:
    requests = greeting(tmp_path, "/greeting", {"Content-Type": "application/json"})

    told_slice = AtRate(4, CORE, rate=100.0, seconds=0.5)(requests, bare.port, 0)

    assert told_slice.requests == 50
    assert told_slice.seconds >= 0.49
    assert 0 < told_slice.p50_ms <= told_slice.p99_ms


@pytest.mark.slow
def test_an_error_at_a_fixed_rate_is_one_too_many(bare: Server, tmp_path: Path) -> None:
    requests = greeting(tmp_path, "/nowhere", {})

    with pytest.raises(WrongAnswerError, match="10 × status"):
        AtRate(2, CORE, rate=100.0, seconds=0.1)(requests, bare.port, 0)


@pytest.mark.slow
def test_a_small_crowd_is_imported_and_everybody_is_found_in_it(tmp_path: Path) -> None:
    stage = Stage(Cores(server=CORE, load=CORE), tmp_path, Plan(quick=True), lambda _: None)
    crowd = gather(stage, 500)

    rows = [*filled(crowd), *looked_up(crowd)]

    assert [row.what.measure for row in rows].count(Measure.LOOKUP) == 8
    assert all(row.figure > 0 for row in rows)
    with closing(open_reader(crowd.database)) as connection:
        for one in crowd.some(50):
            asked = Question(digits=telephone_digits(one.mobile.international))
            found = json.loads(who_is_calling(connection, asked, View(("widget",), "widget")))
            assert one.email in [person["primary_email"] for person in found]
