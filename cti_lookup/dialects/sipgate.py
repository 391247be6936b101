"""
The push API of sipgate.io: forms without signature, answered in XML.

Facts: sipgate/sipgate.io README. Events `newCall`, `answer`, `hangup`, `dtmf`; numbers are E.164 without sign, or
`anonymous`. Only the answer to `newCall` is read; without its `onAnswer` and `onHangup` no later event is ever sent,
so that the public URL must be known. A transfer or a forwarding is a new `newCall` under its own `callId`, with
`origCallId`; the first call hangs up on its own. `user` is `voicemail` where that picks up. Nothing is signed: the
secret stands in the path, or is the password of Basic.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit
from xml.sax.saxutils import quoteattr

from cti_lookup.dialects.bodies import Fields, first, form_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.generic import RESULTS
from cti_lookup.dialects.numbers import e164_without_sign, own_number, read_signless
from cti_lookup.errors import Unreadable
from cti_lookup.events import CallEvent, Direction, Happening
from cti_lookup.keys import shown_key
from cti_lookup.telephone import Caller

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "newcall": Happening.RINGING,
    "answer": Happening.ANSWERED,
    "hangup": Happening.ENDED,
}
_VOICEMAIL: Final = "voicemail"
_MOST_AGENTS: Final = 100
_XML: Final = "application/xml"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOTHING: Final = Answered(f"{_DECLARATION}<Response/>".encode(), _XML)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event; () for what is none, as a call waits for the answer."""
    try:
        fields = form_of(request.body)
    except Unreadable:
        return ()
    return (_event(fields, facts),) if "event" in fields or "from" in fields else ()


def _event(fields: Fields, facts: Facts) -> CallEvent:
    call_id, users = text_of(first(fields, "callId")), _users(fields)
    happening, direction = _happening(fields, users), _direction(fields)
    if happening is Happening.VOICEMAIL:
        users = ()
    return CallEvent(
        source=facts.source,
        provider_id=call_id,
        happening=happening,
        direction=direction,
        caller=_caller(fields, direction, facts.region),
        callee=_callee(fields, direction, facts.region),
        agents=users,
        answered_by=_answered_by(fields, users, direction) if happening is Happening.ANSWERED else None,
        result=RESULTS.get(_word(fields, "cause")) if happening is Happening.ENDED else None,
        continues=text_of(first(fields, "origCallId")),
        key=_key(call_id, fields, users),
    )


def _word(fields: Fields, name: str) -> str:
    return (first(fields, name) or "").strip().casefold()


def _happening(fields: Fields, users: tuple[str, ...]) -> Happening:
    happening = _HAPPENINGS.get(_word(fields, "event") or "newcall", Happening.OTHER)
    if happening is Happening.ANSWERED and [user.casefold() for user in users] == [_VOICEMAIL]:
        return Happening.VOICEMAIL
    return happening


def _direction(fields: Fields) -> Direction:
    return Direction.OUTBOUND if _word(fields, "direction") == "out" else Direction.INBOUND


def _users(fields: Fields) -> tuple[str, ...]:
    """Give the names of who rings or answers, else their ids."""
    for name in ("user", "fullUserId", "userId"):
        users = texts_of(*fields.get(f"{name}[]", ()), *fields.get(name, ()))
        if users:
            return users[:_MOST_AGENTS]
    return ()


def _caller(fields: Fields, direction: Direction, region: str | None) -> Caller | None:
    """
    Read the external party; None where the event names none.

    A forwarded call that shows our own line as its caller has come round; `diversion` holds the number that
    was dialled before.
    """
    theirs, ours = ("to", "from") if direction is Direction.OUTBOUND else ("from", "to")
    if theirs not in fields:
        return None
    raw = fields[theirs][0]
    diverted = first(fields, "diversion")
    if direction is Direction.INBOUND and diverted and raw.strip() and raw == first(fields, ours):
        raw = diverted
    return read_signless(raw, region)


def _callee(fields: Fields, direction: Direction, region: str | None) -> str | None:
    ours = first(fields, "from" if direction is Direction.OUTBOUND else "to")
    return own_number(e164_without_sign(ours), region) if ours else None


def _answered_by(fields: Fields, users: tuple[str, ...], direction: Direction) -> str | None:
    """Name who of us answered; of a call that goes out the number that answered is the other side's."""
    if users or direction is Direction.OUTBOUND:
        return users[0] if users else None
    return text_of(first(fields, "answeringNumber"))


def _key(call_id: str | None, fields: Fields, users: tuple[str, ...]) -> str | None:
    """Tell repeated events apart from new ones; the same digit may rightly be pressed twice."""
    event = _word(fields, "event")
    if call_id is None or event not in _HAPPENINGS:
        return None
    return "\n".join((call_id, event, *users))


def answer(told: Told) -> Answered:
    """Subscribe to the rest of a new call; leave everything else alone."""
    if told.event.happening is not Happening.RINGING or not told.hook:
        return _NOTHING
    hook = quoteattr(_opened(told.hook, told.request))
    return Answered(f"{_DECLARATION}<Response onAnswer={hook} onHangup={hook}/>".encode(), _XML)


def _opened(hook: str, request: Request) -> str:
    """Give a URL that lets the sender in again, with the password or key it showed if none is in the path."""
    if request.token:
        return hook
    if key := shown_key(request.headers):
        scheme, _, rest = hook.partition("://")
        return f"{scheme}://sipgate:{quote(key, safe='', errors='surrogateescape')}@{rest}"
    keys = parse_qs(urlsplit(request.target).query, errors="surrogateescape").get("key")
    return f"{hook}?key={quote(keys[0], safe='', errors='surrogateescape')}" if keys else hook


SIPGATE: Final = Dialect("sipgate", read, answer, nothing=_NOTHING, needs_public_url=True)
