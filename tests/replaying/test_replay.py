"""A replay is what the service would have done: the same tiers, the same waits, the same quota."""

import asyncio
import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import msgspec
import pytest

from cti_lookup.replaying.charts import svg_chart, text_charts
from cti_lookup.replaying.day import Day, RecordedCall
from cti_lookup.replaying.measured import Choice, Result, most_within, percentile
from cti_lookup.replaying.passing import PassingLoop
from cti_lookup.replaying.replay import Setup, replay
from cti_lookup.replaying.simulated import Latency
from cti_lookup.telephone import read_caller

STEADY = Latency(0.2, 0.2)
SETUP = Setup(STEADY, hourly=3600, budget=0.8, known=1.0)
USUAL = Choice(900, 60, 86_400)


def calls(*times: float, number: str = "+442079460123", known: bool | None = True) -> Day:
    return tuple(RecordedCall(at, read_caller(number, None), known) for at in times)


def crowd(count: int, every: float) -> Day:
    """Give calls of people who all call once."""
    return tuple(
        RecordedCall(number * every, read_caller(f"+44207946{number:04}", None), True)
        for number in range(count)
    )


def played(day: Day, *choices: Choice, setup: Setup = SETUP) -> Sequence[Result]:
    return replay(day, choices or (USUAL,), setup)


def test_who_calls_again_while_the_answer_is_fresh_is_a_hit_and_waits_for_nothing() -> None:
    (result,) = played(calls(0, 60, 120, 180))
    assert result.hit_ratio == 0.75
    assert result.tiers == {"memory": 0.75, "directory": 0.25, "stale": 0.0, "none": 0.0}
    assert result.waits_ms.p50 == 0.0
    assert result.waits_ms.p99 == 200.0
    assert result.requests.total == 1


def test_each_choice_is_played_with_a_cache_of_its_own() -> None:
    short, long = played(calls(0, 600), Choice(300, 60, 400), Choice(900, 60, 900))
    assert (short.hit_ratio, long.hit_ratio) == (0.0, 0.5)
    assert (short.requests.total, long.requests.total) == (2, 1)


def test_nobody_is_fresh_for_the_negative_time_only() -> None:
    short, long = played(calls(0, 120, known=False), Choice(900, 60, 900), Choice(900, 300, 900))
    assert (short.outcomes, long.outcomes) == ({"nobody": 2}, {"nobody": 2})
    assert (short.hit_ratio, long.hit_ratio) == (0.0, 0.5)


def test_an_old_answer_is_shown_where_the_directory_takes_longer_than_its_head_start() -> None:
    slow = Setup(Latency(0.6, 0.6), hourly=3600, budget=0.8, known=1.0)
    (result,) = played(calls(0, 2000), setup=slow)
    assert result.tiers["stale"] == 0.5
    assert result.waits_ms.p99 == 600.0
    assert result.waits_ms.p50 == 300.0


def test_who_is_not_found_within_the_budget_is_pending() -> None:
    slow = Setup(Latency(2.0, 2.0), hourly=3600, budget=0.8, known=1.0)
    (result,) = played(calls(0), setup=slow)
    assert result.outcomes == {"pending": 1}
    assert result.waits_ms.p99 == 800.0


def test_a_late_answer_is_late_in_its_time_asked_for_again_behind_the_next_caller() -> None:
    (result,) = played(calls(0, 800))  # 0.8 of 900 s is 720, a tenth more or less
    assert result.requests.total == 2
    assert result.waits_ms.p50 == 0.0


def test_an_hour_s_quota_is_kept_and_who_is_beyond_it_is_refused() -> None:
    scarce = Setup(STEADY, hourly=20, budget=0.8, known=1.0)
    (result,) = played(crowd(30, every=10), setup=scarce)
    assert (result.requests.total, result.requests.refused) == (20, 10)
    assert result.outcomes == {"matched": 20, "unavailable": 10}
    assert result.requests.peak_hour == 20


def test_no_more_than_twenty_are_asked_in_two_seconds() -> None:
    (result,) = played(crowd(60, every=0.02))
    assert result.requests.peak_2s <= 20
    assert result.requests.total + result.requests.refused >= 20
    assert result.outcomes["unavailable"] > 0


def test_callers_without_a_number_are_counted_and_asked_of_nobody() -> None:
    (result,) = played(calls(0, 1, number="anonymous"))
    assert (result.calls, result.numbers, result.hit_ratio) == (2, 0, None)
    assert result.outcomes == {"withheld": 2}
    assert result.requests.total == 0


def test_a_part_of_the_callers_is_known_where_the_day_does_not_say_who() -> None:
    strangers = tuple(RecordedCall(call.at, call.caller) for call in crowd(150, every=10))
    (result,) = played(strangers, setup=Setup(STEADY, hourly=3600, budget=0.8, known=0.7))
    assert 90 < result.outcomes["matched"] < 120


def test_the_hours_of_a_day_add_up_to_the_day() -> None:
    (result,) = played(crowd(80, every=150))
    assert [hour.lookups for hour in result.hours] == [24, 24, 24, 8]
    assert sum(hour.requests for hour in result.hours) == result.requests.total == 80


def test_a_day_takes_no_time_and_a_tenth_of_a_second_at_twenty_times_its_speed_does() -> None:
    began = time.perf_counter()
    played(calls(0, 86_000))
    assert time.perf_counter() - began < 30
    began = time.perf_counter()
    replay(calls(0, 2), (USUAL,), SETUP, speed=20)
    assert time.perf_counter() - began > 2 / 20


def test_every_call_is_told_of_as_it_is_played() -> None:
    told: list[None] = []
    replay(calls(0, 60, 120), (USUAL, Choice(60, 60, 60)), SETUP, played=lambda: told.append(None))
    assert len(told) == 3


def test_timers_of_a_simulated_loop_keep_their_order_and_their_distance() -> None:
    async def wait() -> list[float]:
        now = asyncio.get_running_loop().time
        moments: list[float] = []

        async def note(seconds: float) -> None:
            await asyncio.sleep(seconds)
            moments.append(round(now(), 6))

        await asyncio.gather(note(3600), note(0.1), note(86_400), note(0.1))
        return moments

    with asyncio.Runner(loop_factory=PassingLoop) as runner:
        assert runner.run(wait()) == [0.1, 0.1, 3600.0, 86_400.0]


@pytest.mark.parametrize(
    ("values", "expected"), [((), (0, 0)), ((5,), (5, 5)), (tuple(range(1, 101)), (50, 99))]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: tuple[float, ...], expected: tuple[float, float]
) -> None:
    assert (percentile(values, 0.5), percentile(values, 0.99)) == expected


def test_the_most_within_a_span_is_found_wherever_the_span_begins() -> None:
    assert most_within([0, 1.9, 2.0, 2.1, 3.8, 9], 2.0) == 4
    assert most_within([], 2.0) == 0


def test_charts_show_each_choice_and_are_well_formed() -> None:
    results = played(crowd(20, every=500), USUAL, Choice(60, 60, 60))
    svg = ET.fromstring(svg_chart(results))  # noqa: S314  # our own
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    text = "\n".join(text_charts(results))
    for one in results:
        assert one.choice.name in text
        assert one.choice.name in svg_chart(results)
    assert len({len(line) for line in text.splitlines() if "█" in line or "░" in line}) <= 2


def test_charts_of_a_day_without_numbers_are_drawn_too() -> None:
    results = played(calls(0, number="anonymous"))
    assert "0.0%" in "\n".join(text_charts(results))
    ET.fromstring(svg_chart(results))  # noqa: S314  # our own


def test_no_number_of_the_day_is_in_what_comes_of_it() -> None:
    results = played(crowd(50, every=10))
    written = json.dumps(msgspec.to_builtins(results)) + svg_chart(results) + "".join(text_charts(results))
    assert "7946" not in written
