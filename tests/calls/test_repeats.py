"""A request that was taken in is known again for an hour, and what is remembered of requests is bounded."""

import pytest

from cti_lookup.calls.repeats import Repeats
from tests.conftest import SettableClock

MINUTE = 60


def fingerprint(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_the_same_request_of_another_source_is_another(clock: SettableClock) -> None:
    repeats = Repeats(clock)

    assert repeats.is_new("front-desk", fingerprint(1))
    assert not repeats.is_new("front-desk", fingerprint(1))
    assert repeats.is_new("branch", fingerprint(1))
    assert repeats.is_new("front-desk", fingerprint(2))


@pytest.mark.parametrize("first", [0, 10, 29, 31, 59])
@pytest.mark.parametrize("looks", [1, 7, 29, 59])
def test_a_request_is_known_for_an_hour_and_new_after_an_hour_and_a_half(
    clock: SettableClock, first: int, looks: int
) -> None:
    repeats = Repeats(clock)
    clock.pass_by(first * MINUTE)
    assert repeats.is_new("front-desk", fingerprint(1))
    for look in range(60 // looks):
        clock.pass_by(looks * MINUTE)
        assert not repeats.is_new("front-desk", fingerprint(1)), look

    clock.pass_by(91 * MINUTE)
    assert repeats.is_new("front-desk", fingerprint(1))


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first(clock: SettableClock) -> None:
    repeats = Repeats(clock, most=300)
    for number in range(1000):
        assert repeats.is_new("front-desk", fingerprint(number))
        assert len(repeats) <= 300

    assert not repeats.is_new("front-desk", fingerprint(999))
    assert not repeats.is_new("front-desk", fingerprint(801))
    assert repeats.is_new("front-desk", fingerprint(0))


def test_a_clock_that_is_set_back_lets_nothing_be_repeated(clock: SettableClock) -> None:
    repeats = Repeats(clock)
    assert repeats.is_new("front-desk", fingerprint(1))
    clock.pass_by(-86_400)

    assert not repeats.is_new("front-desk", fingerprint(1))
