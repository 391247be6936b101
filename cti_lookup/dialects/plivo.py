"""
Plivo: forms, posted or in a query, signed with V3, answered with an empty XML document.

Facts: plivo-python 4.63.0, `signature_v3.py`; Plivo, "Request validation" and "Call". HMAC-SHA256 over the
URL with its query in order, the posted fields in order, a dot and a nonce; the header is a list, one
signature for each auth token of the (sub)account, and `X-Plivo-Signature-Ma-V3` is the main account's. V2
signs the URL and no field: whoever holds one such request may put any caller into it, so it is refused.
Numbers are E.164 without sign. `Event` is `StartApp`, `Redirect` or `Hangup`; an inbound call is
`in-progress` as soon as the script has taken it, which is nobody's answer.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from cti_lookup.dialects.bodies import Fields, first, form_of, text_of
from cti_lookup.dialects.dialect import Dialect, Facts, Request, Secrets
from cti_lookup.dialects.numbers import e164_without_sign, read_signless
from cti_lookup.dialects.parties import Parties, callee_of, parties_of
from cti_lookup.dialects.twilio import bytes_of
from cti_lookup.dialects.twilio_forms import NOTHING, answer, party_of, query_of
from cti_lookup.dialects.verifying import check_any, header, hmac_of
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Happening, Result

_SIGNATURES: Final = ("X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3")
_NONCE_HEADER: Final = "X-Plivo-Signature-V3-Nonce"
_UNSAFE: Final = ("X-Plivo-Signature-V2", "X-Plivo-Signature-Ma-V2")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Without a dot, which is what parts it from the fields."""

_MOST_SIGNATURES: Final = 16
_RESULTS: Final[Mapping[str, Result | None]] = {
    "completed": Result.ANSWERED,
    "busy": Result.REJECTED,
    "no-answer": Result.MISSED,
    "timeout": Result.MISSED,
    "cancel": Result.MISSED,
    "failed": Result.FAILED,
}


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Check the V3 signature over URL, fields and nonce. Raises `Unverified`."""
    shown = [one for name in _SIGNATURES for one in _listed(request, name)]
    if not shown:
        is_v2 = any(_listed(request, name) for name in _UNSAFE)
        raise Unverified("algorithm" if is_v2 else "missing")
    nonce = header(request, _NONCE_HEADER)
    if not _NONCE.fullmatch(nonce):
        raise Unverified("signature")
    good = tuple(_signatures([bytes_of(f"{text}.{nonce}") for text in _signed(request)], secrets))
    check_any(shown[:_MOST_SIGNATURES], good, lambda signature: signature)


def _known_by(request: Request) -> bytes:
    """Give what is signed, with its nonce, by which a replay is known: fields in another order are signed alike."""
    return bytes_of(f"{_signed(request)[0]}.{header(request, _NONCE_HEADER)}")


def _listed(request: Request, name: str) -> list[bytes]:
    """Give the signatures in a header, which is a list, in one line or several."""
    many = getattr(request.headers, "getall", None)
    parts = ",".join(many(name, ()) if many else (request.headers.get(name, ""),)).split(",")
    return [part.strip().encode(errors="replace") for part in parts if part.strip()]


def _signatures(texts: Iterable[bytes], secrets: Secrets) -> Iterable[bytes]:
    for text in texts:
        for secret in secrets:
            yield base64.b64encode(hmac_of("sha256", secret, text))


def _signed(request: Request) -> tuple[str, ...]:
    """Give what may be signed before the nonce: without a query, a `?` stands before posted fields or not."""
    try:
        query = _written(query_of(request), "=", "&")
        posted = "" if request.method == "GET" else _written(form_of(request.body), "", "")
    except Rejected:
        raise Unverified("signature") from None
    page = request.url.partition("?")[0]
    if query:
        return (f"{page}?{query}.{posted}" if posted else f"{page}?{query}",)
    return (f"{page}?{posted}", page + posted) if posted else (page,)


def _written(fields: Fields, between: str, after: str) -> str:
    """Write fields in the order of their names, then values."""
    pairs = ((name, value) for name in sorted(fields) for value in sorted(fields[name]))
    return after.join(f"{name}{between}{value}" for name, value in pairs)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event; () if it tells of no call. Raises `Unreadable`."""
    fields = query_of(request) if request.method == "GET" else form_of(request.body)
    call_id = text_of(first(fields, "CallUUID"))
    if call_id is None:
        return ()
    whole = text_of(first(fields, "ParentCallUUID", "ALegUUID")) or call_id
    parties = _parties(fields, is_leg=whole != call_id)
    scripted = _word(fields, "Direction") == "inbound" and whole == call_id
    happening = _happening(fields, scripted=scripted)
    event = CallEvent(
        source=facts.source,
        provider_id=whole,
        happening=happening,
        direction=parties.direction,
        caller=None if parties.theirs is None else read_signless(parties.theirs, facts.region),
        callee=_callee(parties, facts.region),
        agents=(parties.agent,) if parties.agent else (),
        answered_by=parties.agent if happening is Happening.ANSWERED else None,
        display_name=text_of(first(fields, "CallerName")),
        result=_result(fields, scripted=scripted) if happening is Happening.ENDED else None,
        leg=call_id if whole != call_id else None,
        key=_key(call_id, fields),
    )
    return (event,)


def _word(fields: Fields, name: str) -> str:
    return (first(fields, name) or "").strip().casefold()


def _happening(fields: Fields, *, scripted: bool) -> Happening:
    event, status = _word(fields, "Event"), _word(fields, "CallStatus")
    if event == "hangup" or status in _RESULTS:
        return Happening.ENDED
    if _word(fields, "DialStatus") == "completed":
        return Happening.ANSWERED
    if status in ("queued", "ringing") or (event == "startapp" and scripted):
        return Happening.RINGING
    if status != "in-progress" or scripted:
        return Happening.OTHER
    return Happening.VOICEMAIL if _word(fields, "Machine") == "true" else Happening.ANSWERED


def _result(fields: Fields, *, scripted: bool) -> Result | None:
    if _word(fields, "DialStatus") == "completed":
        return Result.ANSWERED
    result = _RESULTS.get(_word(fields, "CallStatus"))
    return None if scripted and result is Result.ANSWERED else result


def _parties(fields: Fields, *, is_leg: bool) -> Parties:
    outbound = _word(fields, "Direction") == "outbound"
    return parties_of(party_of(fields, "From"), party_of(fields, "To"), outbound=outbound, is_leg=is_leg)


def _callee(parties: Parties, region: str | None) -> str | None:
    if parties.ours is None:
        return None
    return callee_of(replace(parties, ours=e164_without_sign(parties.ours)), region)


def _key(call_id: str, fields: Fields) -> str:
    """Tell repeated events apart from new ones; no time is signed."""
    told = (first(fields, name) for name in ("Event", "CallStatus", "DialStatus"))
    return ":".join((call_id, *(word.strip() for word in told if word)))


PLIVO: Final = Dialect(
    "plivo",
    read,
    answer,
    verify,
    nothing=NOTHING,
    timeless=True,
    needs_public_url=True,
    known_by=_known_by,
)
