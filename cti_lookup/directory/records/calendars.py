"""Calendars, as far as people refer to them: a name for the hours in which they work."""

from typing import Final

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
    Resource,
)

CALENDARS: Final = Resource(
    model="calendar",
    table="calendars",
    fields=(
        ID,
        SOURCE_ID,
        NAME,
        DISABLED,
        CREATED_AT,
        UPDATED_AT,
        SOURCE,
    ),
    collection=("id", "sourceID", "name", "disabled", "created_at", "updated_at"),
    filters=("id", "source", "sourceID", "name", "disabled", "created_at", "updated_at"),
    sorts=("id", "sourceID", "name", "created_at", "updated_at"),
    predefined=enabled_and_disabled("calendars"),
    writers=REFERENCE_WRITERS,
)
