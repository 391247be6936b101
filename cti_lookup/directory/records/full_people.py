"""
People as the API answers them one by one: with all fields, nested references, contacts and addresses, as JSON.

A caller's name has to be there while the phone rings. Who was asked for lately is kept as JSON for as long as nobody changes
the file, where the connection remembers what it read. Of the others one statement reads what stands in a person's columns, and SQLite writes
the contacts and addresses as JSON; what a person refers to is mostly known already. The fields a person keeps in `details`
pass through one typed decoding, which puts in the defaults, and are appended.
"""

# ruff: noqa: S608 - queries are put together from constants, never from values

from collections.abc import Sequence
from functools import lru_cache
from sqlite3 import Connection
from typing import Any, Final, NamedTuple

import msgspec

from cti_lookup.directory.records.contacts import PLACE
from cti_lookup.directory.records.parts import Part
from cti_lookup.directory.records.references import Surroundings, surroundings
from cti_lookup.directory.storage.reader import Reader

MOST_AT_ONCE: Final = 100
"""People read with one statement."""

MOST_KEPT: Final = 8192
"""People that are kept as JSON, some 10 MiB; with one more all of them are read anew."""

# An aggregate has its rows in the order of the subquery it reads.
_CONTACTS: Final = (
    "(SELECT json_group_array(json_object('label', label, 'id', id, protocol, uri)) FROM (SELECT label, id, protocol, uri"
    f" FROM contacts INDEXED BY contacts_by_owner WHERE owner_id = people.id ORDER BY {PLACE}, id))"
)
_ADDRESSES: Final = (
    "(SELECT json_group_array(json_object('id', id, 'label', label, 'address', address, 'city', city, 'state', state,"
    " 'zip', zip, 'country', country, 'integration', json(iif(integration, 'true', 'false'))))"
    " FROM addresses INDEXED BY addresses_by_owner WHERE owner_id = people.id)"
)
_COLUMNS: Final = (
    "id",
    "sourceID",
    "name",
    "primary_email",
    "organization_id",
    "site_id",
    "manager_id",
    "work_hours_id",
    "disabled",
    "created_at",
    "updated_at",
    "source",
    "supportID",
    "employeeID",
    "account_id",
    "details",
)
_SELECTED: Final = ", ".join((*(f"people.{name}" for name in _COLUMNS), _CONTACTS, _ADDRESSES))
_PLACE_OF_ACCOUNT: Final = _COLUMNS.index("account_id")
_Row = Sequence[Any]


class _Person(msgspec.Struct, frozen=True):
    """The first part of a person, in the order in which it is answered."""

    id: int
    source_id: str | None = msgspec.field(name="sourceID")
    name: str
    primary_email: str
    organization: msgspec.Raw
    site: msgspec.Raw
    manager: msgspec.Raw
    work_hours: msgspec.Raw
    disabled: bool
    created_at: str
    updated_at: str
    source: str | None
    support_id: str | None = msgspec.field(name="supportID")
    employee_id: str | None = msgspec.field(name="employeeID")
    contacts: msgspec.Raw
    addresses: msgspec.Raw
    account: Part | msgspec.UnsetType = msgspec.UNSET


class PersonDetails(msgspec.Struct, frozen=True):
    """The second part of a person: the fields that are kept as one JSON object, and their values when they are not set."""

    # Attachments and UI extensions are shown and cannot be written: there are none.
    attachments: tuple[()] = ()
    authentication_id: str | None = msgspec.field(default=None, name="authenticationID")
    auto_translation: bool = False
    cost_per_hour: str | None = None
    cost_per_hour_currency: str | None = None
    custom_fields: msgspec.Raw = msgspec.Raw(b"null")
    do_not_translate_languages: str | None = None
    exclude_team_notifications: bool = False
    guest: bool = False
    information: str | None = None
    job_title: str | None = None
    locale: str | None = None
    location: str | None = None
    oauth_person_enablement: bool = False
    picture_uri: str | None = None
    send_email_notifications: str | None = None
    show_notification_popup: str | None = None
    time_format_24h: bool | None = None
    time_zone: str | None = None
    ui_extension: None = None
    vip: bool = False


_encode: Final = msgspec.json.Encoder().encode
_decode_details: Final = msgspec.json.Decoder(PersonDetails).decode


class WholePerson(NamedTuple):
    """A person as JSON, and the account of the record."""

    account_id: str
    json: bytes


def full_people(connection: Connection, ids: Sequence[int], home: str) -> list[bytes]:
    """
    Return the JSON objects of people in the order of their ids, without those that there are not.

    `home` is the account of the reader: a record of any other account shows its `account`.
    """
    people = _read(connection, ids, home)
    return [people[number].json for number in ids if number in people]


def people_kept(connection: Connection, ids: Sequence[int], home: str) -> list[WholePerson]:
    """Return people likewise, and keep them for whoever asks next."""
    remembered = connection.remembered if isinstance(connection, Reader) else None
    kept: dict[int, WholePerson] = (
        {} if remembered is None else remembered.setdefault((WholePerson, home), {})
    )
    if missing := [number for number in ids if number not in kept]:
        if len(kept) + len(missing) > MOST_KEPT:
            kept.clear()
            missing = list(ids)
        kept.update(_read(connection, missing, home))
    return [kept[number] for number in ids if number in kept]


def _whole_person(connection: Connection, row: _Row, around: Surroundings) -> WholePerson:
    account = around.accounts.get(row[_PLACE_OF_ACCOUNT], msgspec.UNSET) if around.accounts else msgspec.UNSET
    person = _Person(
        row[0],
        row[1],
        row[2],
        row[3],
        around.organizations.read(connection, row[4]),
        around.sites.read(connection, row[5]),
        around.people.read(connection, row[6]),
        around.calendars.read(connection, row[7]),
        bool(row[8]),
        row[9],
        row[10],
        row[11],
        row[12],
        row[13],
        msgspec.Raw(row[16]),
        msgspec.Raw(row[17]),
        account,
    )
    details = _encode(_decode_details(row[15]))
    return WholePerson(row[_PLACE_OF_ACCOUNT], b"%b,%b" % (_encode(person)[:-1], details[1:]))


def _read(connection: Connection, ids: Sequence[int], home: str) -> dict[int, WholePerson]:
    cursor = connection.cursor()
    cursor.row_factory = None  # reading columns by name costs as much again
    around = surroundings(connection, home)
    batches = (ids[start : start + MOST_AT_ONCE] for start in range(0, len(ids), MOST_AT_ONCE))
    rows = (row for batch in batches for row in cursor.execute(_query(len(batch)), batch).fetchall())
    return {row[0]: _whole_person(connection, row, around) for row in rows}


@lru_cache(MOST_AT_ONCE + 1)
def _query(count: int) -> str:
    marks = ",".join("?" * count)
    return f"SELECT {_SELECTED} FROM people WHERE people.id IN ({marks})"
