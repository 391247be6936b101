"""
Brings the tables of an older file up to date.

Version 1 knew one account, people with a column for each field, and nothing of teams, tokens or webhooks. Its tables are put
aside under other names, today's are made, filled from them, and those put aside are dropped. Ids stay, and none that was ever
given out is given out again.
"""

# ruff: noqa: S608 - statements are put together from constants of this module, never from values

import re
import sqlite3
from typing import Final

from cti_lookup.directory.storage.schema import SCHEMA_VERSION, statements

KNOWN_VERSIONS: Final = frozenset({1, SCHEMA_VERSION})

ACCOUNT: Final = ("widget", "Widget")
"""The account that becomes the owner of all records of a file that knew of none: id and name."""

_INDEX: Final = re.compile(r"CREATE INDEX (\w+)")

_TABLES: Final = ("telephone_keys", "contacts", "people", "calendars", "sites", "organizations")
"""Those of version 1; each is referred to only by those before it, so that they can be dropped in this order."""

_NUMBERED: Final = ("contacts", "people", "calendars", "sites", "organizations")
"""The tables that give out ids."""

_NAMED: Final = """
    INSERT INTO {table} (id, account_id, name, name_key, sourceID, disabled, created_at, updated_at)
    SELECT id, :account, name, casefold(name), sourceID, disabled, {now}, {now} FROM old_{table}
"""
_NOW: Final = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

_TEXTS: Final = (
    "authenticationID",
    "cost_per_hour",
    "cost_per_hour_currency",
    "do_not_translate_languages",
    "information",
    "job_title",
    "locale",
    "location",
    "picture_uri",
    "time_zone",
    "send_email_notifications",
    "show_notification_popup",
)
_SWITCHES: Final = (
    "auto_translation",
    "exclude_team_notifications",
    "guest",
    "oauth_person_enablement",
    "vip",
)
"""The fields that were false unless they were set."""

_DETAILS: Final = ", ".join(
    (
        *(f"'{name}', {name}" for name in _TEXTS),
        *(f"'{name}', json(iif({name}, 'true', NULL))" for name in _SWITCHES),
        "'time_format_24h', json(CASE time_format_24h WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)",
        "'custom_fields', json(custom_fields)",
    )
)
# The patch takes out what is null; a list, which custom fields are, it leaves whole.
_PEOPLE: Final = f"""
    INSERT INTO people (
        id, account_id, name, name_key, primary_email, email_key, source, sourceID, employeeID, supportID, disabled,
        organization_id, site_id, manager_id, work_hours_id, created_at, updated_at, details
    )
    SELECT id, :account, name, name_key, primary_email, email_key, source, sourceID, employeeID, supportID, disabled,
        organization_id, site_id, manager_id, work_hours_id, created_at, updated_at,
        json_patch('{{}}', json_object({_DETAILS}))
    FROM old_people
"""
_CONTACTS: Final = """
    INSERT INTO contacts (id, owner_id, label, protocol, uri, integration)
    SELECT id, person_id, label, protocol, uri, integration FROM old_contacts
"""
_KEYS: Final = """
    INSERT INTO telephone_keys (reversed, rank, person_id, contact_id)
    SELECT keys.reversed, people.disabled, keys.person_id, keys.contact_id
    FROM old_telephone_keys AS keys JOIN people ON people.id = keys.person_id
"""


def migrate(connection: sqlite3.Connection) -> None:
    """Change the tables of an older version into today's, inside a transaction; today's get the indexes they lack."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        _add_indexes(connection)
        return
    # Managers come before or after those who report to them.
    connection.execute("PRAGMA defer_foreign_keys=ON")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    _put_aside(connection)
    for statement in statements():
        connection.execute(statement)
    _copy(connection)
    _keep_ids_used(connection)
    # Without it each row that goes is looked for among the managers of all the others.
    connection.execute("CREATE INDEX old_people_by_manager ON old_people (manager_id)")
    for table in _TABLES:
        connection.execute(f"DROP TABLE old_{table}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _add_indexes(connection: sqlite3.Connection) -> None:
    """Make the indexes that were thought of after a file was made."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    for statement in statements():
        made = _INDEX.match(statement)
        if made is not None and made[1] not in there:
            connection.execute(statement)


def _put_aside(connection: sqlite3.Connection) -> None:
    for (index,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall():
        connection.execute(f"DROP INDEX {index}")
    for table in _TABLES:
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")


def _copy(connection: sqlite3.Connection) -> None:
    account = {"account": ACCOUNT[0]}
    connection.execute("INSERT INTO accounts (id, name) VALUES (?, ?)", ACCOUNT)
    for table in ("organizations", "sites", "calendars"):
        connection.execute(_NAMED.format(table=table, now=_NOW), account)
    connection.execute(_PEOPLE, account)
    connection.execute(_CONTACTS)
    connection.execute(_KEYS)


def _keep_ids_used(connection: sqlite3.Connection) -> None:
    for table in _NUMBERED:
        (last,) = connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name IN (?, ?)", (table, f"old_{table}")
        ).fetchone()
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))
