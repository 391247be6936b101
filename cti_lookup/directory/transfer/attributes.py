"""
Records of an LDAP directory: an LDIF file, or the CSV file that Active Directory's tools write.

Facts (RFC 2849): a line that begins with a blank goes on with the line before; a comment begins with `#`, and can be
folded too; `attr: value` is text, `attr:: value` base64, `attr:< url` a file elsewhere, which is never fetched here; records are parted
by blank lines; `changetype` makes a record a change. One that adds has all of an entry, and is how `ldifde` exports entries.
OpenLDAP's `ldapsearch` writes what it was referred to (`ref:`) and its result (`search:`) between and after the entries, unless it
is told not to (`-LLL`). Facts (csvde): one column per attribute; several values of one are
parted by semicolons, and a backslash stands before a semicolon inside a value; bytes are written `X'68656c6c6f'`. Facts
(PowerShell, `Get-ADUser` and `Export-Csv`): some attributes have names of their own; `Enabled` stands for a bit of
`userAccountControl`; of several values only the name of their type is written.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, Final

import msgspec

from cti_lookup.directory.transfer.faults import UnreadableFileError
from cti_lookup.directory.transfer.tables import Table
from cti_lookup.directory.transfer.texts import TextLines

Value = str | bytes
Attributes = Mapping[str, tuple[Value, ...]]
"""Values under the lower-case names of attributes, without options such as `;lang-de`."""

MOST_BYTES: Final = 8 * 1024 * 1024
"""Characters of a record; photographs stand in records."""

DISTINGUISHED_NAME: Final = "dn"

_ADDING: Final = "add"
_NOTES: Final = frozenset({"ref", "search"})
"""What begins a note of who wrote the file; an entry begins with its name."""

_OF_POWERSHELL: Final = MappingProxyType(
    {
        "distinguishedname": DISTINGUISHED_NAME,
        "emailaddress": "mail",
        "surname": "sn",
        "officephone": "telephonenumber",
        "mobilephone": "mobile",
        "fax": "facsimiletelephonenumber",
        "office": "physicaldeliveryofficename",
        "city": "l",
        "state": "st",
        "country": "co",
    }
)
"""The attributes that PowerShell's names stand for; a mapping may name either."""

_ENABLED: Final = "enabled"
_ACCOUNT_CONTROL: Final = "useraccountcontrol"
_ACCOUNTS: Final = MappingProxyType({"true": "512", "false": "514"})
_TYPE_OF_VALUES: Final = "Microsoft.ActiveDirectory.Management."

_HEX: Final = re.compile(r"X'((?:[0-9A-Fa-f]{2})*)'")
_PARTED: Final = re.compile(r"(?<!\\);")
_LDIF_LINE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9.;_-]*):(:|<|) *(.*)", re.DOTALL)


class Record(msgspec.Struct, frozen=True):
    """A record and the line it begins on; one with a fault holds nothing."""

    line: int
    attributes: Attributes
    fault: str = ""
    joined: bool = False
    """Several values of an attribute stand in one, as `parted` reads them."""


def ldif_records(file: BinaryIO) -> Iterator[Record]:
    """Read an LDIF file; raise `UnreadableFileError` where it is none, or asks for changes."""
    for record in _ldif_blocks(TextLines(file)):
        values: dict[str, list[Value]] = {}
        fault = ""
        line = record[0][0]
        for number, text in record:
            name, value = _ldif_value(text, number)
            if name == "version" and not values:
                continue
            if name in _NOTES and not values:
                break
            if name == "changetype":
                if isinstance(value, str) and value.strip().lower() == _ADDING:
                    continue
                msg = f"Line {number} asks for a change of an LDAP directory; export the records themselves"
                raise UnreadableFileError(msg, number)
            if value is None:
                fault = "refers to a file elsewhere, or is not base64"
            else:
                values.setdefault(name, []).append(value)
        if fault:
            yield Record(line, {}, fault)
        elif values:
            yield Record(line, {name: tuple(items) for name, items in values.items()})


def _ldif_blocks(lines: TextLines) -> Iterator[list[tuple[int, str]]]:
    """Give the unfolded lines of each record, without comments, each with the number on which it begins."""
    block: list[tuple[int, list[str]]] = []
    size = 0
    for raw in lines:
        text = raw.rstrip("\r\n")
        size += len(text)
        if not text:
            yield from _block(block)
            block, size = [], 0
        elif text.startswith(" ") and block:
            block[-1][1].append(text[1:])
        else:
            block.append((lines.number, [text]))
        if size > MOST_BYTES:
            msg = f"The record on line {block[0][0]} is too long"
            raise UnreadableFileError(msg, block[0][0])
    yield from _block(block)


def _block(block: list[tuple[int, list[str]]]) -> Iterator[list[tuple[int, str]]]:
    unfolded = [(number, "".join(parts)) for number, parts in block]
    kept = [(number, text) for number, text in unfolded if not text.startswith("#")]
    if kept:
        yield kept


def _ldif_value(text: str, number: int) -> tuple[str, Value | None]:
    match = _LDIF_LINE.fullmatch(text)
    if match is None:
        msg = f"Line {number} is no line of LDIF"
        raise UnreadableFileError(msg, number)
    name, mark, value = match.groups()
    name = name.partition(";")[0].lower()
    if mark == "":
        return name, value
    try:
        return name, base64.b64decode(value, validate=True) if mark == ":" else None
    except binascii.Error:
        return name, None


def csv_records(file: BinaryIO) -> Iterator[Record]:
    """Read a CSV file whose titles are names of attributes."""
    table = Table(file, lambda title: title.strip().lower() or None)
    for entry in table.entries():
        cells = {name: cell for name, cell in entry.cells.items() if not cell.startswith(_TYPE_OF_VALUES)}
        values = {name: (_csv_value(cell),) for name, cell in _with_attributes(cells).items() if cell}
        yield Record(entry.line, values, entry.fault, joined=True)


def _with_attributes(cells: Mapping[str, str]) -> Mapping[str, str]:
    """Return cells also under the names of the attributes that PowerShell's stand for, where those have no cells."""
    meant = {name: cells[own] for own, name in _OF_POWERSHELL.items() if own in cells}
    if account := _ACCOUNTS.get(cells.get(_ENABLED, "").lower()):
        meant[_ACCOUNT_CONTROL] = account
    return meant | {name: cell for name, cell in cells.items() if cell or name not in meant}


def _csv_value(cell: str) -> Value:
    match = _HEX.fullmatch(cell)
    return bytes.fromhex(match[1]) if match else cell


def parted(values: tuple[Value, ...]) -> list[str]:
    """Return the texts of an attribute with several values, however they were written."""
    return [part.replace("\\;", ";").strip() for value in values for part in _PARTED.split(text_of(value))]


def text_of(value: Value) -> str:
    """Return a value as text; bytes that are none are empty."""
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return ""
