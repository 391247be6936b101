"""
Sites, as far as people refer to them.

Facts (a public client, `works4me-xurrent-rest`): fields, collection fields and predefined filters. Of an address the lengths are
those of the developer guide, "Addresses".
"""

from types import MappingProxyType
from typing import Final

from cti_lookup.directory.records.fields import boolean, custom_fields, long_text, string
from cti_lookup.directory.records.organizations import REFERENCE_WRITERS
from cti_lookup.directory.records.presets import by_account, enabled_and_disabled
from cti_lookup.directory.records.resource import (
    CREATED_AT,
    DISABLED,
    ID,
    NAME,
    SOURCE,
    SOURCE_ID,
    UPDATED_AT,
    Detail,
    Nothing,
    Resource,
)
from cti_lookup.directory.records.time_zones import check_time_zone

SITES: Final = Resource(
    model="site",
    table="sites",
    fields=(
        ID,
        SOURCE_ID,
        NAME,
        Detail("address", string(1024)),
        Detail("city", string(128)),
        Detail("state", string(30)),
        Detail("zip", string(20)),
        Detail("country", string(128)),
        DISABLED,
        CREATED_AT,
        UPDATED_AT,
        SOURCE,
        Nothing("attachments", ()),
        Detail("custom_fields", custom_fields),
        Detail("integration", boolean, default=False),
        Detail("picture_uri", long_text),
        Detail("remarks", long_text),
        Detail("time_zone", check_time_zone),
        Nothing("ui_extension"),
    ),
    collection=("id", "sourceID", "name", "disabled", "created_at", "updated_at"),
    filters=("id", "source", "sourceID", "name", "disabled", "created_at", "updated_at"),
    sorts=("id", "sourceID", "name", "created_at", "updated_at"),
    predefined=MappingProxyType({**enabled_and_disabled("sites"), **by_account("sites")}),
    writers=REFERENCE_WRITERS,
)
