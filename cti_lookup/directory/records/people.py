"""
People: what a person is, and one person as the API answers it.

Facts (R-Service developer guide, "People"): fields, lengths, collection fields, filters and sorts are those of the page. Which
role it takes to write is said in the help of the product: Service Desk Analyst, Account or Directory Administrator.
"""

from collections.abc import Mapping
from sqlite3 import Connection
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.records.conditions import Condition
from cti_lookup.directory.records.currencies import check_currency
from cti_lookup.directory.records.fields import (
    Rule,
    amount,
    boolean,
    choice,
    custom_fields,
    email,
    list_of,
    long_text,
    nullable_boolean,
    required,
    string,
)
from cti_lookup.directory.records.full_people import full_people
from cti_lookup.directory.records.presets import by_account, enabled_and_disabled, having_roles
from cti_lookup.directory.records.removals import marked
from cti_lookup.directory.records.resource import (
    CREATED_AT,
    DISABLED,
    ID,
    NAME,
    SOURCE,
    SOURCE_ID,
    UPDATED_AT,
    Addresses,
    Column,
    Contacts,
    Detail,
    Nothing,
    Predefined,
    Reference,
    Resource,
    Roles,
)
from cti_lookup.directory.records.time_zones import check_time_zone
from cti_lookup.directory.records.visibility import check_visible

LANGUAGES: Final = frozenset(
    "en nl de fr es pt it da fi sv pl cs tr ru ar id fa no zh ja ko he hi ms".split()  # noqa: SIM905 - reads better
)


def of_organization(organization_id: int) -> Condition:
    """Leave the people of an organization."""
    return Condition("people.organization_id = ?", (organization_id,))


def _internal(identity: Identity) -> Condition:
    marks = ", ".join("?" * len(identity.accounts))
    internal = f"SELECT id FROM organizations WHERE account_id IN ({marks})"  # noqa: S608 - question marks
    return Condition(f"people.organization_id IN ({internal})", identity.accounts)


_PREDEFINED: Final[Mapping[str, Predefined]] = MappingProxyType(
    {
        **enabled_and_disabled("people"),
        **by_account("people"),
        "internal": _internal,
        "all_with_roles": having_roles,
    }
)

PEOPLE: Final = Resource(
    model="person",
    table="people",
    required=("name", "primary_email"),
    fields=(
        ID,
        SOURCE_ID,
        NAME,
        Column(
            "primary_email",
            rule=required(email(128)),
            folded="email_key",
            caseless=True,
            unique=True,
            nullable=False,
        ),
        Reference("organization", "organizations"),
        Reference("site", "sites"),
        Reference("manager", "people"),
        Reference("work_hours", "calendars"),
        DISABLED,
        CREATED_AT,
        UPDATED_AT,
        SOURCE,
        Column("supportID", rule=string(50), caseless=True),
        Column("employeeID", rule=string(128)),
        Contacts("contacts"),
        Addresses("addresses"),
        Nothing("attachments", ()),
        Detail("authenticationID", string(128)),
        Detail("auto_translation", boolean, default=False),
        Detail("cost_per_hour", amount),
        Detail("cost_per_hour_currency", check_currency),
        Detail("custom_fields", custom_fields),
        Detail("do_not_translate_languages", list_of(LANGUAGES)),
        Detail("exclude_team_notifications", boolean, default=False),
        Detail("guest", boolean, default=False),
        Detail("information", long_text),
        Detail("job_title", string(80)),
        Detail("locale", string(5)),
        Detail("location", string(80)),
        Detail("oauth_person_enablement", boolean, default=False),
        # The page gives no length; a picture may be a data: URL.
        Detail("picture_uri", long_text),
        Detail("send_email_notifications", choice(("always", "when_offline", "never"))),
        Detail("show_notification_popup", choice(("always", "important_only", "never"))),
        Detail("time_format_24h", nullable_boolean),
        Detail("time_zone", check_time_zone),
        Nothing("ui_extension"),
        Detail("vip", boolean, default=False),
        Roles(),
    ),
    # The page leaves `disabled` out of its list, and shows it in its sample.
    collection=(
        "id",
        "sourceID",
        "name",
        "organization",
        "site",
        "manager",
        "disabled",
        "created_at",
        "updated_at",
    ),
    filters=(
        "id",
        "source",
        "sourceID",
        "name",
        "disabled",
        "organization",
        "site",
        "manager",
        "created_at",
        "updated_at",
        "employeeID",
        "primary_email",
        "supportID",
        "roles",
    ),
    sorts=("id", "sourceID", "name", "organization", "site", "manager", "created_at", "updated_at"),
    predefined=_PREDEFINED,
    writers=(Role.SERVICE_DESK_ANALYST, Role.ACCOUNT_ADMINISTRATOR, Role.DIRECTORY_ADMINISTRATOR),
    removable=True,
    announced=True,
)

RULES: Final[Mapping[str, Rule]] = PEOPLE.rules
"""Every field of a person that a client may write."""


def read_person(connection: Connection, person_id: int, identity: Identity) -> bytes:
    """Return the JSON of a person with all fields, or raise `NotFoundError`."""
    check_visible(connection, PEOPLE.table, person_id, identity)
    (person,) = full_people(connection, [person_id], identity.home)
    return marked(connection, person_id, person)
