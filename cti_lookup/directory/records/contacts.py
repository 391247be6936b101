"""
Contacts of people and of organizations: which label goes with which kind of value, and the shapes they are answered in.

Facts (R-Service developer guide, "People - Contacts API" and "Organizations - Contacts API"): a contact is one value under
one label; the name of the field that holds the value is its kind. Values have at most 255 characters. Organizations have
no chats. A contact alone also tells whether an integration keeps it; one of a collection does not. Contacts are ordered by kind,
then by label ("Contacts API"); the samples of all pages have kinds and labels in the order in which they stand here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import msgspec

from cti_lookup.directory.errors import Fault, ValidationError
from cti_lookup.directory.records.fields import (
    BLANK,
    Body,
    Rule,
    Values,
    boolean,
    check_fields,
    choice,
    required,
    string,
)
from cti_lookup.directory.records.refusals import refusal

PROTOCOLS: Final = ("telephone", "email", "website", "chat")

LABELS: Final = MappingProxyType(
    {
        "work": ("telephone", "email", "website"),
        "mobile": ("telephone",),
        "home": ("telephone",),
        "fax": ("telephone",),
        "personal": ("email", "website"),
        "chat_skype": ("chat",),
        "chat_slack": ("chat",),
        "chat_teams": ("chat",),
        "chat_workchat": ("chat",),
    }
)
"""The labels of people's contacts, and the kinds of value each may stand for."""

ORGANIZATION_LABELS: Final = MappingProxyType(
    {
        "general": ("telephone", "email", "website"),
        "service_desk": ("telephone", "email", "website"),
        "fax": ("telephone",),
        "service_desk_fax": ("telephone",),
    }
)
"""The labels of organizations' contacts, and the kinds of value each may stand for."""

CALLER_LABELS: Final = frozenset({"work", "mobile", "home"})
"""The labels whose telephones identify a caller: nobody calls from a fax."""

_LABEL_ORDER: Final = (
    *("work", "mobile", "home", "general", "service_desk", "fax", "service_desk_fax", "personal"),
    *("chat_skype", "chat_slack", "chat_teams", "chat_workchat"),
)

PLACE: Final = (
    f"instr('/{'/'.join(f'{protocol} {label}' for protocol in PROTOCOLS for label in _LABEL_ORDER)}/',"
    " '/' || protocol || ' ' || label || '/')"
)
"""The place of a contact among those of its owner, as an expression of its columns; those in the same place go by id."""

LONGEST_VALUE: Final = 255

READ_ONLY: Final = frozenset({"id", "nodeID", "verified"})
"""What a client may have read in a contact, and sends back with it."""


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A single contact, which also says whether it is kept by an integration."""

    label: str
    id: int
    integration: bool
    telephone: str | None = None
    email: str | None = None
    website: str | None = None
    chat: str | None = None


class ContactDraft(msgspec.Struct, frozen=True):
    """The checked content of a contact: a label, one value and its kind."""

    label: str
    protocol: str
    uri: str
    integration: bool = False

    @property
    def identifies_callers(self) -> bool:
        """Say whether a caller may be known by this contact."""
        return self.protocol == "telephone" and self.label in CALLER_LABELS


@dataclass(frozen=True, slots=True)
class ContactKind:
    """
    What the contacts of one kind of owner are.

    `model` is the word for an owner in scopes, routes and events; `owners` and `table` are the tables of the owners and of
    their contacts. `protocols` are the kinds of value that any label may stand for, in the order of the pages; `rules` has the
    rule of each field a client may write.
    """

    model: str
    owners: str
    table: str
    labels: Mapping[str, Sequence[str]]
    protocols: tuple[str, ...] = field(init=False)
    rules: Mapping[str, Rule] = field(init=False)

    def __post_init__(self) -> None:
        allowed = {protocol for protocols in self.labels.values() for protocol in protocols}
        object.__setattr__(self, "protocols", tuple(one for one in PROTOCOLS if one in allowed))
        values = dict.fromkeys(self.protocols, string(LONGEST_VALUE))
        rules = {"label": required(choice(self.labels)), **values, "integration": boolean}
        object.__setattr__(self, "rules", MappingProxyType(rules))

    @property
    def event(self) -> str:
        """What is announced when a contact changes: the API has no event of contacts."""
        return f"{self.model}.update"

    @property
    def collection(self) -> tuple[str, ...]:
        """The fields of a contact in a collection, of which each has the one with its value."""
        return ("label", "id", *self.protocols)

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields of a contact."""
        return (*self.collection, "integration")


PERSON_CONTACTS: Final = ContactKind("person", "people", "contacts", LABELS)
ORGANIZATION_CONTACTS: Final = ContactKind(
    "organization", "organizations", "organization_contacts", ORGANIZATION_LABELS
)


def new_contact(body: Body, kind: ContactKind = PERSON_CONTACTS) -> ContactDraft:
    """
    Return the contact a body describes.

    Raise `BadRequestError` if it names what is no field of a contact, `ValidationError` with all faults of the values.
    """
    values, faults = _check(body, kind)
    if "label" not in body:
        faults = (("label", BLANK), *faults)
    return _draft(values, faults, kind)


def changed_contact(current: ContactDraft, body: Body, kind: ContactKind = PERSON_CONTACTS) -> ContactDraft:
    """Return a contact as a body changes it; raise what `new_contact` raises."""
    before = {"label": current.label, current.protocol: current.uri, "integration": current.integration}
    values, faults = _check(body, kind)
    return _draft({**before, **values}, faults, kind)


def _check(body: Body, kind: ContactKind) -> tuple[Values, tuple[Fault, ...]]:
    unknown = [name for name in body if name not in kind.rules and name not in READ_ONLY]
    if unknown:
        raise refusal("Unknown fields", unknown)
    return check_fields(body, kind.rules)


def _draft(values: Mapping[str, object], faults: tuple[Fault, ...], kind: ContactKind) -> ContactDraft:
    present = [protocol for protocol in kind.protocols if values.get(protocol) is not None]
    faults += tuple(_matrix_faults(values.get("label"), present, faults, kind))
    if faults:
        raise ValidationError(faults)
    integration = bool(values.get("integration"))
    return ContactDraft(str(values["label"]), present[0], str(values[present[0]]), integration)


def _matrix_faults(
    label: object, present: Sequence[str], faults: Iterable[Fault], kind: ContactKind
) -> Iterable[Fault]:
    """Yield what is wrong with the number of values, and with the label they stand under."""
    refused = any(field in kind.protocols for field, _ in faults)
    if len(present) > 1 or not (present or refused):
        yield "base", f"must have exactly one of {_listed(kind.protocols)}"
    allowed = kind.labels.get(str(label), kind.protocols)
    if any(protocol not in allowed for protocol in present):
        yield "label", f"is only for {_listed(allowed)}"


def _listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: telephone, email and website."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
