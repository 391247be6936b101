"""People: the rules of their fields, and a person as the directory answers it."""

from types import MappingProxyType
from typing import Final

import msgspec

from cti_lookup.directory.contacts import ContactItem
from cti_lookup.directory.errors import Fault
from cti_lookup.directory.fields import (
    BLANK,
    Body,
    Rule,
    Values,
    amount,
    boolean,
    check_fields,
    choice,
    currency,
    custom_fields,
    email,
    list_of,
    long_text,
    nullable_boolean,
    reference,
    required,
    string,
)

LANGUAGES: Final = frozenset(
    "en nl de fr es pt it da fi sv pl cs tr ru ar id fa no zh ja ko he hi ms".split()  # noqa: SIM905 - reads better
)

REFERENCES: Final = MappingProxyType(
    {
        "organization_id": "organizations",
        "site_id": "sites",
        "manager_id": "people",
        "work_hours_id": "calendars",
    }
)
"""The fields that name another record, and the table it is in."""

RULES: Final = MappingProxyType[str, Rule](
    {
        "name": required(string(128)),
        "primary_email": required(email(128)),
        "authenticationID": string(128),
        "auto_translation": boolean,
        "cost_per_hour": amount,
        "cost_per_hour_currency": currency,
        "custom_fields": custom_fields,
        "disabled": boolean,
        "do_not_translate_languages": list_of(LANGUAGES),
        "employeeID": string(128),
        "exclude_team_notifications": boolean,
        "guest": boolean,
        "information": long_text,
        "job_title": string(80),
        "locale": string(5),
        "location": string(80),
        "oauth_person_enablement": boolean,
        # The pages give no length for these two; a picture may be a data: URL.
        "picture_uri": long_text,
        "time_zone": string(128),
        "send_email_notifications": choice(("always", "when_offline", "never")),
        "show_notification_popup": choice(("always", "important_only", "never")),
        "source": string(30),
        "sourceID": string(128),
        "supportID": string(50),
        "time_format_24h": nullable_boolean,
        "vip": boolean,
        **dict.fromkeys(REFERENCES, reference),
    }
)
"""Every field a client may write; fields that are read-only, and those nobody knows, are passed over."""


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another record as it stands inside a person; `sourceID` and `disabled` only when set."""

    id: int
    name: str
    source_id: str | None = msgspec.field(default=None, name="sourceID")
    disabled: bool = False


class PersonItem(msgspec.Struct, frozen=True, kw_only=True):
    """A person as one of a collection."""

    id: int
    source_id: str | None = msgspec.field(name="sourceID")
    name: str
    organization: Reference | None
    site: Reference | None
    manager: Reference | None
    disabled: bool
    created_at: str
    updated_at: str


class Person(PersonItem, frozen=True, kw_only=True):
    """A person with all fields; what is not known is null."""

    primary_email: str
    contacts: tuple[ContactItem, ...]
    # Addresses, attachments and UI extensions are shown and cannot be written: there are none.
    addresses: tuple[()] = ()
    attachments: tuple[()] = ()
    authentication_id: str | None = msgspec.field(name="authenticationID")
    auto_translation: bool
    cost_per_hour: str | None
    cost_per_hour_currency: str | None
    custom_fields: msgspec.Raw
    do_not_translate_languages: str | None
    employee_id: str | None = msgspec.field(name="employeeID")
    exclude_team_notifications: bool
    guest: bool
    information: str | None
    job_title: str | None
    locale: str | None
    location: str | None
    oauth_person_enablement: bool
    picture_uri: str | None
    send_email_notifications: str | None
    show_notification_popup: str | None
    source: str | None
    support_id: str | None = msgspec.field(name="supportID")
    time_format_24h: bool | None
    time_zone: str | None
    ui_extension: None = None
    vip: bool
    work_hours: Reference | None


def check_new_person(body: Body) -> tuple[Values, tuple[Fault, ...]]:
    """Check the fields of a person to create; return the acceptable values and all the faults."""
    values, faults = check_fields(body, RULES)
    missing = tuple((name, BLANK) for name in ("name", "primary_email") if name not in body)
    return values, missing + faults


def check_person_change(body: Body) -> tuple[Values, tuple[Fault, ...]]:
    """Check the fields of a change to a person; a field that is not named stays as it is."""
    return check_fields(body, RULES)


def email_key(address: str) -> str:
    """Return the form of an address under which it is unique: letter case does not matter."""
    return address.casefold()


def name_key(name: str) -> str:
    """Return the form of a name by which people are sorted: letter case does not matter."""
    return name.casefold()
