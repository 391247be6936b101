"""The formats of files, and the entries in each."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from cti_lookup.directory.transfer.attributes import Record, csv_records, ldif_records
from cti_lookup.directory.transfer.columns import Kind, fields_by_title, title_key
from cti_lookup.directory.transfer.entries import Block, Entry, in_blocks
from cti_lookup.directory.transfer.faults import UnreadableFileError
from cti_lookup.directory.transfer.mapping import AttributeMap
from cti_lookup.directory.transfer.tables import Table
from cti_lookup.directory.transfer.texts import TextLines
from cti_lookup.directory.transfer.vcards import FIELDS as CARD_FIELDS
from cti_lookup.directory.transfer.vcards import card_entries


class Format(StrEnum):
    """What a file is; the first three are the types of the Import API."""

    PEOPLE = "people"
    PEOPLE_CONTACTS = "people_contact_details"
    ORGANIZATIONS_CONTACTS = "organizations_contact_details"
    VCARD = "vcard"
    LDIF = "ldif"
    AD_CSV = "ad-csv"

    @property
    def kind(self) -> Kind:
        """What its entries are."""
        return Kind.PEOPLE if self in {Format.VCARD, Format.LDIF, Format.AD_CSV} else Kind(self.value)


_BY_ENDING: Final = {".vcf": Format.VCARD, ".vcard": Format.VCARD, ".ldif": Format.LDIF, ".ldf": Format.LDIF}
_OF_ACTIVE_DIRECTORY: Final = frozenset({"dn", "distinguishedname", "objectguid", "samaccountname"})


@dataclass(frozen=True, slots=True)
class Reading:
    """
    A file being read: its entries in blocks, and the fields that all of them have.

    `unknown` are the columns nothing is known of, counted from one; they are passed over.
    """

    blocks: Iterator[Block]
    fields: frozenset[str]
    unknown: tuple[int, ...] = ()


def open_reading(file: BinaryIO, file_format: Format, mapping: AttributeMap) -> Reading:
    """Begin to read a file; raise `UnreadableFileError` when it is none of that format."""
    if file_format is Format.VCARD:
        return Reading(in_blocks(card_entries(file)), CARD_FIELDS)
    if file_format is Format.LDIF:
        return Reading(_mapped(ldif_records(file), mapping), mapping.fields)
    if file_format is Format.AD_CSV:
        return Reading(_mapped(csv_records(file), mapping), mapping.fields)
    kind = file_format.kind
    by_title = fields_by_title(kind)
    table = Table(file, lambda title: by_title.get(title_key(title)))
    if not table.fields & kind.identifying:
        titles = " or ".join(title for field, title in kind.titles.items() if field in kind.identifying)
        msg = f"The first row has no column {titles}"
        raise UnreadableFileError(msg, 1)
    return Reading(table.blocks(), table.fields, table.unknown)


def guess_format(path: Path) -> Format | None:
    """Tell a file's format from its name, else from its first line; None when neither tells."""
    if path.suffix.lower() in _BY_ENDING:
        return _BY_ENDING[path.suffix.lower()]
    with path.open("rb") as file:
        lines = TextLines(file)
        first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return _of_first_line(first)


def _of_first_line(line: str) -> Format | None:
    word = line.strip().lower()
    if word == "begin:vcard":
        return Format.VCARD
    if word.startswith(("version:", "dn:")):
        return Format.LDIF
    titles = {title_key(title) for mark in ",;\t" for title in line.split(mark)}
    if titles & _OF_ACTIVE_DIRECTORY:
        return Format.AD_CSV
    if title_key("Contact Protocol") in titles or title_key("Address Label") in titles:
        return Format.PEOPLE_CONTACTS if "person" in titles else Format.ORGANIZATIONS_CONTACTS
    return Format.PEOPLE if titles & {"primaryemail", "sourceid", "id"} else None


def _mapped(records: Iterator[Record], mapping: AttributeMap) -> Iterator[Block]:
    return in_blocks(_entries(records, mapping))


def _entries(records: Iterator[Record], mapping: AttributeMap) -> Iterator[Entry]:
    return (entry for entry in map(mapping.entry, records) if entry is not None)
