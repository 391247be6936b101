"""
Organizations, as far as people refer to them.

Facts (Xurrent developer pages, "Organizations"): fields, filters, sorts and predefined filters. Nothing in a file trusts another
account, and a list holds the records of the addressed account and its directory account only: all organizations of a list are
internal ones, none is external or trusted.
"""

from types import MappingProxyType
from typing import Final

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.records.conditions import Condition
from cti_lookup.directory.records.fields import boolean, custom_fields, long_text, string
from cti_lookup.directory.records.presets import by_account, enabled_and_disabled, everything, nothing
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
    Reference,
    Resource,
)

REFERENCE_WRITERS: Final = (
    Role.ACCOUNT_ADMINISTRATOR,
    Role.DIRECTORY_ADMINISTRATOR,
    Role.ACCOUNT_DESIGNER,
    Role.CONFIGURATION_MANAGER,
    Role.SERVICE_DESK_MANAGER,
)
"""Who may write what people refer to: organizations, sites, teams and calendars."""


def _managed_by_me(identity: Identity) -> Condition:
    return Condition("organizations.manager_id = ?", (identity.person_id,))


ORGANIZATIONS: Final = Resource(
    model="organization",
    table="organizations",
    fields=(
        ID,
        SOURCE_ID,
        NAME,
        Reference("parent", "organizations"),
        Reference("manager", "people"),
        Reference("substitute", "people"),
        Detail("business_unit", boolean, default=False),
        Reference("business_unit_organization", "organizations"),
        DISABLED,
        CREATED_AT,
        UPDATED_AT,
        SOURCE,
        Column("financialID", rule=string(128)),
        Contacts("organization_contacts"),
        Addresses("organization_addresses"),
        Nothing("attachments", ()),
        Detail("custom_fields", custom_fields),
        Detail("end_user_privacy", boolean, default=False),
        Nothing("order_template"),
        Detail("picture_uri", long_text),
        Detail("region", string(128)),
        Detail("remarks", long_text),
        Nothing("ui_extension"),
    ),
    collection=("id", "sourceID", "name", "parent", "manager", "disabled", "created_at", "updated_at"),
    filters=(
        "id",
        "source",
        "sourceID",
        "name",
        "disabled",
        "created_at",
        "updated_at",
        "financialID",
        "parent",
    ),
    sorts=("id", "sourceID", "name", "created_at", "updated_at"),
    predefined=MappingProxyType(
        {
            **enabled_and_disabled("organizations"),
            **by_account("organizations"),
            "internal": everything,
            "external": nothing,
            "trusted": nothing,
            "managed_by_me": _managed_by_me,
        }
    ),
    writers=REFERENCE_WRITERS,
    announced=True,
)
