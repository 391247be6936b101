"""The live feed in AsyncAPI 3.0: one channel, and the events that go over it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from cti_lookup.feed.agents import Role
from cti_lookup.feed.frames import HEARTBEAT, REPLAY
from cti_lookup.web.openapi import examples
from cti_lookup.web.openapi.document import all_schemas
from cti_lookup.web.openapi.schemas import TEXT, TIME, Schema, described, record, ref, words

_SHARED: Final = frozenset(
    {"LoggedCall", "Lookup", "Caller", "Person", "Match", "Named", "Calls"}
    | {"Outcome", "Tier", "Rule", "Direction", "State", "Result"}
)
"""Schemas that the description of the routes has too."""

_LEFT: Final = ("answered_elsewhere", "transferred", "merged", "erased")
_RESET: Final = ("gap", "restart")
_BYE: Final = ("expired", "revoked", "shutdown", "slow")

_OWN: Final[Mapping[str, Schema]] = {
    "Hello": record(
        "Comes first.",
        {
            "heartbeat": described(
                "Seconds between two signs of life, which are comments.", {"const": HEARTBEAT}
            ),
            "replay": described("Seconds for which what was missed is told again.", {"const": REPLAY}),
            "role": described("A machine key sees as much as a supervisor.", words(Role)),
            "expires_at": described(
                "The token's end; null with a machine key.",
                {"type": ["string", "null"], "format": "date-time"},
            ),
            "now": described("The service's clock.", TIME),
        },
    ),
    "Left": record("A call concerns this screen no more.", {"id": TEXT, "reason": words(_LEFT)}),
    "Reset": record("What was missed is not known; `calls` follows.", {"reason": words(_RESET)}),
    "Bye": record(
        "After `shutdown` and `slow` connect again in 0.5 to 2 s, after `expired` with a new token, after `revoked` not at all.",
        {"reason": words(_BYE)},
    ),
}
_MESSAGES: Final[Mapping[str, tuple[str, str, object]]] = {
    "hello": (
        "Hello",
        "The greeting.",
        {
            "heartbeat": HEARTBEAT,
            "replay": REPLAY,
            "role": "agent",
            "expires_at": "2026-11-21T20:30:00.000Z",
            "now": "2026-11-21T20:15:00.000Z",
        },
    ),
    "calls": ("Calls", "All calls that go on: show these and no others.", {"calls": [examples.LOGGED_CALL]}),
    "call": ("LoggedCall", "A call that is new or has changed: its whole state.", examples.LOGGED_CALL),
    "left": (
        "Left",
        "A call that concerns this screen no more.",
        {"id": examples.CALL["id"], "reason": "transferred"},
    ),
    "reset": ("Reset", "Something may have been missed.", {"reason": "gap"}),
    "bye": (
        "Bye",
        "The stream ends here.",
        {"reason": "expired"},
    ),
}
_NUMBERED: Final = frozenset({"calls", "call", "left"})
"""Events that have an `id`, which comes back as `Last-Event-ID`."""

_ABOUT: Final = (
    "Calls as they happen, as Server-Sent Events over `GET /v1/calls/stream`. A message's name is the `event`, its payload the `data`, its "
    "header `id` the `id` of the event. Whoever comes back with `Last-Event-ID` is told of each call that changed meanwhile as it is now."
)


def asyncapi_document() -> Mapping[str, Any]:
    """Return the description of the feed."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "cti-lookup live feed",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "calls": {
                "address": "/v1/calls/stream",
                "description": "One open answer of HTTP, with a machine key or an agent token as `Authorization: Bearer`.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _MESSAGES},
                "bindings": {"http": {}},
            }
        },
        "operations": {
            "tellOfCalls": {
                "action": "send",
                "channel": {"$ref": "#/channels/calls"},
                "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
                "messages": [{"$ref": f"#/channels/calls/messages/{name}"} for name in _MESSAGES],
            }
        },
        "components": {
            "messages": dict(_messages()),
            "schemas": {**{name: one for name, one in all_schemas().items() if name in _SHARED}, **_OWN},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A machine key or an agent token.",
                }
            },
        },
    }


def _messages() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, (schema, summary, example) in _MESSAGES.items():
        numbered: Iterable[tuple[str, Any]] = [("headers", _ID)] if name in _NUMBERED else []
        yield (
            name,
            {
                "name": name,
                "summary": summary,
                **dict(numbered),
                "payload": ref(schema),
                "examples": [{"name": name, "payload": example}],
            },
        )


_ID: Final[Schema] = {
    "type": "object",
    "properties": {"id": described("Opaque.", TEXT)},
    "required": ["id"],
}


def encoded_asyncapi() -> bytes:
    """Return the description of the feed as JSON."""
    return msgspec.json.encode(asyncapi_document())
