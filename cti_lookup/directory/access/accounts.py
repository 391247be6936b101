"""
The accounts of a file: its own, any others, and a hidden one for whoever holds the program's own token.

The hidden account keeps that person out of every list, so that no client meets somebody who is not among the people.
"""

import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cti_lookup.directory.errors import DirectoryStoreError, UnusableValueError
from cti_lookup.directory.records.times import timestamp

HIDDEN_ACCOUNT: Final = "cti-lookup-directory"
OWN_ACCOUNT: Final = "widget"
OWN_NAME: Final = "Widget"
LONGEST_ID: Final = 64
LONGEST_NAME: Final = 128

_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # as it can stand in a header
_KEEPER_NAME: Final = "Directory"
_KEEPER_EMAIL: Final = "directory@cti-lookup.invalid"


@dataclass(frozen=True, slots=True)
class Home:
    """The account that a file has of its own, and the person who holds the program's own token."""

    account: str
    keeper_id: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and the directory account behind it if it is a support domain."""

    id: str
    name: str
    directory_id: str | None


def settle(
    connection: sqlite3.Connection, now: datetime, *, account: str | None = None, name: str | None = None
) -> Home:
    """
    Return the home of a file, making it in a file that has none yet.

    An account that is asked for and is not the file's own raises `DirectoryStoreError`: records would else go where
    nobody looks for them.
    """
    own = own_account(connection)
    if own is None:
        own = _add(connection, account or OWN_ACCOUNT, name or account or OWN_NAME).id
    if account not in (None, own):
        msg = f"the directory database has the account {own!r} of its own, and not {account!r}"
        raise DirectoryStoreError(msg)
    return Home(own, _keeper(connection, timestamp(now)))


def own_account(connection: sqlite3.Connection) -> str | None:
    """Return the account a file was made with: the first, as the hidden one comes after it."""
    row = connection.execute(
        "SELECT id FROM accounts WHERE id <> ? ORDER BY rowid LIMIT 1", (HIDDEN_ACCOUNT,)
    ).fetchone()
    return None if row is None else str(row["id"])


def list_accounts(connection: sqlite3.Connection) -> tuple[Account, ...]:
    """Return the accounts that clients may address, the file's own first."""
    rows = connection.execute(
        "SELECT id, name, directory_id FROM accounts WHERE id <> ? ORDER BY rowid", (HIDDEN_ACCOUNT,)
    )
    return tuple(Account(row["id"], row["name"], row["directory_id"]) for row in rows)


def create_account(
    connection: sqlite3.Connection, account: str, *, name: str, directory_of: str | None = None
) -> Account:
    """Add an account; with `directory_of` it becomes the directory account behind that one."""
    known = {one.id: one for one in list_accounts(connection)}
    if account in known or account == HIDDEN_ACCOUNT:
        raise UnusableValueError(f"there is an account {account!r} already")
    if directory_of is not None:
        _check_support_domain(known.get(directory_of), directory_of)
    made = _add(connection, account, name)
    connection.execute("UPDATE accounts SET directory_id = ? WHERE id = ?", (account, directory_of))
    return made


def _check_support_domain(support_domain: Account | None, wanted: str) -> None:
    if support_domain is None:
        raise UnusableValueError(f"there is no account {wanted!r}")
    if support_domain.directory_id is not None:
        raise UnusableValueError(f"the account {wanted!r} has a directory account already")


def _add(connection: sqlite3.Connection, account: str, name: str) -> Account:
    if not _ACCOUNT_ID.fullmatch(account):
        raise UnusableValueError(
            "the id of an account is 1 to 64 letters, digits, dashes, dots and underscores"
        )
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UnusableValueError(f"the name of an account is 1 to {LONGEST_NAME} printable characters")
    connection.execute("INSERT INTO accounts (id, name) VALUES (?, ?)", (account, name))
    return Account(account, name, None)


def _keeper(connection: sqlite3.Connection, now: str) -> int:
    """Return who holds the program's own token, making them where they are missing."""
    row = connection.execute(
        "SELECT id FROM people WHERE account_id = ? ORDER BY id LIMIT 1", (HIDDEN_ACCOUNT,)
    ).fetchone()
    return _add_keeper(connection, now) if row is None else int(row["id"])


def _add_keeper(connection: sqlite3.Connection, now: str) -> int:
    connection.execute(
        "INSERT OR IGNORE INTO accounts (id, name) VALUES (?, ?)", (HIDDEN_ACCOUNT, HIDDEN_ACCOUNT)
    )
    made = connection.execute(
        "INSERT INTO people (account_id, name, name_key, primary_email, email_key, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (HIDDEN_ACCOUNT, _KEEPER_NAME, _KEEPER_NAME.casefold(), _KEEPER_EMAIL, _KEEPER_EMAIL, now, now),
    ).fetchone()
    return int(made["id"])
