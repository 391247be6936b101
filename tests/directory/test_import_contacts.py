"""Files of contact details: what integrations keep is removed first, and everything else stays."""

from datetime import timedelta
from pathlib import Path

import pytest

from cti_lookup.directory.transfer.applying_people import Applied
from cti_lookup.directory.transfer.faults import RefusedFileError, Rejection
from tests.directory.transfers import NOW, Directory, faults, rows

HEAD = ("Person", "Contact Protocol", "Contact Label", "Contact URI", "Integration")
ANN = "ann@example.org"
BOB = "bob@example.org"


def telephone(person: str, uri: str, integration: str = "1", label: str = "work") -> tuple[str, ...]:
    return (person, "telephone", label, uri, integration)


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    made = Directory(tmp_path)
    made.take_in(rows(("Primary Email", "Name"), (ANN, "Ann"), (BOB, "Bob")))
    return made


def uris(directory: Directory, email: str) -> list[str]:
    return [uri for _, _, uri, _ in directory.contacts(email)]


def test_contacts_are_added_and_callers_are_found_by_them(directory: Directory) -> None:
    report = directory.take_in(
        rows(
            HEAD,
            telephone("ANN@example.org", "\t+1 (713) 987-2967"),
            (ANN, "email", "work", "a@example.org", "0"),
        )
    )

    assert report.applied == Applied(created=2)
    assert directory.contacts(ANN) == [
        ("work", "telephone", "+1 (713) 987-2967", 1),
        ("work", "email", "a@example.org", 0),
    ]
    assert directory.query("SELECT reversed, rank, person_id FROM telephone_keys") == [("76927893171", 0, 2)]


def test_what_integrations_kept_is_removed_first_and_manual_contacts_stay(directory: Directory) -> None:
    directory.take_in(rows(HEAD, telephone(ANN, "111111111"), telephone(ANN, "222222222", "0")))

    report = directory.take_in(rows(HEAD, telephone(ANN, "333333333")))

    assert report.applied == Applied(created=1, deleted=1)
    assert uris(directory, ANN) == ["222222222", "333333333"]
    assert len(directory.query("SELECT 1 FROM telephone_keys")) == 2


def test_contacts_of_people_the_file_does_not_name_stay(directory: Directory) -> None:
    directory.take_in(rows(HEAD, telephone(ANN, "111111111"), telephone(BOB, "222222222")))

    directory.take_in(rows(HEAD, telephone(ANN, "333333333")))

    assert uris(directory, BOB) == ["222222222"]


def test_a_later_group_of_the_same_person_wipes_the_earlier_one(directory: Directory) -> None:
    directory.take_in(
        rows(HEAD, telephone(ANN, "111111111"), telephone(BOB, "222222222"), telephone(ANN, "333333333"))
    )

    assert uris(directory, ANN) == ["333333333"]


def test_ids_of_integration_contacts_change_on_every_import(directory: Directory) -> None:
    text = rows(HEAD, telephone(ANN, "111111111"))
    directory.take_in(text)
    before = directory.query("SELECT id FROM contacts")

    directory.take_in(text)

    assert directory.query("SELECT id FROM contacts") != before


def test_a_manual_row_that_says_what_is_there_changes_nothing(directory: Directory) -> None:
    text = rows(HEAD, telephone(ANN, "111111111", "0"))
    directory.take_in(text)

    report = directory.take_in(text, now=NOW + timedelta(hours=1))

    assert report.applied == Applied(unchanged=1)
    assert directory.people("updated_at") == [("2026-11-21T20:00:00Z",)] * 2


def test_a_row_with_an_id_updates_that_contact_and_its_keys(directory: Directory) -> None:
    directory.take_in(rows(HEAD, telephone(ANN, "111111111"), telephone(ANN, "222222222")))
    ((first,), _) = directory.query("SELECT id FROM contacts ORDER BY id")

    report = directory.take_in(rows((*HEAD, "ID"), (*telephone(ANN, "444444444"), str(first))))

    assert report.applied == Applied(updated=1, deleted=1)
    assert directory.query("SELECT id, uri FROM contacts") == [(first, "444444444")]
    assert directory.query("SELECT reversed FROM telephone_keys") == [("444444444",)]


def test_an_id_of_somebody_elses_contact_is_as_none(directory: Directory) -> None:
    directory.take_in(rows(HEAD, telephone(BOB, "222222222")))
    ((theirs,),) = directory.query("SELECT id FROM contacts")

    directory.take_in(rows((*HEAD, "ID"), (*telephone(ANN, "111111111"), str(theirs))))

    assert (uris(directory, ANN), uris(directory, BOB)) == (["111111111"], ["222222222"])


def test_a_change_of_contacts_moves_updated_at_of_their_owner_only(directory: Directory) -> None:
    directory.take_in(rows(HEAD, telephone(ANN, "111111111")), now=NOW + timedelta(hours=1))

    assert directory.people("updated_at") == [("2026-11-21T21:00:00Z",), ("2026-11-21T20:00:00Z",)]


def test_addresses_come_in_rows_of_their_own_or_beside_a_contact(directory: Directory) -> None:
    head = (*HEAD, "Address Label", "Address Address", "Address City", "Address Country")
    directory.take_in(rows(head, (*telephone(ANN, "111111111"), "home", "1 Main St", "Houston", "US")))

    assert directory.query("SELECT label, address, city, country, integration FROM addresses") == [
        ("home", "1 Main St", "Houston", "US", 1)
    ]


def test_contacts_of_disabled_people_rank_after_those_of_others(directory: Directory) -> None:
    directory.take_in(rows(("Primary Email", "Disabled"), (ANN, "1")))

    directory.take_in(rows(HEAD, telephone(ANN, "111111111")))

    assert directory.query("SELECT rank FROM telephone_keys") == [(1,)]


@pytest.mark.parametrize(
    ("line", "rejection"),
    [
        (telephone("nobody@example.org", "111111111"), Rejection(2, "Person", "is not found")),
        (telephone("", "111111111"), Rejection(2, "Person", "can't be blank")),
        (
            telephone(ANN, ""),
            Rejection(2, "Contact URI", "must have exactly one of telephone, email, website and chat"),
        ),
        (telephone(ANN, "1" * 256), Rejection(2, "Contact URI", "is too long (maximum is 255 characters)")),
        (
            telephone(ANN, "1", label="personal"),
            Rejection(2, "Contact Label", "is only for email and website"),
        ),
        (telephone(ANN, "1", label="office"), Rejection(2, "Contact Label", "is not included in the list")),
        (
            (ANN, "pigeon", "work", "coo", "1"),
            Rejection(2, "Contact Protocol", "is not included in the list"),
        ),
        ((ANN, "", "", "", "1"), Rejection(2, "Contact URI", "has neither a contact nor an address")),
    ],
)
def test_a_row_that_is_not_acceptable_is_rejected(
    directory: Directory, line: tuple[str, ...], rejection: Rejection
) -> None:
    with pytest.raises(RefusedFileError):
        directory.take_in(rows(HEAD, line))

    assert directory.rejected == [rejection]


def test_organizations_have_contacts_under_their_own_labels(directory: Directory) -> None:
    head = ("Organization", *HEAD[1:], "Address Label", "Address City")
    directory.take_in(
        rows(
            head,
            ("Widget", "telephone", "service_desk", "+1 713 555 0100", "1", "street", "Houston"),
            ("Widget @widget", "website", "general", "https://widget.example", "1", "", ""),
        )
    )

    assert directory.query("SELECT name FROM organizations") == [("Widget",)]
    assert directory.query("SELECT label, uri FROM organization_contacts ORDER BY id") == [
        ("service_desk", "+1 713 555 0100"),
        ("general", "https://widget.example"),
    ]
    assert directory.query("SELECT label, city FROM organization_addresses") == [("street", "Houston")]
    assert not list(faults(directory.database))


def test_a_person_whose_rows_stand_on_either_side_of_a_fault_keeps_all_of_them(directory: Directory) -> None:
    several = [telephone(ANN, f"+49 30 {number:07}") for number in range(1000)]
    several[600] = telephone(ANN, "")

    report = directory.take_in(rows(HEAD, *several), skip_rejected=True)

    assert (report.applied, report.rejected) == (Applied(created=999), 1)
    assert uris(directory, ANN) == [uri for _, _, _, uri, _ in several if uri]
