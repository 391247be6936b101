"""
Staged contacts and addresses into the directory.

Facts (4me developer guide, "Import API", "People Contact Details"): where rows of a person have the column Integration true, all
integration contacts the person has are removed first, and manual ones stay. All rows of a person must be adjacent: a later
group of them wipes the earlier one. So only the last such group of an owner counts, and contacts get new ids with each
import. A row that names the id of an entry updates it. A manual row that says what is there already changes nothing.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from cti_lookup.directory.transfer.applying_people import Applied, Target, create_named
from cti_lookup.directory.transfer.columns import Kind

NOT_FOUND: Final = "is not found"

_CONTACT: Final = ("label", "protocol", "uri", "integration")
_ADDRESS: Final = ("label", "address", "city", "state", "zip", "country", "integration")


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of the details of one kind of owner."""

    owners: str
    contacts: str
    addresses: str


PEOPLE: Final = Tables("people", "contacts", "addresses")
ORGANIZATIONS: Final = Tables("organizations", "organization_contacts", "organization_addresses")

_TABLES: Final = (
    "CREATE TEMP TABLE owners (number INTEGER PRIMARY KEY, owner_id INTEGER, integration INTEGER NOT NULL)",
    "CREATE TEMP TABLE cleared (owner_id INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE TEMP TABLE targets (row INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE)",
    "CREATE TEMP TABLE fresh (row INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL)",
    "CREATE TEMP TABLE numbered (row INTEGER PRIMARY KEY, id INTEGER NOT NULL, owner_id INTEGER NOT NULL)",
    "CREATE TEMP TABLE touched (owner_id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE gone (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL)",
    "CREATE TEMP TABLE different (row INTEGER PRIMARY KEY, id INTEGER NOT NULL, owner_id INTEGER NOT NULL)",
)
_OF_STAGED_PEOPLE: Final = """
    INSERT INTO temp.owners SELECT g.number, m.person_id, g.integration
    FROM staging.groups AS g JOIN temp.matched AS m ON m.row = g.person_row
"""
_OF_PEOPLE: Final = """
    INSERT INTO temp.owners SELECT g.number,
        (SELECT id FROM main.people WHERE email_key = g.owner_key AND account_id = :account), g.integration
    FROM staging.groups AS g WHERE g.person_row IS NULL
"""
_OF_ORGANIZATIONS: Final = """
    INSERT INTO temp.owners SELECT g.number, n.id, g.integration
    FROM staging.groups AS g JOIN temp.named AS n ON n.kind = 'owner' AND n.text = g.owner
"""
_REFUSE_LOST: Final = """
    INSERT INTO staging.rejected
    SELECT d.line, 'owner', :reason FROM temp.owners AS o JOIN staging.{details} AS d ON d.number = o.number
    WHERE o.owner_id IS NULL
"""
_CLEARED: Final = """
    INSERT INTO temp.cleared SELECT owner_id, max(number) FROM temp.owners
    WHERE integration AND owner_id IS NOT NULL GROUP BY owner_id
"""
_TOUCH: Final = "INSERT OR IGNORE INTO temp.touched SELECT owner_id FROM "


def prepare_details(connection: sqlite3.Connection, kind: Kind, target: Target) -> None:
    """Find the owners of the staged details, and refuse the rows of those there are none of; only staged rows are changed."""
    for statement in _TABLES:
        connection.execute(statement)
    if kind is Kind.ORGANIZATIONS_CONTACTS:
        return
    if kind is Kind.PEOPLE:
        connection.execute(_OF_STAGED_PEOPLE)
    connection.execute(_OF_PEOPLE, target.parameters)
    for details in ("contacts", "addresses"):
        connection.execute(_REFUSE_LOST.format(details=details), {"reason": NOT_FOUND})


def apply_details(connection: sqlite3.Connection, kind: Kind, target: Target) -> Applied:
    """Write the prepared details; `temp.touched` then holds the owners who have changed."""
    tables = ORGANIZATIONS if kind is Kind.ORGANIZATIONS_CONTACTS else PEOPLE
    if kind is Kind.ORGANIZATIONS_CONTACTS:
        _name_organizations(connection, target)
    connection.execute(_CLEARED)
    contacts = _apply(connection, "contacts", tables.contacts, _CONTACT)
    if kind is not Kind.ORGANIZATIONS_CONTACTS:
        _index(connection)
    addresses = _apply(connection, "addresses", tables.addresses, _ADDRESS)
    connection.execute(
        f"UPDATE main.{tables.owners} SET updated_at = :now"  # noqa: S608 - the name of a table
        " WHERE id IN (SELECT owner_id FROM temp.touched) AND updated_at <> :now",
        {"now": target.now},
    )
    return contacts + addresses


def _name_organizations(connection: sqlite3.Connection, target: Target) -> None:
    connection.execute(
        "CREATE TEMP TABLE named (kind TEXT, text TEXT, key TEXT, id INTEGER, PRIMARY KEY (kind, text)) WITHOUT ROWID"
    )
    connection.execute(
        "INSERT INTO temp.named SELECT DISTINCT 'owner', owner, owner_key, NULL FROM staging.groups"
    )
    create_named(connection, "owner", "organizations", target)
    connection.execute(_OF_ORGANIZATIONS)


def _apply(connection: sqlite3.Connection, staged: str, table: str, columns: tuple[str, ...]) -> Applied:
    """Write the rows of one staged table into its table."""
    for temporary in ("targets", "fresh", "numbered", "gone", "different"):
        connection.execute(f"DELETE FROM temp.{temporary}")  # noqa: S608 - the name of a table
    rows = _find_targets(connection, staged, table)
    deleted = _clear(connection, table)
    updated = _update(connection, staged, table, columns)
    created = _insert(connection, staged, table, columns)
    return Applied(created, updated, deleted, rows - created - updated)


def _find_targets(connection: sqlite3.Connection, staged: str, table: str) -> int:
    """Say of each row whether it updates what there is or is new; those an owner's later group wipes count as neither."""
    usable = (
        f"staging.{staged} AS s JOIN temp.owners AS o ON o.number = s.number"
        " LEFT JOIN temp.cleared AS k ON k.owner_id = o.owner_id"
        " WHERE o.owner_id IS NOT NULL AND NOT (s.integration AND s.number < k.number)"
    )
    connection.execute(
        "INSERT OR IGNORE INTO temp.targets SELECT s.row, t.id"  # noqa: S608 - names of tables
        f" FROM staging.{staged} AS s JOIN temp.owners AS o ON o.number = s.number"
        f" JOIN main.{table} AS t ON t.id = s.id AND t.owner_id = o.owner_id ORDER BY s.row"
    )
    connection.execute(
        f"INSERT INTO temp.fresh SELECT s.row, o.owner_id FROM {usable}"  # noqa: S608 - names of tables
        " AND s.row NOT IN (SELECT row FROM temp.targets)"
    )
    query = "SELECT (SELECT count(*) FROM temp.fresh) + (SELECT count(*) FROM temp.targets)"
    return int(connection.execute(query).fetchone()[0])


def _clear(connection: sqlite3.Connection, table: str) -> int:
    """Remove what integrations kept of the owners whose rows are theirs."""
    connection.execute(
        f"INSERT INTO temp.gone SELECT t.id, t.owner_id FROM temp.cleared AS k"  # noqa: S608 - names of tables
        f" CROSS JOIN main.{table} AS t ON t.owner_id = k.owner_id"
        " WHERE t.integration AND t.id NOT IN (SELECT id FROM temp.targets)"
    )
    if table == "contacts":
        connection.execute("DELETE FROM main.telephone_keys WHERE contact_id IN (SELECT id FROM temp.gone)")
    connection.execute(f"DELETE FROM main.{table} WHERE id IN (SELECT id FROM temp.gone)")  # noqa: S608 - as above
    connection.execute(_TOUCH + "temp.gone")
    return int(connection.execute("SELECT count(*) FROM temp.gone").fetchone()[0])


def _update(connection: sqlite3.Connection, staged: str, table: str, columns: tuple[str, ...]) -> int:
    before, after = (", ".join(f"{alias}.{name}" for name in columns) for alias in "ts")
    connection.execute(
        f"INSERT INTO temp.different SELECT s.row, t.id, t.owner_id FROM temp.targets AS g"  # noqa: S608 - names of columns
        f" JOIN staging.{staged} AS s ON s.row = g.row JOIN main.{table} AS t ON t.id = g.id"
        f" WHERE ({before}) IS NOT ({after})"
    )
    assigned = ", ".join(f"{name} = s.{name}" for name in columns)
    connection.execute(
        f"UPDATE main.{table} SET {assigned} FROM temp.different AS d"  # noqa: S608 - names of columns
        f" JOIN staging.{staged} AS s ON s.row = d.row WHERE {table}.id = d.id"
    )
    if table == "contacts":
        connection.execute(
            "DELETE FROM main.telephone_keys WHERE contact_id IN (SELECT id FROM temp.different)"
        )
        connection.execute("INSERT INTO temp.numbered SELECT row, id, owner_id FROM temp.different")
    connection.execute(_TOUCH + "temp.different")
    return int(connection.execute("SELECT count(*) FROM temp.different").fetchone()[0])


def _insert(connection: sqlite3.Connection, staged: str, table: str, columns: tuple[str, ...]) -> int:
    same = " AND ".join(f"t.{name} IS s.{name}" for name in columns)
    connection.execute(
        f"DELETE FROM temp.fresh WHERE row IN (SELECT f.row FROM temp.fresh AS f"  # noqa: S608 - names of columns
        f" JOIN staging.{staged} AS s ON s.row = f.row JOIN main.{table} AS t ON t.owner_id = f.owner_id"
        f" WHERE NOT s.integration AND {same})"
    )
    connection.execute(
        "INSERT INTO temp.numbered SELECT row, row_number() OVER (ORDER BY row)"
        " + (SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = ?), owner_id FROM temp.fresh",
        (table,),
    )
    names = ", ".join(columns)
    staged_names = ", ".join(f"s.{name}" for name in columns)
    created = connection.execute(
        f"INSERT INTO main.{table} (id, owner_id, {names}) SELECT n.id, n.owner_id, {staged_names}"  # noqa: S608 - names of columns
        f" FROM temp.fresh AS f JOIN temp.numbered AS n ON n.row = f.row JOIN staging.{staged} AS s ON s.row = f.row"
        " ORDER BY f.row"
    ).rowcount
    connection.execute(_TOUCH + "temp.fresh")
    return int(created)


def _index(connection: sqlite3.Connection) -> None:
    """Add the keys of new and changed contacts, in the order of the index."""
    connection.execute(
        "INSERT INTO main.telephone_keys (reversed, rank, person_id, contact_id)"
        " SELECT k.reversed,"
        " CASE WHEN EXISTS (SELECT 1 FROM main.removals AS r WHERE r.person_id = p.id) THEN 2 ELSE p.disabled END,"
        " p.id, n.id"
        " FROM staging.telephone_keys AS k JOIN temp.numbered AS n ON n.row = k.row JOIN main.people AS p ON p.id = n.owner_id"
        " ORDER BY 1, 2, 3, 4"
    )
