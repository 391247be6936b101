"""
CloudEvents over HTTP, in all three modes; the data is in the generic dialect's words.

Facts: cloudevents/spec 1.0.2, "HTTP Protocol Binding", "JSON Event Format" and "HTTP 1.1 Web Hooks for Event
Delivery". Binary mode: attributes in `ce-` headers, percent-encoded, the data as the body. Structured mode:
`application/cloudevents+json` with `data`, or `data_base64`. Batch mode:
`application/cloudevents-batch+json`, a list of these. `source` and `id` together are the event's name.
Nothing is signed, so that the source's secret is shown as a machine key is. Before the first event the sender
may ask with OPTIONS whether its events are wanted; consent is `WebHook-Allowed-Origin`, and without it
nothing may be sent. A callback in place of the answer is not made.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from cti_lookup.dialects.bodies import object_of, text_of, value_of
from cti_lookup.dialects.dialect import QUIET, Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.envelopes import read_inside
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.errors import Rejected, Unreadable, WrongField
from cti_lookup.events import CallEvent
from cti_lookup.strict_json import read_json

_STRUCTURED: Final = "application/cloudevents"
_BATCH: Final = "application/cloudevents-batch"
_MOST_EVENTS: Final = 100
_ORIGIN: Final = re.compile(r"[A-Za-z0-9.*_-]{1,253}(?::[0-9]{1,5})?")
_ALLOW: Final = {"Allow": "POST, OPTIONS"}


class _Envelope(msgspec.Struct, frozen=True):
    """An event as it came; `data` is its bytes or whatever JSON holds."""

    id: str
    source: str
    kind: str | None
    told_at: float | None
    data: Any


def greet(request: Request, _secrets: Secrets, _now: float) -> Answered | None:
    """Answer whether a sender's events are wanted; one whose name is no plain host name gets no consent."""
    if request.method != "OPTIONS":
        return None
    origin = request.headers.get("WebHook-Request-Origin", "").strip()
    if not _ORIGIN.fullmatch(origin):
        return Answered(b"", "text/plain", headers=_ALLOW)
    consent = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return Answered(b"", "text/plain", headers={**_ALLOW, **consent})


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """
    Read the events of a request; () if none tells of a call. Raises `Unreadable` or `WrongField`.

    Of a batch whatever can be read is read: one event that cannot be must not keep the others out for ever.
    """
    kind = request.headers.get("Content-Type", "").strip().casefold()
    if kind.startswith(_BATCH) or request.body.lstrip()[:1] == b"[":
        return _batch(request.body, facts)
    if "ce-id" in request.headers and not kind.startswith(_STRUCTURED):
        return _event(_of_headers(request), facts)
    return _event(_of_object(object_of(request.body)), facts)


def _batch(body: bytes, facts: Facts) -> tuple[CallEvent, ...]:
    try:
        listed = read_json(body)
    except ValueError:
        raise Unreadable("The batch is no JSON.") from None
    if not isinstance(listed, list) or len(listed) > _MOST_EVENTS:
        raise Unreadable(f"The batch is no list, or has more than {_MOST_EVENTS} events.")
    events: list[CallEvent] = []
    failed: list[Rejected] = []
    for one in listed:
        try:
            events += _event(_of_object(one), facts)
        except Rejected as rejected:
            failed.append(rejected)
    if failed and not events:
        raise failed[0]
    return tuple(events)


def _event(envelope: _Envelope, facts: Facts) -> tuple[CallEvent, ...]:
    data = envelope.data
    fields = object_of(data) if isinstance(data, bytes) else _value(data)
    if not isinstance(fields, dict):
        return ()
    name = f"{envelope.source}\n{envelope.id}"
    return read_inside(fields, envelope.kind, facts, key=name, told_at=envelope.told_at)


def _value(data: Any) -> Any:
    """Give data that stands in JSON; a text may hold JSON again, or tell of no call."""
    try:
        return value_of(data)
    except Unreadable:
        return None


def _of_headers(request: Request) -> _Envelope:
    def attribute(name: str) -> str | None:
        return unquote(request.headers.get(f"ce-{name}", "")) or None

    return _envelope(attribute, request.body or None)


def _of_object(fields: Any) -> _Envelope:
    if not isinstance(fields, dict):
        raise Unreadable("The event is no JSON object.")
    return _envelope(fields.get, _data(fields))


def _envelope(attribute: Callable[[str], Any], data: Any) -> _Envelope:
    return _Envelope(
        _needed(attribute, "id"),
        _needed(attribute, "source"),
        text_of(attribute("type")),
        rfc3339_seconds(attribute("time")),
        data,
    )


def _needed(attribute: Callable[[str], Any], name: str) -> str:
    text = attribute(name)
    if not isinstance(text, str) or not text.strip():
        raise WrongField(name, f"A CloudEvent needs '{name}', as text.")
    return text


def _data(fields: dict[str, Any]) -> Any:
    encoded = fields.get("data_base64")
    if encoded is None:
        return fields.get("data")
    try:
        return base64.b64decode(str(encoded).encode(errors="replace"), validate=True)
    except binascii.Error:
        raise WrongField("data_base64", "'data_base64' must be base64.") from None


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return QUIET


CLOUDEVENTS: Final = Dialect("cloudevents", read, answer, greet=greet, nothing=QUIET)
