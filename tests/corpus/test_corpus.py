"""How well the core recognises callers, measured over calls whose right answer is known."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from cti_lookup.people import Person
from tests.corpus.publishing import Publish
from tests.corpus.score import CorpusCall, Found, Scorecard, read_calls, read_people, score
from tests.corpus.table import with_groups
from tests.corpus.ways import by_deciding, by_documented_tail, by_last_eight

Way = Callable[[Sequence[Person]], Callable[[CorpusCall], Found]]


def measured(title: str, way: Way) -> Scorecard:
    return asyncio.run(score(title, read_calls(), way(read_people())))


@pytest.fixture(scope="module")
def card(publish: Publish) -> Scorecard:
    """Measure the core, and show it beside what is in use elsewhere."""
    ours = measured("the core", by_deciding)
    others = [
        measured("the directory's tail rule alone", by_documented_tail),
        measured("last eight digits, first hit", by_last_eight),
    ]
    publish("who is calling? the core, given every candidate", [*with_groups(ours), *others])
    return ours


def test_the_right_person_is_always_first(card: Scorecard) -> None:
    assert card.lacking("right_first") == []


def test_every_owner_is_listed(card: Scorecard) -> None:
    assert card.lacking("complete") == []


def test_no_known_caller_is_missed(card: Scorecard) -> None:
    assert card.missed == 0


def test_nobody_is_shown_as_proven_who_does_not_own_the_number(card: Scorecard) -> None:
    assert card.failing("wrong") == []


def test_nobody_is_shown_even_weakly_whose_number_cannot_be_the_caller(card: Scorecard) -> None:
    assert card.failing("noise") == []


def test_every_other_call_has_the_right_outcome(card: Scorecard) -> None:
    assert card.with_wrong_outcome() == []


def test_every_call_is_answered(card: Scorecard) -> None:
    assert card.failing("crashed") == []


def test_an_answer_tells_that_more_people_own_the_number_than_it_holds(card: Scorecard) -> None:
    told = {verdict.call.id: verdict.found and verdict.found.truncated for verdict in card.known}

    assert told == {verdict.call.id: verdict.call.expect.truncated for verdict in card.known}
