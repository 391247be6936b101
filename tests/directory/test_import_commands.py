"""`directory import` and `directory export` as people run them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.directory.transfers import Directory, rows
from tests.servers.program import run

pytestmark = pytest.mark.slow

PEOPLE = rows(("Primary Email", "Name"), ("ann@example.org", "Ann Smith"), ("bob@example.org", "Bob Jones"))
CONTACTS = rows(
    ("Person", "Contact Protocol", "Contact Label", "Contact URI"),
    ("ann@example.org", "telephone", "work", "+1 713 987 2967"),
)


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "contacts.csv").write_text(CONTACTS)
    return Directory(tmp_path)


def test_files_are_imported_and_counted(directory: Directory) -> None:
    done = run(
        directory.folder, "directory", "import", "people.csv", "contacts.csv", "--db", "directory.sqlite3"
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "people.csv: 2 created, 0 updated, 0 deleted, 0 unchanged, 0 rejected",
        "contacts.csv: 1 created, 0 updated, 0 deleted, 0 unchanged, 0 rejected",
    ]
    assert directory.people("name") == [("Ann Smith",), ("Bob Jones",)]


def test_each_rejected_line_is_said_and_nothing_it_holds(directory: Directory) -> None:
    (directory.folder / "people.csv").write_text(
        PEOPLE + rows(("nobody", "Secret Name"), ("x@example.org", ""))
    )

    done = run(directory.folder, "directory", "import", "people.csv", "--db", "directory.sqlite3")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "✗ line 4: Primary Email is invalid",
        "✗ line 5: Name can't be blank",
        "✗ people.csv: 2 lines were rejected, nothing was changed",
    ]
    assert directory.people("name") == []


def test_an_export_holds_a_file_for_each_type(directory: Directory) -> None:
    run(directory.folder, "directory", "import", "people.csv", "contacts.csv", "--db", "directory.sqlite3")

    done = run(directory.folder, "directory", "export", "all.zip", "--db", "directory.sqlite3")

    assert (done.returncode, done.stderr) == (0, "")
    with zipfile.ZipFile(directory.folder / "all.zip") as archive:
        assert archive.namelist() == [
            "people.csv",
            "people_contact_details.csv",
            "organizations_contact_details.csv",
        ]


def test_a_file_whose_content_cannot_be_told_needs_a_type(directory: Directory) -> None:
    (directory.folder / "what.txt").write_text("shoes\n44\n")

    done = run(directory.folder, "directory", "import", "what.txt", "--db", "directory.sqlite3")

    assert done.returncode == 1
    assert "--type" in done.stderr


def test_an_import_steps_back_behind_a_server_that_answers_calls(directory: Directory) -> None:
    pipe = directory.folder / "pipe.csv"
    os.mkfifo(pipe)
    command = ("directory", "import", "pipe.csv", "--type", "people", "--db", "directory.sqlite3")
    with subprocess.Popen(
        [sys.executable, "-m", "cti_lookup", *command], cwd=directory.folder, stderr=subprocess.DEVNULL
    ) as process:
        with pipe.open("wb"):  # it opens when the import begins to read
            niceness = os.getpriority(os.PRIO_PROCESS, process.pid)
        process.wait()

    assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
