"""The tables, and the versions of them that this program knows."""

from typing import Final

APPLICATION_ID: Final = 0x52534456
"""Marks a file as this directory's, so that another program's database is never written to."""

SCHEMA_VERSION: Final = 1

# telephone_keys is clustered on the reversed digits: "ends in" becomes "begins with", which an index can answer.
# Ids are never given out twice, as clients remember them: hence AUTOINCREMENT.
SCHEMA: Final = """
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
"""

# Made when they are missing, also in a file from before they were thought of: they change nothing but the time it takes.
INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS people_by_employee ON people (employeeID)",
    "CREATE INDEX IF NOT EXISTS people_by_support ON people (supportID COLLATE NOCASE)",
)
