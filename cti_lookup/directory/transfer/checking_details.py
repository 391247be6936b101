"""Contact details of files against the rules of the API's fields."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from cti_lookup.directory.errors import ValidationError
from cti_lookup.directory.records.contacts import (
    LONGEST_VALUE,
    ORGANIZATION_CONTACTS,
    PERSON_CONTACTS,
    ContactDraft,
    ContactKind,
    new_contact,
)
from cti_lookup.directory.records.fields import FieldFault, Rule, boolean, choice, email, required, string
from cti_lookup.directory.records.inserting import email_key, name_key, reversed_keys, reversed_telephones
from cti_lookup.directory.transfer.checking import (
    LONGEST_NAME,
    REMEMBERED,
    ColumnRule,
    addresses,
    checker,
    id_in_cell,
    repeated,
    without_account,
)
from cti_lookup.directory.transfer.columns import Kind
from cti_lookup.directory.transfer.entries import Cells, Entry, Sheet
from cti_lookup.directory.transfer.faults import Rejection

BLANK: Final = "can't be blank"
NEITHER: Final = "has neither a contact nor an address"

_ADDRESS_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "address": string(1024),
        "city": string(128),
        "state": string(30),
        "zip": string(20),
        "country": string(128),
    }
)
_ADDRESS_LABELS: Final = MappingProxyType(
    {
        Kind.PEOPLE_CONTACTS: required(choice(("home", "mailing"))),
        Kind.ORGANIZATIONS_CONTACTS: required(choice(("street", "mailing", "billing"))),
    }
)
_NOT_PLAIN: Final = ("id", "address_label", *_ADDRESS_RULES)
"""Columns that are blank in a row that is a contact and nothing else."""

_CONTACTS: Final[Mapping[Kind, ContactKind]] = MappingProxyType(
    {Kind.PEOPLE_CONTACTS: PERSON_CONTACTS, Kind.ORGANIZATIONS_CONTACTS: ORGANIZATION_CONTACTS}
)


class AddressDraft(msgspec.Struct, frozen=True):
    """The checked content of an address."""

    label: str
    parts: tuple[object, ...]
    integration: bool


class Owner(NamedTuple):
    """Whose contact details a group of rows holds: a name or address in a folded form and as written, or a staged person."""

    key: str | None
    text: str | None
    person_row: int | None = None


class PlainContacts(NamedTuple):
    """Rows that are a contact and nothing else, column by column; `kinds` have all of them but the value."""

    lines: Sequence[int]
    owner_keys: Sequence[str]
    owners: Sequence[str]
    kinds: Sequence[ContactDraft]
    uris: Sequence[str]
    keys: Sequence[tuple[str, ...]]


class DetailRow(NamedTuple):
    """The checked content of a row of contact details; the numbers are ids of what there is already."""

    contact: ContactDraft | None
    contact_id: int | None
    keys: tuple[str, ...]
    address: AddressDraft | None
    address_id: int | None

    @property
    def integration(self) -> bool:
        """Whether an integration keeps what the row holds."""
        kept = self.contact or self.address
        return kept is not None and kept.integration


class DetailCheck:
    """Checks rows of contact details of people or of organizations."""

    def __init__(self, kind: Kind) -> None:
        self._contacts = _CONTACTS[kind]
        self._address_label = _ADDRESS_LABELS[kind]
        self._owner, self._owners = _owner_rules(kind)
        self._fold = email_key if kind is Kind.PEOPLE_CONTACTS else name_key
        self._pattern = lru_cache(REMEMBERED)(self._pattern_of)

    def owner(self, entry: Entry) -> Owner | list[Rejection]:
        """Return whose details a row holds."""
        try:
            stored = str(self._owner(entry.cells.get("owner", "")))
        except FieldFault as fault:
            return [Rejection(entry.line, "owner", str(fault))]
        return Owner(self._fold(stored), stored)

    def check(self, line: int, cells: Cells) -> DetailRow | list[Rejection]:
        """Return what a row holds, or all that is wrong with it."""
        plain = self._plain_contact(cells)
        if plain is not None:
            return DetailRow(plain, None, self._keys(plain), None, None)
        faults: list[Rejection] = []
        value = checker(line, cells, faults)
        identity = value("id", id_in_cell)
        contact = self._contact(line, cells, faults) if _filled(cells, "protocol", "label", "uri") else None
        address = None
        if _filled(cells, "address_label", *_ADDRESS_RULES):
            address = self._address(line, cells, faults)
        if faults:
            return faults
        if contact is None and address is None:
            return [Rejection(line, "uri", NEITHER)]
        number = int(str(identity)) if identity is not None else None
        keys = () if contact is None else self._keys(contact)
        return DetailRow(contact, number, keys, address, number if contact is None else None)

    def contacts(self, sheet: Sheet) -> PlainContacts | None:
        """Return rows of which each is a contact and nothing else, without a fault; None for others, which are looked at one by one."""
        blank = ("",) * len(sheet.lines)
        kinds = self._kinds(sheet, blank)
        uris = sheet.cells.get("uri", blank)
        if kinds is None or not all(map(str.strip, uris)) or len(max(uris, key=len)) > LONGEST_VALUE:
            return None
        try:
            owners = self._owners(sheet.cells["owner"])
        except FieldFault:
            return None
        folded = tuple(map(self._fold, owners))
        return PlainContacts(sheet.lines, folded, owners, kinds, uris, self._all_keys(kinds, uris))

    def _kinds(self, sheet: Sheet, blank: Sequence[str]) -> Sequence[ContactDraft] | None:
        """Return what the contacts of rows are, if they are acceptable and there is nothing else in the rows."""
        cells = sheet.cells
        if any(any(cells.get(field, blank)) for field in _NOT_PLAIN):
            return None
        parts = (cells.get(field, blank) for field in ("protocol", "label", "integration"))
        found = tuple(map(self._pattern, *parts))
        kinds = tuple(filter(None, found))
        return kinds if len(kinds) == len(found) else None

    def _all_keys(self, kinds: Sequence[ContactDraft], uris: Sequence[str]) -> Sequence[tuple[str, ...]]:
        if self._contacts is not PERSON_CONTACTS:
            return ((),) * len(uris)
        pairs = zip(kinds, uris, strict=True)
        return [reversed_telephones(uri) if kind.identifies_callers else () for kind, uri in pairs]

    def _keys(self, contact: ContactDraft) -> tuple[str, ...]:
        return reversed_keys(contact) if self._contacts is PERSON_CONTACTS else ()

    def _plain_contact(self, cells: Cells) -> ContactDraft | None:
        """Return the contact of a row that holds nothing else and has no fault; None for any other row, which is looked at closely."""
        get = cells.get
        uri = get("uri", "")
        if any(map(get, _NOT_PLAIN)) or len(uri) > LONGEST_VALUE or not uri.strip():
            return None
        pattern = self._pattern(get("protocol", ""), get("label", ""), get("integration", ""))
        if pattern is None:
            return None
        return ContactDraft(pattern.label, pattern.protocol, uri, pattern.integration)

    def _pattern_of(self, protocol: str, label: str, integration: str) -> ContactDraft | None:
        """Return a contact as rows have it that differ in their values only; None if its cells are not acceptable."""
        cells = {"protocol": protocol, "label": label, "integration": integration, "uri": "0"}
        return self._contact(0, cells, [])

    def _contact(self, line: int, cells: Cells, faults: list[Rejection]) -> ContactDraft | None:
        protocol = cells.get("protocol", "").strip().lower()
        if protocol not in self._contacts.protocols:
            faults.append(Rejection(line, "protocol", "is not included in the list"))
            return None
        body = {
            "label": cells.get("label", "").strip(),
            protocol: cells.get("uri", ""),
            "integration": cells.get("integration", ""),
        }
        try:
            return new_contact(body, self._contacts)
        except ValidationError as error:
            columns = {"base": "uri", protocol: "uri"}
            faults += [Rejection(line, columns.get(field, field), reason) for field, reason in error.faults]
            return None

    def _address(self, line: int, cells: Cells, faults: list[Rejection]) -> AddressDraft | None:
        value = checker(line, cells, faults)
        label = value("address_label", self._address_label)
        if "address_label" not in cells:
            faults.append(Rejection(line, "address_label", BLANK))
        parts = tuple(value(field, rule) for field, rule in _ADDRESS_RULES.items())
        return AddressDraft(str(label), parts, bool(value("integration", boolean)))


def _filled(cells: Cells, *fields: str) -> bool:
    return any(cells.get(field, "").strip() for field in fields)


def _owner_rules(kind: Kind) -> tuple[Rule, ColumnRule]:
    """Return the rule of an owner's cell and of a column of them; the rows of an owner are neighbours."""
    if kind is Kind.PEOPLE_CONTACTS:
        address = _without_account(required(email(LONGEST_NAME)))
        # Where there are no blanks no account is named.
        return address, addresses(address)
    name = _without_account(required(string(LONGEST_NAME)))
    return name, repeated(name)


def _without_account(rule: Rule) -> Rule:
    return lambda value: rule(without_account(str(value)))
