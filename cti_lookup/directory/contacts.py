"""Contacts of people: which label goes with which kind of value, and the shapes they are answered in."""

from types import MappingProxyType
from typing import Final

import msgspec

from cti_lookup.directory.errors import Fault, ValidationError
from cti_lookup.directory.fields import (
    BLANK,
    Body,
    Rule,
    Stored,
    Values,
    boolean,
    check_fields,
    choice,
    required,
    string,
)

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

CALLER_LABELS: Final = frozenset({"work", "mobile", "home"})
"""The labels whose telephones identify a caller: nobody calls from a fax."""

RULES: Final = MappingProxyType[str, Rule](
    {
        "label": required(choice(LABELS)),
        **dict.fromkeys(PROTOCOLS, string(255)),
        "integration": boolean,
    }
)


class ContactItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A contact inside a person or as one of a collection: exactly one of the four values is set."""

    label: str
    id: int
    telephone: str | None = None
    email: str | None = None
    website: str | None = None
    chat: str | None = None


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


def new_contact(body: Body) -> ContactDraft:
    """Return the contact a body describes, or raise `ValidationError` with all its faults."""
    values, faults = check_fields(body, RULES)
    if "label" not in body:
        faults = (("label", BLANK), *faults)
    return _draft(values, faults)


def changed_contact(current: ContactDraft, body: Body) -> ContactDraft:
    """Return a contact as a body changes it, or raise `ValidationError` with all the faults."""
    before: Values = {
        "label": current.label,
        current.protocol: current.uri,
        "integration": int(current.integration),
    }
    values, faults = check_fields(body, RULES)
    return _draft(before | values, faults)


def _draft(values: Values, faults: tuple[Fault, ...]) -> ContactDraft:
    present = [(protocol, values[protocol]) for protocol in PROTOCOLS if values.get(protocol) is not None]
    faults += _matrix_faults(values.get("label"), [protocol for protocol, _ in present], faults)
    if faults:
        raise ValidationError(faults)
    protocol, uri = present[0]
    return ContactDraft(str(values["label"]), protocol, str(uri), bool(values.get("integration")))


def _matrix_faults(label: Stored, present: list[str], faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return what is wrong with the number of values, and with the label they stand under."""
    refused = any(field in PROTOCOLS for field, _ in faults)
    found: list[Fault] = []
    if len(present) > 1 or not (present or refused):
        found.append(("base", "must have exactly one of telephone, email, website and chat"))
    allowed = LABELS.get(str(label), PROTOCOLS)
    if any(protocol not in allowed for protocol in present):
        found.append(("label", f"is only for {' and '.join(allowed)}"))
    return tuple(found)
