"""Which records somebody sees, those of the account they address, of the directory account behind it, and themselves."""

from sqlite3 import Connection

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import NotFoundError


def check_visible(connection: Connection, table: str, record_id: int, identity: Identity) -> None:
    """Raise `NotFoundError` unless a table has a record of that id that the one who asks may see."""
    account = account_of(connection, table, record_id)
    myself = table == "people" and record_id == identity.person_id
    if not (myself or account in identity.accounts):
        raise NotFoundError


def check_changeable(connection: Connection, table: str, record_id: int, identity: Identity) -> None:
    """Raise `NotFoundError` unless a table has a record of that id in the accounts that are addressed."""
    if account_of(connection, table, record_id) not in identity.accounts:
        raise NotFoundError


def account_of(connection: Connection, table: str, record_id: int) -> str:
    """Return the account a record belongs to, or raise `NotFoundError`."""
    query = f"SELECT account_id FROM {table} WHERE id = ?"  # noqa: S608 - the name of a table
    row = connection.execute(query, (record_id,)).fetchone()
    if row is None:
        raise NotFoundError
    return str(row["account_id"])
