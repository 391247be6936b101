"""So often, and no oftener; nobody pays for somebody else."""

from cti_lookup.throttle import Throttle
from tests.conftest import SettableClock


def test_a_burst_is_let_through_and_then_so_many_a_second(clock: SettableClock) -> None:
    throttle = Throttle(2.0, 3, clock)

    assert [throttle.wait("one") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    clock.pass_by(0.5)
    assert [throttle.wait("one") for _ in range(2)] == [0.0, 0.5]


def test_who_is_refused_does_not_wait_the_longer_for_it(clock: SettableClock) -> None:
    throttle = Throttle(1.0, 1, clock)
    throttle.wait("one")

    assert [throttle.wait("one") for _ in range(100)] == [1.0] * 100


def test_each_has_a_bucket_of_their_own(clock: SettableClock) -> None:
    throttle = Throttle(1.0, 1, clock)
    throttle.wait("one")

    assert throttle.wait("other") == 0.0


def test_a_bucket_does_not_fill_beyond_its_burst(clock: SettableClock) -> None:
    throttle = Throttle(1.0, 3, clock)
    clock.pass_by(3600)

    assert [throttle.wait("one") > 0 for _ in range(4)] == [False, False, False, True]


def test_there_are_no_more_buckets_than_allowed(clock: SettableClock) -> None:
    throttle = Throttle(1.0, 1, clock, most=100)
    for number in range(1000):
        throttle.wait(f"{number}")

    assert len(throttle) == 100
    assert throttle.wait("999") > 0


def test_what_is_asked_at_just_the_rate_is_never_refused(clock: SettableClock) -> None:
    throttle = Throttle(10.0, 1, clock)
    for _ in range(1000):
        assert throttle.wait("one") == 0.0
        clock.pass_by(0.1)
