"""
How records of an LDAP directory become people: which attribute is which field.

A mapping file is TOML. `[attributes]` names the field of an attribute; where several name the same field the first that is not
blank counts. `[templates]` compose a field from attributes, for people whose field is blank otherwise. `[constants]` are the same for
all. `[telephones]` and `[emails]` name the label of each attribute, `[address]` the part of the mailing address. `[flags]` names the field that a
bit of a number sets. `[only]` names values of which a record must have one, `[without]` those of which it must have none.
"""

import re
import tomllib
import uuid
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from cti_lookup.directory.transfer.attributes import (
    DISTINGUISHED_NAME,
    Attributes,
    Record,
    Value,
    parted,
    text_of,
)
from cti_lookup.directory.transfer.columns import PEOPLE_TITLES
from cti_lookup.directory.transfer.entries import NAMED, Cells, Entry
from cti_lookup.directory.transfer.faults import MappingError

_READ_ONLY: Final = {"id", "ui_extension", "custom_data", "created_at", "updated_at"}
FIELDS: Final = frozenset(PEOPLE_TITLES.keys() - _READ_ONLY)
"""The fields of a person that a mapping may fill."""

_TELEPHONE_LABELS: Final = frozenset({"work", "mobile", "home", "fax"})
_EMAIL_LABELS: Final = frozenset({"work", "personal"})
_ADDRESS_PARTS: Final = frozenset({"address", "city", "state", "zip", "country"})
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_LOOSE: Final = " ,;-/\t"
_GUIDS: Final = frozenset({"objectguid"})
_GUID_BYTES: Final = 16


class Flag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bit of a number: the attribute that holds it, and the bit's value."""

    attribute: str
    bit: int


class AttributeMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file; names of attributes are in lower case once it is read."""

    attributes: dict[str, str] = {}
    templates: dict[str, str] = {}
    constants: dict[str, str] = {}
    telephones: dict[str, str] = {}
    emails: dict[str, str] = {}
    address: dict[str, str] = {}
    flags: dict[str, Flag] = {}
    only: dict[str, list[str]] = {}
    without: dict[str, list[str]] = {}

    @property
    def fields(self) -> frozenset[str]:
        """The fields of a person it fills."""
        return frozenset({*self.attributes.values(), *self.templates, *self.constants, *self.flags})

    def entry(self, record: Record) -> Entry | None:
        """Return what a record says of a person, or None when it is not about one."""
        attributes = record.attributes
        if record.fault:
            return Entry(record.line, {}, fault=record.fault)
        if not self._is_about_a_person(attributes):
            return None
        names = attributes.get(DISTINGUISHED_NAME, ())
        cells = self._cells(attributes)
        manager = cells.get("manager", "")
        named = _is_distinguished_name(manager)
        return Entry(
            record.line,
            {**cells, "manager": ""} if named else cells,
            tuple(self._contacts(record)),
            name=distinguished_name(text_of(names[0])) if names else "",
            manager=distinguished_name(manager) if named else "",
        )

    def _is_about_a_person(self, attributes: Attributes) -> bool:
        wanted = all(_has_one_of(attributes, name, values) for name, values in self.only.items())
        return wanted and not any(
            name in attributes and _has_one_of(attributes, name, values)
            for name, values in self.without.items()
        )

    def _cells(self, attributes: Attributes) -> Cells:
        cells = dict.fromkeys(self.fields, "")
        for name, field in self.attributes.items():
            if not cells[field] and name in attributes:
                cells[field] = _cell(name, attributes[name][0])
        for field, template in self.templates.items():
            cells[field] = cells[field] or _filled(template, attributes)
        for field, flag in self.flags.items():
            cells[field] = cells[field] or _flag(flag, attributes)
        return cells | {field: cells[field] or value for field, value in self.constants.items()}

    def _contacts(self, record: Record) -> Iterator[Cells]:
        for protocol, labels in (("telephone", self.telephones), ("email", self.emails)):
            for name, label in labels.items():
                for uri in _texts(record, name):
                    yield {"protocol": protocol, "label": label, "uri": uri, "integration": "1"}
        address = {
            part: text_of(record.attributes[name][0])
            for name, part in self.address.items()
            if name in record.attributes
        }
        if any(address.values()):
            yield {"address_label": "mailing", "integration": "1", **address}


def default_mapping() -> AttributeMap:
    """Return the mapping for Active Directory that is used when no other is given."""
    return parse_mapping(files(__package__).joinpath("active_directory.toml").read_text(encoding="utf-8"))


def read_mapping(path: Path) -> AttributeMap:
    """Read a mapping file, or raise `MappingError`."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the mapping file cannot be read: {type(error).__name__}"
        raise MappingError(msg) from error


def parse_mapping(text: str) -> AttributeMap:
    """Read the text of a mapping file, or raise `MappingError`."""
    try:
        mapping = msgspec.convert(_in_lower_case(tomllib.loads(text)), AttributeMap)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"the mapping file is not understood: {error}"
        raise MappingError(msg) from None
    _check_words(mapping.fields, FIELDS, "field")
    _check_words(frozenset(mapping.telephones.values()), _TELEPHONE_LABELS, "label of telephones")
    _check_words(frozenset(mapping.emails.values()), _EMAIL_LABELS, "label of e-mail addresses")
    _check_words(frozenset(mapping.address.values()), _ADDRESS_PARTS, "part of an address")
    return mapping


def distinguished_name(text: str) -> str:
    """Return a distinguished name as it is compared: without regard to letter case and to blanks after commas."""
    return NAMED + ",".join(part.strip() for part in text.casefold().split(","))


def _check_words(words: frozenset[str], known: frozenset[str], what: str) -> None:
    for word in sorted(words - known):
        msg = f"the mapping file names {word!r}, which is no {what}"
        raise MappingError(msg)


def _in_lower_case(tables: dict[str, object]) -> dict[str, object]:
    """Return the tables of a mapping file with the names of attributes in lower case."""
    keyed = {"attributes", "telephones", "emails", "address", "only", "without"}
    return {
        name: {key.lower(): value for key, value in table.items()}
        if name in keyed and isinstance(table, dict)
        else table
        for name, table in tables.items()
    }


def _texts(record: Record, name: str) -> list[str]:
    values = record.attributes.get(name, ())
    texts = parted(values) if record.joined else [text_of(value) for value in values]
    return [text for text in texts if text.strip()]


def _has_one_of(attributes: Attributes, name: str, values: list[str]) -> bool:
    """Say whether a record has one of some values; one without the attribute cannot be told, and is taken."""
    if name not in attributes:
        return True
    wanted = {value.casefold() for value in values}
    return any(text.casefold() in wanted for text in parted(attributes[name]))


def _cell(name: str, value: Value) -> str:
    return _guid(value) if name in _GUIDS else text_of(value)


def _guid(value: Value) -> str:
    """
    Return an object's identifier as Active Directory's tools show it.

    Facts (Microsoft, "objectGUID attribute"): it is sixteen bytes, of which the first three groups stand in little-endian order.
    """
    if isinstance(value, bytes) and len(value) == _GUID_BYTES:
        return str(uuid.UUID(bytes_le=value))
    return text_of(value).strip("{}").lower()


def _filled(template: str, attributes: Attributes) -> str:
    """Fill a template; what parted two values from each other goes when one of them is blank."""

    def value(match: re.Match[str]) -> str:
        values = attributes.get(match[1].strip().lower())
        return text_of(values[0]) if values else ""

    return _PLACEHOLDER.sub(value, template).strip(_LOOSE)


def _flag(flag: Flag, attributes: Attributes) -> str:
    values = attributes.get(flag.attribute.lower(), ("",))
    text = text_of(values[0]).strip()
    return str(int(bool(int(text) & flag.bit))) if text.isascii() and text.isdecimal() else ""


def _is_distinguished_name(text: str) -> bool:
    return "=" in text.partition(",")[0]
