"""
Every route, on one screen.

A path may end in `.json` or a slash, and several slashes are one; PUT means PATCH, and HEAD is answered wherever GET is.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.web import (
    contacts,
    erasing,
    oauth,
    people,
    records,
    removals,
    root,
    sd,
    transfer,
    webhooks,
)
from cti_lookup.directory.web.contacts import ContactOperations
from cti_lookup.directory.web.merged_slashes import MergedSlashes
from cti_lookup.directory.web.openapi.document import show_openapi
from cti_lookup.directory.web.records import RecordOperations, predefined_words

PREFIX: Final = "/v1"

Operation = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN: Final[frozenset[Operation]] = frozenset(
    {root.show_root, show_openapi, oauth.issue_token, webhooks.verify_webhook, transfer.download_file}
)
"""What needs no token."""

FREE: Final[frozenset[Operation]] = frozenset({root.show_rate_limit, oauth.introspect})
"""What is not counted against the limits."""

_ENDING: Final = r"{ending:(?:\.json)?/?}"


def add_routes(router: web.UrlDispatcher) -> None:
    """Add all routes; where two could be meant, the first is."""
    _add(router, "", GET=root.show_root)
    _add(router, "/openapi.json", GET=show_openapi)
    _add(router, "/sd", GET=sd.find_callers)
    _add(router, "/rate_limit", GET=root.show_rate_limit)
    _add(router, "/me", GET=people.show_me)
    _add_people(router)
    _add_organizations(router)
    _add_collection(router, "/sites", records.SITE_OPERATIONS)
    _add_collection(router, "/teams", records.TEAM_OPERATIONS)
    _add_collection(router, "/calendars", records.CALENDAR_OPERATIONS)
    _add(router, "/archive", GET=removals.list_archive)
    _add(router, "/trash", GET=removals.list_trash)
    _add_transfer(router)
    _add_webhooks(router)
    _add_oauth(router)
    router.register_resource(MergedSlashes(router))


def _add_people(router: web.UrlDispatcher) -> None:
    person = "/people/" + _id("person")
    _add(router, "/people", GET=people.list_people, POST=people.create_person)
    _add(router, "/people/me", GET=people.show_me)
    _add(router, "/people/" + _word(PEOPLE), GET=people.list_people)
    _add(
        router,
        person,
        GET=people.show_person,
        PATCH=people.update_person,
        DELETE=erasing.erase_person,
    )
    _add(router, person + "/teams", GET=people.list_teams_of_person)
    _add(router, person + "/archive", POST=removals.archive_person)
    _add(router, person + "/trash", POST=removals.trash_person)
    _add(router, person + "/restore", POST=removals.restore_person)
    _add_contacts(router, person, contacts.OF_PEOPLE)


def _add_organizations(router: web.UrlDispatcher) -> None:
    organization = "/organizations/" + _id("organization")
    _add_collection(router, "/organizations", records.ORGANIZATION_OPERATIONS)
    people_of_it = people.list_people_of_organization
    _add(router, organization + "/people", GET=people_of_it)
    _add(router, organization + "/people/" + _word(PEOPLE), GET=people_of_it)
    _add_contacts(router, organization, contacts.OF_ORGANIZATIONS)


def _add_collection(router: web.UrlDispatcher, path: str, operations: RecordOperations) -> None:
    resource = operations.resource
    _add(router, path, GET=operations.list_records, POST=operations.create_record)
    if resource.predefined:
        _add(router, f"{path}/{_word(resource)}", GET=operations.list_records)
    _add(
        router,
        f"{path}/{_id(resource.model)}",
        GET=operations.show_record,
        PATCH=operations.update_record,
    )


def _add_contacts(router: web.UrlDispatcher, owner: str, operations: ContactOperations) -> None:
    _add(
        router,
        owner + "/contacts",
        GET=operations.list_contacts,
        POST=operations.create_contact,
        DELETE=operations.delete_contacts,
    )
    _add(
        router,
        f"{owner}/contacts/{_id('contact')}",
        GET=operations.show_contact,
        PATCH=operations.update_contact,
        DELETE=operations.delete_contact,
    )


def _add_transfer(router: web.UrlDispatcher) -> None:
    _add(router, "/import", GET=transfer.list_imports, POST=transfer.start_import)
    _add(router, "/import/{token:[^/]+?}", GET=transfer.show_import)
    _add(router, "/export", POST=transfer.start_export)
    _add(router, "/export/{token:[^/]+?}", GET=transfer.show_export)
    _add(router, "/downloads/{token}/{key}/{name:[^/]+?}", prefix="", GET=transfer.download_file)


def _add_webhooks(router: web.UrlDispatcher) -> None:
    webhook, policy = "/webhooks/" + _id("webhook"), "/webhook_policies/" + _id("policy")
    word = "{predefined:enabled|disabled}"
    _add(router, "/webhooks", GET=webhooks.list_webhooks, POST=webhooks.register_webhook)
    _add(router, "/webhooks/" + word, GET=webhooks.list_webhooks)
    _add(
        router,
        webhook,
        GET=webhooks.show_webhook,
        PATCH=webhooks.update_webhook,
        DELETE=webhooks.remove_webhook,
    )
    _add(router, webhook + "/test", POST=webhooks.try_webhook)
    _add(router, webhook + "/verify", prefix="", GET=webhooks.verify_webhook, POST=webhooks.verify_webhook)
    _add(
        router,
        "/webhook_policies",
        GET=webhooks.list_webhook_policies,
        POST=webhooks.create_webhook_policy,
    )
    _add(router, "/webhook_policies/" + word, GET=webhooks.list_webhook_policies)
    _add(
        router,
        policy,
        GET=webhooks.show_webhook_policy,
        PATCH=webhooks.update_webhook_policy,
        DELETE=webhooks.remove_webhook_policy,
    )


def _add_oauth(router: web.UrlDispatcher) -> None:
    """Add what has a host of its own in the real system, and therefore no prefix."""
    for path in ("/oauth", ""):
        _add(router, path + "/token", prefix="", POST=oauth.issue_token)
        _add(router, path + "/introspect", prefix="", GET=oauth.introspect)


def _id(model: str) -> str:
    return f"{{{model}_id:[^/]+?}}"


def _word(resource: Resource) -> str:
    return f"{{predefined:{predefined_words(resource)}}}"


def _add(router: web.UrlDispatcher, path: str, *, prefix: str = PREFIX, **operations: Operation) -> None:
    """Add the operations on a path."""
    if "{" not in path:
        # As it is, aiohttp finds it at once; those with variables it tries one after the other.
        _add_operations(router.add_resource(prefix + path), operations)
    _add_operations(router.add_resource(prefix + path + _ENDING), operations)


def _add_operations(resource: web.Resource, operations: dict[str, Operation]) -> None:
    for method, handler in operations.items():
        resource.add_route(method, handler)
        if method == hdrs.METH_PATCH:
            resource.add_route(hdrs.METH_PUT, handler)
        if method == hdrs.METH_GET:
            resource.add_route(hdrs.METH_HEAD, handler)
