"""The operations on webhooks and webhook policies, and the address at which receivers prove that they want to be told."""

import asyncio
from functools import partial
from typing import Final

from aiohttp import web

from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.errors import ValidationError
from cti_lookup.directory.records.fields import Body
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.storage.database import Trace
from cti_lookup.directory.web.answers import json_answer, read_body
from cti_lookup.directory.web.keys import CLOCK, DATABASE, IDENTITY
from cti_lookup.directory.web.paths import id_in_path, page_answer
from cti_lookup.directory.webhooks.drafts import policy_draft, webhook_draft
from cti_lookup.directory.webhooks.listings import ADMINISTRATORS, POLICIES, WEBHOOKS, listing_of, page_of
from cti_lookup.directory.webhooks.policies import change_policy, create_policy, delete_policy, read_policy
from cti_lookup.directory.webhooks.registrations import (
    change_webhook,
    create_webhook,
    delete_webhook,
    read_webhook,
    send_test,
)
from cti_lookup.directory.webhooks.signing import Key, new_key
from cti_lookup.directory.webhooks.verification import verify

VERIFIED: Final = "Verification successful"


async def list_webhooks(request: web.Request) -> web.Response:
    """Answer with a page of the webhooks; the variable `predefined` of a path is `enabled` or `disabled`."""
    return await _list(request, WEBHOOKS)


async def show_webhook(request: web.Request) -> web.Response:
    """Answer with one webhook."""
    identity, webhook_id = _administrator(request, WEBHOOKS, "read"), id_in_path(request, "webhook_id")
    work = partial(read_webhook, webhook_id=webhook_id, identity=identity)
    return json_answer(await request.app[DATABASE].read(work))


async def register_webhook(request: web.Request) -> web.Response:
    """Register a webhook; the documented status is 200, not 201."""
    identity = _administrator(request, WEBHOOKS, "create")
    draft = webhook_draft(await read_body(request), new=True)
    work = partial(create_webhook, draft=draft, identity=identity, now=request.app[CLOCK]())
    return json_answer(await request.app[DATABASE].write(work, trace=Trace.KEPT))


async def update_webhook(request: web.Request) -> web.Response:
    """Change some fields of a webhook."""
    identity, webhook_id = _administrator(request, WEBHOOKS, "update"), id_in_path(request, "webhook_id")
    draft = webhook_draft(await read_body(request), new=False)
    now = request.app[CLOCK]()
    work = partial(change_webhook, webhook_id=webhook_id, draft=draft, identity=identity, now=now)
    return json_answer(await request.app[DATABASE].write(work))


async def remove_webhook(request: web.Request) -> web.Response:
    """Delete a webhook."""
    identity, webhook_id = _administrator(request, WEBHOOKS, "delete"), id_in_path(request, "webhook_id")
    await request.app[DATABASE].write(partial(delete_webhook, webhook_id=webhook_id, identity=identity))
    return web.Response(status=204)


async def try_webhook(request: web.Request) -> web.Response:
    """Send a webhook a test."""
    identity, webhook_id = _administrator(request, WEBHOOKS, "update"), id_in_path(request, "webhook_id")
    work = partial(send_test, webhook_id=webhook_id, identity=identity, now=request.app[CLOCK]())
    await request.app[DATABASE].write(work, trace=Trace.KEPT)
    return web.Response(status=204)


async def verify_webhook(request: web.Request) -> web.Response:
    """Take the code that a webhook's receiver was sent; it is all that the receiver has to show."""
    webhook_id, code = id_in_path(request, "webhook_id"), request.query.get("code", "")
    work = partial(verify, webhook_id=webhook_id, code=code, now=request.app[CLOCK]())
    await request.app[DATABASE].write(work, trace=Trace.KEPT)
    return web.Response(text=VERIFIED)


async def list_webhook_policies(request: web.Request) -> web.Response:
    """Answer with a page of the policies; the variable `predefined` of a path is `enabled` or `disabled`."""
    return await _list(request, POLICIES)


async def show_webhook_policy(request: web.Request) -> web.Response:
    """Answer with one policy, without its key."""
    identity, policy_id = _administrator(request, POLICIES, "read"), id_in_path(request, "policy_id")
    work = partial(read_policy, policy_id=policy_id, identity=identity)
    return json_answer(await request.app[DATABASE].read(work))


async def create_webhook_policy(request: web.Request) -> web.Response:
    """Make a policy and its key; its public half, or the shared secret, is in this answer and in no other."""
    identity = _administrator(request, POLICIES, "create")
    draft = policy_draft(await read_body(request), new=True)
    if draft.faults:
        raise ValidationError(draft.faults)
    key, now = await _key(draft.values), request.app[CLOCK]()
    work = partial(create_policy, values=draft.values, key=key, identity=identity, now=now)
    return json_answer(await request.app[DATABASE].write(work, trace=Trace.KEPT), status=201)


async def update_webhook_policy(request: web.Request) -> web.Response:
    """Change some fields of a policy."""
    identity, policy_id = _administrator(request, POLICIES, "update"), id_in_path(request, "policy_id")
    draft = policy_draft(await read_body(request), new=False)
    now = request.app[CLOCK]()
    work = partial(change_policy, policy_id=policy_id, draft=draft, identity=identity, now=now)
    return json_answer(await request.app[DATABASE].write(work))


async def remove_webhook_policy(request: web.Request) -> web.Response:
    """Delete a policy that no webhook has."""
    identity, policy_id = _administrator(request, POLICIES, "delete"), id_in_path(request, "policy_id")
    await request.app[DATABASE].write(partial(delete_policy, policy_id=policy_id, identity=identity))
    return web.Response(status=204)


async def _list(request: web.Request, resource: Resource) -> web.Response:
    identity = _administrator(request, resource, "read")
    listing = listing_of(resource, request.query, request.match_info.get("predefined", ""), identity)
    work = partial(page_of, resource=resource, listing=listing, identity=identity)
    return page_answer(request, await request.app[DATABASE].read(work))


async def _key(values: Body) -> Key:
    """Return the key of a new policy: the secret that was given, or one made in a thread, as that takes its time."""
    secret = values.get("secret")
    return (
        Key(secret) if isinstance(secret, str) else await asyncio.to_thread(new_key, str(values["jwt_alg"]))
    )


def _administrator(request: web.Request, resource: Resource, action: str) -> Identity:
    """Return who asks, or raise `ForbiddenError`: also to read takes an administrator, as a URI may hold a secret."""
    identity = request[IDENTITY]
    identity.require_scope(resource.model, action)
    identity.require_role(*ADMINISTRATORS)
    return identity
