"""What counts grew by, told from looks: exact, bounded, and honest about the seconds covered."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from cti_lookup.windows import History, Key, Span, looking, rate
from tests.conftest import SettableClock

MINUTE = Span("minute", 60.0, 1.0)
DAY = Span("day", 86_400.0, 300.0)
KEY = ("one",)


@dataclass
class Counted:
    """Counts, and a history of them under a clock that a test sets."""

    clock: SettableClock
    counts: dict[Key, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.history = History(self.counts, (MINUTE, DAY), self.clock)

    def live(self, seconds: int, each: int = 0) -> None:
        """Let seconds pass, count `each` in every one of them, and look after it."""
        for _ in range(seconds):
            self.clock.pass_by(1.0)
            self.counts[KEY] += each
            self.history.look()

    def grown(self, span: Span = MINUTE) -> tuple[float, int]:
        growth = self.history.growth()[span.name]
        return growth.seconds, growth.counts.get(KEY, 0)


@pytest.fixture
def counted(clock: SettableClock) -> Counted:
    return Counted(clock)


def test_a_window_holds_exactly_what_was_counted_in_it(counted: Counted) -> None:
    counted.live(100, each=7)
    counted.live(50, each=2)

    assert counted.grown() == (60.0, 50 * 2 + 10 * 7)


def test_what_was_counted_since_the_last_look_is_told(counted: Counted) -> None:
    counted.live(100)
    counted.clock.pass_by(0.5)
    counted.counts[KEY] += 3

    assert counted.grown() == (60.5, 3)


def test_a_young_process_tells_its_age(counted: Counted) -> None:
    counted.live(5, each=1)

    assert counted.grown(MINUTE) == counted.grown(DAY) == (5.0, 5)


def test_nothing_was_counted_before_the_history_began(clock: SettableClock) -> None:
    counted = Counted(clock, {KEY: 1000})
    counted.live(1, each=1)

    assert counted.grown() == (1.0, 1)


def test_no_time_at_all_is_no_growth(counted: Counted) -> None:
    assert counted.grown() == (0.0, 0)


def test_a_long_window_covers_at_most_a_grain_more(counted: Counted) -> None:
    counted.live(90_000, each=1)
    seconds, count = counted.grown(DAY)

    assert DAY.seconds <= seconds <= DAY.seconds + DAY.grain
    assert count == seconds


def test_a_loop_that_was_blocked_widens_the_window_and_says_so(counted: Counted) -> None:
    counted.live(100, each=1)
    counted.clock.pass_by(600.0)
    counted.counts[KEY] += 5
    counted.live(10, each=1)

    assert counted.grown() == (610.0, 5 + 10)


def test_a_window_is_itself_again_after_the_gap_has_passed(counted: Counted) -> None:
    counted.live(100, each=1)
    counted.clock.pass_by(600.0)
    counted.live(61, each=1)

    assert counted.grown() == (60.0, 60)


def test_a_window_that_nobody_looked_at_for_long_is_still_right(counted: Counted) -> None:
    counted.live(100, each=1)
    counted.clock.pass_by(86_400.0)

    assert counted.grown() == (86_400.0, 0)


def test_the_looks_of_two_days_are_bounded(counted: Counted) -> None:
    counted.live(400)
    most = 0
    for _ in range(2 * 24 * 60):
        counted.live(60, each=1)
        most = max(most, len(counted.history))

    assert most <= 62 + 290


def test_looks_that_come_too_often_are_not_kept(counted: Counted) -> None:
    for _ in range(10_000):
        counted.clock.pass_by(0.01)
        counted.history.look()

    assert len(counted.history) <= 62 / 0.9 + 2


def test_a_look_a_millisecond_too_soon_is_not_left_out(counted: Counted) -> None:
    for _ in range(120):
        counted.clock.pass_by(0.999)
        counted.counts[KEY] += 1
        counted.history.look()
    seconds, count = counted.grown()

    assert seconds == pytest.approx(61 * 0.999)
    assert count == 61


def test_a_service_that_rests_keeps_one_dict(counted: Counted) -> None:
    counted.live(10, each=1)
    counted.live(86_400 + 300)

    assert len({id(look.counts) for look in counted.history._kept()}) == 1


def test_a_count_that_was_taken_away_may_begin_again(counted: Counted) -> None:
    counted.live(30, each=4)
    del counted.counts[KEY]
    counted.history.forget([KEY])
    counted.live(1, each=1)

    assert counted.grown()[1] == 1


def test_what_did_not_grow_is_left_out(counted: Counted) -> None:
    counted.live(10, each=1)
    counted.live(70)

    assert counted.history.growth()["minute"].counts == {}


async def test_looks_go_on_for_as_long_as_the_context_lasts() -> None:
    looks: list[int] = []
    thrice = asyncio.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            thrice.set()

    async with looking(look, every=0.001):
        await asyncio.wait_for(thrice.wait(), 20)
    after = len(looks)

    assert len(asyncio.all_tasks()) == 1
    assert len(looks) == after


@pytest.mark.parametrize(("part", "whole", "told"), [(0, 0, None), (0, 3, 0.0), (2, 3, 0.6667), (3, 3, 1.0)])
def test_a_rate_of_nothing_is_unknown(part: int, whole: int, told: float | None) -> None:
    assert rate(part, whole) == told
