"""What the file knows of who shows a token: read in one moment, so that the parts belong together."""

import sqlite3
from dataclasses import dataclass
from typing import Final

from cti_lookup.directory.access.accounts import HIDDEN_ACCOUNT, Home
from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.access.scopes import decode_words, known_roles

_BEARER: Final = """
SELECT token.person_id, token.roles, token.scopes, token.expires_at, person.account_id AS home
FROM tokens AS token
JOIN people AS person ON person.id = token.person_id AND NOT person.disabled
LEFT JOIN applications AS application ON application.id = token.application_id
WHERE token.hash = ? AND token.revoked_at IS NULL AND application.revoked_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.person_id = token.person_id)
"""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who shows a token; `identity` is None where the addressed account is none of theirs."""

    identity: Identity | None
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A bearer, if the token is one, and the version of the file they were read from."""

    version: int
    bearer: Bearer | None


def read_keeper(connection: sqlite3.Connection, home: Home, account: str) -> Reading:
    """Read whom the program's own token stands for, in an account; they may do everything."""
    addressed, directory = _address(connection, account, home.account)
    return Reading(
        data_version(connection), Bearer(Identity(home.keeper_id, home.account, addressed, directory))
    )


def read_bearer(connection: sqlite3.Connection, token_hash: bytes, account: str) -> Reading:
    """Read whom a token stands for, in an account; `bearer` is None if it is none, or no more."""
    version = data_version(connection)
    row = connection.execute(_BEARER, (token_hash,)).fetchone()
    return Reading(version, None if row is None else _bearer(connection, row, account))


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that is another one after any change to the file by anybody else than this connection."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _bearer(connection: sqlite3.Connection, row: sqlite3.Row, account: str) -> Bearer:
    addressed, directory = _address(connection, account, row["home"])
    granted = _granted(connection, row["person_id"], addressed, directory)
    if addressed != row["home"] and not granted:
        return Bearer(None, row["expires_at"])
    roles = known_roles(decode_words(row["roles"])) & granted
    scopes = decode_words(row["scopes"])
    identity = Identity(row["person_id"], row["home"], addressed, directory, roles, scopes)
    return Bearer(identity, row["expires_at"])


def _address(connection: sqlite3.Connection, account: str, home: str) -> tuple[str, str | None]:
    """Return the account a request addresses, and the directory account behind it; unknown ones are as if not named."""
    rows = connection.execute(
        "SELECT id, directory_id FROM accounts WHERE id IN (?, ?) AND id <> ?",
        (account, home, HIDDEN_ACCOUNT),
    ).fetchall()
    found = {row["id"]: row["directory_id"] for row in rows}
    addressed = account if account in found else home
    return addressed, found.get(addressed)


def _granted(
    connection: sqlite3.Connection, person_id: int, account: str, directory: str | None
) -> frozenset[Role]:
    """Return the roles of a person in an account; those over a directory account reach into its support domains."""
    rows = connection.execute(
        "SELECT role FROM roles WHERE person_id = ?"
        " AND (account_id = ? OR (account_id = ? AND role LIKE 'directory!_%' ESCAPE '!'))",
        (person_id, account, directory),
    )
    return known_roles(row["role"] for row in rows)
