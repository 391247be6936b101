"""An export imported again gives the same directory."""

import csv
import io
import zipfile
from pathlib import Path

import pytest

from cti_lookup.directory.errors import UnusableValueError
from cti_lookup.directory.transfer.commands import export_file
from tests.directory.transfers import Directory, rows

PEOPLE = rows(
    ("Primary Email", "Name", "Organization", "Site", "Work Hours", "Manager", "Job Title", "VIP", "Custom Fields", "Disabled",
     "Time Format 24h", "Guest", "Information", "Source", "Source ID", "Support ID", "Employee ID", "Cost Per Hour"),
    ("ann@example.org", "=Ann", "Widget", "Houston", "24x7", "bob@example.org", "Clerk", "1", '[{"id":"a","value":[1]}]', "0",
     "0", "1", 'a "b",\nc', "HR", "7", "-1", "@4711", "80"),
    ("bob@example.org", "Bob", "", "", "", "", "", "", "", "1", "", "", "", "", "", "", "", ""),
)  # fmt: skip
CONTACTS = rows(
    (
        "Person",
        "Contact Protocol",
        "Contact Label",
        "Contact URI",
        "Address Label",
        "Address City",
        "Integration",
    ),
    ("ann@example.org", "telephone", "work", "+1 713 987 2967", "home", "Houston", "1"),
    ("ann@example.org", "telephone", "fax", "+1 713 987 2911", "", "", "0"),
    ("bob@example.org", "email", "personal", "b@example.org", "", "", "1"),
)
ORGANIZATIONS = rows(
    ("Organization", "Contact Protocol", "Contact Label", "Contact URI", "Integration"),
    ("Widget", "telephone", "general", "+1 713 555 0100", "0"),
)
TYPES = ("people", "people_contact_details", "organizations_contact_details")
PEOPLE_WITH_REFERENCES = (
    "SELECT p.name, p.primary_email, p.source, p.sourceID, p.employeeID, p.supportID, p.disabled, p.details,"
    " o.name, s.name, c.name, m.primary_email FROM people AS p"
    " LEFT JOIN organizations AS o ON o.id = p.organization_id LEFT JOIN sites AS s ON s.id = p.site_id"
    " LEFT JOIN calendars AS c ON c.id = p.work_hours_id LEFT JOIN people AS m ON m.id = p.manager_id"
    " WHERE p.account_id = 'widget' ORDER BY p.primary_email"
)
CONTENT = (
    PEOPLE_WITH_REFERENCES,
    "SELECT label, protocol, uri, integration FROM contacts ORDER BY uri",
    "SELECT label, city, integration FROM addresses",
    "SELECT label, protocol, uri, integration FROM organization_contacts",
    "SELECT reversed, rank FROM telephone_keys",
)


@pytest.fixture
def filled(tmp_path: Path) -> Directory:
    folder = tmp_path / "filled"
    folder.mkdir()
    directory = Directory(folder)
    directory.take_in(PEOPLE)
    directory.take_in(CONTACTS)
    directory.take_in(ORGANIZATIONS)
    return directory


def content(directory: Directory) -> list[object]:
    return [directory.query(statement) for statement in CONTENT]


def exported(directory: Directory) -> dict[str, bytes]:
    path = directory.folder / "export.zip"
    export_file(directory.database, path)
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".csv"): archive.read(name) for name in archive.namelist()}


def test_an_export_fills_another_directory_with_the_same(filled: Directory, tmp_path: Path) -> None:
    other = Directory(tmp_path)
    for file_type, data in exported(filled).items():
        other.take_in(data, file_type=file_type)

    assert content(other) == content(filled)


def test_an_export_imported_where_it_came_from_changes_nothing(filled: Directory) -> None:
    before = content(filled)
    reports = [filled.take_in(data, file_type=kind).applied for kind, data in exported(filled).items()]

    assert content(filled) == before
    assert [(one.created, one.updated, one.deleted) for one in reports] == [(0, 0, 0)] * 3


def test_no_spreadsheet_takes_a_value_for_a_formula(filled: Directory) -> None:
    cells = {
        cell
        for data in exported(filled).values()
        for row in csv.reader(io.StringIO(data.decode(), newline=""))
        for cell in row
    }

    assert {"\t=Ann", "\t-1", "\t@4711", "\t+1 713 987 2967"} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_only_what_changed_since_a_time_is_exported(filled: Directory) -> None:
    path = filled.folder / "people.csv"

    export_file(filled.database, path, types=("people",), since="2026-11-21T20:00:01Z")

    assert len(list(csv.reader(path.read_text().splitlines()))) == 1


def test_a_file_of_an_export_is_private(filled: Directory) -> None:
    path = filled.folder / "export.csv"
    export_file(filled.database, path, types=("people",))

    assert path.stat().st_mode & 0o777 == 0o600


def test_types_and_times_that_are_none_are_refused(filled: Directory) -> None:
    with pytest.raises(UnusableValueError):
        export_file(filled.database, filled.folder / "x", types=("shoes",))
    with pytest.raises(UnusableValueError):
        export_file(filled.database, filled.folder / "x", since="yesterday")
