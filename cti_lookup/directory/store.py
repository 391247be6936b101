"""What the directory knows, asked and changed in its own words; the only module that speaks SQL."""

# ruff: noqa: S608 - queries are put together from constants of this module and names of rules, never from values

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Row
from typing import Final, Self

import aiosqlite
import msgspec

from cti_lookup.directory import people
from cti_lookup.directory.contacts import Contact, ContactDraft, ContactItem, changed_contact, new_contact
from cti_lookup.directory.database import Database
from cti_lookup.directory.errors import Fault, InvalidCursorError, NotFoundError, ValidationError
from cti_lookup.directory.fields import Body, Stored, Values
from cti_lookup.directory.filters import Filter
from cti_lookup.directory.pages import ItemT, Page, PageRequest
from cti_lookup.directory.people import Person, PersonItem, Reference
from cti_lookup.directory.telephones import MINIMUM_TAIL, shorter_tails, telephone_keys

MOST_CALLERS: Final = 10
"""People a telephone number is answered with, at most."""

_REFERENCED: Final = """
    people.*,
    organizations.name AS organization_name, organizations.sourceID AS organization_sourceID,
    organizations.disabled AS organization_disabled,
    sites.name AS site_name, sites.sourceID AS site_sourceID, sites.disabled AS site_disabled,
    managers.name AS manager_name, managers.sourceID AS manager_sourceID, managers.disabled AS manager_disabled,
    calendars.name AS work_hours_name, calendars.sourceID AS work_hours_sourceID,
    calendars.disabled AS work_hours_disabled
"""
_JOINS: Final = """
    LEFT JOIN organizations ON organizations.id = people.organization_id
    LEFT JOIN sites ON sites.id = people.site_id
    LEFT JOIN people AS managers ON managers.id = people.manager_id
    LEFT JOIN calendars ON calendars.id = people.work_hours_id
"""
_PEOPLE: Final = "SELECT " + _REFERENCED + " FROM people " + _JOINS
_ANYBODY: Final = "TRUE"
_AFTER_ANCHOR: Final = "(people.name_key, people.id) > (SELECT name_key, id FROM people WHERE id = :anchor)"
_BEFORE_ANCHOR: Final = "(people.name_key, people.id) < (SELECT name_key, id FROM people WHERE id = :anchor)"
_FORWARDS: Final = " ORDER BY people.name_key, people.id LIMIT :limit"
_BACKWARDS: Final = " ORDER BY people.name_key DESC, people.id DESC LIMIT :limit"
_FILTERS: Final = {
    (field, negated): f"people.{field}{collation} {'IS NOT' if negated else 'IS'} :"
    for field, collation in (("employeeID", ""), ("supportID", " COLLATE NOCASE"))
    for negated in (False, True)
}
_PERSON: Final = _PEOPLE + " WHERE people.id = ?"

# Two ways to match: the stored number is as long as the caller's or longer, a range of the reversed digits; or it is
# shorter, and equal to one of the few tails it can be. Both are found through the primary key, never by a scan. The few
# who are answered are chosen before anything else is read of them, as thousands may share a switchboard.
CALLERS: Final = (
    """WITH hits (person_id, closeness) AS (
        SELECT person_id, :length FROM telephone_keys WHERE reversed >= :low AND reversed < :high
        UNION ALL
        SELECT person_id, length(reversed) FROM telephone_keys WHERE reversed IN (SELECT value FROM json_each(:tails))
    ), callers (person_id, closeness) AS (
        SELECT person_id, max(closeness) FROM hits GROUP BY person_id
    ), first_callers (person_id, closeness) AS (
        SELECT person_id, closeness FROM callers JOIN people ON people.id = callers.person_id
        ORDER BY closeness DESC, people.disabled, people.id LIMIT :limit
    ) SELECT """
    + _REFERENCED
    + " FROM first_callers JOIN people ON people.id = first_callers.person_id "
    + _JOINS
    + " ORDER BY first_callers.closeness DESC, people.disabled, people.id"
)

_CONTACTS: Final = "SELECT * FROM contacts WHERE person_id = :person"
_CONTACTS_FIRST: Final = _CONTACTS + " ORDER BY id LIMIT :limit"
_CONTACTS_AFTER: Final = _CONTACTS + " AND id > :anchor ORDER BY id LIMIT :limit"
_CONTACTS_BEFORE: Final = _CONTACTS + " AND id < :anchor ORDER BY id DESC LIMIT :limit"
_CONTACTS_OF: Final = (
    "SELECT * FROM contacts WHERE person_id IN (SELECT value FROM json_each(?)) ORDER BY person_id, id"
)
_CONTACT: Final = "SELECT * FROM contacts WHERE id = ? AND person_id = ?"

_EXISTS: Final = {
    "organizations": "SELECT 1 FROM organizations WHERE id = ?",
    "sites": "SELECT 1 FROM sites WHERE id = ?",
    "people": "SELECT 1 FROM people WHERE id = ?",
    "calendars": "SELECT 1 FROM calendars WHERE id = ?",
}
_INSERT_NAMED: Final = {
    "organizations": "INSERT INTO organizations (id, name) VALUES (?, ?)",
    "sites": "INSERT INTO sites (id, name) VALUES (?, ?)",
    "calendars": "INSERT INTO calendars (id, name) VALUES (?, ?)",
}

Connection = aiosqlite.Connection
Parameters = Sequence[Stored] | Mapping[str, Stored]


class Store:
    """The people and contacts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Self]:
        """Open the store in a file; raise `DirectoryStoreError` when the file cannot be used."""
        async with Database.open(path) as database:
            yield cls(database)

    async def people_page(self, request: PageRequest, filters: Sequence[Filter] = ()) -> Page[PersonItem]:
        """Return part of all people for whom the filters hold, by name."""
        condition, values = _condition(filters)
        place = _directed(request, _ANYBODY, _AFTER_ANCHOR, _BEFORE_ANCHOR)
        order = _directed(request, _FORWARDS, _FORWARDS, _BACKWARDS)
        async with self._database.reading() as connection:
            await _check_anchor(connection, request, _EXISTS["people"])
            query = f"{_PEOPLE} WHERE {place} AND {condition}{order}"
            rows = await _fetch(connection, query, _window(request) | values)
            total = await _count(connection, f"SELECT count(*) FROM people WHERE {condition}", values)
        return _page(request, [_person_item(row) for row in rows], total)

    async def person(self, person_id: int) -> Person:
        """Return a person, or raise `NotFoundError`."""
        async with self._database.reading() as connection:
            return await _person(connection, person_id)

    async def callers(self, digits: str) -> tuple[Person, ...]:
        """Return the people a caller may be: longest common tail first, then the enabled, then by id."""
        low = digits[::-1]
        # In ASCII ":" follows "9": the range holds all that begins with `low`. Below it, only `low` itself.
        high = low + (":" if len(digits) >= MINIMUM_TAIL else "0")
        tails = json.dumps([tail[::-1] for tail in shorter_tails(digits)])
        parameters: Values = {
            "length": len(digits),
            "low": low,
            "high": high,
            "tails": tails,
            "limit": MOST_CALLERS,
        }
        async with self._database.reading() as connection:
            return await _full_people(connection, await _fetch(connection, CALLERS, parameters))

    async def create_person(self, values: Values, faults: tuple[Fault, ...], now: datetime) -> Person:
        """Create a person, unless the values already had faults or turn out to have some."""
        async with self._database.writing() as connection:
            await _check_person(connection, values, faults, person_id=None)
            person_id = await insert_person(connection, values, now)
            return await _person(connection, person_id)

    async def change_person(
        self, person_id: int, values: Values, faults: tuple[Fault, ...], now: datetime
    ) -> Person:
        """Change the named fields of a person, unless the values have faults; none named changes nothing."""
        async with self._database.erasing() as connection:
            await _check_exists(connection, person_id)
            await _check_person(connection, values, faults, person_id=person_id)
            if values:
                await _update_person(connection, person_id, values, now)
            return await _person(connection, person_id)

    async def erase_person(self, person_id: int, now: datetime) -> None:
        """Erase a person for good, byte for byte; whose manager this was is thereby updated. Raise `NotFoundError`."""
        async with self._database.rewriting() as connection:
            await _check_exists(connection, person_id)
            await connection.execute(
                "UPDATE people SET manager_id = NULL, updated_at = ? WHERE manager_id = ?",
                (_timestamp(now), person_id),
            )
            await connection.execute("DELETE FROM people WHERE id = ?", (person_id,))

    async def contacts_page(self, person_id: int, request: PageRequest) -> Page[ContactItem]:
        """Return part of a person's contacts, in the order in which they were added."""
        async with self._database.reading() as connection:
            await _check_exists(connection, person_id)
            query = _directed(request, _CONTACTS_FIRST, _CONTACTS_AFTER, _CONTACTS_BEFORE)
            rows = await _fetch(connection, query, _window(request) | {"person": person_id})
            total = await _count(
                connection, "SELECT count(*) FROM contacts WHERE person_id = ?", (person_id,)
            )
        return _page(request, [_contact_item(row) for row in rows], total)

    async def contact(self, person_id: int, contact_id: int) -> Contact:
        """Return one contact of a person, or raise `NotFoundError`."""
        async with self._database.reading() as connection:
            return _contact(await _contact_row(connection, person_id, contact_id))

    async def add_contact(self, person_id: int, body: Body, now: datetime) -> Contact:
        """Add the contact a body describes, or raise `ValidationError`; its person is thereby updated."""
        async with self._database.writing() as connection:
            await _touch(connection, person_id, now)
            contact_id = await insert_contact(connection, person_id, new_contact(body))
            return _contact(await _contact_row(connection, person_id, contact_id))

    async def change_contact(self, person_id: int, contact_id: int, body: Body, now: datetime) -> Contact:
        """Change a contact as a body says, or raise `ValidationError`; its person is thereby updated."""
        async with self._database.erasing() as connection:
            row = await _contact_row(connection, person_id, contact_id)
            draft = changed_contact(_draft(row), body)
            await connection.execute(
                "UPDATE contacts SET label = ?, protocol = ?, uri = ?, integration = ? WHERE id = ?",
                (draft.label, draft.protocol, draft.uri, int(draft.integration), contact_id),
            )
            await connection.execute("DELETE FROM telephone_keys WHERE contact_id = ?", (contact_id,))
            await _index(connection, person_id, contact_id, draft)
            await _touch(connection, person_id, now)
            return _contact(await _contact_row(connection, person_id, contact_id))

    async def delete_contact(self, person_id: int, contact_id: int, now: datetime) -> None:
        """Delete one contact of a person, who is thereby updated; raise `NotFoundError` if there is none."""
        async with self._database.erasing() as connection:
            await _contact_row(connection, person_id, contact_id)
            await connection.execute("DELETE FROM contacts WHERE id = ?", (contact_id,))
            await _touch(connection, person_id, now)

    async def delete_contacts(self, person_id: int, now: datetime) -> None:
        """Delete all contacts of a person, who is updated if there were any."""
        async with self._database.erasing() as connection:
            await _check_exists(connection, person_id)
            cursor = await connection.execute("DELETE FROM contacts WHERE person_id = ?", (person_id,))
            if cursor.rowcount:
                await _touch(connection, person_id, now)

    @asynccontextmanager
    async def filling(self) -> AsyncIterator[Connection | None]:
        """Lend a connection to fill an empty database in one transaction; None when it is not empty."""
        async with self._database.writing() as connection:
            used = await _fetch(
                connection,
                "SELECT 1 FROM people UNION ALL SELECT 1 FROM organizations UNION ALL SELECT 1 FROM sites",
            )
            yield None if used else connection


async def insert_named(connection: Connection, table: str, record_id: int, name: str) -> None:
    """Insert an organization, a site or a calendar under an id of the caller's choice."""
    await connection.execute(_INSERT_NAMED[table], (record_id, name))


async def insert_person(
    connection: Connection, values: Values, now: datetime, *, person_id: int | None = None
) -> int:
    """Insert a person from checked values, under an id of the caller's choice or the next one."""
    # Fields nobody named are left to the defaults of the table.
    columns = {**values, **_derived(values), "id": person_id, "created_at": _timestamp(now)}
    columns["updated_at"] = columns["created_at"]
    names = ", ".join(columns)
    marks = ", ".join(f":{name}" for name in columns)
    cursor = await connection.execute(f"INSERT INTO people ({names}) VALUES ({marks})", columns)
    return int(cursor.lastrowid or 0)


async def insert_contact(
    connection: Connection, person_id: int, draft: ContactDraft, *, contact_id: int | None = None
) -> int:
    """Insert a contact and the keys under which a caller finds it."""
    cursor = await connection.execute(
        "INSERT INTO contacts (id, person_id, label, protocol, uri, integration) VALUES (?, ?, ?, ?, ?, ?)",
        (contact_id, person_id, draft.label, draft.protocol, draft.uri, int(draft.integration)),
    )
    inserted_id = int(cursor.lastrowid or 0)
    await _index(connection, person_id, inserted_id, draft)
    return inserted_id


async def _index(connection: Connection, person_id: int, contact_id: int, draft: ContactDraft) -> None:
    keys = telephone_keys(draft.uri) if draft.identifies_callers else ()
    await connection.executemany(
        "INSERT INTO telephone_keys (reversed, contact_id, person_id) VALUES (?, ?, ?)",
        [(key[::-1], contact_id, person_id) for key in keys],
    )


async def _update_person(connection: Connection, person_id: int, values: Values, now: datetime) -> None:
    columns = {**values, **_derived(values), "updated_at": _timestamp(now)}
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    await connection.execute(f"UPDATE people SET {changes} WHERE id = :id", {**columns, "id": person_id})


def _derived(values: Values) -> Values:
    """Return the columns that follow from others: the forms in which names sort and addresses are unique."""
    derived: Values = {}
    if "name" in values:
        derived["name_key"] = people.name_key(str(values["name"]))
    if "primary_email" in values:
        derived["email_key"] = people.email_key(str(values["primary_email"]))
    return derived


async def _touch(connection: Connection, person_id: int, now: datetime) -> None:
    """Note that a person was updated, or raise `NotFoundError`."""
    cursor = await connection.execute(
        "UPDATE people SET updated_at = ? WHERE id = ?", (_timestamp(now), person_id)
    )
    if not cursor.rowcount:
        raise NotFoundError


async def _check_person(
    connection: Connection, values: Values, faults: tuple[Fault, ...], *, person_id: int | None
) -> None:
    """Add the faults that only the database can tell to those known, and raise `ValidationError` if any."""
    faults += await _address_faults(connection, values.get("primary_email"), person_id)
    faults += await _reference_faults(connection, values, person_id)
    if faults:
        raise ValidationError(faults)


async def _address_faults(
    connection: Connection, address: Stored, person_id: int | None
) -> tuple[Fault, ...]:
    if address is None:
        return ()
    taken = await _fetch(
        connection,
        "SELECT 1 FROM people WHERE email_key = ? AND id IS NOT ?",
        (people.email_key(str(address)), person_id),
    )
    return (("primary_email", "has already been taken"),) if taken else ()


async def _reference_faults(
    connection: Connection, values: Values, person_id: int | None
) -> tuple[Fault, ...]:
    faults: list[Fault] = []
    for field, table in people.REFERENCES.items():
        number = values.get(field)
        if number is None:
            continue
        if field == "manager_id" and number == person_id:
            faults.append((field, "can't be the person"))
        elif not await _fetch(connection, _EXISTS[table], (number,)):
            faults.append((field, "must exist"))
    return tuple(faults)


async def _check_exists(connection: Connection, person_id: int) -> None:
    if not await _fetch(connection, _EXISTS["people"], (person_id,)):
        raise NotFoundError


async def _check_anchor(connection: Connection, request: PageRequest, query: str) -> None:
    """Refuse a cursor whose record is not there, instead of answering an empty page."""
    if request.anchor and not await _fetch(connection, query, (request.anchor.id,)):
        raise InvalidCursorError


async def _person(connection: Connection, person_id: int) -> Person:
    found = await _full_people(connection, await _fetch(connection, _PERSON, (person_id,)))
    if not found:
        raise NotFoundError
    return found[0]


async def _full_people(connection: Connection, rows: Sequence[Row]) -> tuple[Person, ...]:
    ids = json.dumps([row["id"] for row in rows])
    contacts: dict[int, list[ContactItem]] = {row["id"]: [] for row in rows}
    for row in await _fetch(connection, _CONTACTS_OF, (ids,)):
        contacts[row["person_id"]].append(_contact_item(row))
    return tuple(_full_person(row, tuple(contacts[row["id"]])) for row in rows)


async def _contact_row(connection: Connection, person_id: int, contact_id: int) -> Row:
    rows = await _fetch(connection, _CONTACT, (contact_id, person_id))
    if not rows:
        raise NotFoundError
    return rows[0]


async def _fetch(connection: Connection, query: str, parameters: Parameters = ()) -> list[Row]:
    return list(await connection.execute_fetchall(query, parameters))


async def _count(connection: Connection, query: str, parameters: Parameters = ()) -> int:
    (row,) = await _fetch(connection, query, parameters)
    return int(row[0])


def _directed(request: PageRequest, first: str, after: str, before: str) -> str:
    """Return the query that reads in the direction of a request."""
    if request.after:
        return after
    return before if request.before else first


def _condition(filters: Sequence[Filter]) -> tuple[str, Values]:
    """Return what the filters mean in SQL, and the parameters of that."""
    numbered = list(enumerate(filters))
    parts = [f"{_FILTERS[one.field, one.negated]}filter{number}" for number, one in numbered]
    return " AND ".join(parts) or _ANYBODY, {f"filter{number}": one.value for number, one in numbered}


def _window(request: PageRequest) -> Values:
    """Return the parameters of a page: one record more than it holds tells whether another page follows."""
    return {"limit": request.per_page + 1, "anchor": request.anchor.id if request.anchor else None}


def _page(request: PageRequest, found: list[ItemT], total: int) -> Page[ItemT]:
    kept: Iterable[ItemT] = found[: request.per_page]
    if request.before:
        kept = reversed(found[: request.per_page])
    return Page(request, tuple(kept), total, more=len(found) > request.per_page)


def _reference(row: Row, name: str) -> Reference | None:
    if row[f"{name}_id"] is None:
        return None
    return Reference(
        id=row[f"{name}_id"],
        name=row[f"{name}_name"],
        source_id=row[f"{name}_sourceID"],
        disabled=bool(row[f"{name}_disabled"]),
    )


def _person_item(row: Row) -> PersonItem:
    return PersonItem(
        id=row["id"],
        source_id=row["sourceID"],
        name=row["name"],
        organization=_reference(row, "organization"),
        site=_reference(row, "site"),
        manager=_reference(row, "manager"),
        disabled=bool(row["disabled"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _full_person(row: Row, contacts: tuple[ContactItem, ...]) -> Person:
    time_format = row["time_format_24h"]
    return Person(
        **msgspec.structs.asdict(_person_item(row)),
        primary_email=row["primary_email"],
        contacts=contacts,
        authentication_id=row["authenticationID"],
        auto_translation=bool(row["auto_translation"]),
        cost_per_hour=row["cost_per_hour"],
        cost_per_hour_currency=row["cost_per_hour_currency"],
        custom_fields=msgspec.Raw((row["custom_fields"] or "null").encode()),
        do_not_translate_languages=row["do_not_translate_languages"],
        employee_id=row["employeeID"],
        exclude_team_notifications=bool(row["exclude_team_notifications"]),
        guest=bool(row["guest"]),
        information=row["information"],
        job_title=row["job_title"],
        locale=row["locale"],
        location=row["location"],
        oauth_person_enablement=bool(row["oauth_person_enablement"]),
        picture_uri=row["picture_uri"],
        send_email_notifications=row["send_email_notifications"],
        show_notification_popup=row["show_notification_popup"],
        source=row["source"],
        support_id=row["supportID"],
        time_format_24h=None if time_format is None else bool(time_format),
        time_zone=row["time_zone"],
        vip=bool(row["vip"]),
        work_hours=_reference(row, "work_hours"),
    )


def _contact_item(row: Row) -> ContactItem:
    return ContactItem(**{"label": row["label"], "id": row["id"], row["protocol"]: row["uri"]})


def _contact(row: Row) -> Contact:
    return Contact(
        **{
            "label": row["label"],
            "id": row["id"],
            row["protocol"]: row["uri"],
            "integration": bool(row["integration"]),
        }
    )


def _draft(row: Row) -> ContactDraft:
    return ContactDraft(row["label"], row["protocol"], row["uri"], bool(row["integration"]))


def _timestamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
