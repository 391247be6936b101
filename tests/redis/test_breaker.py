"""The breaker: when it opens, who may probe, and that what comes late changes nothing."""

import pytest

from cti_lookup.breaker import Breaker, BreakerLimits, Permit
from tests.conftest import SettableClock


def permit_of(breaker: Breaker) -> Permit:
    permit = breaker.admit()
    assert permit is not None
    return permit


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed(permit_of(breaker))


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.succeeded(permit_of(breaker))


@pytest.fixture
def breaker(clock: SettableClock) -> Breaker:
    return Breaker(clock)


def test_a_new_breaker_lets_everybody_ask(breaker: Breaker) -> None:
    assert not breaker.is_open
    assert breaker.admit() is not None
    assert breaker.admit() is not None


def test_five_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 4)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open
    assert breaker.admit() is None


def test_a_success_begins_the_row_anew(breaker: Breaker) -> None:
    fail(breaker, 4)
    succeed(breaker)
    fail(breaker, 4)
    assert not breaker.is_open


def test_half_of_twenty_calls_open_it(breaker: Breaker) -> None:
    for _ in range(9):
        succeed(breaker)
        fail(breaker)
    succeed(breaker)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open


def test_fewer_than_half_do_not_open_it(breaker: Breaker) -> None:
    for _ in range(100):
        succeed(breaker, 2)
        fail(breaker)
    assert not breaker.is_open


def test_failures_that_left_the_window_do_not_count(breaker: Breaker, clock: SettableClock) -> None:
    for _ in range(9):
        fail(breaker)
        succeed(breaker)
    clock.pass_by(11)
    for _ in range(9):
        fail(breaker)
        succeed(breaker)
    assert not breaker.is_open


@pytest.mark.parametrize("pause", [0.4, 1.0, 3.7])
def test_the_window_moves_on_in_small_steps(breaker: Breaker, clock: SettableClock, pause: float) -> None:
    for _ in range(200):
        succeed(breaker, 2)
        fail(breaker)
        clock.pass_by(pause)
    window = breaker._recent
    assert window.calls == sum(part[0] for part in window._parts)
    assert window.failures == sum(part[1] for part in window._parts)
    assert 0 < window.calls <= 3 * (10 / pause + 1)


def test_while_open_nobody_asks_and_after_a_second_one_does(breaker: Breaker, clock: SettableClock) -> None:
    fail(breaker, 5)
    clock.pass_by(0.99)
    assert breaker.admit() is None
    clock.pass_by(0.02)
    assert breaker.admit() is not None
    assert breaker.admit() is None
    clock.pass_by(60)
    assert breaker.admit() is None


def test_a_probe_that_succeeds_closes_it_for_all(breaker: Breaker, clock: SettableClock) -> None:
    fail(breaker, 5)
    clock.pass_by(1.01)
    succeed(breaker)
    assert not breaker.is_open
    fail(breaker, 4)
    assert not breaker.is_open


def test_each_probe_that_fails_doubles_the_pause_up_to_ten_seconds(
    breaker: Breaker, clock: SettableClock
) -> None:
    fail(breaker, 5)
    for pause in (1, 2, 4, 8, 10, 10):
        clock.pass_by(pause - 0.01)
        assert breaker.admit() is None
        clock.pass_by(0.02)
        fail(breaker)
    clock.pass_by(10.01)
    succeed(breaker)
    fail(breaker, 5)
    clock.pass_by(1.01)
    assert breaker.admit() is not None


def test_a_probe_whose_caller_left_is_given_back(breaker: Breaker, clock: SettableClock) -> None:
    fail(breaker, 5)
    clock.pass_by(1.01)
    breaker.gave_up(permit_of(breaker))
    assert breaker.is_open
    assert breaker.admit() is not None
    assert breaker.admit() is None


def test_whoever_gives_up_while_it_is_closed_changes_nothing(breaker: Breaker) -> None:
    fail(breaker, 4)
    breaker.gave_up(permit_of(breaker))
    fail(breaker)
    assert breaker.is_open


def test_what_was_asked_before_the_opening_changes_nothing(breaker: Breaker, clock: SettableClock) -> None:
    early = permit_of(breaker)
    fail(breaker, 5)
    breaker.succeeded(early)
    assert breaker.is_open
    clock.pass_by(1.01)
    probe = permit_of(breaker)
    breaker.succeeded(early)
    assert breaker.is_open, "an early success is not the probe's"
    breaker.failed(early)
    breaker.gave_up(early)
    assert breaker.admit() is None, "an early caller does not give the probe back"
    breaker.succeeded(probe)
    assert not breaker.is_open
    for _ in range(5):
        breaker.failed(early)
    assert not breaker.is_open


def test_a_probe_that_was_given_back_is_heard_no_more(breaker: Breaker, clock: SettableClock) -> None:
    fail(breaker, 5)
    clock.pass_by(1.01)
    first = permit_of(breaker)
    breaker.gave_up(first)
    second = permit_of(breaker)
    breaker.succeeded(first)
    assert breaker.is_open
    breaker.succeeded(second)
    assert not breaker.is_open


def test_limits_may_be_others(clock: SettableClock) -> None:
    breaker = Breaker(clock, BreakerLimits(failures=1, shortest=3))
    fail(breaker)
    clock.pass_by(2.99)
    assert breaker.admit() is None
