"""
Webhooks and their policies as collections: what a list shows, and what it can be filtered and sorted by.

Facts (Xurrent developer pages, "Webhooks API" and "Webhook policies API"): a list of webhooks shows `last_error` where there is one;
policies are sorted by `created_at` and filtered by `id name created_at updated_at disabled`, names without regard to letter case.
By what webhooks are filtered and sorted is not said. A URI is never filtered by: it may hold a secret, and addresses end in logs.
"""

from sqlite3 import Connection
from types import MappingProxyType
from typing import Final

from multidict import MultiDict, MultiMapping

from cti_lookup.directory.access.identity import Identity, Role
from cti_lookup.directory.records.conditions import Condition
from cti_lookup.directory.records.listing import Listing, list_records, predefined
from cti_lookup.directory.records.pages import Page
from cti_lookup.directory.records.presets import enabled_and_disabled
from cti_lookup.directory.records.reading import Shown
from cti_lookup.directory.records.resource import (
    CREATED_AT,
    DISABLED,
    ID,
    SOURCE,
    SOURCE_ID,
    UPDATED_AT,
    Column,
    Resource,
    Type,
)

ADMINISTRATORS: Final = (Role.ACCOUNT_ADMINISTRATOR, Role.DIRECTORY_ADMINISTRATOR)

_LAST_ERROR: Final = "last_error"

WEBHOOKS: Final = Resource(
    model="webhook",
    table="webhooks",
    fields=(
        ID,
        Column("name"),
        Column("event"),
        Column("uri"),
        Column("description"),
        DISABLED,
        Column(_LAST_ERROR),
        Column("mail_exceptions_to"),
        SOURCE,
        SOURCE_ID,
        CREATED_AT,
        UPDATED_AT,
    ),
    collection=("name", "event", "uri", _LAST_ERROR, "created_at", "updated_at"),
    filters=("id", "source", "sourceID", "name", "event", "disabled", "created_at", "updated_at"),
    sorts=("id", "sourceID", "name", "event", "created_at", "updated_at"),
    writers=ADMINISTRATORS,
    predefined=enabled_and_disabled("webhooks"),
)

POLICIES: Final = Resource(
    model="webhook_policy",
    table="webhook_policies",
    fields=(
        ID,
        Column("name", caseless=True),
        DISABLED,
        Column("jwt_alg"),
        Column("jwt_audience"),
        Column("jwt_claim_expires_in", Type.NUMBER),
        CREATED_AT,
        UPDATED_AT,
    ),
    collection=("name", "created_at", "updated_at"),
    filters=("id", "name", "created_at", "updated_at", "disabled"),
    sorts=("created_at", "updated_at"),
    writers=ADMINISTRATORS,
    predefined=enabled_and_disabled("webhook_policies"),
)

_SORTED_BY: Final = MappingProxyType({"webhook": "name", "webhook_policy": "created_at"})
"""By what a collection is sorted where nobody asks for anything else."""


def listing_of(resource: Resource, query: MultiMapping[str], word: str, identity: Identity) -> Listing:
    """Read what is asked of the collection of the addressed account; the directory account's is its own affair."""
    asked: MultiDict[str] = MultiDict(query)
    if not asked.get("sort"):
        asked["sort"] = _SORTED_BY[resource.model]
    own = Condition(f"{resource.table}.account_id = ?", (identity.account,))
    return (
        Listing.from_query(resource, asked, identity).where(own).where(predefined(resource, word, identity))
    )


def page_of(connection: Connection, resource: Resource, listing: Listing, identity: Identity) -> Page[Shown]:
    """Return a page of a collection; an error is shown where there is one."""
    page = list_records(connection, resource, listing, identity)
    for item in page.items:
        if item.get(_LAST_ERROR, "") is None:
            del item[_LAST_ERROR]
    return page
