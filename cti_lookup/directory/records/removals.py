"""
People moved to the archive or the trash, and back.

Facts (R-Service developer guide, "People", Archive, Trash and Restore a person; "Archive"): who is moved there can be brought
back from either. The answer is the whole person with `archived` or `trashed`, which is the text "true". The lists hold who was
moved, when and by whom. Silent are the pages about what else becomes of them: here they are in no list of people and are not
found by a caller's number, can be read by id with the same mark, and cannot be changed until they are back.
"""

from datetime import datetime
from enum import Enum
from sqlite3 import Connection
from typing import Final

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.errors import ValidationError
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.records.visibility import account_of, check_changeable
from cti_lookup.directory.webhooks.events import announce

MOVERS: Final = (Role.ACCOUNT_ADMINISTRATOR, Role.DIRECTORY_ADMINISTRATOR)
"""Whoever moves people has one of these roles; those of the directory account take the second."""


class Place(Enum):
    """Where people are moved to; `mark` is what their records and the lists say of it."""

    ARCHIVE = "archive"
    TRASH = "trash"

    @property
    def mark(self) -> str:
        """The field that tells that a record is there."""
        return "archived" if self is Place.ARCHIVE else "trashed"


def check_movable(connection: Connection, person_id: int, identity: Identity) -> None:
    """Raise `NotFoundError` if there is no such person, `ForbiddenError` if somebody may not move them."""
    check_changeable(connection, "people", person_id, identity)
    # Facts ("Archive a person"): the role has to be one in the account of the person.
    own = account_of(connection, "people", person_id) == identity.account
    identity.require_role(*(MOVERS if own else (Role.DIRECTORY_ADMINISTRATOR,)))


def place_of(connection: Connection, person_id: int) -> Place | None:
    """Return where a person was moved to, None for those who are among the people."""
    row = connection.execute("SELECT place FROM removals WHERE person_id = ?", (person_id,)).fetchone()
    return None if row is None else Place(row["place"])


def check_in_place(connection: Connection, person_id: int) -> None:
    """Raise `ValidationError` for a person in the archive or the trash, who cannot be changed."""
    place = place_of(connection, person_id)
    if place is not None:
        raise ValidationError((("base", f"is in the {place.value}; restore it first"),))


def marked(connection: Connection, person_id: int, person: bytes) -> bytes:
    """Return the JSON object of a person, with the mark of the place if it was moved to one."""
    place = place_of(connection, person_id)
    return person if place is None else b'{"%s":"true",%s' % (place.mark.encode(), person[1:])


def remove_person(
    connection: Connection, person_id: int, identity: Identity, now: datetime, *, place: Place
) -> None:
    """Move a person to a place, also from the other one; who is there already stays."""
    check_movable(connection, person_id, identity)
    if place_of(connection, person_id) is place:
        return
    connection.execute("DELETE FROM removals WHERE person_id = ?", (person_id,))
    connection.execute(
        "INSERT INTO removals (person_id, place, removed_by, created_at) VALUES (?, ?, ?, ?)",
        (person_id, place.value, identity.person_id, timestamp(now)),
    )
    _note_change(connection, person_id, identity, now)


def restore_person(connection: Connection, person_id: int, identity: Identity, now: datetime) -> None:
    """Bring a person back from wherever they are; who is among the people stays."""
    check_movable(connection, person_id, identity)
    if connection.execute("DELETE FROM removals WHERE person_id = ?", (person_id,)).rowcount:
        _note_change(connection, person_id, identity, now)


def _note_change(connection: Connection, person_id: int, identity: Identity, now: datetime) -> None:
    """Note that a person changed; there is no event of removals, and whoever keeps a copy has to hear of it."""
    connection.execute("UPDATE people SET updated_at = ? WHERE id = ?", (timestamp(now), person_id))
    announce(connection, "person.update", person_id, identity, now)
