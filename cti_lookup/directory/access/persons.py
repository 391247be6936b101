"""Who may hold a token: a person by id or address, and the roles granted to them."""

import sqlite3
from collections.abc import Iterable

from cti_lookup.directory.access.identity import Role
from cti_lookup.directory.access.scopes import known_roles
from cti_lookup.directory.errors import UnusableValueError
from cti_lookup.directory.records.fields import parse_id


def find_person(connection: sqlite3.Connection, text: str) -> int:
    """Return the id of the person whom an id or an e-mail address names; raise `UnusableValueError` if it is not one."""
    number = parse_id(text)
    if number is not None:
        rows = connection.execute("SELECT id FROM people WHERE id = ?", (number,)).fetchall()
    else:
        rows = connection.execute("SELECT id FROM people WHERE email_key = ?", (text.casefold(),)).fetchall()
    if len(rows) > 1:
        raise UnusableValueError("people of several accounts have this address: give the person's id")
    if not rows:
        raise UnusableValueError("there is no such person")
    return int(rows[0]["id"])


def roles_of(connection: sqlite3.Connection, person_id: int) -> frozenset[Role]:
    """Return the roles a person has, in whichever accounts."""
    rows = connection.execute("SELECT role FROM roles WHERE person_id = ?", (person_id,))
    return known_roles(row["role"] for row in rows)


def grant(
    connection: sqlite3.Connection, person_id: int, roles: Iterable[Role], account: str | None = None
) -> None:
    """Give a person the roles they do not have yet, in an account or else in their own."""
    if account is None:
        row = connection.execute("SELECT account_id FROM people WHERE id = ?", (person_id,)).fetchone()
    else:
        row = connection.execute("SELECT id AS account_id FROM accounts WHERE id = ?", (account,)).fetchone()
    if row is None:
        raise UnusableValueError("there is no such person, or no such account")
    connection.executemany(
        "INSERT OR IGNORE INTO roles (person_id, account_id, role) VALUES (?, ?, ?)",
        [(person_id, row["account_id"], role.value) for role in roles],
    )
