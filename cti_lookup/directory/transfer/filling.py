"""From a file into its staging file, entry by entry, going on where an earlier import was killed."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from cti_lookup.directory.records.fields import FieldFault
from cti_lookup.directory.transfer.checking_details import DetailCheck, DetailRow, Owner
from cti_lookup.directory.transfer.checking_people import PersonCheck, PersonRows
from cti_lookup.directory.transfer.columns import Kind
from cti_lookup.directory.transfer.entries import Block, Entry
from cti_lookup.directory.transfer.faults import Rejection
from cti_lookup.directory.transfer.formats import Reading
from cti_lookup.directory.transfer.staging import Batch, Staging
from cti_lookup.directory.transfer.texts import bytes_read

ENTRIES_AT_ONCE: Final = 5000
REPEATED: Final = "stands on an earlier line too"

Add = Callable[[Batch, Block], None]
Progress = Callable[[int], None]
"""Hears how many bytes of the file have been read."""


def fill(staging: Staging, reading: Reading, add: Add, file: BinaryIO, progress: Progress) -> None:
    """Read a file to its end; raise `UnreadableFileError` where it cannot be read."""
    batch = staging.next_batch()
    written = batch.entries
    with _without_collector():
        for block in _from(written, reading.blocks):
            add(batch, block)
            batch.entries += len(block)
            if batch.entries - written >= ENTRIES_AT_ONCE:
                staging.write(batch)
                batch = staging.next_batch()
                written = batch.entries
                progress(bytes_read(file))
        staging.write(batch)
    progress(bytes_read(file))
    staging.finish(_FINISHING)


def _from(entries: int, blocks: Iterator[Block]) -> Iterator[Block]:
    """Pass over so many entries."""
    left = entries
    for block in blocks:
        if left < len(block):
            yield block.after(left) if left else block
        left = max(0, left - len(block))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Spare the collector of cycles: millions of rows have none, and looking for some takes a sixth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def adder(kind: Kind, fields: frozenset[str], source: str | None) -> Add:
    """Return the function that checks an entry of a kind and adds it to a batch."""
    if kind is Kind.PEOPLE:
        return _PeopleAdder(PersonCheck(fields, source), DetailCheck(Kind.PEOPLE_CONTACTS))
    return _DetailsAdder(DetailCheck(kind))


class _PeopleAdder:
    """Adds people, with the contact details that stand in their entries; a fault of either rejects the entry."""

    def __init__(self, people: PersonCheck, details: DetailCheck) -> None:
        self._people = people
        self._details = details

    def __call__(self, batch: Batch, block: Block) -> None:
        sheet = block.sheet()
        if sheet is not None:
            with suppress(FieldFault):
                batch.add_people(self._people.rows(sheet))
                return
        for entry in block.entries():
            self._add(batch, entry)

    def _add(self, batch: Batch, entry: Entry) -> None:
        row = self._people.check(entry)
        if not isinstance(row, PersonRows):
            batch.rejected += row
            return
        details = [self._details.check(entry.line, cells) for cells in entry.contacts]
        faults = list(_faults(details))
        if faults:
            batch.rejected += faults
            return
        number = batch.add_people(row)
        for detail in details:
            if isinstance(detail, DetailRow):
                batch.add_detail(entry.line, Owner(None, None, number), detail)


class _DetailsAdder:
    """Adds rows of contact details."""

    def __init__(self, details: DetailCheck) -> None:
        self._details = details

    def __call__(self, batch: Batch, block: Block) -> None:
        sheet = block.sheet()
        plain = None if sheet is None else self._details.contacts(sheet)
        if plain is not None:
            batch.add_contacts(plain)
            return
        for entry in block.entries():
            self._add(batch, entry)

    def _add(self, batch: Batch, entry: Entry) -> None:
        if entry.fault:
            batch.rejected.append(Rejection(entry.line, "", entry.fault))
            return
        owner = self._details.owner(entry)
        detail = self._details.check(entry.line, entry.cells)
        if isinstance(owner, list):
            batch.rejected += owner
        if isinstance(detail, list):
            batch.rejected += detail
        elif isinstance(owner, Owner):
            batch.add_detail(entry.line, owner, detail)


def _faults(details: list[DetailRow | list[Rejection]]) -> Iterator[Rejection]:
    for detail in details:
        if isinstance(detail, list):
            yield from detail


def _repeated(columns: str, field: str, condition: str) -> tuple[str, ...]:
    """Return the statements that reject rows about whom an earlier row was: nobody can say which of them is meant."""
    several = f"FROM people WHERE {condition} GROUP BY {columns} HAVING count(*) > 1"
    later = f"({columns}) IN (SELECT {columns} {several}) AND row NOT IN (SELECT min(row) {several})"
    return (
        f"CREATE TEMP TABLE later AS SELECT row FROM people WHERE {later}",  # noqa: S608 - constants
        f"INSERT INTO rejected SELECT line, '{field}', '{REPEATED}' FROM people WHERE row IN temp.later",  # noqa: S608 - constants
        "DELETE FROM people WHERE row IN temp.later",
        "DELETE FROM groups WHERE person_row IN temp.later",
        "DROP TABLE temp.later",
    )


_FINISHING: Final = (
    "CREATE INDEX people_by_email ON people (email_key) WHERE email_key IS NOT NULL",
    "CREATE INDEX people_by_source ON people (sourceID, source) WHERE sourceID IS NOT NULL",
    "CREATE INDEX people_by_name_in_file ON people (name_in_file) WHERE name_in_file IS NOT NULL",
    *_repeated("email_key", "primary_email", "email_key IS NOT NULL"),
    *_repeated("sourceID, source", "sourceID", "sourceID IS NOT NULL AND source IS NOT NULL"),
)
