"""
Yeastar P-Series: JSON whose `msg` is JSON once more, as text or as an object, signed without a time.

Facts: help.yeastar.com, P-Series API, events 30011 (call state), 30012 (call details), 30016 (invitation of a
call that comes in), 30008 (extension state); a public test, where `msg` is an object. The signature is
HMAC-SHA256 of the body in base64; units before 37/83/84.20.0.21 sign nothing, so that the secret stands in
the path. Nothing says that a call rings or is answered: each member has a state of its own. `ALERT` and
`ANSWERED` are states of whoever calls, `RING` and `ANSWER` of whoever is called, `HOLD` and `BYE` of either.
A member `inbound` or `outbound` is the trunk. A menu answers the trunk too, which is no answer of a person.
Times of 30012 are local, and say of no zone: they are not used. 30008 tells of no call. No message of a state
holds a time, so that a call that is held twice sends the same bytes twice: they are a repetition for a short while
only.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from cti_lookup.dialects.bodies import at, object_of, text_of, value_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.verifying import (
    check_any,
    check_token,
    from_base64,
    header,
    hmac_of,
    sha256_hex,
)
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, read_caller

_STATES: Final = frozenset({"30011", "30016"})
_DETAILS: Final = "30012"
_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "ALERT": Happening.RINGING,
    "RING": Happening.RINGING,
    "EARLYMEDIA": Happening.RINGING,
    "ANSWER": Happening.ANSWERED,
    "ANSWERED": Happening.ANSWERED,
    "HOLD": Happening.HELD,
    "BYE": Happening.ENDED,
}
_CALLING: Final = frozenset({"ALERT", "ANSWERED"})
_RESULTS: Final[Mapping[str, Result]] = {
    "ANSWERED": Result.ANSWERED,
    "ANSWERD": Result.ANSWERED,
    "NO ANSWER": Result.MISSED,
    "NO ANSWERED": Result.MISSED,
    "BUSY": Result.REJECTED,
    "VOICEMAIL": Result.VOICEMAIL,
    "FAILED": Result.FAILED,
}
_DIRECTIONS: Final[Mapping[str, Direction]] = {
    "outbound": Direction.OUTBOUND,
    "internal": Direction.INTERNAL,
}
_MOST_MEMBERS: Final = 100
_AGAIN_AFTER: Final = 5.0
"""Seconds in which the same message is the same event; later a call may have been held, or taken up, once more."""

_NOTHING: Final = Answered(b"{}")


class _Member(msgspec.Struct, frozen=True, gc=False):
    """A member of a call: `kind` is extension, inbound or outbound; `fields` are as they were sent."""

    kind: str
    state: str
    fields: dict[str, Any]


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Raise `Unverified` unless a secret signed the body, or is in the path of one that nobody signed."""
    if request.token and "X-Signature" not in request.headers:
        check_token(request.token, secrets)
        return
    shown = from_base64(header(request, "X-Signature"))
    check_any([shown], secrets, lambda secret: hmac_of("sha256", secret, request.body))


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read what happened to each extension of a call; () if it tells of no call. Raises `Unreadable`."""
    message = object_of(request.body)
    kind, told = text_of(at(message, "type")), value_of(at(message, "msg"))
    call_id = _call_id(at(told, "call_id"))
    if call_id is None:
        return ()
    blank = CallEvent(
        facts.source,
        call_id,
        Happening.RINGING,
        Direction.INBOUND,
        None,
        key=f"{sha256_hex(request.body)}\n{facts.now // _AGAIN_AFTER:.0f}",
    )
    if kind == _DETAILS:
        return (_ended(blank, told, facts.region),)
    return _states(blank, _members(told), facts.region) if kind in _STATES else ()


def _call_id(value: object) -> str | None:
    """Give an id as text; `1648861726.280` may have lost its quotes."""
    return repr(value) if isinstance(value, float) else text_of(value)


def _members(told: object) -> tuple[_Member, ...]:
    listed = at(told, "members")
    if not isinstance(listed, list):
        return ()
    return tuple(
        _Member(kind, (text_of(fields.get("member_status")) or "").upper(), fields)
        for one in listed[:_MOST_MEMBERS]
        if isinstance(one, dict)
        for kind in ("inbound", "outbound", "extension")
        if isinstance(fields := one.get(kind), dict)
    )


def _states(blank: CallEvent, members: tuple[_Member, ...], region: str | None) -> tuple[CallEvent, ...]:
    """Tell of each telephone that is called; of the call as a whole if none is, or when all have hung up."""
    if not members:
        return ()
    whole = _with_parties(blank, members, region)
    trunks = any(member.kind != "extension" for member in members)
    if all(member.state == "BYE" for member in members) and (trunks or len(members) > 1):
        return (msgspec.structs.replace(whole, happening=Happening.ENDED),)
    held = any(member.state == "HOLD" for member in members)
    legs = [_leg(whole, member, region, held=held) for member in _phones(members, whole.direction)]
    return tuple(leg for leg in legs if leg is not None) or (whole,)


def _with_parties(blank: CallEvent, members: tuple[_Member, ...], region: str | None) -> CallEvent:
    """Tell who calls whom; a call that comes in on a trunk and goes out on another comes in."""
    direction, theirs, ours = _sides(members)
    return msgspec.structs.replace(
        blank,
        direction=direction,
        caller=None if theirs is None else read_caller(theirs, region),
        callee=own_number(ours, region),
    )


def _sides(members: tuple[_Member, ...]) -> tuple[Direction, Any, Any]:
    """Give the direction, the number of the other side, None if none is named, and our own."""
    for kind, direction in (("inbound", Direction.INBOUND), ("outbound", Direction.OUTBOUND)):
        for member in members:
            if member.kind == kind:
                theirs, ours = member.fields.get("from", ""), member.fields.get("to")
                return (direction, theirs, ours) if kind == "inbound" else (direction, ours or "", theirs)
    calling = [member for member in members if member.state in _CALLING]
    called = [member for member in members if member.state not in _CALLING]
    return (
        Direction.INTERNAL,
        calling[0].fields.get("number") if calling else None,
        called[0].fields.get("number") if called and calling else None,
    )


def _phones(members: tuple[_Member, ...], direction: Direction) -> list[_Member]:
    """Give the telephones called: no colleague who calls, but a trunk that a call is passed on to."""
    if direction is Direction.INTERNAL:
        return [member for member in members if member.state not in _CALLING]
    passed_on = direction is Direction.INBOUND
    return [one for one in members if one.kind == "extension" or (one.kind == "outbound" and passed_on)]


def _leg(whole: CallEvent, member: _Member, region: str | None, *, held: bool) -> CallEvent | None:
    """Tell of one telephone; None for a state nobody knows. A channel is a telephone that rings once."""
    happening = _HAPPENINGS.get(member.state)
    name = own_number(member.fields.get("number" if member.kind == "extension" else "to"), region)
    leg = text_of(member.fields.get("channel_id")) or name
    if happening is None or leg is None:
        return None
    if happening is Happening.ANSWERED and held:
        happening = Happening.HELD
    return msgspec.structs.replace(
        whole,
        happening=happening,
        agents=(name,) if name else (),
        answered_by=name if happening is Happening.ANSWERED else None,
        leg=leg,
        key=f"{whole.key}\n{leg}",
    )


def _ended(blank: CallEvent, told: object, region: str | None) -> CallEvent:
    """Tell of the end, with the call's details."""
    direction = _DIRECTIONS.get((text_of(at(told, "type")) or "").casefold(), Direction.INBOUND)
    theirs, ours = at(told, "call_from"), text_of(at(told, "did_number")) or at(told, "call_to")
    if direction is Direction.OUTBOUND:
        theirs, ours = at(told, "call_to"), at(told, "call_from")
    return msgspec.structs.replace(
        blank,
        happening=Happening.ENDED,
        direction=direction,
        caller=_caller(theirs, region),
        callee=own_number(ours, region),
        result=_RESULTS.get((text_of(at(told, "status")) or "").upper()),
    )


def _caller(number: object, region: str | None) -> Caller | None:
    return None if number is None else read_caller(number, region)


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return _NOTHING


YEASTAR: Final = Dialect(
    "yeastar", read, answer, verify, nothing=_NOTHING, timeless=True, rightly_after=_AGAIN_AFTER
)
