"""
Dialpad's call events: the body is a token, signed with the webhook's secret, whose claims are the event.

Facts: developers.dialpad.com, "Call Events"; dialpad-python-sdk, the states of a call event subscription; an
event recorded from a real account. The token is HMAC-SHA256; without a secret Dialpad sends plain JSON, which
is taken from an insecure source only, or a signature could be left off. No time of signing is known of, so
that the same body again is a replay. Ids are 64-bit integers. A call to a group is told of once for the group
and once for each person it rings, who name the group's call as `entry_point_call_id`: these are legs of one
call. `external_number` is the other party in both directions. `target` is whom the event tells of: a person,
or a group. Times are in milliseconds, sometimes as text.
"""

from collections.abc import Mapping
from typing import Any, Final

from cti_lookup.dialects.bodies import at, object_of, text_of, texts_of
from cti_lookup.dialects.dialect import QUIET, Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.moments import seconds_of_milliseconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.tokens import claims_of, verified_claims
from cti_lookup.errors import Unreadable, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import read_caller

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "calling": Happening.RINGING,
    "preanswer": Happening.RINGING,
    "queued": Happening.RINGING,
    "ringing": Happening.RINGING,
    "connected": Happening.ANSWERED,
    "hold": Happening.HELD,
    "parked": Happening.HELD,
    "voicemail": Happening.VOICEMAIL,
    "hangup": Happening.ENDED,
    "missed": Happening.ENDED,
    "blocked": Happening.ENDED,
}
_RESULTS: Final[Mapping[str, Result]] = {"missed": Result.MISSED, "blocked": Result.REJECTED}
_DIRECTIONS: Final[Mapping[str | None, Direction]] = {
    "inbound": Direction.INBOUND,
    "outbound": Direction.OUTBOUND,
}
_PEOPLE: Final = frozenset({"user", "room", "staff"})
"""Targets who can take a call; all others are groups, who pass it on."""


def verify(request: Request, secrets: Secrets, now: float) -> None:
    """Raise `Unverified` unless the body is a token that one of the secrets signed."""
    if not request.body:
        raise Unverified("missing")
    try:
        token = request.body.decode("ascii")
    except UnicodeDecodeError:
        raise Unverified("signature") from None
    verified_claims(token, secrets, now)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event out of a token, or out of plain JSON; () if it tells of no call. Raises `Unreadable`."""
    call = _claims(request.body)
    state, call_id = (text_of(at(call, name)) for name in ("state", "call_id"))
    if state is None or call_id is None:
        return ()
    happening = _HAPPENINGS.get(state.casefold(), Happening.OTHER)
    told_at, agents = seconds_of_milliseconds(at(call, "event_timestamp")), _agents(call)
    told = CallEvent(
        source=facts.source,
        provider_id=text_of(at(call, "entry_point_call_id")) or call_id,
        happening=happening,
        direction=_direction(call),
        caller=read_caller(call["external_number"], facts.region) if "external_number" in call else None,
        callee=own_number(at(call, "internal_number"), facts.region),
        agents=agents,
        answered_by=agents[0] if agents and happening is Happening.ANSWERED else None,
        queue=_queue(call),
        display_name=text_of(at(call, "contact", "name")),
        result=_result(call, state) if happening is Happening.ENDED else None,
        leg=call_id,
        continues=_continues(call, call_id),
        key="\n".join((call_id, state, text_of(at(call, "event_timestamp")) or "")),
        order=told_at,
        occurred_at=told_at,
    )
    return (told,)


def _claims(body: bytes) -> dict[str, Any]:
    if body.lstrip()[:1] == b"{":
        return object_of(body)
    try:
        return claims_of(body.decode("ascii"))
    except UnicodeDecodeError:
        raise Unreadable("The body is neither a token nor JSON.") from None


def _direction(call: dict[str, Any]) -> Direction:
    if at(call, "is_internal") is True:
        return Direction.INTERNAL
    return _DIRECTIONS.get(text_of(at(call, "direction")), Direction.INBOUND)


def _agents(call: dict[str, Any]) -> tuple[str, ...]:
    """Name the person the event tells of by e-mail address, which desktops know, else by name or id."""
    target = at(call, "target")
    if not _is_person(target):
        return ()
    return texts_of(at(target, "email"), at(target, "name"), at(target, "id"))[:1]


def _is_person(target: object) -> bool:
    return (text_of(at(target, "type")) or "").casefold() in _PEOPLE


def _queue(call: dict[str, Any]) -> str | None:
    """Name the group that was called, which may be another event's target."""
    for target in (at(call, "target"), at(call, "entry_point_target")):
        if not _is_person(target) and (name := text_of(at(target, "name"))):
            return name
    return None


def _result(call: dict[str, Any], state: str) -> Result | None:
    result = _RESULTS.get(state.casefold())
    if result is not None:
        return result
    if at(call, "date_connected"):
        return Result.ANSWERED
    return Result.VOICEMAIL if at(call, "voicemail_link") or at(call, "voicemail_recording_id") else None


def _continues(call: dict[str, Any], call_id: str) -> str | None:
    """Give the call that this leg belongs to by another name than its entry point's."""
    master = text_of(at(call, "master_call_id"))
    return master if master != call_id else None


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return QUIET


DIALPAD: Final = Dialect("dialpad", read, answer, verify, nothing=QUIET, timeless=True)
