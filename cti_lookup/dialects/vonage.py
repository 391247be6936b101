"""
Vonage Voice: events and answer requests, each with a signed token in its header.

Facts: nexmo-developer, "Voice API Webhooks Reference"; Vonage, "Validating signed webhooks". The token is
HMAC-SHA256 with the account's signature secret, and holds `iat` and `payload_hash`: the SHA-256 of the body
as it was sent, or as JSON without blanks; of a GET, that of its parameters as such JSON, in their order. A
token without the hash proves nothing of the body, and is refused. `iss` is not asked for: whoever has the
secret can write it. Vonage signs nearly everything; the advice to answer the rest with 5xx would keep an
unsigned request coming back, so it gets 401 as any other.

`conversation_uuid` groups legs, `uuid` is one; numbers are E.164 without sign. `human` and `machine` say
`call_uuid`, and tell of calls that go out. A transfer moves a leg from one conversation to another, and has
no status; neither has a request to the answer URL, which is answered with what to do: `[]` ends the call. To
some events an `[]` would be the same, so these get an empty 204.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.dialects.bodies import Fields, form_of, object_of, text_of
from cti_lookup.dialects.dialect import QUIET, Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.outside import ends_of, party_in
from cti_lookup.dialects.tokens import verified_claims
from cti_lookup.dialects.verifying import header, sha256_hex
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent, Happening, Result

_HAPPENINGS: Final[Mapping[str | None, Happening]] = {
    "started": Happening.RINGING,
    "ringing": Happening.RINGING,
    "answered": Happening.ANSWERED,
    "human": Happening.ANSWERED,
    "machine": Happening.VOICEMAIL,
    "busy": Happening.ENDED,
    "cancelled": Happening.ENDED,
    "unanswered": Happening.ENDED,
    "timeout": Happening.ENDED,
    "rejected": Happening.ENDED,
    "failed": Happening.ENDED,
    "completed": Happening.ENDED,
}
_RESULTS: Final[Mapping[str | None, Result]] = {
    "busy": Result.REJECTED,
    "cancelled": Result.MISSED,
    "unanswered": Result.MISSED,
    "timeout": Result.MISSED,
    "rejected": Result.REJECTED,
    "failed": Result.FAILED,
}
_OUTBOUND: Final[Mapping[str | None, bool]] = {"inbound": False, "outbound": True}
_DETECTED: Final = frozenset({"human", "machine"})
_ASIDE: Final = ("dtmf", "speech", "recording_url", "payload", "type")
"""Fields of requests in the middle of a call, whose senders give no status."""

_HANG_UP: Final = Answered(b"[]")


def verify(request: Request, secrets: Secrets, now: float) -> None:
    """Raise `Unverified` unless a token of one of the secrets, made lately, covers the body or the query."""
    scheme, _, token = header(request, "Authorization").partition(" ")
    if scheme.casefold() != "bearer":
        raise Unverified("missing")
    claims = verified_claims(token.strip(), secrets, now)
    if claims.get("iat") is None:
        raise Unverified("stale")
    shown = claims.get("payload_hash")
    if not isinstance(shown, str):
        raise Unverified("claims")
    if not any(hmac.compare_digest(shown.encode(), one.encode()) for one in _hashes(request)):
        raise Unverified("signature")


def _hashes(request: Request) -> Iterator[str]:
    """Give the hashes by which a request may be covered."""
    try:
        if request.method == "GET":
            parameters = _parameters(request)
            if all(len(values) == 1 for values in parameters.values()):  # nobody knows how others are hashed
                yield sha256_hex(_compact(_flat(parameters)))
            return
        yield sha256_hex(request.body)
        yield sha256_hex(_compact(object_of(request.body)))
    except Rejected:
        return


def _compact(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")


def _parameters(request: Request) -> Fields:
    query = request.target.partition("?")[2] or request.query
    return form_of(query.encode(errors="surrogateescape"))


def _flat(parameters: Fields) -> dict[str, Any]:
    return {name: values[0] for name, values in parameters.items()}


def _fields(request: Request) -> dict[str, Any]:
    return _flat(_parameters(request)) if request.method == "GET" else object_of(request.body)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event; () if it tells of no call. Raises `Unreadable` for a body that is no JSON object."""
    fields = _fields(request)
    if text_of(fields.get("conversation_uuid_to")) is not None:
        return _transfer(fields, facts)
    event = _event(fields, facts)
    return () if event.provider_id is None else (event,)


def _event(fields: dict[str, Any], facts: Facts) -> CallEvent:
    status, leg = _status(fields), text_of(fields.get("uuid")) or text_of(fields.get("call_uuid"))
    happening, told_at = _happening(fields, status), rfc3339_seconds(fields.get("timestamp"))
    ends = ends_of(
        party_in(fields, "from"),
        party_in(fields, "to"),
        outbound=True if status in _DETECTED else _OUTBOUND.get(text_of(fields.get("direction"))),
        region=facts.region,
        signless=True,
    )
    return CallEvent(
        source=facts.source,
        provider_id=text_of(fields.get("conversation_uuid")) or leg,
        happening=happening,
        direction=ends.direction,
        caller=ends.caller,
        callee=ends.callee,
        agents=(ends.agent,) if ends.agent else (),
        answered_by=ends.agent if happening is Happening.ANSWERED else None,
        result=_RESULTS.get(status) if happening is Happening.ENDED else None,
        leg=leg,
        key=_key(leg, status, fields) if happening is not Happening.OTHER else None,
        order=told_at,
        occurred_at=told_at,
    )


def _status(fields: dict[str, Any]) -> str | None:
    status = text_of(fields.get("status"))
    return None if status is None else status.casefold()


def _happening(fields: dict[str, Any], status: str | None) -> Happening:
    if status is None:
        return Happening.RINGING if _is_answer_request(fields) else Happening.OTHER
    return _HAPPENINGS.get(status, Happening.OTHER)


def _is_answer_request(fields: dict[str, Any]) -> bool:
    """Tell whether a caller is on the line and Vonage asks what to do; a fallback URL is asked with more."""
    return (
        text_of(fields.get("status")) is None
        and {"from", "to", "uuid"} <= fields.keys()
        and fields.keys().isdisjoint(_ASIDE)
        and fields.keys().isdisjoint({"conversation_uuid_from", "conversation_uuid_to"})
    )


def _key(leg: str | None, status: str | None, fields: dict[str, Any]) -> str | None:
    if leg is None:
        return None
    return "\n".join((leg, status or "answer request", text_of(fields.get("timestamp")) or ""))


def _transfer(fields: dict[str, Any], facts: Facts) -> tuple[CallEvent, ...]:
    """Tell that a leg goes on in another conversation, and that it is gone from the first."""
    before, after = (text_of(fields.get(f"conversation_uuid_{place}")) for place in ("from", "to"))
    moved = replace(
        _event(fields, facts),
        provider_id=after,
        happening=Happening.TRANSFERRED,
        continues=before,
        key=_key(text_of(fields.get("uuid")), "to", fields),
    )
    if before is None or before == after:
        return (moved,)
    left = replace(
        moved,
        provider_id=before,
        happening=Happening.ENDED,
        continues=None,
        key=_key(moved.leg, "from", fields),
    )
    return moved, left


def answer(told: Told) -> Answered:
    """Confirm the receipt of an event; to the answer URL, do nothing, which ends the call."""
    return _HANG_UP if _is_answer_request(_fields(told.request)) else QUIET


VONAGE: Final = Dialect("vonage", read, answer, verify, nothing=_HANG_UP)
