"""Webhooks hear of everybody whom an import creates or changes, and of nobody else."""

from contextlib import closing
from pathlib import Path

import pytest

from cti_lookup.directory.storage.database import open_writer
from tests.directory.transfers import Directory, rows

HEAD = ("Primary Email", "Name")
TELEPHONE = ("telephone", "general", "1234567")
LISTENER = (
    "INSERT INTO webhooks (account_id, event, uri, verified_at, created_at, updated_at)"
    " VALUES ('widget', ?, 'https://example.org/hook', 'then', 'then', 'then')"
)
HEARD = "SELECT event, name FROM deliveries JOIN people ON people.id = object_id ORDER BY deliveries.id"


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    made = Directory(tmp_path)
    made.take_in(rows(HEAD, ("ann@example.org", "Ann"), ("bob@example.org", "Bob")))
    listen(made, "person.create", "person.update")
    return made


def listen(directory: Directory, *events: str) -> None:
    """Add a webhook for each event."""
    with closing(open_writer(directory.database)) as connection:
        for event in events:
            connection.execute(LISTENER, (event,))


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


def test_organizations_that_an_import_makes_are_announced(directory: Directory) -> None:
    listen(directory, "organization.create", "organization.update")
    person = ("ann@example.org", "Ann", "Widget")
    directory.take_in(rows((*HEAD, "Organization"), person, ("bob@example.org", "Bob", "WIDGET")))
    directory.take_in(
        rows(("Organization", "Contact Protocol", "Contact Label", "Contact URI"), ("Gadget", *TELEPHONE)),
        "organizations.csv",
    )

    assert directory.query(
        "SELECT event, name_key FROM deliveries JOIN organizations ON organizations.id = object_id"
        " WHERE event LIKE 'organization.%' ORDER BY deliveries.id"
    ) == [("organization.create", "widget"), ("organization.create", "gadget")]


def test_a_change_of_an_organizations_contacts_is_a_change_of_the_organization(directory: Directory) -> None:
    listen(directory, "organization.update")
    head = ("Organization", "Contact Protocol", "Contact Label", "Contact URI")
    directory.take_in(rows(head, ("Widget", "email", "general", "a@widget.example")), "organizations.csv")
    for number in ("1234567", "1234567", "7654321"):  # the second says what is there already
        directory.take_in(rows(head, ("Widget", "telephone", "general", number)), "organizations.csv")

    assert directory.query("SELECT event FROM deliveries") == [("organization.update",)] * 2
