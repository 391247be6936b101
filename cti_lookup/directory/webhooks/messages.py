"""
What a delivery looks like on the wire, without I/O: a delivery and the time in, headers and a body out.

Facts (Xurrent developer pages, "Webhooks" and "Webhook policies"; recordings of code4me/4me-app-builder-nodejs): a JSON object whose
`object_id` is the record and whose `person_id` is who did it. With a policy the body is `{"jwt": …}` and the object stands in the
claim `data`; `sub` is the webhook's id as a text, `iss` the account's URL. Each attempt has a name of its own, and a repeated one
also names the first. `payload` has `source` and `sourceID` where the record has them, and of a verification the address to fetch.
"""

import base64
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from cti_lookup.directory.webhooks.event_names import VERIFICATION, collection_of, type_of
from cti_lookup.directory.webhooks.signing import sign

INSTANCE: Final = "Embedded directory"

_BRANDS: Final = ("4me", "R-Service", "Xurrent")
"""The names under which the product is sold; receivers are written for one of them."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How what a webhook sends is signed."""

    algorithm: str
    secret: str = field(repr=False)
    audience: str | None
    expires_in: int | None
    """Minutes."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook: where it sends, and how often in a row that failed until now."""

    id: int
    account: str
    name: str
    uri: str = field(repr=False)  # it may hold a secret
    failures: int
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The code with which a receiver calls back, and until when, in seconds since the epoch."""

    code: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be told to a receiver; `origin` is the name of the first attempt."""

    id: int
    origin: str
    event: str
    object_id: int
    person_id: int | None
    person_name: str | None = field(repr=False)
    source: str | None
    source_id: str | None = field(repr=False)
    verification: Verification | None
    attempts: int
    receiver: Receiver


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    headers: MappingProxyType[str, str]
    body: bytes = field(repr=False)


def compose(delivery: Delivery, base: str, now: datetime) -> Message:
    """Return what is sent at an attempt; `base` is the address of this directory, without a slash at the end."""
    content = _content(delivery, base)
    policy = delivery.receiver.policy
    if policy is not None:
        claims = _claims(delivery.receiver.id, policy, content, base, int(now.timestamp()))
        content = {"jwt": sign(claims, policy.algorithm, policy.secret)}
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Message(MappingProxyType(_headers(delivery, base)), body)


def _headers(delivery: Delivery, base: str) -> dict[str, str]:
    """Name the attempt in each spelling that receivers look for."""
    repeated = delivery.attempts > 0
    name = str(uuid.uuid4()) if repeated else delivery.origin
    place = f"{collection_of(delivery.event)}/{delivery.object_id}"
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"R-Service/1.0 ({base}/v1/webhooks)",
        "Link": f'<{base}/{place}>; rel="canonical", <{base}/v1/{place}>; rel="resource"',
    }
    headers |= {f"X-{brand}-Delivery": name for brand in _BRANDS}
    if repeated:
        headers |= {f"X-{brand}-Delivery-Origin": delivery.origin for brand in _BRANDS}
    return headers


def _content(delivery: Delivery, base: str) -> dict[str, object]:
    receiver, person_id = delivery.receiver, delivery.person_id
    return {
        "webhook_id": receiver.id,
        "webhook_nodeID": _node_id(base, "Webhook", receiver.id),
        "account_id": receiver.account,
        "account": base,
        "custom_url": None,
        "name": receiver.name,
        "event": delivery.event,
        "object_id": delivery.object_id,
        "object_nodeID": _node_id(base, type_of(delivery.event), delivery.object_id),
        "person_id": person_id,
        "person_nodeID": None if person_id is None else _node_id(base, "Person", person_id),
        "person_name": delivery.person_name,
        "instance_name": INSTANCE,
        "payload": _payload(delivery, base),
    }


def _payload(delivery: Delivery, base: str) -> dict[str, object]:
    if delivery.event == VERIFICATION and delivery.verification is not None:
        asked = {"code": delivery.verification.code, "expires_at": delivery.verification.expires_at}
        return {"callback": f"{base}/webhooks/{delivery.receiver.id}/verify?{urlencode(asked)}"}
    named = {"source": delivery.source, "sourceID": delivery.source_id}
    return {name: value for name, value in named.items() if value is not None}


def _claims(
    webhook_id: int, policy: Policy, content: dict[str, object], base: str, now: int
) -> dict[str, object]:
    claims: dict[str, object] = {
        "data": content,
        "jti": str(uuid.uuid4()),
        "sub": str(webhook_id),
        "iss": base,
        "iat": now,
        "nbf": now,
    }
    if policy.audience is not None:
        claims["aud"] = policy.audience
    if policy.expires_in is not None:
        claims["exp"] = now + int(timedelta(minutes=policy.expires_in).total_seconds())
    return claims


def _node_id(base: str, kind: str, record_id: int) -> str:
    """Return a record's id as GraphQL has it: unpadded base64 of the host, the type and the id."""
    host = base.partition("://")[2]
    return base64.b64encode(f"{host}/{kind}/{record_id}".encode()).decode().rstrip("=")
