"""
New rows: records, people and contacts, with the columns that follow from others.

Values come checked, and as the rules of fields give them: what has a column of its own goes there, all else into
`details`. Whoever fills a table in another way has to fill the derived columns in the same way.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from types import MappingProxyType
from typing import Final, Protocol

from cti_lookup.directory.callers.telephones import telephone_keys
from cti_lookup.directory.records.times import timestamp

_SHARED: Final = ("name", "source", "sourceID", "disabled")

COLUMNS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "organizations": frozenset(
            {
                *_SHARED,
                "financialID",
                "parent_id",
                "business_unit_organization_id",
                "manager_id",
                "substitute_id",
            }
        ),
        "sites": frozenset(_SHARED),
        "calendars": frozenset(_SHARED),
        "teams": frozenset({*_SHARED, "coordinator_id", "manager_id", "work_hours_id"}),
        "people": frozenset(
            {
                *_SHARED,
                "primary_email",
                "employeeID",
                "supportID",
                "organization_id",
                "site_id",
                "manager_id",
                "work_hours_id",
            }
        ),
    }
)
"""The fields of each table that have a column of their own, under their names in the API."""

INSERT_KEY: Final = """
    INSERT OR IGNORE INTO telephone_keys (reversed, rank, person_id, contact_id)
    SELECT :reversed, CASE WHEN EXISTS (SELECT 1 FROM removals WHERE person_id = people.id) THEN 2 ELSE disabled END,
        people.id, :contact_id
    FROM people WHERE people.id = :person_id
"""
"""Adds a key of a contact, with the rank that its person has at the time."""


class Contact(Protocol):
    """What a contact is made of."""

    @property
    def label(self) -> str:
        """The label, `work` for one."""

    @property
    def protocol(self) -> str:
        """The kind of value."""

    @property
    def uri(self) -> str:
        """The value."""

    @property
    def integration(self) -> bool:
        """Whether an integration keeps it."""

    @property
    def identifies_callers(self) -> bool:
        """Whether a caller may be known by it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """In which account, and when, a record is made."""

    account: str
    now: datetime


def insert_record(
    connection: Connection,
    table: str,
    values: Mapping[str, object],
    origin: Origin,
    record_id: int | None = None,
) -> int:
    """Insert a record of a table from checked values, under an id of the caller's choice or the next one."""
    columns: dict[str, object] = {name: values[name] for name in COLUMNS[table] & values.keys()}
    details = {name: value for name, value in values.items() if name not in columns and value is not None}
    columns |= derived(values)
    columns["disabled"] = int(bool(values.get("disabled")))
    columns |= {"id": record_id, "account_id": origin.account, "details": details_json(details)}
    columns |= dict.fromkeys(("created_at", "updated_at"), timestamp(origin.now))
    names = ", ".join(columns)
    marks = ", ".join(f":{name}" for name in columns)
    cursor = connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", columns)  # noqa: S608 - names of columns
    return int(cursor.lastrowid or 0)


def insert_person(
    connection: Connection, values: Mapping[str, object], origin: Origin, *, person_id: int | None = None
) -> int:
    """Insert a person from checked values, under an id of the caller's choice or the next one."""
    return insert_record(connection, "people", values, origin, person_id)


def insert_contact(
    connection: Connection, person_id: int, draft: Contact, *, contact_id: int | None = None
) -> int:
    """Insert a contact of a person and the keys under which a caller finds it."""
    cursor = connection.execute(
        "INSERT INTO contacts (id, owner_id, label, protocol, uri, integration) VALUES (?, ?, ?, ?, ?, ?)",
        (contact_id, person_id, draft.label, draft.protocol, draft.uri, int(draft.integration)),
    )
    inserted_id = int(cursor.lastrowid or 0)
    index_contact(connection, person_id, inserted_id, draft)
    return inserted_id


def index_contact(connection: Connection, person_id: int, contact_id: int, draft: Contact) -> None:
    """Add the keys under which a caller finds a contact; those it had before are deleted by whoever changes it."""
    connection.executemany(
        INSERT_KEY,
        [
            {"reversed": reversed_key, "contact_id": contact_id, "person_id": person_id}
            for reversed_key in reversed_keys(draft)
        ],
    )


def reversed_keys(draft: Contact) -> tuple[str, ...]:
    """Return the digits under which a caller finds a contact, as they stand in `telephone_keys`."""
    return reversed_telephones(draft.uri) if draft.identifies_callers else ()


def reversed_telephones(text: str) -> tuple[str, ...]:
    """Return the keys of a telephone by which a caller is known, as they stand in `telephone_keys`."""
    return tuple([key[::-1] for key in telephone_keys(text)])


def derived(values: Mapping[str, object]) -> dict[str, object]:
    """Return the columns that follow from others: the forms in which names sort and addresses are unique."""
    columns: dict[str, object] = {}
    if "name" in values:
        columns["name_key"] = name_key(str(values["name"]))
    if "primary_email" in values:
        columns["email_key"] = email_key(str(values["primary_email"]))
    return columns


def details_json(details: Mapping[str, object]) -> str:
    """Return the fields that have no column of their own as they are stored."""
    return json.dumps(details, ensure_ascii=False, separators=(",", ":"))


def email_key(address: str) -> str:
    """Return the form of an address under which it is unique: letter case does not matter."""
    return address.casefold()


def name_key(name: str) -> str:
    """Return the form of a name by which records are sorted: letter case does not matter."""
    return name.casefold()
