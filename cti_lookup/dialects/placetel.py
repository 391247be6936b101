"""
Placetel's Notify API: signed forms whose answer is not read.

Facts: Placetel/call-control-notify-api README; zammad/zammad, `Cti::Driver::Placetel` and its spec. Events
`IncomingCall`, `OutgoingCall`, `CallAccepted` (of incoming calls only), `HungUp`, which may name no number. Numbers
are national, or `anonymous`; of an outgoing call `from` may be the SIP user. `X-PLACETEL-SIGNATURE` is the lower-case
hexadecimal HMAC-SHA256 of the body as it was sent; no time is signed. An event is sent up to ten times, 100 ms apart.
Only for a number that is routed to an "External API" is an answer's body obeyed; an empty one asks for nothing.
"""

from collections.abc import Mapping
from typing import Final

from cti_lookup.dialects.bodies import Fields, first, form_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.verifying import check_any, from_hex, header, hmac_of
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, read_caller

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "incomingcall": Happening.RINGING,
    "outgoingcall": Happening.RINGING,
    "callaccepted": Happening.ANSWERED,
    "hungup": Happening.ENDED,
}
_DIRECTIONS: Final[Mapping[str, Direction]] = {
    "incomingcall": Direction.INBOUND,
    "outgoingcall": Direction.OUTBOUND,
    "callaccepted": Direction.INBOUND,
    "in": Direction.INBOUND,
    "out": Direction.OUTBOUND,
}
_RESULTS: Final[Mapping[str, Result]] = {
    "accepted": Result.ANSWERED,
    "missed": Result.MISSED,
    "canceled": Result.MISSED,
    "voicemail": Result.VOICEMAIL,
    "blocked": Result.REJECTED,
    "busy": Result.REJECTED,
    "unavailable": Result.FAILED,
    "congestion": Result.FAILED,
}
_NOTHING: Final = Answered(b"", "text/plain")


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Raise `Unverified` unless one of the secrets signed the body."""
    shown = from_hex(header(request, "X-PLACETEL-SIGNATURE"))
    check_any([shown], secrets, lambda secret: hmac_of("sha256", secret, request.body))


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event out of the body, which alone is signed; () if it is none. Raises `Unreadable`."""
    fields = form_of(request.body)
    event = _word(fields, "event")
    if not event:
        return ()
    happening, direction = _HAPPENINGS.get(event, Happening.OTHER), _direction(event, fields)
    call_id, agents = text_of(first(fields, "call_id")), _agents(fields, direction)
    told = CallEvent(
        source=facts.source,
        provider_id=call_id,
        happening=happening,
        direction=direction,
        caller=_caller(fields, direction, facts.region),
        callee=own_number(first(fields, "from" if direction is Direction.OUTBOUND else "to"), facts.region),
        agents=agents,
        answered_by=agents[0] if agents and happening is Happening.ANSWERED else None,
        result=_RESULTS.get(_word(fields, "type")) if happening is Happening.ENDED else None,
        key=f"{call_id}\n{event}" if call_id and event in _HAPPENINGS else None,
    )
    return (told,)


def _word(fields: Fields, name: str) -> str:
    return (first(fields, name) or "").strip().casefold()


def _direction(event: str, fields: Fields) -> Direction:
    """Tell the direction by the event, else as it says; where it does not say, a SIP user only calls out."""
    told = _DIRECTIONS.get(event) or _DIRECTIONS.get(_word(fields, "direction"))
    if told is None:
        return Direction.OUTBOUND if "@" in _word(fields, "from") else Direction.INBOUND
    return told


def _agents(fields: Fields, direction: Direction) -> tuple[str, ...]:
    """Give the SIP user who took the call, or made it."""
    calling = first(fields, "from") if direction is Direction.OUTBOUND else None
    return texts_of(first(fields, "peer"), calling if calling and "@" in calling else None)


def _caller(fields: Fields, direction: Direction, region: str | None) -> Caller | None:
    theirs = fields.get("to" if direction is Direction.OUTBOUND else "from")
    return None if theirs is None else read_caller(theirs[0], region)


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return _NOTHING


PLACETEL: Final = Dialect("placetel", read, answer, verify, nothing=_NOTHING, timeless=True)
