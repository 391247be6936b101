"""The paths of webhooks and of their policies."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.web.openapi import parameters
from cti_lookup.directory.web.openapi.answers import headers, usual
from cti_lookup.directory.web.openapi.operations import Operation, page, reading, removing, writing
from cti_lookup.directory.web.openapi.schemas import name_of, ref
from cti_lookup.directory.web.openapi.values import (
    ANYTHING,
    BLANK,
    BOOLEAN,
    ID,
    REFERENCE,
    TIME,
    Schema,
    text,
)
from cti_lookup.directory.webhooks.drafts import AUDIENCE_BYTES, LONGEST_SECRET, LONGEST_URI, MOST_MINUTES
from cti_lookup.directory.webhooks.event_names import EVENTS
from cti_lookup.directory.webhooks.listings import POLICIES, WEBHOOKS
from cti_lookup.directory.webhooks.signing import ALGORITHMS

Path = tuple[str, Mapping[str, Operation]]

_TEXT: Final[Schema] = MappingProxyType({"type": ["string", "null"]})
_WORD: Final[Schema] = MappingProxyType({"type": "string"})
_EVENT: Final[Schema] = MappingProxyType({"type": "string", "enum": sorted(EVENTS)})
_ALGORITHM: Final[Schema] = MappingProxyType({"type": "string", "enum": list(ALGORITHMS)})
_PASSED_OVER: Final[Schema] = MappingProxyType({"description": "Not for clients to write: passed over."})

_WEBHOOK: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "id": ID,
        "name": _WORD,
        "event": _EVENT,
        "uri": _WORD,
        "description": _TEXT,
        "disabled": {"type": "boolean"},
        "verified": {"type": "boolean"},
        "last_error": _TEXT,
        "mail_exceptions_to": _TEXT,
        "webhook_policy": {"anyOf": [ref("Reference"), {"type": "null"}]},
        "source": _TEXT,
        "sourceID": _TEXT,
        "created_at": TIME,
        "updated_at": TIME,
    }
)
_POLICY: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "id": ID,
        "name": _WORD,
        "disabled": {"type": "boolean"},
        "jwt_alg": _ALGORITHM,
        "jwt_audience": _TEXT,
        "jwt_claim_expires_in": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_MINUTES},
        "created_at": TIME,
        "updated_at": TIME,
    }
)
_SHOWN_ONCE: Final[Mapping[str, Schema]] = MappingProxyType(
    {"public_key_pem": _TEXT, "secret": {"type": "string"}}
)
_WEBHOOK_WRITTEN: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "event": _EVENT,
        "uri": {"type": "string", "pattern": r"^https?://[a-z0-9.-]*[a-z0-9](:[1-9][0-9]{0,3})?(/[!$-Z_a-z~]*)?$", "maxLength": LONGEST_URI},
        "name": text(128),
        "description": text(64 * 1024),
        "disabled": BOOLEAN,
        "mail_exceptions_to": {
            "description": "Addresses with commas between them.",
            "anyOf": [{"type": "string", "pattern": "^[!-+.-?A-~-]+@[!-+.-?A-~-]+$", "maxLength": 1024}, BLANK],
        },
        "webhook_policy_id": REFERENCE,
        "webhook_policy": {"description": "Another way to write `webhook_policy_id`, also with an object that has an `id`.", "anyOf": [REFERENCE, {"type": "object", "properties": {"id": REFERENCE}}]},
        "source": text(30),
        "sourceID": text(128),
        "openid_connect_discovery": {**BOOLEAN, "description": "There is none here: only false is taken."},
        **dict.fromkeys(
            (
                "id", "nodeID", "account", "verified", "last_error", "created_at", "updated_at", "attachments",
                "description_attachments", "app_offering_references",
            ),
            _PASSED_OVER,
        ),
    }
)  # fmt: skip
_POLICY_WRITTEN: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "jwt_alg": _ALGORITHM,
        "jwt_audience": text(AUDIENCE_BYTES),
        "jwt_claim_expires_in": {
            "description": "Minutes.",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES},
                {"type": "string", "pattern": "^([1-9][0-9]{0,3})?$"},
                {"type": "null"},
            ],
        },
        "disabled": BOOLEAN,
        "secret": {
            **text(LONGEST_SECRET),
            "description": "For hs256, hs384 and hs512: 32, 48 or 64 bytes at least; made up if it is not given.",
        },
        **dict.fromkeys(
            ("id", "nodeID", "account", "name", "public_key_pem", "created_at", "updated_at"), _PASSED_OVER
        ),
    }
)


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    described = {"type": "object", "properties": properties, "additionalProperties": False}
    return described | ({"required": list(required)} if required else {})


WEBHOOK_SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "Webhook": _object(_WEBHOOK, *_WEBHOOK),
        "WebhookItem": _object({**_WEBHOOK, "account": ANYTHING}, "id"),
        "WebhookDraft": _object(_WEBHOOK_WRITTEN, "event", "uri"),
        "WebhookChanges": _object(_WEBHOOK_WRITTEN),
        "WebhookPolicy": _object(_POLICY, *_POLICY),
        "WebhookPolicyItem": _object({**_POLICY, "account": ANYTHING}, "id"),
        "WebhookPolicyWithKey": _object({**_POLICY, **_SHOWN_ONCE}, *_POLICY),
        "WebhookPolicyDraft": _object(_POLICY_WRITTEN, "jwt_alg"),
        "WebhookPolicyChanges": _object(_POLICY_WRITTEN),
    }
)


def webhook_paths() -> Iterator[Path]:
    """Describe the paths under the prefix of the API."""
    # The documented status of a new webhook is 200.
    yield from _collection(WEBHOOKS, "webhook_id", "Webhook", status="200")
    yield from _collection(POLICIES, "policy_id", "WebhookPolicyWithKey", status="201")
    tested = removing("tryWebhook", "Send a webhook a test.", "webhooks")
    yield "/webhooks/{webhook_id}/test", {"post": tested.at(parameters.id_in_path("webhook_id"))}


def verification_paths() -> Iterator[Path]:
    """Describe where a receiver proves that it wants to be told, which has no prefix."""
    code = parameters.text_in_query("code", "What the receiver was sent.", required=True)
    summary = "Verify a webhook, with the code that its receiver was sent."
    answer = {
        "description": "It is verified.",
        "headers": headers(),
        "content": {"text/plain": {"schema": _WORD}},
    }
    answers = {"200": answer, **usual("503")}
    verified = Operation("verifyWebhook", summary, "webhooks", answers, (code,), guarded=False)
    verified = verified.at(parameters.id_in_path("webhook_id"))
    posted = replace(verified, name="verifyWebhookByPost")
    yield "/webhooks/{webhook_id}/verify", {"get": verified, "post": posted}


def _collection(resource: Resource, variable: str, created: str, *, status: str) -> Iterator[Path]:
    name, path = name_of(resource.model), f"/{resource.table}"
    words, item, full = parameters.listing(resource), ref(f"{name}Item"), ref(name)
    draft, changes = ref(f"{name}Draft"), ref(f"{name}Changes")
    plural = name_of(resource.table)
    yield (
        path,
        {
            "get": page(f"list{plural}", "A page of them.", "webhooks", item, words),
            "post": writing(f"create{name}", "Make one.", "webhooks", draft, ref(created), status=status),
        },
    )
    for word in resource.predefined:
        named = f"list{plural}{word.capitalize()}"
        yield f"{path}/{word}", {"get": page(named, f"Those that are {word}.", "webhooks", item, words)}
    at = parameters.id_in_path(variable)
    yield (
        f"{path}/{{{variable}}}",
        {
            "get": reading(f"show{name}", "One of them.", "webhooks", full).at(at),
            "patch": writing(f"update{name}", "Change one.", "webhooks", changes, full).at(at),
            "delete": removing(f"delete{name}", "Delete one.", "webhooks", "422").at(at),
        },
    )
