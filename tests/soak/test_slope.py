"""The judge of a soak sees a leak, and lets pass what only swings."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.soak.slope import Series


def series(values: list[float], tolerance: float = 1.0) -> Series:
    return Series("one", [(float(at), value) for at, value in enumerate(values)], tolerance)


def noise(width: float) -> Iterator[float]:
    """Give values that swing by so much to either side, without order, and always the same."""
    return (width * (2 * (at * 0.618_033_988_749 % 1) - 1) for at in count(1))


def test_what_stays_is_flat() -> None:
    assert series([5.0] * 30).growth == 0
    assert series([5.0] * 30).is_flat


def test_what_leaks_a_little_each_time_grows() -> None:
    leaking = series([5 + 0.1 * at for at in range(30)])

    assert leaking.growth == pytest.approx(2.9)
    assert not leaking.is_flat
    assert "GROWS" in str(leaking)


def test_a_leak_is_seen_through_noise_much_larger_than_one_step_of_it() -> None:
    values = [0.1 * at + swing for at, swing in zip(range(200), noise(3.0), strict=False)]
    assert not series(values, tolerance=10.0).is_flat


def test_what_swings_is_flat() -> None:
    assert series([50 + swing for _, swing in zip(range(200), noise(3.0), strict=False)]).is_flat


def test_single_readings_that_stand_out_are_no_growth() -> None:
    assert series([5.0] * 20 + [90.0, 5.0] * 3 + [5.0] * 10).is_flat


def test_what_shrinks_is_no_leak() -> None:
    assert series([50.0 - at for at in range(30)]).is_flat


def test_a_long_series_is_judged_by_some_of_its_readings() -> None:
    assert series([0.01 * at for at in range(5000)]).growth == pytest.approx(49.99)
