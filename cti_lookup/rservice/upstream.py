"""
The directory's own webhooks, without I/O: bytes and headers in, one of three events or a `Rejected` out.

Facts (Xurrent developer pages, "Webhooks", "Webhook events"; R-Service, "Webhooks"): `object_id` is the record that
changed, `person_id` is who changed it. There are `person.create` and `person.update`, no event for a person who is
archived or trashed, and none for a contact. A test sends `object_id` 12345. Upon `webhook.verify` the address in
`payload.callback` must be fetched. The delivery's id is `X-4me-Delivery` or `x-xurrent-delivery`; R-Service's spelling
is not known, so any `X-…-Delivery` is taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from cti_lookup.messages import shaped
from cti_lookup.rservice.writers import Verifier

LARGEST_ID: Final = 2**53
"""Larger numbers lose digits on their way through JavaScript."""

LONGEST_CALLBACK: Final = 2048

_DELIVERY: Final = re.compile(r"x-(?:[a-z0-9-]+-)?delivery", re.IGNORECASE)
_SAFE: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """A person was created or changed; `delivery` is the directory's name for this message, '' if it has none."""

    person_id: int
    delivery: str


@dataclass(frozen=True, slots=True)
class VerificationAsked:
    """The directory wants to know whether we are there: `callback`, which is not yet checked, must be fetched."""

    callback: str


@dataclass(frozen=True, slots=True)
class Other:
    """An event that changes nothing here."""

    event: str


Event = PersonChanged | VerificationAsked | Other


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event, and the name of its signature, None if it has none."""

    event: Event
    jti: str | None


class _Named(msgspec.Struct):
    event: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_.:-]{1,100}\Z")]


class _Changed(msgspec.Struct):
    object_id: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]


class _Payload(msgspec.Struct):
    callback: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_CALLBACK)]


class _Verification(msgspec.Struct):
    payload: _Payload


def read_delivery(body: bytes, headers: Mapping[str, str], verifier: Verifier, *, now: float) -> Delivered:
    """Check and decode a delivery; `now` in seconds since the epoch. Raises `Rejected`, and nothing else."""
    opened = verifier.opened(body, now)
    return Delivered(_event(opened.message, delivery_of(headers)), opened.jti)


def delivery_of(headers: Mapping[str, str]) -> str:
    """Give the directory's name for a delivery, to find it in both logs; '' if there is none, or a strange one."""
    for name, value in headers.items():
        if _DELIVERY.fullmatch(name) and _SAFE.fullmatch(value):
            return value
    return ""


def _event(message: dict[str, Any], delivery: str) -> Event:
    event = shaped(message, _Named).event
    match event:
        case "person.create" | "person.update":
            return PersonChanged(shaped(message, _Changed).object_id, delivery)
        case "webhook.verify":
            return VerificationAsked(shaped(message, _Verification).payload.callback)
    return Other(event)
