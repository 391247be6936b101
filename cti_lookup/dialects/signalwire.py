"""
SignalWire: Twilio's forms (cXML) and its own JSON (SWML), under two kinds of signature.

Facts: signalwire 2.1.1 (PyPI), `request_validator.py`; SignalWire, "CallState". Both are signed with the
space's signing key, `PSK_…`. A form is signed as Twilio does, and so is flat JSON of texts; other JSON
by the hexadecimal HMAC-SHA1 of URL and raw body. The header is `X-SignalWire-Signature`, or Twilio's. SWML
asks for a document under `call`, and reports a state under `params`: `created`, `ringing`, `answered`,
`ending`, `ended` with an `end_reason`.
"""

from collections.abc import Mapping
from typing import Any, Final

from cti_lookup.dialects.bodies import Fields, at, first, object_of, text_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.twilio import bytes_of, check_one, covered, joined, signatures, urls_of
from cti_lookup.dialects.twilio_forms import NOTHING, attestation_of, fields_of, flat, read_fields
from cti_lookup.dialects.verifying import header, hmac_of
from cti_lookup.errors import Rejected
from cti_lookup.events import CallEvent

_SIGNATURE: Final = "X-SignalWire-Signature"
_TWILIO_SIGNATURE: Final = "X-Twilio-Signature"
_NO_SWML: Final = Answered(b'{"version":"1.0.0","sections":{"main":[]}}')
_STATES: Final[Mapping[object, str]] = {
    "created": "initiated",
    "ringing": "ringing",
    "answered": "in-progress",
    "ended": "completed",
}
_ENDS: Final[Mapping[object, str]] = {
    "busy": "busy",
    "decline": "busy",
    "noAnswer": "no-answer",
    "cancel": "canceled",
    "error": "failed",
}


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Check the signature over URL and body. Raises `Unverified`."""
    good = _of_json(request, secrets) if _is_json(request) else _of_form(request, secrets, covered(request))
    check_one(_shown(request), good)


def _shown(request: Request) -> str:
    name = _SIGNATURE if request.headers.get(_SIGNATURE, "").strip() else _TWILIO_SIGNATURE
    return header(request, name)


def _known_by(request: Request) -> bytes:
    """Give the signature, by which a replay is known: fields in another order are signed alike."""
    return _shown(request).encode(errors="replace")


def _of_form(request: Request, secrets: Secrets, covered_fields: str) -> list[bytes]:
    return list(signatures(request, secrets, covered_fields, "sha1"))


def _of_json(request: Request, secrets: Secrets) -> list[bytes]:
    """Give the signatures that are good for JSON: of the raw body, and of its texts if that is all."""
    messages = [bytes_of(url) + request.body for url in urls_of(request.url)]
    good = [hmac_of("sha1", secret, message).hex().encode() for message in messages for secret in secrets]
    try:
        sent = object_of(request.body)
    except Rejected:
        return good
    if all(isinstance(value, str) for value in sent.values()):
        good += _of_form(request, secrets, joined(flat(sent)))
    return good


def _is_json(request: Request) -> bool:
    return request.method != "GET" and request.body.lstrip()[:1] == b"{"


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event. Raises `Unreadable`."""
    fields = _fields(request)
    verstat = first(fields, "StirVerstat") or first(fields, "From")
    return read_fields(fields, facts, attestation_of(verstat), "CallerName")


def _fields(request: Request) -> Fields:
    if not _is_json(request):
        return fields_of(request)
    sent = object_of(request.body)
    call = at(sent, "call") or at(sent, "params")
    return _as_form(call) if at(call, "call_id") is not None else flat(sent)


def _as_form(call: Any) -> Fields:
    """Write a call of SWML in the names of Twilio's forms, so that both are read in one way."""
    parent = at(call, "parent", "call_id") or at(call, "parent_call_id")
    outbound = "outbound-dial" if parent else "outbound-api"
    told = {
        "CallSid": at(call, "call_id"),
        "ParentCallSid": parent,
        "CallStatus": _status(call),
        "Direction": outbound if at(call, "direction") == "outbound" else "inbound",
        "From": _number(call, "from_number", "from"),
        "To": _number(call, "to_number", "to"),
    }
    return {name: (text,) for name, value in told.items() if (text := text_of(value)) is not None}


def _status(call: Any) -> str:
    state = text_of(at(call, "call_state")) or ""
    status = _STATES.get(state, state)
    return _ENDS.get(text_of(at(call, "end_reason")), status) if status == "completed" else status


def _number(call: Any, *names: str) -> Any:
    """Give a party; a SIP call has it only under `from` and `to`, a report of a state under its device."""
    places = (call, at(call, "device", "params"), at(call, "device"))
    return next((value for place in places for name in names if (value := at(place, name))), None)


def answer(told: Told) -> Answered:
    """Tell SignalWire to do nothing."""
    return _nothing_to(told.request)


def _nothing_to(request: Request) -> Answered:
    """Give the document that does nothing, in the language in which it was asked for."""
    return _NO_SWML if _is_json(request) else NOTHING


SIGNALWIRE: Final = Dialect(
    "signalwire",
    read,
    answer,
    verify,
    nothing=NOTHING,
    timeless=True,
    needs_public_url=True,
    nothing_to=_nothing_to,
    known_by=_known_by,
)
