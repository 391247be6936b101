"""Webhooks hear of everybody whom an import creates or changes, and of nobody else."""

from pathlib import Path

import pytest

from cti_lookup.directory.storage.database import open_writer
from tests.directory.transfers import Directory, rows

HEAD = ("Primary Email", "Name")
LISTENER = (
    "INSERT INTO webhooks (account_id, event, uri, verified_at, created_at, updated_at)"
    " VALUES ('widget', ?, 'https://example.org/hook', 'then', 'then', 'then')"
)
HEARD = "SELECT event, name FROM deliveries JOIN people ON people.id = object_id ORDER BY deliveries.id"


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    made = Directory(tmp_path)
    made.take_in(rows(HEAD, ("ann@example.org", "Ann"), ("bob@example.org", "Bob")))
    connection = open_writer(made.database)
    for event in ("person.create", "person.update"):
        connection.execute(LISTENER, (event,))
    connection.close()
    return made


def test_people_who_are_new_or_changed_are_announced(directory: Directory) -> None:
    directory.take_in(
        rows(HEAD, ("ann@example.org", "Ann"), ("bob@example.org", "Robert"), ("cy@example.org", "Cy"))
    )

    assert directory.query(HEARD) == [("person.create", "Cy"), ("person.update", "Robert")]


def test_a_change_of_contacts_is_a_change_of_their_owner(directory: Directory) -> None:
    head = ("Person", "Contact Protocol", "Contact Label", "Contact URI")
    directory.take_in(rows(head, ("ann@example.org", "telephone", "work", "1234567")))

    assert directory.query(HEARD) == [("person.update", "Ann")]


def test_a_new_person_with_contacts_is_announced_once(directory: Directory) -> None:
    directory.take_in("BEGIN:VCARD\nFN:Cy\nEMAIL:cy@example.org\nTEL:1234567\nEND:VCARD\n", "people.vcf")

    assert directory.query(HEARD) == [("person.create", "Cy")]


def test_an_import_that_is_refused_announces_nobody(directory: Directory) -> None:
    directory.take_in(rows(HEAD, ("cy@example.org", "Cy"), ("", "")), dry_run=True, skip_rejected=True)

    assert directory.query(HEARD) == []


def test_a_change_of_an_organizations_contacts_is_a_change_of_the_organization(directory: Directory) -> None:
    connection = open_writer(directory.database)
    connection.execute(LISTENER, ("organization.update",))
    connection.close()
    head = ("Organization", "Contact Protocol", "Contact Label", "Contact URI")
    for number in ("1234567", "1234567", "7654321"):  # the second says what is there already
        directory.take_in(rows(head, ("Widget", "telephone", "general", number)), "organizations.csv")

    assert directory.query("SELECT event FROM deliveries") == [("organization.update",)] * 2
