"""What an administrator does to the file of a directory from the shell, while a server may be running on it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from cti_lookup.directory.access import accounts, applications, persons, tokens
from cti_lookup.directory.access.accounts import Account
from cti_lookup.directory.access.applications import ApplicationRow, Registered
from cti_lookup.directory.access.scopes import READ_EVERYTHING, read_roles, read_scopes
from cti_lookup.directory.access.tokens import Issued, TokenDraft, TokenRow
from cti_lookup.directory.errors import UnusableValueError
from cti_lookup.directory.storage.database import Trace, change, open_writer
from cti_lookup.directory.storage.faults import store_error
from cti_lookup.directory.storage.worker import Work

LONGEST_TITLE = 128

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grant:
    """
    For whom a token or an application is made, in the words of a command line.

    The person is an id or an e-mail address; roles and scopes are lists in each of which several may stand. Without roles it has
    those the person has, without scopes it may read.
    """

    person: str
    name: str
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    account: str | None = None
    expires_at: datetime | None = None


@contextmanager
def administer(database: Path, clock: Callable[[], datetime]) -> Iterator["Administration"]:
    """
    Open a file that is there.

    Raises `UnusableValueError` for one that is not, so that a slip makes no new one, and `DirectoryStoreError`, also from
    inside, when SQLite refuses.
    """
    if not database.exists():
        raise UnusableValueError(f"there is no file {database}; start the directory or import people first")
    try:
        with closing(open_writer(database)) as connection:
            change(partial(accounts.settle, now=clock()), connection, trace=Trace.KEPT)
            yield Administration(connection, clock)
    except sqlite3.Error as error:
        raise store_error(f"the directory database {database}", error) from error


class Administration:
    """The file of a directory, opened to be administered; each method is one change, or one question."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def create_token(self, grant: Grant) -> Issued:
        """Make a token; its secret cannot be read again."""
        return self._change(
            lambda connection: tokens.create_token(connection, self._draft(grant), self._clock())
        )

    def tokens(self) -> tuple[TokenRow, ...]:
        """Return the tokens of people."""
        return tokens.list_tokens(self._connection)

    def revoke_token(self, token_id: int) -> None:
        """Revoke a token; a running server refuses it within a second."""
        self._change(partial(tokens.revoke_token, token_id=token_id, now=self._clock()))

    def create_application(self, grant: Grant) -> Registered:
        """Register an OAuth 2 client; its secret cannot be read again."""
        return self._change(
            lambda connection: applications.create_application(connection, self._draft(grant), self._clock())
        )

    def applications(self) -> tuple[ApplicationRow, ...]:
        """Return the OAuth 2 clients."""
        return applications.list_applications(self._connection)

    def revoke_application(self, application_id: int) -> None:
        """Revoke an OAuth 2 client and all its tokens; a running server refuses them within a second."""
        self._change(
            partial(applications.revoke_application, application_id=application_id, now=self._clock())
        )

    def create_account(self, account: str, name: str, directory_of: str | None) -> Account:
        """Add an account, the directory account behind another one if that is named."""
        return self._change(
            partial(accounts.create_account, account=account, name=name, directory_of=directory_of)
        )

    def accounts(self) -> tuple[Account, ...]:
        """Return the accounts."""
        return accounts.list_accounts(self._connection)

    def _draft(self, grant: Grant) -> TokenDraft:
        """Read what a command line says; raise `UnusableValueError` for what cannot be meant."""
        if len(grant.name) > LONGEST_TITLE or not grant.name.isprintable():
            raise UnusableValueError(f"a name is at most {LONGEST_TITLE} printable characters")
        return TokenDraft(
            persons.find_person(self._connection, grant.person),
            grant.name,
            read_roles(grant.roles),
            read_scopes(grant.scopes) if grant.scopes else READ_EVERYTHING,
            grant.account,
            grant.expires_at,
        )

    def _change(self, work: Work[T]) -> T:
        return change(work, self._connection, trace=Trace.KEPT)
