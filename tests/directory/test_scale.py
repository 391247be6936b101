"""What a look-up costs in a crowd, in steps of SQLite's machine: they do not depend on how fast this one is."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from cti_lookup.directory.access.accounts import settle
from cti_lookup.directory.callers.callers import Question, View, who_is_calling
from cti_lookup.directory.callers.telephones import telephone_digits
from cti_lookup.directory.records.contacts import ContactDraft
from cti_lookup.directory.records.inserting import Origin, insert_contact, insert_person
from cti_lookup.directory.storage.database import open_writer, transaction
from tests.directory.people_of_a_million import SHARED_TAIL, Somebody, many_people

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = View(("widget",), "widget")
CROWD = 20_000
FEW_STEPS = 6000
"""Enough for ten whole people; one step for each of a crowd is more."""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Make a file in which twenty thousand people have numbers with the same last seven digits, and all the same number."""
    path: Path = tmp_path_factory.mktemp("crowd") / "directory.sqlite3"
    with closing(open_writer(path)) as connection:
        with transaction(connection):
            origin = Origin(settle(connection, NOON).account, NOON)
            for place in range(CROWD):
                values = {"name": "Ada", "primary_email": f"{place}@people.example", "supportID": "S-1"}
                person_id = insert_person(connection, values, origin)
                for text in (f"+1 {10_000 + place} 9872967", "+1 212 555 0100", f"+44 20 {place:07}1"):
                    insert_contact(connection, person_id, ContactDraft("work", "telephone", text))
        yield connection


def steps_of(connection: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Count the steps of SQLite's machine."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(step, 1)
    try:
        work()
    finally:
        connection.set_progress_handler(None, 0)
    return steps


@pytest.mark.parametrize(
    "telephone",
    [
        "+1 10007 9872967",
        "10007 9872967",
        "9872967",
        "79872967",
        "+1 99999 9872967",
        "+1 212 555 0100",
        "(212) 555-0100",
        "555 0100",
        "+1 999 212 555 0100",
        "+44 20 0000017 1",
        "+31 20 1234567",
    ],
)
@pytest.mark.slow
def test_a_look_up_takes_few_steps_however_many_share_a_number_or_its_tail(
    crowd: sqlite3.Connection, telephone: str
) -> None:
    question = Question(digits=telephone_digits(telephone))
    assert steps_of(crowd, lambda: who_is_calling(crowd, question, OWN)) < FEW_STEPS


@pytest.mark.slow
def test_a_support_id_that_a_crowd_has_takes_few_steps(crowd: sqlite3.Connection) -> None:
    question = Question(support_id="s-1")
    assert steps_of(crowd, lambda: who_is_calling(crowd, question, OWN)) < FEW_STEPS


@pytest.mark.slow
def test_the_one_who_has_the_whole_number_is_found_in_the_crowd(crowd: sqlite3.Connection) -> None:
    for place in (0, 7, CROWD - 1):
        question = Question(digits=telephone_digits(f"+1 {10_000 + place} 9872967"))
        (found,) = json.loads(who_is_calling(crowd, question, OWN))
        assert found["primary_email"] == f"{place}@people.example"


def test_everybody_is_found_by_every_writing_of_their_number(database: Path) -> None:
    people = list(many_people(500))
    with closing(open_writer(database)) as connection:
        with transaction(connection):
            origin = Origin(settle(connection, NOON).account, NOON)
            for one in people:
                _add(connection, one, origin)
        for one in people:
            if one.work.line != SHARED_TAIL:
                for text in (one.work.text, one.work.international, f"00{one.work.international}"):
                    question = Question(digits=telephone_digits(text.partition(" x")[0]))
                    found = json.loads(who_is_calling(connection, question, OWN))
                    assert one.email in [person["primary_email"] for person in found]


def _add(connection: sqlite3.Connection, one: Somebody, origin: Origin) -> None:
    person_id = insert_person(connection, {"name": one.name, "primary_email": one.email}, origin)
    insert_contact(connection, person_id, ContactDraft("work", "telephone", one.work.text))


def test_the_people_are_the_same_each_time_and_however_many_there_are() -> None:
    assert list(many_people(20)) == list(islice(many_people(1000), 20))
