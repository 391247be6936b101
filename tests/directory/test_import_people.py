"""A file of people becomes people: who is meant, what is changed, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from cti_lookup.directory.transfer.applying_people import Applied
from cti_lookup.directory.transfer.faults import RefusedFileError, Rejection, UnreadableFileError
from tests.directory.transfers import NOW, Directory, faults, rows

HEAD = ("Primary Email", "Name")
ANN = ("ann@example.org", "Ann Smith")
BOB = ("bob@example.org", "Bob Jones")


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


def test_a_file_of_people_makes_people(directory: Directory) -> None:
    report = directory.take_in(rows(HEAD, ANN, BOB))

    assert report.applied == Applied(created=2)
    assert directory.people("primary_email", "name", "name_key") == [
        ("ann@example.org", "Ann Smith", "ann smith"),
        ("bob@example.org", "Bob Jones", "bob jones"),
    ]


def test_all_documented_columns_are_stored_under_their_fields(directory: Directory) -> None:
    directory.take_in(
        rows(
            (
                "Primary Email",
                "Name",
                "Job Title",
                "Cost Per Hour",
                "Time Zone",
                "VIP",
                "Custom Fields",
                "Locale",
            ),
            ("ann@example.org", "Ann", "Clerk", "80", "Berlin", "1", '[{"id":"a","value":1}]', "en-US"),
        )
    )

    assert directory.details("ann@example.org") == {
        "job_title": "Clerk",
        "cost_per_hour": "80.0",
        "time_zone": "Berlin",
        "vip": True,
        "custom_fields": [{"id": "a", "value": 1}],
        "locale": "en-US",
    }


def test_the_same_file_again_changes_nothing(directory: Directory) -> None:
    text = rows(("Primary Email", "Name", "Organization", "Job Title"), (*ANN, "Widget", "Clerk"))
    directory.take_in(text)

    report = directory.take_in(text, now=NOW + timedelta(hours=1))

    assert report.applied == Applied(unchanged=1)
    assert directory.people("updated_at") == [("2026-11-21T20:00:00Z",)]


def test_a_person_is_found_by_id_before_source_before_address(directory: Directory) -> None:
    directory.take_in(rows((*HEAD, "Source", "Source ID"), (*ANN, "HR", "1"), (*BOB, "HR", "2")))
    ((ann, _), (bob, _)) = directory.people("id", "name")

    directory.take_in(rows(("ID", *HEAD), (str(ann), "new-ann@example.org", "Ann by id")))
    directory.take_in(
        rows(("Source", "Source ID", *HEAD), ("HR", "2", "new-bob@example.org", "Bob by source"))
    )

    assert directory.people("id", "name", "primary_email") == [
        (ann, "Ann by id", "new-ann@example.org"),
        (bob, "Bob by source", "new-bob@example.org"),
    ]


def test_an_id_or_a_source_that_is_nobodys_leaves_it_to_the_address(directory: Directory) -> None:
    directory.take_in(rows(HEAD, ANN))

    report = directory.take_in(rows(("ID", "Source", "Source ID", *HEAD), ("99999", "HR", "7", *ANN)))

    assert report.applied == Applied(updated=1)


def test_blank_source_columns_are_cleared_when_the_address_is_what_matches(directory: Directory) -> None:
    directory.take_in(rows((*HEAD, "Source", "Source ID"), (*ANN, "HR", "1")))

    directory.take_in(rows((*HEAD, "Source", "Source ID"), (*ANN, "", "")))

    assert directory.people("source", "sourceID") == [(None, None)]


def test_a_missing_column_keeps_what_there_is_and_a_blank_cell_clears_it(directory: Directory) -> None:
    directory.take_in(rows((*HEAD, "Job Title", "Location", "Support ID"), (*ANN, "Clerk", "Room 1", "S1")))

    directory.take_in(rows((*HEAD, "Job Title", "Support ID"), (*ANN, "", "")))

    assert directory.details("ann@example.org") == {"location": "Room 1"}
    assert directory.people("supportID") == [(None,)]


def test_a_blank_name_keeps_the_name_of_an_existing_person(directory: Directory) -> None:
    directory.take_in(rows(HEAD, ANN))

    directory.take_in(rows((*HEAD, "Disabled"), ("ann@example.org", "", "1")))

    assert directory.people("name", "disabled") == [("Ann Smith", 1)]


def test_a_manager_may_come_later_in_the_file_and_be_written_by_address_or_unique_name(
    directory: Directory,
) -> None:
    directory.take_in(
        rows(
            (*HEAD, "Manager"),
            (*ANN, "BOB@example.org @widget"),
            (*BOB, "Cy Young"),
            ("cy@example.org", "Cy Young", ""),
        )
    )

    ids = [one for (one,) in directory.people("id")]
    assert directory.people("manager_id") == [(ids[1],), (ids[2],), (None,)]
    assert not list(faults(directory.database))


def test_a_manager_whose_name_begins_like_a_distinguished_name_is_found_by_it(directory: Directory) -> None:
    directory.take_in(rows((*HEAD, "Manager"), (*ANN, "dn:bob"), ("bob@example.org", "DN:Bob", "")))

    (_, (bob,)) = directory.people("id")
    assert directory.people("manager_id") == [(bob,), (None,)]


def test_organizations_sites_and_work_hours_that_are_missing_are_made_once(directory: Directory) -> None:
    head = (*HEAD, "Organization", "Site", "Work Hours")
    directory.take_in(
        rows(head, (*ANN, "Widget", "Houston", "24x7"), (*BOB, "WIDGET @widget", "Houston", ""))
    )

    assert directory.query("SELECT name FROM organizations") == [("WIDGET",)]
    assert directory.query("SELECT name FROM sites") == [("Houston",)]
    assert directory.query("SELECT name FROM calendars") == [("24x7",)]
    assert directory.query(
        "SELECT count(DISTINCT organization_id) FROM people WHERE organization_id IS NOT NULL"
    ) == [(1,)]


@pytest.mark.parametrize(
    ("head", "line", "rejection"),
    [
        (HEAD, ("", "Ann"), Rejection(2, "Primary Email", "can't be blank")),
        (HEAD, ("ann@example.org", ""), Rejection(2, "Name", "can't be blank")),
        (HEAD, ("no address", "Ann"), Rejection(2, "Primary Email", "is invalid")),
        (
            HEAD,
            ("a" * 130 + "@example.org", "Ann"),
            Rejection(2, "Primary Email", "is too long (maximum is 128 characters)"),
        ),
        (
            (*HEAD, "Job Title"),
            (*ANN, "x" * 81),
            Rejection(2, "Job Title", "is too long (maximum is 80 characters)"),
        ),
        ((*HEAD, "Custom Fields"), (*ANN, "{"), Rejection(2, "Custom Fields", "is not JSON")),
        ((*HEAD, "Custom Fields"), (*ANN, "[" * 9999), Rejection(2, "Custom Fields", "is not JSON")),
        ((*HEAD, "Manager"), (*ANN, "nobody@example.org"), Rejection(2, "Manager", "is not found")),
        ((*HEAD, "Manager"), (*ANN, "dn:cn=nobody"), Rejection(2, "Manager", "is not found")),
        ((*HEAD, "Manager"), (*ANN, " dn:cn=nobody"), Rejection(2, "Manager", "is not found")),
        ((*HEAD, "Manager"), (*ANN, "ann@example.org"), Rejection(2, "Manager", "can't be the person")),
        ((*HEAD, "ID"), (*ANN, "-1"), Rejection(2, "ID", "is not an id")),
        (HEAD, ("ann@example.org",), Rejection(2, "", "does not have as many cells as the first row")),
        (HEAD, (*ANN, "more"), Rejection(2, "", "does not have as many cells as the first row")),
    ],
)
def test_a_line_that_is_not_acceptable_is_rejected_by_number_and_column(
    directory: Directory, head: tuple[str, ...], line: tuple[str, ...], rejection: Rejection
) -> None:
    with pytest.raises(RefusedFileError):
        directory.take_in(rows(head, line))

    assert directory.rejected == [rejection]


def test_one_rejected_line_keeps_all_others_out(directory: Directory) -> None:
    with pytest.raises(RefusedFileError):
        directory.take_in(rows(HEAD, ANN, ("", "Nobody"), BOB))

    assert directory.people("name") == []
    assert directory.staging_files() == []


def test_rejected_lines_can_be_left_out(directory: Directory) -> None:
    report = directory.take_in(rows(HEAD, ANN, ("", "Nobody"), BOB), skip_rejected=True)

    assert (report.applied.created, report.rejected) == (2, 1)
    assert [line for line, *_ in directory.rejected] == [3]


def test_who_has_a_rejected_manager_is_rejected_too(directory: Directory) -> None:
    text = rows(
        (*HEAD, "Manager"),
        (*ANN, "bob@example.org"),
        (*BOB, "nobody@example.org"),
        ("cy@example.org", "Cy", ""),
    )

    report = directory.take_in(text, skip_rejected=True)

    assert (report.applied.created, report.rejected) == (1, 2)


def test_the_second_line_about_the_same_person_is_rejected(directory: Directory) -> None:
    directory.take_in(rows(HEAD, ANN, BOB, ("ANN@example.org", "Ann again")), skip_rejected=True)

    assert directory.rejected == [Rejection(4, "Primary Email", "stands on an earlier line too")]
    assert directory.people("name") == [("Ann Smith",), ("Bob Jones",)]


def test_an_address_that_somebody_else_has_is_taken(directory: Directory) -> None:
    directory.take_in(rows((*HEAD, "Source", "Source ID"), (*ANN, "HR", "1"), (*BOB, "HR", "2")))

    with pytest.raises(RefusedFileError):
        directory.take_in(rows((*HEAD, "Source", "Source ID"), ("bob@example.org", "Ann", "HR", "1")))

    assert directory.rejected == [Rejection(2, "Primary Email", "has already been taken")]


def test_a_dry_run_says_what_is_wrong_and_changes_nothing(directory: Directory) -> None:
    report = directory.take_in(rows((*HEAD, "Manager"), (*ANN, "nobody")), dry_run=True, skip_rejected=True)

    assert (report.rejected, directory.people("id")) == (1, [])


def test_columns_nobody_knows_are_passed_over_by_number(directory: Directory) -> None:
    report = directory.take_in(rows(("Shoe Size", *HEAD, "Name"), ("44", *ANN, "Other")))

    assert (report.unknown, directory.people("name")) == ((1, 4), [("Ann Smith",)])


def test_a_source_can_be_given_for_those_who_have_only_a_key(directory: Directory) -> None:
    directory.take_in(rows((*HEAD, "Source ID"), (*ANN, "1"), (*BOB, "")), source="HR")

    assert directory.people("source", "sourceID") == [("HR", "1"), (None, None)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_delimiter_and_encoding_are_found_out(directory: Directory, delimiter: str, encoding: str) -> None:
    text = rows(HEAD, ("ann@example.org", 'Änn, "the" Ž; 1\n2'), delimiter=delimiter)

    directory.take_in(text.encode(encoding), file_type="people")

    assert directory.people("name") == [('Änn, "the" Ž; 1\n2',)]


def test_a_tab_that_protects_a_spreadsheet_is_no_part_of_the_value(directory: Directory) -> None:
    directory.take_in(rows(HEAD, ("ann@example.org", "\t=Ann")))

    assert directory.people("name") == [("=Ann",)]


SOUND = rows(HEAD, ANN).encode()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (SOUND + b"b\xff@example.org,B\n", 3),
        (SOUND * 3000 + b"\xe9,B\n", 6001),
        (SOUND + b"b\x00,B\n", 3),
        (SOUND + b'"b,B\n' + SOUND, 3),
        (SOUND + b'"b"x,B\n', 3),
        (SOUND + b"x" * 10_000_000 + b"\n", 3),
        (SOUND + b'"' + b"x\n" * 200_000, 3),
        (b"", 1),
        (b"\n\n", 1),
        (b"Name\nAnn\n", 1),
        (b"ann@example.org,Ann\n", 1),
        (b"\xff\xfe" + SOUND, 1),
        (SOUND.decode().encode("utf-16-be"), 1),
        (SOUND.decode().encode("utf-16-le") + b"\x00\xd8,\x00", 3),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing_and_says_where(
    directory: Directory, content: bytes, line: int
) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        directory.take_in(content, file_type="people")

    assert raised.value.line == line
    assert directory.staging_files() == []


def test_the_words_of_a_fault_are_those_that_clients_know(directory: Directory) -> None:
    with pytest.raises(UnreadableFileError, match=r"\AInvalid byte sequence in UTF-8 on line 2\Z"):
        directory.take_in(b"Primary Email,Name\nann@example.org,\xff\n")


def test_what_looks_like_a_statement_is_just_text(directory: Directory) -> None:
    name = "'); DROP TABLE people; --"
    directory.take_in(rows((*HEAD, "Organization"), ("ann@example.org", name, name)))

    assert directory.people("name") == [(name,)]


def test_a_fault_among_thousands_of_lines_spoils_no_other(directory: Directory) -> None:
    lines = [(f"p{number}@example.org", f"Person {number}") for number in range(2000)]
    lines[1234] = ("no address", "Nobody")

    report = directory.take_in(rows(HEAD, *lines), skip_rejected=True)

    assert (report.applied.created, directory.rejected) == (
        1999,
        [Rejection(1236, "Primary Email", "is invalid")],
    )
    assert directory.people("name")[1233:1235] == [("Person 1233",), ("Person 1235",)]


def test_lines_are_stored_alike_among_thousands_and_alone(directory: Directory) -> None:
    head = (*HEAD, "Disabled", "VIP", "Job Title", "Information", "Organization", "Time Format 24h")
    kinds = [
        ("Ann", "", "yes", "Clerk", "", "Widget", ""),
        (" Ann ", "1", "", " ", "\t=1+1", "Widget @other", "1"),
        ("Änn", "0", "no", 'Chef "de" null', "a\nb", "", "0"),
    ]
    lines = [(f"P{number}@example.org", *kinds[number % 3]) for number in range(600)]
    directory.take_in(rows(head, *lines))
    fields = ("name", "name_key", "email_key", "disabled", "organization_id", "details")
    together = directory.people(*fields)
    alone = Directory(directory.folder / "alone")
    alone.folder.mkdir()
    for line in lines[:3]:
        alone.take_in(rows(head, line))

    assert together[:3] == alone.people(*fields)
    assert {row[:2] + row[3:] for row in together} == {row[:2] + row[3:] for row in together[:3]}
