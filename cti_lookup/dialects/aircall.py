"""
Aircall's webhooks: JSON that holds the webhook's token, and a call as far as it has come.

Facts: developer.aircall.io, "Webhooks"; events recorded from a demo account. `raw_digits` is the other party in
both directions, with blanks, or `anonymous`; `number` is our own line; times are Unix seconds.
`call.ringing_on_agent` comes once for each agent, `call.hungup` at once, `call.ended` about 30 s later with what
was recorded. `transferred_to` is a user, and stands in `call.unsuccessful_transfer` too, where the call stays with
`user`. Events come at least once, and a webhook that is answered with errors is switched off. Nothing is signed:
`token` proves only that the sender knows it.

An agent who declines ends nothing here: others may still be rung, and the end is told by `call.hungup`. Agents are no
legs, as a transfer tells who has the call and not whose leg goes on.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.dialects.bodies import at, object_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.verifying import check_token
from cti_lookup.errors import Unreadable, Unverified
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, read_caller

_HAPPENINGS: Final[Mapping[str | None, Happening]] = {
    "call.created": Happening.RINGING,
    "call.ringing_on_agent": Happening.RINGING,
    "call.answered": Happening.ANSWERED,
    "call.hold": Happening.HELD,
    "call.unhold": Happening.ANSWERED,
    "call.transferred": Happening.TRANSFERRED,
    "call.external_transferred": Happening.TRANSFERRED,
    "call.hungup": Happening.ENDED,
    "call.ended": Happening.ENDED,
    "call.voicemail_left": Happening.VOICEMAIL,
}
_DIRECTIONS: Final[Mapping[str | None, Direction]] = {
    "outbound": Direction.OUTBOUND,
    "internal": Direction.INTERNAL,
}
_LATEST: Final = 10**11
"""Seconds since the epoch; what is more is none of Aircall's times."""

_NOTHING: Final = Answered(b"{}")


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Raise `Unverified` unless the body holds one of the secrets as its token."""
    try:
        token = at(object_of(request.body), "token")
    except Unreadable:
        raise Unverified("missing") from None
    check_token(token if isinstance(token, str) else "", secrets)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """
    Read an event of a call; () for one of a user, a contact, a number. Raises `Unreadable`.

    An end that names a voicemail tells of two: by `call.hungup` the call had ended already, and as missed.
    """
    message = object_of(request.body)
    event, data = text_of(at(message, "event")), at(message, "data")
    if event is None or not event.startswith("call.") or not isinstance(data, dict):
        return ()
    happening, told_at = _happening(event, data), _seconds(at(message, "timestamp"))
    agents = _agents(event, data, facts.region)
    told = CallEvent(
        source=facts.source,
        provider_id=text_of(at(data, "id")),
        happening=happening,
        direction=_DIRECTIONS.get(text_of(at(data, "direction")), Direction.INBOUND),
        caller=_caller(data, facts.region),
        callee=own_number(at(data, "number", "digits"), facts.region),
        agents=agents,
        answered_by=agents[0] if agents and event == "call.answered" else None,
        queue=text_of(at(data, "teams", 0, "name")),
        display_name=_display_name(at(data, "contact")),
        result=_result(data) if happening in _WITH_RESULT else None,
        key=_key(event, message),
        order=told_at,
        occurred_at=told_at,
    )
    if happening is Happening.ENDED and told.result is Result.VOICEMAIL:
        return told, replace(told, happening=Happening.VOICEMAIL, key=told.key and f"{told.key}\nvoicemail")
    return (told,)


_WITH_RESULT: Final = frozenset({Happening.ENDED, Happening.VOICEMAIL})


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LATEST:
        return None
    return float(value)


def _happening(event: str, data: dict[str, Any]) -> Happening:
    """Tell what has happened; who tags or archives a call that is done says that it has ended."""
    return _HAPPENINGS.get(event) or (Happening.ENDED if at(data, "status") == "done" else Happening.OTHER)


def _agents(event: str, data: dict[str, Any], region: str | None) -> tuple[str, ...]:
    """Give whom it rings, who has it, or whom it was moved to; nobody by an event that moves nothing."""
    happening = _HAPPENINGS.get(event)
    if happening is None:
        return ()
    if happening is not Happening.TRANSFERRED:
        return _user(at(data, "user"))
    outside = own_number(at(data, "external_transferred_to"), region)
    return _user(at(data, "transferred_to")) or ((outside,) if outside else ())


def _user(user: object) -> tuple[str, ...]:
    """Name a user by e-mail address, which desktops know, else by id."""
    return texts_of(at(user, "email"), at(user, "id"))[:1]


def _caller(data: dict[str, Any], region: str | None) -> Caller | None:
    return read_caller(data["raw_digits"], region) if "raw_digits" in data else None


def _display_name(contact: object) -> str | None:
    """Give the name that Aircall's own contacts have for the caller."""
    names = texts_of(at(contact, "first_name"), at(contact, "last_name"))
    return text_of(" ".join(names) or at(contact, "company_name"))


def _result(data: dict[str, Any]) -> Result:
    if at(data, "answered_at"):
        return Result.ANSWERED
    return Result.VOICEMAIL if at(data, "voicemail") else Result.MISSED


def _key(event: str, message: dict[str, Any]) -> str | None:
    parts = (at(message, "data", "id"), event, at(message, "timestamp"), at(message, "data", "user", "id"))
    call_id, *rest = (text_of(part) or "" for part in parts)
    return "\n".join((call_id, *rest)) if call_id else None


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return _NOTHING


AIRCALL: Final = Dialect("aircall", read, answer, verify, nothing=_NOTHING)
