"""People who ask to be forgotten: what of them goes, and who is thereby changed."""

# ruff: noqa: S608 - statements are put together from names of tables and columns, never from values

from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.records.removals import check_movable
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.webhooks.events import announce, announce_all

_DEPENDENTS: Final = (
    ("person.update", "people", ("manager_id",)),
    ("organization.update", "organizations", ("manager_id", "substitute_id")),
    ("team.update", "teams", ("coordinator_id", "manager_id")),
)
"""Where other records name a person; they name nobody afterwards, are thereby updated, and announced."""

_DELETE_DELIVERIES: Final = "DELETE FROM deliveries WHERE object_id = ? AND event LIKE 'person.%'"
_FORGET_WHO: Final = (
    "UPDATE deliveries SET person_id = NULL WHERE person_id = ?",
    "UPDATE jobs SET person_id = NULL WHERE person_id = ?",
)
"""What the person brought about goes on without them: others wait for what has become of their records."""


def erase(connection: Connection, person_id: int, identity: Identity, now: datetime) -> None:
    """
    Erase a person with all that hangs on them.

    Contacts, addresses, roles, tokens and memberships go with the row. Deliveries about the person that wait go too; one more
    tells that the person is to be read again, who will then not be found. It holds nothing but the id. Raise `NotFoundError` if
    there is no such person, `ForbiddenError` for one whom somebody may not even move to the trash.
    """
    check_movable(connection, person_id, identity)
    connection.execute(_DELETE_DELIVERIES, (person_id,))
    for statement in _FORGET_WHO:
        connection.execute(statement, (person_id,))
    announce(connection, "person.update", person_id, identity, now)
    for event, table, columns in _DEPENDENTS:
        changed = {one for column in columns for one in _leave_open(connection, table, column, person_id)}
        _note_change(connection, table, changed, now)
        announce_all(connection, event, sorted(changed), identity, now)
    connection.execute("DELETE FROM people WHERE id = ?", (person_id,))


def _leave_open(connection: Connection, table: str, column: str, person_id: int) -> list[int]:
    """Have the records of a table that name a person name nobody, and return their ids."""
    query = f"UPDATE {table} SET {column} = NULL WHERE {column} = ? RETURNING id"
    return [row["id"] for row in connection.execute(query, (person_id,)).fetchall()]


def _note_change(connection: Connection, table: str, changed: Iterable[int], now: datetime) -> None:
    connection.executemany(
        f"UPDATE {table} SET updated_at = ? WHERE id = ?", [(timestamp(now), one) for one in changed]
    )
