"""
The columns of the files the Import API takes, and the fields they are for.

Facts (4me developer guide, "Import API", "People", "People Contact Details"; R-Service, "Organizations Contact Details"): the first
row holds the titles, in any order. A column that is missing leaves what there is and gives new records their defaults.
The columns after "Updated At" are not among the documented ones: they hold the remaining fields, so that an export loses nothing.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

PEOPLE_TITLES: Final = MappingProxyType(
    {
        "id": "ID",
        "primary_email": "Primary Email",
        "source": "Source",
        "sourceID": "Source ID",
        "disabled": "Disabled",
        "name": "Name",
        "picture_uri": "Picture URI",
        "organization": "Organization",
        "job_title": "Job Title",
        "supportID": "Support ID",
        "authenticationID": "Authentication ID",
        "employeeID": "Employee ID",
        "cost_per_hour": "Cost Per Hour",
        "manager": "Manager",
        "site": "Site",
        "location": "Location",
        "information": "Information",
        "time_zone": "Time Zone",
        "time_format_24h": "Time Format 24h",
        "locale": "Locale",
        "auto_translation": "Auto Translation",
        "do_not_translate_languages": "Do Not Translate Languages",
        "work_hours": "Work Hours",
        "vip": "VIP",
        "ui_extension": "UI Extension",
        "custom_data": "Custom Data",
        "custom_fields": "Custom Fields",
        "created_at": "Created At",
        "updated_at": "Updated At",
        "cost_per_hour_currency": "Cost Per Hour Currency",
        "exclude_team_notifications": "Exclude Team Notifications",
        "guest": "Guest",
        "oauth_person_enablement": "OAuth Person Enablement",
        "send_email_notifications": "Send Email Notifications",
        "show_notification_popup": "Show Notification Popup",
    }
)

_DETAILS: Final = {
    "protocol": "Contact Protocol",
    "label": "Contact Label",
    "uri": "Contact URI",
    "address_label": "Address Label",
    "address": "Address Address",
    "city": "Address City",
    "state": "Address State",
    "zip": "Address Zip",
    "country": "Address Country",
    "integration": "Integration",
}

CONTACT_TITLES: Final = MappingProxyType({"id": "ID", "owner": "Person"} | _DETAILS)
ORGANIZATION_CONTACT_TITLES: Final = MappingProxyType({"id": "ID", "owner": "Organization"} | _DETAILS)


class Kind(StrEnum):
    """The types of files, as a client names them."""

    PEOPLE = "people"
    PEOPLE_CONTACTS = "people_contact_details"
    ORGANIZATIONS_CONTACTS = "organizations_contact_details"

    @property
    def titles(self) -> Mapping[str, str]:
        """The title of each field's column."""
        return _TITLES[self]

    @property
    def identifying(self) -> frozenset[str]:
        """The fields of which a file must have one."""
        return frozenset({"id", "primary_email", "sourceID"} if self is Kind.PEOPLE else {"owner"})


_TITLES: Final[Mapping[Kind, Mapping[str, str]]] = MappingProxyType(
    {
        Kind.PEOPLE: PEOPLE_TITLES,
        Kind.PEOPLE_CONTACTS: CONTACT_TITLES,
        Kind.ORGANIZATIONS_CONTACTS: ORGANIZATION_CONTACT_TITLES,
    }
)


def fields_by_title(kind: Kind) -> Mapping[str, str]:
    """Return the field of each title, written as `title_key` writes it."""
    return {title_key(title): field for field, title in kind.titles.items()}


def title_key(title: str) -> str:
    """Return a title without what writers of files differ in: letter case, blanks, lines and dashes."""
    return "".join(letter for letter in title.casefold() if letter.isalnum())
