"""
RingCentral's notifications of telephony sessions: JSON, unsigned, with a token in a header.

Facts: developers.ringcentral.com, "Webhooks", "Account Telephony Sessions Event" and "Telephony Session
Notifications"; sessions recorded by RingCentral's people (dibyenduroy/csn-data), test fixtures of RingCentral
Embeddable. When a subscription is made, `Validation-Token` is to be given back within 3 s.
`Verification-Token` is what the subscription's maker chose. A session has parties: each extension's own, and
in a subscription of an account also those outside, which have no extension and see the call from the other
end. An event may hold only those that changed; `sequence` orders them, whatever order they arrive in. Each
subscription sends a copy under a `uuid` of its own. The party that calls a colleague or a queue of the same
account is `Answered` as soon as the rules of the called one begin to run. In a call to a queue `to` is the
queue. An attended transfer joins a second session, which `peerId` names.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from cti_lookup.dialects.bodies import at, object_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.verifying import check_token, header
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, Internal, read_caller

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "setup": Happening.RINGING,
    "proceeding": Happening.RINGING,
    "answered": Happening.ANSWERED,
    "hold": Happening.HELD,
    "parked": Happening.HELD,
    "voicemail": Happening.VOICEMAIL,
    "voicemailscreening": Happening.VOICEMAIL,
    "vmscreening": Happening.VOICEMAIL,
    "faxreceive": Happening.VOICEMAIL,
    "disconnected": Happening.ENDED,
    "gone": Happening.ENDED,
}
_RESULTS: Final[Mapping[str, Result]] = {
    "agentanswered": Result.ANSWERED,
    "pickup": Result.ANSWERED,
    "voicemail": Result.VOICEMAIL,
    "noanswer": Result.MISSED,
    "timeout": Result.MISSED,
    "cancelled": Result.MISSED,
    "rejected": Result.REJECTED,
    "targetbusy": Result.REJECTED,
    "internalerror": Result.FAILED,
    "invalidnumber": Result.FAILED,
    "internationaldisabled": Result.FAILED,
    "destinationblocked": Result.FAILED,
    "notenoughfunds": Result.FAILED,
    "nosuchuser": Result.FAILED,
}
"""How a party ended, by the reason; of one that was answered before, it is not asked."""

_EXTENSION: Final = re.compile(r"/extension/(~|[0-9]+)/")
_SANE_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=:-]{1,1024}")
_MOST_PARTIES: Final = 50
_NOTHING: Final = Answered(b"{}")


def greet(request: Request, _secrets: Secrets, _now: float) -> Answered | None:
    """Give the token of a new subscription back, which nobody signs; one that is no plain token is none."""
    token = request.headers.get("Validation-Token", "")
    return Answered(headers={"Validation-Token": token}) if _SANE_TOKEN.fullmatch(token) else None


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Raise `Unverified` unless the token of the subscription, or else of the path, is one of the secrets."""
    if request.token and "Verification-Token" not in request.headers:
        check_token(request.token, secrets)
    else:
        check_token(header(request, "Verification-Token"), secrets)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read what happened to each party that is ours; () if it tells of no call. Raises `Unreadable`."""
    message = object_of(request.body)
    parties = at(message, "body", "parties")
    if not isinstance(parties, list) or text_of(at(message, "body", "telephonySessionId")) is None:
        return ()
    known = [party for party in parties[:_MOST_PARTIES] if isinstance(party, dict)]
    return tuple(_event(message, party, known, facts) for party in _ours(message, known))


def _ours(message: dict[str, Any], parties: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the parties of the extension that is subscribed to, or of the account's extensions."""
    path = text_of(at(message, "event")) or ""
    found = _EXTENSION.search(path)
    extension = text_of(at(message, "ownerId")) if found and found[1] == "~" else found and found[1]
    own = [party for party in parties if extension and text_of(at(party, "extensionId")) == extension]
    if own or found or "/account/" not in path:
        return own or parties
    return [party for party in parties if _extension_of(party)]


def _extension_of(party: dict[str, Any]) -> str | None:
    """Give the id of the extension whose party it is; those outside have none."""
    ours = at(party, "from" if _calls(party) else "to")
    return next(iter(texts_of(at(party, "extensionId"), at(ours, "extensionId"))), None)


def _calls(party: dict[str, Any]) -> bool:
    return (text_of(at(party, "direction")) or "").casefold() == "outbound"


def _event(
    message: dict[str, Any], party: dict[str, Any], parties: list[dict[str, Any]], facts: Facts
) -> CallEvent:
    session, calls = at(message, "body"), _calls(party)
    theirs, ours = ("to", "from") if calls else ("from", "to")
    caller = _caller(party, theirs, parties, facts.region)
    direction = _direction(caller, at(party, theirs), calls=calls)
    happening = _happening(party, direction, calls=calls)
    agents = () if calls and direction is Direction.INTERNAL else _agents(party)
    return CallEvent(
        source=facts.source,
        provider_id=text_of(at(session, "telephonySessionId")),
        happening=happening,
        direction=direction,
        caller=caller,
        callee=own_number(_number(at(party, ours)), facts.region),
        agents=agents,
        answered_by=agents[0] if agents and happening is Happening.ANSWERED else None,
        queue=None if calls else _queue(party),
        display_name=_display_name(party, theirs),
        result=_result(party) if happening is Happening.ENDED else None,
        leg=text_of(at(party, "id")),
        continues=_continues(party, session),
        key=_key(message, party),
        order=_order(at(session, "sequence")),
        occurred_at=rfc3339_seconds(at(session, "eventTime")),
    )


def _happening(party: dict[str, Any], direction: Direction, *, calls: bool) -> Happening:
    """Tell what happened; that a colleague's rules began to run is no answer."""
    happening = _HAPPENINGS.get((text_of(at(party, "status", "code")) or "").casefold(), Happening.OTHER)
    if happening is Happening.ANSWERED and calls and direction is Direction.INTERNAL:
        return Happening.RINGING
    return happening


def _direction(caller: Caller | None, remote: object, *, calls: bool) -> Direction:
    if isinstance(caller, Internal) or text_of(at(remote, "extensionId")):
        return Direction.INTERNAL
    return Direction.OUTBOUND if calls else Direction.INBOUND


def _number(side: object) -> str | None:
    """Give a number as it was sent; of a colleague the extension, if it is told."""
    names = ("phoneNumber", "extensionNumber")
    found = texts_of(*(at(side, name) for name in (names[::-1] if at(side, "extensionId") else names)))
    return found[0] if found else None


def _caller(
    party: dict[str, Any], theirs: str, parties: list[dict[str, Any]], region: str | None
) -> Caller | None:
    """Read the other side, in a conference the first of them; None where none is named."""
    if theirs not in party:
        return None
    side = party[theirs]
    number = _number(side)
    if number is None and (colleague := text_of(at(side, "extensionId"))):
        return Internal(colleague, colleague)
    if number is None:
        others = (_outside_number(other) for other in parties if other is not party)
        number = next((other for other in others if other), "")
    return read_caller(number, region)


def _outside_number(party: dict[str, Any]) -> str | None:
    """Give the number of a party that is none of ours, which stands on its own side."""
    return None if _extension_of(party) else _number(at(party, "from" if _calls(party) else "to"))


def _agents(party: dict[str, Any]) -> tuple[str, ...]:
    """Name the extension by its id, which every event has; a queue is none."""
    extension = _extension_of(party)
    if at(party, "queueCall") is True and extension == text_of(at(party, "to", "extensionId")):
        return ()
    ours = at(party, "from" if _calls(party) else "to")
    return texts_of(extension, at(ours, "extensionNumber"), at(ours, "name"))[:1]


def _labelled(party: dict[str, Any], kind: str) -> str | None:
    """Give what the app shows under one kind of label: `QueueName`, `CallerIdName`."""
    for place in ("additional", "primary"):
        if at(party, "uiCallInfo", place, "type") == kind:
            return text_of(at(party, "uiCallInfo", place, "value"))
    return None


def _queue(party: dict[str, Any]) -> str | None:
    if name := _labelled(party, "QueueName"):
        return name
    if at(party, "queueCall") is not True:
        return None
    return text_of(at(party, "to", "name")) or text_of(at(party, "to", "extensionId"))


def _display_name(party: dict[str, Any], theirs: str) -> str | None:
    """Give the caller's own name; beside the number it may stand behind the queue's."""
    return _labelled(party, "CallerIdName") or text_of(at(party, theirs, "name"))


def _result(party: dict[str, Any]) -> Result | None:
    """Say how a party ended that was not answered, as far as it is told."""
    result = _RESULTS.get((text_of(at(party, "status", "reason")) or "").casefold())
    return Result.MISSED if result is None and at(party, "missedCall") is True else result


def _continues(party: dict[str, Any], session: object) -> str | None:
    peer = text_of(at(party, "status", "peerId", "telephonySessionId"))
    return None if peer == text_of(at(session, "telephonySessionId")) else peer


def _key(message: dict[str, Any], party: dict[str, Any]) -> str:
    """Know an event again, also another subscription's copy of it."""
    session = at(message, "body")
    number = text_of(at(session, "sequence")) or text_of(at(message, "uuid"))
    parts = (text_of(at(session, "telephonySessionId")), number, text_of(at(party, "id")))
    return "\n".join((*(part or "" for part in parts), text_of(at(party, "status", "code")) or ""))


def _order(sequence: object) -> float | None:
    digits = text_of(sequence) or ""
    return float(digits) if digits.isascii() and digits.isdigit() else None


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return _NOTHING


RINGCENTRAL: Final = Dialect("ringcentral", read, answer, verify, greet, _NOTHING)
