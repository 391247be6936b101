"""A file of an older version: opened by today's program, with all that is in it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from cti_lookup.directory import DirectoryStoreError
from cti_lookup.directory.callers.callers import View, people_by_telephone
from cti_lookup.directory.records.full_people import full_people
from cti_lookup.directory.storage.database import open_writer
from cti_lookup.directory.storage.schema import APPLICATION_ID, SCHEMA_VERSION
from tests.directory.conftest import StartDirectory

VERSION_1: Final = """
CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE sites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE calendars (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    primary_email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    authenticationID TEXT,
    auto_translation INTEGER NOT NULL DEFAULT 0,
    cost_per_hour TEXT,
    cost_per_hour_currency TEXT,
    custom_fields TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    do_not_translate_languages TEXT,
    employeeID TEXT,
    exclude_team_notifications INTEGER NOT NULL DEFAULT 0,
    guest INTEGER NOT NULL DEFAULT 0,
    information TEXT,
    job_title TEXT,
    locale TEXT,
    location TEXT,
    oauth_person_enablement INTEGER NOT NULL DEFAULT 0,
    picture_uri TEXT,
    time_zone TEXT,
    send_email_notifications TEXT,
    show_notification_popup TEXT,
    source TEXT,
    sourceID TEXT,
    supportID TEXT,
    time_format_24h INTEGER,
    vip INTEGER NOT NULL DEFAULT 0,
    organization_id INTEGER REFERENCES organizations (id) ON DELETE SET NULL,
    site_id INTEGER REFERENCES sites (id) ON DELETE SET NULL,
    manager_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    work_hours_id INTEGER REFERENCES calendars (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX people_by_name ON people (name_key, id);
CREATE INDEX people_by_organization ON people (organization_id);
CREATE INDEX people_by_site ON people (site_id);
CREATE INDEX people_by_manager ON people (manager_id);
CREATE INDEX people_by_work_hours ON people (work_hours_id);
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    protocol TEXT NOT NULL,
    uri TEXT NOT NULL,
    integration INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX contacts_by_person ON contacts (person_id, id);
CREATE TABLE telephone_keys (
    reversed TEXT NOT NULL,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (reversed, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX telephone_keys_by_contact ON telephone_keys (contact_id);
CREATE INDEX telephone_keys_by_person ON telephone_keys (person_id);
CREATE INDEX people_by_employee ON people (employeeID);
CREATE INDEX people_by_support ON people (supportID COLLATE NOCASE);
"""

CONTENT: Final = """
INSERT INTO organizations (id, name, sourceID, disabled) VALUES (30, 'Widget Çatı', 'org-30', 1);
INSERT INTO sites (id, name) VALUES (13, 'Widget Data Center');
INSERT INTO calendars (id, name) VALUES (1, 'Monday through Friday');
INSERT INTO people (id, name, name_key, primary_email, email_key, organization_id, site_id, work_hours_id,
    vip, time_format_24h, cost_per_hour, custom_fields, supportID, disabled, created_at, updated_at)
    VALUES (30, 'Ashok Kumar', 'ashok kumar', 'Ashok@widget.example', 'ashok@widget.example', 30, 13, 1,
    1, 0, '80.0', '[{"id":"badge","value":null}]', 'S-1', 1, '2016-03-14T09:09:55Z', '2016-03-14T09:10:31Z');
INSERT INTO people (id, name, name_key, primary_email, email_key, created_at, updated_at)
    VALUES (58, 'Barney Turban', 'barney turban', 'barney@widget.example', 'barney@widget.example', '2016', '2016');
UPDATE people SET manager_id = 58 WHERE id = 30;
INSERT INTO people (id, name, name_key, primary_email, email_key, created_at, updated_at)
    VALUES (90, 'Erased Person', 'erased person', 'erased@widget.example', 'erased@widget.example', '2016', '2016');
DELETE FROM people WHERE id = 90;
INSERT INTO contacts (id, person_id, label, protocol, uri, integration)
    VALUES (327, 30, 'work', 'telephone', '+1 (713) 987 2967', 1);
INSERT INTO telephone_keys (reversed, contact_id, person_id) VALUES ('76927893171', 327, 30);
"""


def old_file(path: Path, content: str = CONTENT) -> None:
    """Make a file as version 1 made it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1 + content)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=1")
        connection.execute("PRAGMA journal_mode=WAL")


@pytest.fixture
def migrated(database: Path) -> Iterator[sqlite3.Connection]:
    old_file(database)
    with closing(open_writer(database)) as connection:
        yield connection


def test_people_keep_their_ids_fields_and_references(migrated: sqlite3.Connection) -> None:
    (person,) = full_people(migrated, [30], "widget")
    kept = json.loads(person)
    assert kept["organization"] == {"id": 30, "name": "Widget Çatı", "sourceID": "org-30", "disabled": True}
    assert (kept["site"]["id"], kept["manager"]["id"], kept["work_hours"]["id"]) == (13, 58, 1)
    assert (kept["vip"], kept["time_format_24h"], kept["guest"], kept["disabled"]) == (
        True,
        False,
        False,
        True,
    )
    assert (kept["cost_per_hour"], kept["supportID"], kept["job_title"]) == ("80.0", "S-1", None)
    assert kept["custom_fields"] == [{"id": "badge", "value": None}]
    assert (kept["created_at"], kept["updated_at"]) == ("2016-03-14T09:09:55Z", "2016-03-14T09:10:31Z")
    assert kept["contacts"] == [{"label": "work", "id": 327, "telephone": "+1 (713) 987 2967"}]


def test_details_hold_only_what_was_set(migrated: sqlite3.Connection) -> None:
    details = [
        json.loads(row["details"]) for row in migrated.execute("SELECT details FROM people ORDER BY id")
    ]
    assert details == [
        {
            "cost_per_hour": "80.0",
            "vip": True,
            "time_format_24h": False,
            "custom_fields": [{"id": "badge", "value": None}],
        },
        {},
    ]


def test_callers_are_found_as_before(migrated: sqlite3.Connection) -> None:
    (person,) = people_by_telephone(migrated, "17139872967", View(("widget",), "widget"))
    assert json.loads(person)["id"] == 30
    (key,) = migrated.execute("SELECT * FROM telephone_keys")
    assert (key["rank"], key["person_id"], key["contact_id"]) == (1, 30, 327)


def test_an_id_that_was_given_out_before_is_not_given_out_again(migrated: sqlite3.Connection) -> None:
    migrated.execute(
        "INSERT INTO people (account_id, name, name_key, primary_email, email_key, created_at, updated_at)"
        " VALUES ('widget', '', '', '', '', '', '')"
    )
    assert migrated.execute("SELECT max(id) FROM people").fetchone()[0] == 91


def test_the_tables_are_those_of_a_new_file(migrated: sqlite3.Connection, tmp_path: Path) -> None:
    tables = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    with closing(open_writer(tmp_path / "new.sqlite3")) as new:
        of_new = [tuple(row) for row in new.execute(tables)]
    assert [tuple(row) for row in migrated.execute(tables)] == of_new
    assert migrated.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert migrated.execute("PRAGMA foreign_key_check").fetchall() == []
    assert migrated.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_file_is_brought_up_to_date_once(database: Path) -> None:
    old_file(database)
    for _ in range(2):
        with closing(open_writer(database)) as connection:
            assert connection.execute("SELECT count(*) FROM people").fetchone()[0] == 2


def test_a_file_whose_change_fails_stays_as_it_was(database: Path) -> None:
    # A custom field that is no JSON, which the program of that version never wrote.
    old_file(database, CONTENT.replace('[{"id":"badge","value":null}]', "{"))
    before = database.read_bytes()
    with pytest.raises(DirectoryStoreError, match="cannot be used"):
        open_writer(database)
    assert database.read_bytes() == before


async def test_a_directory_serves_an_older_file(start: StartDirectory, database: Path) -> None:
    old_file(database)
    api = await start()
    assert await api.callers("+17139872967") == [30]
    assert [person["id"] for person in await api.get("/people")] == [30, 58]


def test_an_index_that_a_file_was_made_without_is_made_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "directory.sqlite3"
    with closing(open_writer(path)) as connection:
        before = _indexes(connection)
        connection.execute("DROP INDEX people_disabled")

    with closing(open_writer(path)) as connection:
        assert _indexes(connection) == before


def _indexes(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'").fetchall())
