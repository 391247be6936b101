"""
Teams, which people belong to.

Facts (a public client, `works4me-xurrent-rest`): fields and predefined filters. Members are shown as references and written as
`member_ids`, as the developer guide writes lists of references.
"""

from typing import Final

from cti_lookup.directory.records.conditions import Condition
from cti_lookup.directory.records.fields import custom_fields, long_text, string
from cti_lookup.directory.records.organizations import REFERENCE_WRITERS
from cti_lookup.directory.records.presets import enabled_and_disabled
from cti_lookup.directory.records.resource import (
    CREATED_AT,
    DISABLED,
    ID,
    NAME,
    SOURCE,
    SOURCE_ID,
    UPDATED_AT,
    Detail,
    Members,
    Nothing,
    Reference,
    Resource,
)
from cti_lookup.directory.records.time_zones import check_time_zone

TEAMS: Final = Resource(
    model="team",
    table="teams",
    fields=(
        ID,
        SOURCE_ID,
        NAME,
        Reference("coordinator", "people"),
        Reference("manager", "people"),
        Reference("work_hours", "calendars"),
        Members(),
        DISABLED,
        CREATED_AT,
        UPDATED_AT,
        SOURCE,
        Nothing("attachments", ()),
        Detail("custom_fields", custom_fields),
        Detail("inbound_email_local_part", string(64)),
        Detail("picture_uri", long_text),
        Detail("remarks", long_text),
        Detail("time_zone", check_time_zone),
        Nothing("ui_extension"),
    ),
    collection=(
        "id",
        "sourceID",
        "name",
        "coordinator",
        "manager",
        "disabled",
        "created_at",
        "updated_at",
    ),
    filters=("id", "source", "sourceID", "name", "disabled", "created_at", "updated_at"),
    sorts=("id", "sourceID", "name", "created_at", "updated_at"),
    predefined=enabled_and_disabled("teams"),
    writers=REFERENCE_WRITERS,
    announced=True,
)


def with_member(person_id: int) -> Condition:
    """Leave the teams that a person is a member of."""
    return Condition("teams.id IN (SELECT team_id FROM team_members WHERE person_id = ?)", (person_id,))
