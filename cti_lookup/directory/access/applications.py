"""
OAuth 2 clients: programs that get a token of an hour for their id and secret.

An application acts for a person and never has more rights. Its access tokens stand among the other tokens, die with it, and are
swept when the next one is made.
"""

import hmac
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cti_lookup.directory.access.persons import grant, roles_of
from cti_lookup.directory.access.scopes import decode_words, encode_words
from cti_lookup.directory.access.secrets import Prefix, as_bytes, hash_of, new_client_id, new_secret
from cti_lookup.directory.access.tokens import TokenDraft, revoke
from cti_lookup.directory.errors import UnusableValueError
from cti_lookup.directory.records.times import timestamp

ACCESS_SECONDS: Final = 3600
"""How long an access token lives (R-Service developer pages, client credentials grant)."""

_NO_HASH: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new application; its secret is shown this once."""

    id: int
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application as it is listed."""

    id: int
    name: str
    client_id: str
    person_id: int
    roles: frozenset[str]
    scopes: frozenset[str]
    created_at: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token of an hour, and what it allows."""

    secret: str = field(repr=False)
    scopes: frozenset[str]


def create_application(connection: sqlite3.Connection, draft: TokenDraft, now: datetime) -> Registered:
    """Register an application that acts for a person; raise `UnusableValueError` when it could do nothing."""
    grant(connection, draft.person_id, draft.roles, draft.account)
    roles = draft.roles or roles_of(connection, draft.person_id)
    if not roles:
        raise UnusableValueError("the person has no role: give at least one")
    client_id, secret = new_client_id(), new_secret(Prefix.CLIENT_SECRET)
    rights = encode_words(roles), encode_words(draft.scopes)
    values = (draft.name, client_id, hash_of(as_bytes(secret)), draft.person_id, *rights, timestamp(now))
    made = connection.execute(
        "INSERT INTO applications (name, client_id, secret_hash, person_id, roles, scopes, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        values,
    ).fetchone()
    return Registered(made["id"], client_id, secret)


def list_applications(connection: sqlite3.Connection) -> tuple[ApplicationRow, ...]:
    """Return the applications, revoked ones included."""
    return tuple(map(_application_row, connection.execute("SELECT * FROM applications ORDER BY id")))


def _application_row(row: sqlite3.Row) -> ApplicationRow:
    return ApplicationRow(
        row["id"],
        row["name"],
        row["client_id"],
        row["person_id"],
        decode_words(row["roles"]),
        decode_words(row["scopes"]),
        row["created_at"],
        row["revoked_at"],
    )


def revoke_application(connection: sqlite3.Connection, application_id: int, now: datetime) -> None:
    """Revoke an application and all its tokens; raise `UnusableValueError` when there is none with this id."""
    revoke(connection, "applications", application_id, now)


def check_client(connection: sqlite3.Connection, client_id: str, secret: bytes) -> int | None:
    """Return the id of the application whose secret this is, None if it is nobody's."""
    row = connection.execute(
        "SELECT id, secret_hash FROM applications WHERE client_id = ? AND revoked_at IS NULL", (client_id,)
    ).fetchone()
    # Compared for an unknown application too, so that the time of an answer does not tell which ids there are.
    right = hmac.compare_digest(hash_of(secret), _NO_HASH if row is None else row["secret_hash"])
    return int(row["id"]) if right and row is not None else None


def issue_access_token(
    connection: sqlite3.Connection, application_id: int, now: datetime
) -> AccessToken | None:
    """Make a token of an hour for an application, None if it was revoked a moment ago."""
    row = connection.execute(
        "SELECT * FROM applications WHERE id = ? AND revoked_at IS NULL", (application_id,)
    ).fetchone()
    if row is None:
        return None
    _sweep(connection, timestamp(now))
    token = new_secret(Prefix.ACCESS_TOKEN)
    _keep(connection, row, token, now)
    return AccessToken(token, decode_words(row["scopes"]))


def _sweep(connection: sqlite3.Connection, now: str) -> None:
    connection.execute("DELETE FROM tokens WHERE application_id IS NOT NULL AND expires_at <= ?", (now,))


def _keep(connection: sqlite3.Connection, application: sqlite3.Row, token: str, now: datetime) -> None:
    expires_at = timestamp(now + timedelta(seconds=ACCESS_SECONDS))
    rights = application["person_id"], application["id"], application["roles"], application["scopes"]
    values = (application["name"], hash_of(as_bytes(token)), *rights, timestamp(now), expires_at)
    connection.execute(
        "INSERT INTO tokens (name, hash, person_id, application_id, roles, scopes, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
