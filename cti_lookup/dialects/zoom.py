"""
Zoom Phone's webhooks: JSON, signed with a time; each event tells of one telephone of one person.

Facts: developers.zoom.us, "Using webhooks" (signature, validation of a URL, repetition after 5, 30 and 90
min) and "Zoom Phone Webhooks", whose OpenAPI document has an example of each event. A URL is validated every
72 h by an event that is signed as all others are. `callee_*` events tell of who is called, `caller_*` events
of a person of ours who calls. A member of a queue rings, and misses the call, once with each device, all
under one `call_id`; that one was missed says nothing of the call. Ringing names no device id and a hold
neither device nor times, so that a telephone is known by extension, device type and the time it began to
ring, and who talks by extension alone. `extension_number` is a number or a text, and for an outsider the
digits of the telephone number; an inside caller's `phone_number` may be an extension. The result is spelled
`handup_result`.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.dialects.bodies import at, object_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.moments import seconds_of_milliseconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.verifying import (
    check_any,
    check_time,
    from_hex,
    header,
    hmac_of,
    seconds,
    sha256_hex,
)
from cti_lookup.dialects.zoom_history import HISTORIES, past_calls, result_of
from cti_lookup.errors import Unreadable, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, Internal, read_caller

_VALIDATION: Final = "endpoint.url_validation"
_SANE_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=:-]{1,1024}")
_NAME: Final = re.compile(
    r"phone\.(caller|callee)_(ringing|connected|answered|hold|unhold|parked|missed|rejected|ended)"
)
_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "ringing": Happening.RINGING,
    "connected": Happening.ANSWERED,
    "answered": Happening.ANSWERED,
    "unhold": Happening.ANSWERED,
    "hold": Happening.HELD,
    "parked": Happening.HELD,
    "missed": Happening.ENDED,
    "rejected": Happening.ENDED,
    "ended": Happening.ENDED,
}
_RESULTS: Final[Mapping[str, Result]] = {"missed": Result.MISSED, "rejected": Result.REJECTED}
_GROUPS: Final = frozenset({"callQueue", "sharedLineGroup"})
_MENUS: Final = frozenset({"autoReceptionist"})
_NOTHING: Final = Answered(b"{}")


def verify(request: Request, secrets: Secrets, now: float) -> None:
    """Raise `Unverified` unless one of the secrets signed the body and a time near now."""
    shown, told_at = header(request, "x-zm-signature"), header(request, "x-zm-request-timestamp")
    version, _, signature = shown.partition("=")
    if version != "v0":
        raise Unverified("signature")
    check_time(seconds(told_at), now)
    message = b":".join((b"v0", told_at.encode(), request.body))
    check_any([from_hex(signature)], secrets, lambda secret: hmac_of("sha256", secret, message))


def greet(request: Request, secrets: Secrets, now: float) -> Answered | None:
    """Prove that the secret is known here, to whoever has proven the same. Raises `Unverified`."""
    if _VALIDATION.encode() not in request.body or (token := _plain_token(request.body)) is None:
        return None
    proof = hmac_of("sha256", _signer(request, secrets, now), token.encode()).hex()
    return Answered(json.dumps({"plainToken": token, "encryptedToken": proof}).encode())


def _plain_token(body: bytes) -> str | None:
    """Give the token of a validation; None for any other event, and for a token that is none."""
    try:
        message = object_of(body)
    except Unreadable:
        return None
    token = at(message, "payload", "plainToken")
    is_sane = isinstance(token, str) and _SANE_TOKEN.fullmatch(token)
    return token if is_sane and at(message, "event") == _VALIDATION else None


def _signer(request: Request, secrets: Secrets, now: float) -> bytes:
    """Give the secret that signed a request, of several while one is changed."""
    verify(request, secrets, now)
    for secret in secrets[:-1]:
        try:
            verify(request, (secret,), now)
        except Unverified:
            continue
        return secret
    return secrets[-1]


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read what happened to a telephone or to a call; () if it tells of none. Raises `Unreadable`."""
    message = object_of(request.body)
    name, call = text_of(at(message, "event")) or "", at(message, "payload", "object")
    if not isinstance(call, dict):
        return ()
    told_at = seconds_of_milliseconds(at(message, "event_ts"))
    blank = CallEvent(
        source=facts.source,
        provider_id=text_of(call.get("call_id")),
        happening=Happening.OTHER,
        direction=Direction.INBOUND,
        caller=None,
        key=sha256_hex(request.body),
        order=told_at,
        occurred_at=told_at,
    )
    if name in HISTORIES:
        return past_calls(name, call, blank, facts.region)
    if blank.provider_id is None:
        return ()
    if name in _MOVES:
        return _MOVES[name](call, blank, facts.region)
    found = _NAME.fullmatch(name)
    if found is None:
        return ()
    reader = _of_caller if found[1] == "caller" else _of_callee
    return reader(found[2], call, blank, facts.region)


def _of_caller(
    action: str, call: dict[str, Any], blank: CallEvent, region: str | None
) -> tuple[CallEvent, ...]:
    """Tell of a person of ours who calls; a colleague who is called has events of their own."""
    event = _with_sides(call, blank, region, ours="caller", theirs="callee")
    happening, who = _HAPPENINGS[action], _name(at(call, "caller"))
    agents = () if event.direction is Direction.INTERNAL or who is None else (who,)
    event = replace(
        event,
        happening=happening,
        agents=agents,
        answered_by=agents[0] if agents and action == "connected" else None,
        result=_result(action, call),
        leg=who,
    )
    return (event,)


def _of_callee(
    action: str, call: dict[str, Any], blank: CallEvent, region: str | None
) -> tuple[CallEvent, ...]:
    """
    Tell of a telephone that rings, and of the person who talks: two legs.

    Who answers with one telephone stops its ringing; that another one was missed takes the call from nobody.
    """
    who = _name(at(call, "callee"))
    agents = (who,) if who is not None and _group(at(call, "callee")) is None else ()
    event = _with_sides(call, blank, region, ours="callee", theirs="caller")
    event = replace(event, happening=_HAPPENINGS[action], agents=agents, queue=_queue(call), leg=who)
    phone = _phone(who, call)
    if action == "ringing":
        return (replace(event, leg=phone),)
    if action == "answered":
        talks = replace(event, answered_by=agents[0] if agents else None)
        return (talks, *_silent(event, phone, Result.ANSWERED))
    if event.happening is not Happening.ENDED:
        return (event,)
    result, is_over = _result(action, call), action == "ended" and _was_theirs(call)
    if is_over:
        return (replace(event, result=result), *_silent(event, phone, result))
    return (replace(event, leg=phone, result=result),)


def _silent(event: CallEvent, phone: str | None, result: Result | None) -> tuple[CallEvent, ...]:
    """Tell that a telephone has stopped ringing, where it is not all that is known of who talks."""
    if phone == event.leg:
        return ()
    return (
        replace(
            event, happening=Happening.ENDED, leg=phone, result=result, agents=(), key=f"{event.key}\nphone"
        ),
    )


def _with_sides(
    call: dict[str, Any], blank: CallEvent, region: str | None, *, ours: str, theirs: str
) -> CallEvent:
    caller = _caller(call[theirs], region) if theirs in call else None
    outward = Direction.OUTBOUND if ours == "caller" else Direction.INBOUND
    return replace(
        blank,
        direction=Direction.INTERNAL if isinstance(caller, Internal) else outward,
        caller=caller,
        callee=own_number(_first(at(call, ours), "phone_number", "extension_number"), region),
        display_name=text_of(at(call, theirs, "name")),
    )


def _caller(party: object, region: str | None) -> Caller:
    """Read the other side: an extension, if it has one, is a colleague's, whatever number they show."""
    inside = read_caller(at(party, "extension_number"), region)
    if isinstance(inside, Internal) and at(party, "connection_type") != "pstn_off_net":
        return inside
    return read_caller(_first(party, "phone_number", "extension_number"), region)


def _first(party: object, *names: str) -> str | None:
    return next(iter(texts_of(*(at(party, name) for name in names))), None)


def _name(party: object) -> str | None:
    """Name a person of ours by extension, which every event has, else by id."""
    return _first(party, "extension_number", "user_id", "extension_id")


def _phone(who: str | None, call: dict[str, Any]) -> str | None:
    """Name a telephone while it rings once; a queue may ring it again."""
    if who is None:
        return None
    return "/".join(texts_of(who, at(call, "callee", "device_type"), call.get("ringing_start_time")))


def _group(party: object) -> str | None:
    """Give the group that a party is; whoever has a user id is a person, whatever type is told."""
    if text_of(at(party, "extension_type")) not in _GROUPS | _MENUS or text_of(at(party, "user_id")):
        return None
    return _first(party, "name", "extension_number", "extension_id")


def _queue(call: dict[str, Any]) -> str | None:
    """Give the queue that the call came through."""
    for party in (call.get("forwarded_by"), call.get("redirect_forwarded_by"), call.get("callee")):
        if text_of(at(party, "extension_type")) in _GROUPS and not text_of(at(party, "user_id")):
            return _group(party)
    return None


def _result(action: str, call: dict[str, Any]) -> Result | None:
    if action != "ended":
        return _RESULTS.get(action)
    result = result_of(call.get("handup_result"))
    talked = call.get("answer_start_time") or call.get("connected_start_time")
    return Result.ANSWERED if result is None and talked else result


def _was_theirs(call: dict[str, Any]) -> bool:
    """Tell whether the end is that of who talked: not if it says that others did, or nobody."""
    word = (text_of(call.get("handup_result")) or "").casefold()
    return result_of(word) in (None, Result.ANSWERED) and not word.startswith("answered by other")


def _transferred(call: dict[str, Any], blank: CallEvent, region: str | None) -> tuple[CallEvent, ...]:
    """Move the call to whom it is transferred to, unless that failed."""
    target = own_number(call.get("transfer_phone_number"), region)
    if target is None or text_of(call.get("failure_reason")):
        return ()
    return (replace(blank, happening=Happening.TRANSFERRED, agents=(target,)),)


def _handed_over(call: dict[str, Any], blank: CallEvent, region: str | None) -> tuple[CallEvent, ...]:
    """Move the call to whom it was announced to, and who has it now."""
    moved = _transferred(call, blank, region)
    return tuple(replace(event, answered_by=event.agents[0]) for event in moved)


def _to_voicemail(call: dict[str, Any], blank: CallEvent, _region: str | None) -> tuple[CallEvent, ...]:
    if text_of(call.get("failure_reason")):
        return ()
    return (replace(blank, happening=Happening.VOICEMAIL),)


_MOVES: Final[Mapping[str, Callable[[dict[str, Any], CallEvent, str | None], tuple[CallEvent, ...]]]] = {
    "phone.blind_transfer_initiated": _transferred,
    "phone.warm_transfer_completed": _handed_over,
    "phone.transfer_call_to_voicemail_initiated": _to_voicemail,
}
"""What moves a call. A warm transfer that is only begun leaves it where it is, and so does a conference."""


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return _NOTHING


ZOOM: Final = Dialect("zoom", read, answer, verify, greet, _NOTHING)
