"""
Staged people into the directory: who they are, whom they refer to, and then all of them at once.

Statements work on whole tables, as a million rows handed to Python and back would take minutes. `main` is the directory, `staging` the
file's rows, `temp` what is found out on the way. Everything happens inside one transaction that the caller began.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from cti_lookup.directory.records.inserting import name_key

TAKEN: Final = "has already been taken"
NOT_FOUND: Final = "is not found"
BLANK: Final = "can't be blank"
THEMSELVES: Final = "can't be the person"
REPEATED: Final = "is about the same person as another line"


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go: the account, the directory account behind it or else the same, and the time."""

    account: str
    directory: str
    now: str

    @property
    def parameters(self) -> dict[str, str]:
        """The values that statements name."""
        return {"account": self.account, "directory": self.directory, "now": self.now}


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the rows."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            self.created + other.created,
            self.updated + other.updated,
            self.deleted + other.deleted,
            self.unchanged + other.unchanged,
        )


_TABLES: Final = (
    "CREATE TEMP TABLE matched (row INTEGER PRIMARY KEY, person_id INTEGER NOT NULL, fresh INTEGER NOT NULL)",
    "CREATE TEMP TABLE refused (row INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE managers (key TEXT PRIMARY KEY, person_id INTEGER) WITHOUT ROWID",
    "CREATE TEMP TABLE named (kind TEXT, text TEXT, key TEXT, id INTEGER, PRIMARY KEY (kind, text)) WITHOUT ROWID",
    "CREATE TEMP TABLE changed (person_id INTEGER PRIMARY KEY, event TEXT NOT NULL)",
)
_ANYBODY: Final = "EXISTS (SELECT 1 FROM main.people WHERE account_id = :account)"
_MATCH: Final = f"""
    INSERT INTO temp.matched (row, person_id, fresh)
    SELECT row, person_id, 0 FROM (
        SELECT s.row, coalesce(
            (SELECT id FROM main.people WHERE id = s.id AND account_id = :account),
            (SELECT min(id) FROM main.people
             WHERE sourceID = s.sourceID AND source = s.source AND account_id = :account),
            (SELECT id FROM main.people WHERE email_key = s.email_key AND account_id = :account)
        ) AS person_id
        FROM staging.people AS s
    ) WHERE person_id IS NOT NULL AND {_ANYBODY}
"""  # noqa: S608 - a constant
_NUMBER: Final = """
    INSERT INTO temp.matched (row, person_id, fresh)
    SELECT row, :last + row_number() OVER (ORDER BY row), 1
    FROM staging.people WHERE row NOT IN (SELECT row FROM temp.matched)
"""
_LAST_ID: Final = "SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'people'"

# Who cannot be used, and why. A row that is refused leaves all tables.
_REPEATED: Final = """
    SELECT row FROM temp.matched WHERE person_id IN (
        SELECT person_id FROM temp.matched GROUP BY person_id HAVING count(*) > 1
    ) AND row NOT IN (SELECT min(row) FROM temp.matched GROUP BY person_id)
"""
_TAKEN: Final = """
    SELECT m.row FROM temp.matched AS m JOIN staging.people AS s ON s.row = m.row
    JOIN main.people AS p ON p.email_key = s.email_key AND p.account_id = :account
    WHERE NOT m.fresh AND p.id <> m.person_id
"""
_WITHOUT: Final = """
    SELECT m.row FROM temp.matched AS m JOIN staging.people AS s ON s.row = m.row
    WHERE m.fresh AND s.{column} IS NULL
"""
_LOST_MANAGER: Final = """
    SELECT s.row FROM staging.people AS s JOIN temp.managers AS g ON g.key = s.manager_key
    WHERE g.person_id IS NULL AND s.manager_key NOT LIKE ' dn:%'
"""
_OWN_MANAGER: Final = """
    SELECT s.row FROM staging.people AS s JOIN temp.managers AS g ON g.key = s.manager_key
    JOIN temp.matched AS m ON m.row = s.row WHERE g.person_id = m.person_id
"""
_MANAGERS: Final = """
    INSERT INTO temp.managers (key, person_id)
    SELECT key, coalesce(
        (SELECT m.person_id FROM staging.people AS s JOIN temp.matched AS m ON m.row = s.row WHERE s.email_key = key),
        (SELECT m.person_id FROM staging.people AS s JOIN temp.matched AS m ON m.row = s.row WHERE s.name_in_file = key),
        (SELECT id FROM main.people WHERE email_key = key AND account_id = :account),
        (SELECT id FROM main.people WHERE email_key = key AND account_id = :directory),
        (SELECT max(person_id) FROM temp.by_name WHERE name_key = key)
    ) FROM (SELECT DISTINCT manager_key AS key FROM staging.people WHERE manager_key IS NOT NULL)
"""
# Names that only one person has, among those that managers are written with.
_BY_NAME: Final = """
    CREATE TEMP TABLE by_name AS
    WITH wanted AS (
        SELECT DISTINCT manager_key AS name_key FROM staging.people
        WHERE instr(manager_key, '@') = 0 AND manager_key NOT LIKE ' dn:%'
    ), found AS (
        SELECT s.name_key, m.person_id FROM wanted
        CROSS JOIN staging.people AS s ON s.name_key = wanted.name_key JOIN temp.matched AS m ON m.row = s.row
        UNION
        SELECT p.name_key, p.id FROM wanted
        CROSS JOIN main.people AS p ON p.name_key = wanted.name_key AND p.account_id IN (?, ?)
    ) SELECT name_key, max(person_id) AS person_id FROM found GROUP BY name_key HAVING count(*) = 1
"""
_WRITES_NAMES: Final = """
    SELECT EXISTS (SELECT 1 FROM staging.people
    WHERE instr(manager_key, '@') = 0 AND manager_key NOT LIKE ' dn:%')
"""

_NAMED: Final = (("organization", "organizations"), ("site", "sites"), ("work_hours", "calendars"))
_REFERENCES: Final = """
    LEFT JOIN temp.named AS o ON o.kind = 'organization' AND o.text = s.organization
    LEFT JOIN temp.named AS l ON l.kind = 'site' AND l.text = s.site
    LEFT JOIN temp.named AS c ON c.kind = 'work_hours' AND c.text = s.work_hours
    LEFT JOIN temp.managers AS g ON g.key = s.manager_key
"""
_INSERT: Final = f"""
    INSERT INTO main.people (
        id, account_id, name, name_key, primary_email, email_key, source, sourceID, employeeID, supportID, disabled,
        organization_id, site_id, manager_id, work_hours_id, created_at, updated_at, details
    )
    SELECT m.person_id, :account, s.name, s.name_key, s.primary_email, s.email_key, s.source, s.sourceID, s.employeeID,
        s.supportID, coalesce(s.disabled, 0), o.id, l.id, g.person_id, c.id, :now, :now,
        iif(instr(s.details, 'null'), json_patch('{{}}', s.details), s.details)
    FROM temp.matched AS m JOIN staging.people AS s ON s.row = m.row {_REFERENCES}
    WHERE m.fresh ORDER BY m.row
"""  # noqa: S608 - a constant

_UPDATABLE: Final = {
    "source": ("source", "s.source"),
    "sourceID": ("sourceID", "s.sourceID"),
    "employeeID": ("employeeID", "s.employeeID"),
    "supportID": ("supportID", "s.supportID"),
    "disabled": ("disabled", "coalesce(s.disabled, 0)"),
    "organization": ("organization_id", "o.id"),
    "site": ("site_id", "l.id"),
    "manager": ("manager_id", "g.person_id"),
    "work_hours": ("work_hours_id", "c.id"),
}
"""The column of each field that a file may have, and what it is to be."""

_ALWAYS: Final = (
    # A blank name or address leaves what there is.
    ("name", "coalesce(s.name, p.name)"),
    ("name_key", "coalesce(s.name_key, p.name_key)"),
    ("primary_email", "coalesce(s.primary_email, p.primary_email)"),
    ("email_key", "coalesce(s.email_key, p.email_key)"),
    ("details", "json_patch(p.details, s.details)"),
)


def prepare_people(connection: sqlite3.Connection, target: Target) -> None:
    """Find out who the staged people are and refuse whom the directory cannot take; only staged rows are changed."""
    for statement in _TABLES:
        connection.execute(statement)
    values = target.parameters
    connection.execute(_MATCH, values)
    refuse(connection, _REPEATED, "primary_email", REPEATED)
    refuse(connection, _TAKEN, "primary_email", TAKEN, values)
    last = connection.execute(_LAST_ID).fetchone()[0]
    connection.execute(_NUMBER, {"last": last})
    for column in ("name", "primary_email"):
        refuse(connection, _WITHOUT.format(column=column), column, BLANK)
    # Who is refused may be somebody's manager, who is then refused as well.
    while _refused_for_their_managers(connection, target):
        pass


def apply_people(connection: sqlite3.Connection, target: Target, fields: frozenset[str]) -> Applied:
    """Create and update the prepared people; `temp.changed` then holds them, with what webhooks are to be told."""
    _name_references(connection, target)
    values = target.parameters
    created = connection.execute(_INSERT, values).rowcount
    connection.execute(
        "INSERT INTO temp.changed SELECT person_id, 'person.create' FROM temp.matched WHERE fresh"
    )
    known = connection.execute("SELECT count(*) FROM temp.matched WHERE NOT fresh").fetchone()[0]
    updated = _update(connection, values, fields) if known else 0
    return Applied(created, updated, 0, known - updated)


def refuse(
    connection: sqlite3.Connection, rows: str, field: str, reason: str, values: dict[str, str] | None = None
) -> int:
    """Refuse the staged people a query names, with what belongs to them; return how many there were."""
    connection.execute(f"INSERT INTO temp.refused {rows}", values or {})
    found = int(connection.execute("SELECT count(*) FROM temp.refused").fetchone()[0])
    if found:
        connection.execute(
            "INSERT INTO staging.rejected SELECT line, ?, ? FROM staging.people WHERE row IN temp.refused",
            (field, reason),
        )
        connection.execute("DELETE FROM staging.groups WHERE person_row IN temp.refused")
        connection.execute("DELETE FROM staging.people WHERE row IN temp.refused")
        connection.execute("DELETE FROM temp.matched WHERE row IN temp.refused")
        connection.execute("DELETE FROM temp.refused")
    return found


def _refused_for_their_managers(connection: sqlite3.Connection, target: Target) -> bool:
    connection.execute("DELETE FROM temp.managers")
    connection.execute("DROP TABLE IF EXISTS temp.by_name")
    if connection.execute(_WRITES_NAMES).fetchone()[0]:
        connection.execute("CREATE INDEX IF NOT EXISTS staging.people_by_name ON people (name_key)")
    connection.execute(_BY_NAME, (target.account, target.directory))
    connection.execute("CREATE INDEX temp.by_name_key ON by_name (name_key)")
    connection.execute(_MANAGERS, target.parameters)
    lost = refuse(connection, _LOST_MANAGER, "manager", NOT_FOUND)
    return bool(lost + refuse(connection, _OWN_MANAGER, "manager", THEMSELVES))


def _name_references(connection: sqlite3.Connection, target: Target) -> None:
    """Find the organizations, sites and calendars that rows name, and make those there are none of."""
    connection.create_function("name_key", 1, name_key, deterministic=True)
    for kind, table in _NAMED:
        connection.execute(
            "INSERT INTO temp.named (kind, text, key) SELECT ?, text, name_key(text) FROM"  # noqa: S608 - names of columns
            f" (SELECT DISTINCT {kind} AS text FROM staging.people WHERE {kind} IS NOT NULL)",
            (kind,),
        )
        create_named(connection, kind, table, target)


def create_named(connection: sqlite3.Connection, kind: str, table: str, target: Target) -> None:
    """Give each name in `temp.named` of a kind the id of its record, making those there are none of: `temp.made_<table>`."""
    made = connection.execute(
        f"INSERT INTO main.{table} (account_id, name, name_key, created_at, updated_at)"  # noqa: S608 - names of tables
        f" SELECT :account, min(text), key, :now, :now FROM temp.named WHERE kind = :kind AND NOT EXISTS"
        f" (SELECT 1 FROM main.{table} WHERE name_key = key AND account_id IN (:account, :directory)) GROUP BY key"
        " RETURNING id",
        target.parameters | {"kind": kind},
    ).fetchall()
    connection.execute(f"CREATE TEMP TABLE made_{table} (id INTEGER PRIMARY KEY)")
    connection.executemany(f"INSERT INTO temp.made_{table} VALUES (?)", [(one,) for (one,) in made])  # noqa: S608 - as above
    connection.execute(
        f"UPDATE temp.named SET id = (SELECT id FROM main.{table} WHERE name_key = key"  # noqa: S608 - as above
        " AND account_id IN (:account, :directory) ORDER BY account_id = :account DESC, disabled, id LIMIT 1)"
        " WHERE kind = :kind",
        target.parameters | {"kind": kind},
    )


def _update(connection: sqlite3.Connection, values: dict[str, str], fields: frozenset[str]) -> int:
    """Update whom the directory knew and who are now different; return how many those are."""
    columns = [*_ALWAYS, *(_UPDATABLE[field] for field in _UPDATABLE if field in fields)]
    before = ", ".join("json(p.details)" if name == "details" else f"p.{name}" for name, _ in columns)
    after = ", ".join(value for _, value in columns)
    source = (
        f"FROM temp.matched AS m JOIN staging.people AS s ON s.row = m.row JOIN main.people AS p ON p.id = m.person_id"
        f" {_REFERENCES} WHERE NOT m.fresh"
    )
    count = connection.execute(
        f"INSERT INTO temp.changed SELECT p.id, 'person.update' {source} AND ({before}) IS NOT ({after})"
    ).rowcount
    aliases = ", ".join(f"{value} AS new_{name}" for name, value in columns)
    assigned = ", ".join(f"{name} = new_{name}" for name, _ in columns)
    connection.execute(
        f"UPDATE main.people SET {assigned}, updated_at = :now"  # noqa: S608 - constants
        f" FROM (SELECT p.id AS person_id, {aliases} {source} AND p.id IN (SELECT person_id FROM temp.changed)) AS n"
        " WHERE people.id = n.person_id",
        values,
    )
    return int(count)
