"""
Webex Calling's webhooks of the resource `telephony_calls`: JSON, signed without a time.

Facts: developer.webex.com, "Webhooks", "Using a webhook secret" and "Calls"; events recorded from a real
organization. The signature is HMAC-SHA1 of the body in hexadecimal. A webhook belongs to one person, and
tells of that person's half of a call, `callId`; the halves share `callSessionId`. `remoteParty` is the other
side in both directions; with `privacyEnabled` it shows no number, even if one is sent. `redirections` are
there while it rings, the most recent first. `completedElsewhere`: another telephone took it, which is not
missed; it is also sent where the caller of a queue hung up, and nothing tells the two apart. `remoteHeld` is
a call that the other side holds.
"""

from collections.abc import Mapping
from typing import Any, Final

from cti_lookup.dialects.bodies import at, object_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.verifying import check_any, from_hex, header, hmac_of, sha256_hex
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, Withheld, read_caller

_HAPPENINGS: Final[Mapping[str | None, Happening]] = {
    "connecting": Happening.RINGING,
    "alerting": Happening.RINGING,
    "connected": Happening.ANSWERED,
    "held": Happening.HELD,
    "remoteHeld": Happening.HELD,
    "disconnected": Happening.ENDED,
}
_COLLEAGUES: Final = frozenset({"location", "organization"})
_GROUPS: Final = frozenset({"callQueue", "huntGroup"})
_NOTHING: Final = Answered(b"{}")


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Raise `Unverified` unless one of the secrets signed the body."""
    shown = from_hex(header(request, "X-Spark-Signature"))
    check_any([shown], secrets, lambda secret: hmac_of("sha1", secret, request.body))


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read what happened to one half of a call; () if it tells of none. Raises `Unreadable`."""
    message = object_of(request.body)
    call, call_id = at(message, "data"), text_of(at(message, "data", "callId"))
    session = text_of(at(call, "callSessionId")) or call_id
    if at(message, "resource") != "telephony_calls" or not isinstance(call, dict) or session is None:
        return ()
    happening, told_at = _happening(message, call), rfc3339_seconds(at(call, "eventTimestamp"))
    agents = texts_of(at(call, "actorPersonId"), at(message, "actorId"))[:1]
    told = CallEvent(
        source=facts.source,
        provider_id=session,
        happening=happening,
        direction=_direction(call),
        caller=_caller(call, facts.region),
        callee=_callee(call, facts.region),
        agents=agents,
        answered_by=agents[0] if agents and happening is Happening.ANSWERED else None,
        queue=_queue(call),
        display_name=None if _is_private(at(call, "remoteParty")) else text_of(_remote(call, "name")),
        result=_result(call) if happening is Happening.ENDED else None,
        leg=call_id,
        key=_key(call, request.body),
        order=told_at,
        occurred_at=told_at,
    )
    return (told,)


def _happening(message: dict[str, Any], call: dict[str, Any]) -> Happening:
    if at(message, "event") == "deleted":
        return Happening.ENDED
    return _HAPPENINGS.get(text_of(at(call, "state")), Happening.OTHER)


def _remote(call: dict[str, Any], name: str) -> Any:
    return at(call, "remoteParty", name)


def _direction(call: dict[str, Any]) -> Direction:
    """Tell the direction; `clickToDial` rings the agent's telephones first, to go out from there."""
    if text_of(_remote(call, "callType")) in _COLLEAGUES:
        return Direction.INTERNAL
    return (
        Direction.OUTBOUND if at(call, "personality") in ("originator", "clickToDial") else Direction.INBOUND
    )


def _is_private(party: object) -> bool:
    flag = at(party, "privacyEnabled")
    return flag is True or (isinstance(flag, str) and flag.casefold() == "true")


def _caller(call: dict[str, Any], region: str | None) -> Caller | None:
    """Read the other side; None where the event names none."""
    if not isinstance(at(call, "remoteParty"), dict):
        return None
    number = _remote(call, "number")
    if _is_private(at(call, "remoteParty")):
        return Withheld(text_of(number) or "")
    return read_caller(number, region)


def _redirected_by(call: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    redirections = at(call, "redirections")
    if not isinstance(redirections, list):
        return ()
    return tuple(one for one in redirections if isinstance(one, dict))


def _callee(call: dict[str, Any], region: str | None) -> str | None:
    """Give the line that was called first, where the call was passed on from there."""
    redirected = _redirected_by(call)
    return own_number(at(redirected[-1], "redirectingParty", "number"), region) if redirected else None


def _queue(call: dict[str, Any]) -> str | None:
    for one in _redirected_by(call):
        if text_of(at(one, "reason")) in _GROUPS:
            party = at(one, "redirectingParty")
            return text_of(at(party, "name")) or text_of(at(party, "number"))
    return None


def _result(call: dict[str, Any]) -> Result:
    if at(call, "answered") or at(call, "completedElsewhere") is True:
        return Result.ANSWERED
    return Result.MISSED


def _key(call: dict[str, Any], body: bytes) -> str:
    """Know an event again, also if another webhook tells of it."""
    names = ("callId", "eventType", "state", "eventTimestamp")
    parts = texts_of(*(at(call, name) for name in names))
    return "\n".join(parts) if at(call, "eventTimestamp") else sha256_hex(body)


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return _NOTHING


WEBEX: Final = Dialect("webex", read, answer, verify, nothing=_NOTHING, timeless=True)
