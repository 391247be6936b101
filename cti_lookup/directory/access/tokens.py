"""Tokens of people: made, listed and revoked; the file holds their hashes only."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from cti_lookup.directory.access.identity import Role
from cti_lookup.directory.access.persons import grant, roles_of
from cti_lookup.directory.access.scopes import READ_EVERYTHING, decode_words, encode_words
from cti_lookup.directory.access.secrets import Prefix, as_bytes, hash_of, new_secret
from cti_lookup.directory.errors import UnusableValueError
from cti_lookup.directory.records.times import timestamp


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """
    A token to be made, for a person.

    Without roles it has those its owner has now. Others are granted to the owner too, in `account` or else in the
    owner's own, as a token never has more rights than the person.
    """

    person_id: int
    name: str = "token"
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = READ_EVERYTHING
    account: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret, shown this once, and the id by which it can be revoked."""

    id: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it is listed: everything but the secret, which nobody knows any more."""

    id: int
    name: str
    person_id: int
    roles: frozenset[str]
    scopes: frozenset[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None


def create_token(connection: sqlite3.Connection, draft: TokenDraft, now: datetime) -> Issued:
    """Make a token for a person; raise `UnusableValueError` when it could do nothing."""
    if draft.expires_at is not None and draft.expires_at <= now:
        raise UnusableValueError("the token would have expired already")
    grant(connection, draft.person_id, draft.roles, draft.account)
    roles = draft.roles or roles_of(connection, draft.person_id)
    if not roles:
        raise UnusableValueError("the person has no role: give at least one")
    expires_at = None if draft.expires_at is None else timestamp(draft.expires_at)
    rights = encode_words(roles), encode_words(draft.scopes)
    secret = new_secret(Prefix.TOKEN)
    values = (draft.name, hash_of(as_bytes(secret)), draft.person_id, *rights, timestamp(now), expires_at)
    made = connection.execute(
        "INSERT INTO tokens (name, hash, person_id, roles, scopes, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        values,
    ).fetchone()
    return Issued(made["id"], secret)


def list_tokens(connection: sqlite3.Connection) -> tuple[TokenRow, ...]:
    """Return the tokens that were made for people, revoked and expired ones included."""
    rows = connection.execute("SELECT * FROM tokens WHERE application_id IS NULL ORDER BY id")
    return tuple(_token_row(row) for row in rows)


def _token_row(row: sqlite3.Row) -> TokenRow:
    return TokenRow(
        row["id"],
        row["name"],
        row["person_id"],
        decode_words(row["roles"]),
        decode_words(row["scopes"]),
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
    )


def revoke_token(connection: sqlite3.Connection, token_id: int, now: datetime) -> None:
    """Revoke a token, for good; raise `UnusableValueError` when there is none with this id."""
    revoke(connection, "tokens", token_id, now)


def revoke(connection: sqlite3.Connection, table: str, row_id: int, now: datetime) -> None:
    """Write down when a token or an application was revoked; a second time changes nothing."""
    changed = connection.execute(
        f"UPDATE {table} SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",  # noqa: S608 - a name of ours
        (timestamp(now), row_id),
    )
    if changed.rowcount == 0:
        raise UnusableValueError(f"there is none with the id {row_id}")
