"""
Entries of files against the rules of the API's fields: from texts to the values that are stored.

A cell that is blank clears its field, or gives a boolean its default. Names and addresses cannot be blank: such a cell leaves what an
existing person has, and a new person cannot be made of it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
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
from cti_lookup.directory.records.fields import (
    FieldFault,
    Rule,
    boolean,
    choice,
    email,
    parse_id,
    required,
    string,
)
from cti_lookup.directory.records.inserting import email_key, name_key, reversed_keys
from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.records.resource import Detail
from cti_lookup.directory.transfer.columns import PEOPLE_TITLES, Kind
from cti_lookup.directory.transfer.entries import NAMED, Cells, Entry
from cti_lookup.directory.transfer.faults import Rejection

NOT_JSON: Final = "is not JSON"
NOT_AN_ID: Final = "is not an id"
BLANK: Final = "can't be blank"
NEITHER: Final = "has neither a contact nor an address"
LONGEST_NAME: Final = 128

REMEMBERED: Final = 4096
"""Values of a field that are not checked again."""

_NAME_RULE: Final = string(LONGEST_NAME)
_LONG: Final = frozenset({"information", "picture_uri"})
_encode: Final = msgspec.json.encode
_ACCOUNT: Final = re.compile(r"\s@\S+\Z")

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

PersonRow = tuple[object, ...]
"""The columns of a person from `line` on, as `staging.sql` has them."""


class AddressDraft(msgspec.Struct, frozen=True):
    """The checked content of an address."""

    label: str
    parts: tuple[object, ...]
    integration: bool


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


class PersonCheck:
    """Checks the people of one file, all of which have the same fields; `source` is for those who have a key and no source."""

    def __init__(self, fields: frozenset[str], source: str | None = None) -> None:
        self._source = source
        details = {one.name: one for one in PEOPLE.fields if isinstance(one, Detail) and one.name in fields}
        rules = {**_PERSON_RULES, **{name: _rule_of(one) for name, one in details.items()}}
        self._rules = tuple((name, rule) for name, rule in rules.items() if name in fields)
        self._details = tuple((name, one.default) for name, one in details.items())

    def check(self, entry: Entry) -> PersonRow | list[Rejection]:
        """Return the row to store, or all that is wrong with an entry."""
        cells = entry.cells
        if entry.fault:
            return [Rejection(entry.line, "", entry.fault)]
        try:
            values = {field: rule(cells[field]) for field, rule in self._rules}
        except FieldFault:
            return _all_faults(entry, self._rules)
        return self._row(entry, values)

    def _row(self, entry: Entry, values: Mapping[str, object]) -> PersonRow:
        get = values.get
        name, address, disabled = get("name"), get("primary_email"), get("disabled")
        source, source_id = get("source"), get("sourceID")
        details = {
            field: None if values[field] == default else values[field] for field, default in self._details
        }
        return (
            entry.line,
            get("id"),
            name,
            None if name is None else name_key(str(name)),
            address,
            None if address is None else email_key(str(address)),
            self._source if source is None and source_id is not None else source,
            source_id,
            get("employeeID"),
            get("supportID"),
            disabled,
            get("organization"),
            get("site"),
            get("work_hours"),
            get("manager"),
            entry.name or None,
            _encode(details).decode(),
        )


class DetailCheck:
    """Checks rows of contact details of people or of organizations."""

    def __init__(self, kind: Kind) -> None:
        self._contacts = _CONTACTS[kind]
        self._address_label = _ADDRESS_LABELS[kind]
        self._owner = required(email(LONGEST_NAME) if kind is Kind.PEOPLE_CONTACTS else string(LONGEST_NAME))
        # The rows of an owner are neighbours, and files have few kinds of rows.
        self._owner_of = _remembered(lambda text: self._owner(_without_account(str(text))))
        self._pattern = lru_cache(REMEMBERED)(self._pattern_of)

    def owner(self, entry: Entry) -> str | list[Rejection]:
        """Return whose details a row holds, as it is written but for the account."""
        try:
            stored = self._owner_of(entry.cells.get("owner", ""))
        except FieldFault as fault:
            return [Rejection(entry.line, "owner", str(fault))]
        return str(stored)

    def check(self, line: int, cells: Cells) -> DetailRow | list[Rejection]:
        """Return what a row holds, or all that is wrong with it."""
        plain = self._plain_contact(cells)
        if plain is not None:
            return DetailRow(plain, None, self._keys(plain), None, None)
        faults: list[Rejection] = []
        value = _checker(line, cells, faults)
        identity = value("id", _id)
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
        value = _checker(line, cells, faults)
        label = value("address_label", self._address_label)
        if "address_label" not in cells:
            faults.append(Rejection(line, "address_label", BLANK))
        parts = tuple(value(field, rule) for field, rule in _ADDRESS_RULES.items())
        return AddressDraft(str(label), parts, bool(value("integration", boolean)))


def titles_of(kind: Kind) -> Mapping[str, str]:
    """Return the titles under which faults of a file's fields are reported."""
    return MappingProxyType({**PEOPLE_TITLES, **kind.titles})


Value = Callable[..., object]


def _checker(line: int, cells: Cells, faults: list[Rejection]) -> Value:
    """Return a function that gives the value of a field, None where it has its default, and notes what is wrong with it."""

    def value(field: str, rule: Rule | None, default: object = None) -> object:
        text = cells.get(field)
        if text is None or rule is None:
            return None
        try:
            stored = rule(text)
        except FieldFault as fault:
            faults.append(Rejection(line, field, str(fault)))
            return None
        return None if stored == default else stored

    return value


def _all_faults(entry: Entry, rules: Iterable[tuple[str, Rule]]) -> list[Rejection]:
    faults: list[Rejection] = []
    value = _checker(entry.line, entry.cells, faults)
    for field, rule in rules:
        value(field, rule)
    return faults


def _rule_of(detail: Detail) -> Rule:
    if detail.name == "custom_fields":
        return _json_of(detail.rule)
    return detail.rule if detail.name in _LONG else _remembered(detail.rule)


def _remembered(rule: Rule) -> Rule:
    """Return a rule that remembers what it found: files repeat few words, as of sites and time zones, over and over."""
    return lru_cache(maxsize=REMEMBERED)(rule)


def _json_of(rule: Rule) -> Rule:
    def check(value: object) -> object:
        text = str(value).strip()
        try:
            return rule(json.loads(text)) if text else None
        except (ValueError, RecursionError):
            raise FieldFault(NOT_JSON) from None

    return check  # type: ignore[return-value]  # what the rule itself returns


def _filled(cells: Cells, *fields: str) -> bool:
    return any(cells.get(field, "").strip() for field in fields)


def _id(value: object) -> int | None:
    text = str(value).strip()
    number = parse_id(text)
    if text and number is None:
        raise FieldFault(NOT_AN_ID)
    return number


def _reference_text(value: object) -> str | None:
    stored = _NAME_RULE(_without_account(str(value)))
    return None if stored is None else str(stored)


def _manager(value: object) -> str | None:
    text = str(value)
    if text.startswith(NAMED):
        return text
    stored = _reference_text(text)
    return None if stored is None else stored.casefold()


def _without_account(text: str) -> str:
    """
    Return the text of a reference without the account it may name.

    Facts (4me developer guide, "Import API"): a reference to a record of another account is followed by ` @` and the account's id.
    """
    return _ACCOUNT.sub("", text).strip()


_PERSON_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "id": _id,
        "name": _NAME_RULE,
        "primary_email": email(LONGEST_NAME),
        "disabled": _remembered(lambda value: int(bool(boolean(value)))),
        "source": _remembered(PEOPLE.rules["source"]),
        **{name: PEOPLE.rules[name] for name in ("sourceID", "employeeID", "supportID")},
        **{name: _remembered(_reference_text) for name in ("organization", "site", "work_hours")},
        "manager": _remembered(_manager),
    }
)
"""The rules of what has a column of its own; a name and an address may be blank, as existing people then keep theirs."""
