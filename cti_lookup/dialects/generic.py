"""
The generic dialect: Zammad's generic CTI words, as JSON or form, and plainer words beside them.

Sources: Zammad documentation, "Generic CTI"; sipgate.io push API, whose words it shares. `callId` or `call_id`;
`user` as a text, a list, or repeated `user[]`; `answeringNumber` as number, login, e-mail or id; `cause` is one of
normalClearing, busy, cancel, noAnswer, congestion, notFound, forwarded. A transfer is a new call whose `origCallId` is
the first one's `callId`; the `user` of an answer is `voicemail` where that picks up.

An event has no key to be known again by: senders of this kind use ids again, and hold a call more than once.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from cti_lookup.dialects.bodies import form_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.numbers import own_number
from cti_lookup.errors import Unreadable, WrongField
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Dialled, read_caller

_HAPPENINGS: Final[Mapping[object, Happening]] = {
    None: Happening.RINGING,
    "": Happening.RINGING,
    "newCall": Happening.RINGING,
    "newcall": Happening.RINGING,
    "ringing": Happening.RINGING,
    "ring": Happening.RINGING,
    "incoming": Happening.RINGING,
    "answer": Happening.ANSWERED,
    "answered": Happening.ANSWERED,
    "connected": Happening.ANSWERED,
    "hold": Happening.HELD,
    "held": Happening.HELD,
    "unhold": Happening.ANSWERED,
    "resume": Happening.ANSWERED,
    "resumed": Happening.ANSWERED,
    "voicemail": Happening.VOICEMAIL,
    "transfer": Happening.TRANSFERRED,
    "transferred": Happening.TRANSFERRED,
    "hangup": Happening.ENDED,
    "ended": Happening.ENDED,
    "missed": Happening.ENDED,
}
DIRECTIONS: Final[Mapping[str, Direction]] = {
    "in": Direction.INBOUND,
    "inbound": Direction.INBOUND,
    "incoming": Direction.INBOUND,
    "out": Direction.OUTBOUND,
    "outbound": Direction.OUTBOUND,
    "outgoing": Direction.OUTBOUND,
    "internal": Direction.INTERNAL,
}
"""The directions of a call, by the words that phone systems have for them, in small letters."""

_DIRECTIONS: Final[Mapping[object, Direction]] = dict(
    [(None, Direction.INBOUND), ("", Direction.INBOUND), *DIRECTIONS.items()]
)
RESULTS: Final[Mapping[str, Result]] = {
    "busy": Result.REJECTED,
    "cancel": Result.MISSED,
    "noanswer": Result.MISSED,
    "congestion": Result.FAILED,
    "notfound": Result.FAILED,
    "normalclearing": Result.MISSED,
    "forwarded": Result.MISSED,
    "voicemail": Result.VOICEMAIL,
}
"""How a call ended that nobody answered, by the words of sipgate.io and Zammad in small letters."""

_VOICEMAIL: Final = ("voicemail",)
_ANSWERED: Final = Happening.ANSWERED  # a member named through its class costs 0.1 µs each time
_OUTBOUND: Final = Direction.OUTBOUND
_ABSENT: Final = msgspec.UNSET
_LONGEST_TEXT: Final = 255
_MOST_AGENTS: Final = 100
_MOST_FIELDS: Final = 200
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_PLACE: Final = re.compile(r" - at `\$\.([^`\[.]+(?:\[\])?)")

_Text = str | int | None
_Texts = str | int | list[str | int | None] | None


class _Fields(msgspec.Struct, gc=False):
    """The fields as they are sent; ids may be JSON numbers, and what a caller is may be anything."""

    event: _Text = None
    from_: Any = msgspec.field(name="from", default=msgspec.UNSET)
    to: Any = msgspec.UNSET
    direction: _Text = None
    call_id: _Text = msgspec.field(name="callId", default=None)
    call_id_too: _Text = msgspec.field(name="call_id", default=None)
    user: _Texts = None
    users: _Texts = msgspec.field(name="user[]", default=None)
    caller: _Texts = None
    callers: _Texts = msgspec.field(name="caller[]", default=None)
    answering: _Text = msgspec.field(name="answeringNumber", default=None)
    queue: _Text = None
    answering_too: _Text = msgspec.field(name="answering_number", default=None)
    first_call: _Text = msgspec.field(name="origCallId", default=None)
    first_call_too: _Text = msgspec.field(name="orig_call_id", default=None)
    display_name: _Text = None
    caller_name: _Text = msgspec.field(name="callerName", default=None)
    cause: _Text = None


_json: Final = msgspec.json.Decoder(_Fields)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """
    Read an event. Raises `Unreadable` for bytes that are neither JSON nor form, `WrongField` for a wrong type.

    `from` and `to` may hold anything: a caller that makes no sense is an invalid caller, and the phone rings on.
    """
    fields, region = _read_fields(request), facts.region
    direction = _DIRECTIONS.get(fields.direction) or _direction(fields.direction)
    theirs, ours = fields.from_, fields.to
    if direction is _OUTBOUND:
        theirs, ours = ours, theirs
    happening = _HAPPENINGS.get(fields.event) or _happening(fields.event)
    agents = _texts(fields.user or fields.users or fields.caller or fields.callers)
    if happening is _ANSWERED and agents == _VOICEMAIL:
        happening, agents = Happening.VOICEMAIL, ()
    event = CallEvent(  # what is absent, as most of it is, costs no call
        facts.source,
        _text(fields.call_id_too if fields.call_id is None else fields.call_id),
        happening,
        direction,
        None if theirs is _ABSENT else read_caller(theirs, region),
        None if ours is _ABSENT else own_number(ours, region),
        agents,
        _answered_by(answering, direction, theirs, region)
        if (answering := fields.answering or fields.answering_too)
        else None,
        _text(fields.queue) if fields.queue else None,
        _text(name) if (name := fields.display_name or fields.caller_name) else None,
        RESULTS.get(str(fields.cause).strip().casefold()) if fields.cause else None,
        continues=_text(before) if (before := fields.first_call or fields.first_call_too) else None,
    )
    return (event,)


def _answered_by(answering: _Text, direction: Direction, theirs: Any, region: str | None) -> str | None:
    """Name who of us answered; of a call that goes out the number that answered is the other side's."""
    if direction is _OUTBOUND and theirs is not msgspec.UNSET:
        told, called = read_caller(answering, region), read_caller(theirs, region)
        if isinstance(told, Dialled) and isinstance(called, Dialled) and told.number == called.number:
            return None
    return _text(answering)


def _read_fields(request: Request) -> _Fields:
    body = request.body.removeprefix(_BYTE_ORDER_MARK)  # some scripts on Windows begin with it
    try:
        if body.lstrip()[:1] in (b"{", b"["):  # some scripts send JSON under any type, or none
            return _json.decode(body)
        return msgspec.convert(_form(body or request.query.encode(errors="surrogateescape")), _Fields)
    except msgspec.ValidationError as exc:
        raise _wrong(str(exc)) from exc
    except (msgspec.DecodeError, RecursionError, UnicodeError) as exc:
        raise Unreadable("The body is neither JSON nor a form.") from exc


def _wrong(message: str) -> WrongField | Unreadable:
    """Name the field at fault; msgspec tells types and place, never the value."""
    place = _PLACE.search(message)
    if place is None:
        return Unreadable("The body is JSON, but no object of fields.")
    return WrongField(
        place[1], f"'{place[1]}' must be text{' or a list of texts' if place[1] in _MANY else ''}."
    )


_MANY: Final = frozenset({"user", "user[]", "caller", "caller[]"})


def _happening(event: _Text) -> Happening:
    return _HAPPENINGS.get(str(event).strip().casefold(), Happening.OTHER)


def _direction(word: _Text) -> Direction:
    direction = _DIRECTIONS.get(str(word).strip().casefold())
    if direction is None:
        raise WrongField("direction", "'direction' must be in, out or internal.")
    return direction


def _text(value: _Text) -> str | None:
    """Give a field as text; blank is None."""
    if value is None:
        return None
    return (value if isinstance(value, str) else str(value)).strip()[:_LONGEST_TEXT] or None


def _texts(values: _Texts) -> tuple[str, ...]:
    """Give a field as texts, one or many."""
    if values is None:
        return ()
    listed = values if isinstance(values, list) else [values]
    return tuple([text for value in listed[:_MOST_AGENTS] if (text := _text(value))])


def _form(body: bytes) -> dict[str, Any]:
    """Read a form; repeated fields become lists."""
    fields = form_of(body, most=_MOST_FIELDS)
    if body and not any(value for values in fields.values() for value in values):
        raise Unreadable("The body is neither JSON nor a form.")
    return {name: values[0] if len(values) == 1 else list(values) for name, values in fields.items()}


def _own_answer(told: Told) -> Answered:
    return Answered(b"".join((b'{"call":', told.call_json, b',"lookup":', told.lookup_json, b"}")))


def _nothing(_told: Told) -> Answered:
    return _EMPTY


_EMPTY: Final = Answered(b"{}")

GENERIC: Final = Dialect("generic", read, _own_answer, waits=True)
ZAMMAD: Final = Dialect("zammad", read, _nothing)
