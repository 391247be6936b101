"""Failures are remembered for moments, and only as failures."""

from cti_lookup.cache.failures import LONGEST, SHORTEST, Failures
from tests.conftest import SettableClock
from tests.lookup.people import BERLIN, LONDON, question


def _noted(clock: SettableClock, times: int) -> tuple[Failures, list[float]]:
    """Let a question fail as often, each time as soon as it may be asked; give for how long each was remembered."""
    failures, remembered = Failures(clock), []
    for _ in range(times):
        failures.note(question())
        began = clock()
        while failures.recent(question()):
            clock.pass_by(0.5)
        remembered.append(clock() - began)
    return failures, remembered


def test_a_failure_is_remembered_for_a_second_and_then_doubly_as_long_up_to_thirty() -> None:
    _, remembered = _noted(SettableClock(1000.0), 7)

    assert remembered == [SHORTEST, 2, 4, 8, 16, LONGEST, LONGEST]


def test_after_a_while_without_failures_it_begins_anew() -> None:
    clock = SettableClock(1000.0)
    failures, _ = _noted(clock, 4)
    clock.pass_by(LONGEST)
    failures.note(question())
    clock.pass_by(SHORTEST)

    assert not failures.recent(question())


def test_an_answer_makes_it_begin_anew() -> None:
    clock = SettableClock(1000.0)
    failures, _ = _noted(clock, 4)
    failures.forgive(question())
    failures.note(question())
    clock.pass_by(SHORTEST)

    assert not failures.recent(question())


def test_what_never_failed_can_be_forgiven() -> None:
    Failures(SettableClock()).forgive(question())


def test_another_question_has_not_failed() -> None:
    failures = Failures(SettableClock(1000.0))
    failures.note(question(LONDON))

    assert failures.recent(question(LONDON))
    assert not failures.recent(question(BERLIN))
    assert not failures.recent(question(LONDON, "12"))


def test_no_more_than_ten_thousand_are_remembered() -> None:
    failures = Failures(SettableClock(1000.0))
    for tail in range(10_001):
        failures.note(question(f"+44207{tail:07d}"))

    assert len(failures._held) == 10_000
