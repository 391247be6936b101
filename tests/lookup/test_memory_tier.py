"""The memory tier: how long it relies on an answer, by what it forgets, and that its index never lies."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.answers import NOBODY, Answer
from cti_lookup.cache.memory import Freshness, Held, MemoryTier, _marks
from cti_lookup.questions import AnyQuestion, Forgotten, person_mark
from tests.conftest import SettableClock
from tests.lookup.people import BERLIN, HOUSTON, LONDON, person, question
from tests.lookup.replica import BESIDE_REDIS, FRESHNESS

NOW = 1000.0
SAME_TAIL = "+442039460958"
"""Ends in the six digits that LONDON ends in."""


def answer(*people: int, asked_at: float = NOW) -> Answer:
    return Answer(b'[{"id":0}]' if people else NOBODY, False, asked_at, people)


def tier(freshness: Freshness = FRESHNESS, *, most: int = 10_000) -> tuple[MemoryTier, SettableClock]:
    clock = SettableClock(NOW)
    return MemoryTier(freshness, clock, most=most), clock


def _kept(told: Answer, freshness: Freshness = FRESHNESS, *, times: int = 300) -> list[Held]:
    memory, _ = tier(freshness, most=times)
    kept = []
    for tail in range(times):
        memory.put(question(f"+44207{tail:07d}"), told, memory.fence.count)
        held = memory.peek(question(f"+44207{tail:07d}"))
        assert held is not None
        kept.append(held)
    return kept


def test_an_answer_is_fresh_for_its_time_give_or_take_a_tenth() -> None:
    seconds = [held.fresh_until - NOW for held in _kept(answer(1))]

    assert 270 <= min(seconds) < 280
    assert 320 < max(seconds) <= 330


def test_nobody_is_fresh_for_its_own_time_and_never_kept_longer() -> None:
    kept = _kept(answer())

    assert all(54 <= held.fresh_until - NOW <= 60 for held in kept)
    assert all(held.kept_until == NOW + 60 for held in kept)


def test_an_answer_is_due_late_in_its_fresh_time_and_nobody_is_never_due() -> None:
    assert all(
        216 <= held.due_at - NOW <= 264 and held.due_at < held.fresh_until for held in _kept(answer(1))
    )
    assert all(held.due_at == held.fresh_until for held in _kept(answer()))


def test_beside_a_shared_tier_it_is_relied_on_for_less_give_or_take_a_fifth() -> None:
    seconds = [held.fresh_until - NOW for held in _kept(answer(1), BESIDE_REDIS)]

    assert 24 <= min(seconds) < 26
    assert 34 < max(seconds) <= 36


def test_its_age_counts_from_when_it_was_asked_and_not_from_when_it_came() -> None:
    assert all(held.fresh_until <= NOW + 130 for held in _kept(answer(1, asked_at=NOW - 200.0)))


def test_what_is_of_no_use_any_more_is_not_kept() -> None:
    memory, _ = tier()
    memory.put(question(), answer(asked_at=NOW - 60), memory.fence.count)

    assert len(memory) == 0


def test_what_is_of_no_use_any_more_is_let_go_when_it_is_looked_at() -> None:
    memory, clock = tier()
    memory.put(question(), answer(1), memory.fence.count)
    clock.pass_by(86_400.0)

    assert memory.old(question()) is None
    assert len(memory) == 0


def test_it_holds_the_busiest_and_no_more_than_it_was_told() -> None:
    memory, _ = tier(most=2)
    memory.put(question(LONDON), answer(1), memory.fence.count)
    memory.put(question(HOUSTON), answer(2), memory.fence.count)
    memory.held(question(LONDON))
    memory.put(question(BERLIN), answer(3), memory.fence.count)

    assert len(memory) == 2
    assert memory.peek(question(HOUSTON)) is None


def test_to_peek_leaves_no_trace() -> None:
    memory, _ = tier(most=2)
    memory.put(question(LONDON), answer(1), memory.fence.count)
    memory.put(question(HOUSTON), answer(2), memory.fence.count)
    memory.peek(question(LONDON))
    memory.peek(question(BERLIN))
    memory.put(question(BERLIN), answer(3), memory.fence.count)

    assert memory.peek(question(LONDON)) is None


def test_an_older_answer_never_replaces_a_newer() -> None:
    memory, _ = tier()
    memory.put(question(), answer(2, asked_at=NOW), memory.fence.count)
    memory.put(question(), answer(1, asked_at=NOW - 1), memory.fence.count)

    assert memory.old(question()) == answer(2, asked_at=NOW)


def test_a_number_is_forgotten_with_all_that_end_alike_whatever_the_extension() -> None:
    memory, _ = tier()
    for one in (question(LONDON), question(LONDON, "12"), question(SAME_TAIL), question(BERLIN)):
        memory.put(one, answer(1), memory.fence.count)
    memory.forget(Forgotten((question(LONDON).mark,)))

    assert [one for one in list(memory._held) if memory.held(one)] == [question(BERLIN)]
    assert len(memory) == 1


def test_a_person_is_forgotten_with_every_answer_that_lists_them() -> None:
    memory, _ = tier()
    memory.put(question(LONDON), answer(1, 2), memory.fence.count)
    memory.put(question(BERLIN), answer(2), memory.fence.count)
    memory.put(question(HOUSTON), answer(1), memory.fence.count)
    memory.forget(Forgotten(person=2))

    assert [one for one in list(memory._held) if memory.held(one)] == [question(HOUSTON)]


def test_who_is_erased_is_deleted_at_once_and_not_only_given_no_more() -> None:
    memory, _ = tier()
    memory.put(question(LONDON), answer(1, 2), memory.fence.count)
    memory.put(question(HOUSTON), answer(1), memory.fence.count)
    memory.forget(Forgotten(person=2, erased=True))

    assert list(memory._held) == [question(HOUSTON)]


@pytest.mark.parametrize("forgotten", [Forgotten((question().mark,)), Forgotten(person=1)])
def test_what_was_asked_before_a_forgetting_is_not_remembered_after_it(forgotten: Forgotten) -> None:
    memory, _ = tier()
    since = memory.fence.count
    memory.forget(forgotten)
    memory.put(question(), answer(1), since)

    assert memory.overtaken(question(), answer(1), since)
    assert len(memory) == 0


def test_who_was_erased_is_listed_by_no_answer_however_late_it_was_asked() -> None:
    memory, _ = tier()
    memory.forget(Forgotten(person=1, erased=True))
    memory.put(question(), answer(1, 2), memory.fence.count)

    assert len(memory) == 0
    assert memory.overtaken(question(), answer(1, 2), memory.fence.count)
    assert memory.unerased((person(1), person(2))) == (person(2),)


def test_what_is_distrusted_is_kept_but_not_relied_on() -> None:
    memory, _ = tier()
    since = memory.fence.count
    memory.put(question(), answer(1), since)
    memory.distrust(question())
    held = memory.peek(question())

    assert held is not None
    assert held.fresh_until == held.due_at == 0.0
    assert memory.old(question()) == answer(1)
    assert memory.overtaken(question(), answer(1), since)


def test_to_distrust_all_keeps_everything_in_the_order_of_its_use() -> None:
    memory, _ = tier(most=3)
    since = memory.fence.count
    for number in (LONDON, HOUSTON, BERLIN):
        memory.put(question(number), answer(1), since)
    memory.held(question(LONDON))
    memory.distrust_all()

    assert {memory.peek(question(number)).fresh_until for number in (LONDON, HOUSTON, BERLIN)} == {0.0}  # type: ignore[union-attr]  # all are held
    memory.put(question(LONDON, "1"), answer(1), memory.fence.count)
    assert memory.peek(question(HOUSTON)) is None


def test_what_was_asked_before_all_was_distrusted_is_not_remembered_after_it() -> None:
    memory, _ = tier()
    since = memory.fence.count
    memory.distrust_all()
    memory.put(question(), answer(1), since)

    assert len(memory) == 0


def test_to_distrust_what_is_not_known_is_of_no_effect() -> None:
    memory, _ = tier()
    memory.distrust(question())

    assert len(memory) == 0


NUMBERS = st.sampled_from([LONDON, SAME_TAIL, HOUSTON, BERLIN])
QUESTIONS = st.builds(question, NUMBERS, st.sampled_from([None, "1", "2"]))
PEOPLE = st.lists(st.integers(1, 4), max_size=3, unique=True)
STEPS = st.one_of(
    st.tuples(st.just("put"), QUESTIONS, PEOPLE),
    st.tuples(st.just("number"), QUESTIONS, PEOPLE),
    st.tuples(st.just("person"), QUESTIONS, st.lists(st.integers(1, 4), min_size=1, max_size=1)),
    st.tuples(st.just("old"), QUESTIONS, PEOPLE),
    st.tuples(st.just("held"), QUESTIONS, PEOPLE),
)


@given(st.lists(STEPS, max_size=60), st.integers(1, 6), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_what_was_forgotten_is_gone_and_all_else_stays(
    steps: list[tuple[str, object, list[int]]], most: int, chances: random.Random
) -> None:
    memory, clock = tier(most=most)
    alive: dict[AnyQuestion, Answer] = {}
    gone: set[int] = set()
    for what, one, people in steps:
        asked = question() if not isinstance(one, type(question())) else one
        clock.pass_by(chances.choice([0.0, 1.0, 50.0]))
        match what:
            case "put":
                told = answer(*people, asked_at=clock())
                memory.put(asked, told, memory.fence.count)
                if gone.isdisjoint(people):
                    alive[asked] = told
            case "number":
                memory.forget(Forgotten((asked.mark,)))
                alive = {key: told for key, told in alive.items() if asked.mark not in _marks(key, told)}
            case "person":
                erased = chances.random() < 0.1
                gone.update(people if erased else ())
                memory.forget(Forgotten(person=people[0], erased=erased))
                alive = {key: told for key, told in alive.items() if people[0] not in told.ids}
            case "old":
                memory.old(asked)
            case _:
                memory.held(asked)
        _assert_as(memory, alive)


def _assert_as(memory: MemoryTier, alive: dict[AnyQuestion, Answer]) -> None:
    """Compare what is remembered with what it should be, but for what had no room or no use, or is of the erased."""
    for one in list(memory._held):
        held = memory.peek(one)
        assert held is None or alive.get(one) == held.answer
    for one, told in alive.items():
        held = memory.peek(one)
        evicted = one not in memory._held
        assert evicted or (held is not None and held.answer == told)


def test_marks_of_people_and_numbers_are_never_taken_for_each_other() -> None:
    marks = [question().mark, person_mark(460958), question(BERLIN).mark]

    assert all(one != other for one, other in pairwise(marks))
