"""
3CX's CRM integration: it asks for contacts when a call comes, and tells of a call when it is over.

Facts: 3CX, "CRM Integration Wizard & Template Guide"; public templates for 3CX. Question and journal are
written by a template that the administrator uploads: `[Number]` and the like are filled in, and what has no
value may stay as `[Variable]`. The names of the journal's fields are the template's; those of ours are in
`threecx_template`, and the usual ones of other templates are understood too, as JSON or form. Nobody found is
an empty list, not an error. `CallType` is `Inbound` or `Outbound` (answered), `Missed` or `Notanswered`.
There is no id: one is derived from what makes a call one of its kind. While it rings there is none at all, so
that a question does not begin a call that would be remembered.

Bridges beside the template tell more: creomate's sends `ringing` and the like with `callerid`, `user` and
`chid`, the call's own id.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from cti_lookup.answers import PersonSummary, people_of
from cti_lookup.dialects.bodies import form_of, object_of, text_of, texts_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.lines import one_line, web_address
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.phones import plain_name
from cti_lookup.errors import Unreadable
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.matching import Rule
from cti_lookup.telephone import E164, Dialled, read_caller

_Journal = Mapping[str, object]
"""The fields that have a value, by their plain names."""

_VARIABLE: Final = re.compile(r"\[\w+\]")
_DURATION: Final = re.compile(r"([0-9]{1,4}):([0-5]?[0-9]):([0-5]?[0-9])(?:\.[0-9]+)?")
_CALL_TYPES: Final[Mapping[str, tuple[Direction, Result]]] = {
    "inbound": (Direction.INBOUND, Result.ANSWERED),
    "outbound": (Direction.OUTBOUND, Result.ANSWERED),
    "missed": (Direction.INBOUND, Result.MISSED),
    "notanswered": (Direction.OUTBOUND, Result.MISSED),
}
_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "ringing": Happening.RINGING,
    "dialing": Happening.RINGING,
    "answered": Happening.ANSWERED,
    "connected": Happening.ANSWERED,
    "talking": Happening.ANSWERED,
    "held": Happening.HELD,
    "hold": Happening.HELD,
    "ended": Happening.ENDED,
    "hangup": Happening.ENDED,
    "disconnected": Happening.ENDED,
    "missed": Happening.ENDED,
}
_NUMBER: Final = ("number", "phonenumber", "phone", "callerid", "callernumber", "caller", "telephone")
_CALL_TYPE: Final = ("calltype", "type")
_AGENT: Final = ("agent", "agentextension", "extension", "agentemail", "user")
_START: Final = (
    "startedatutc",
    "callstarttimeutc",
    "starttimeutc",
    "startutc",
    "startedat",
    "starttime",
    "start",
)
_OF_A_JOURNAL: Final = frozenset({"calltype", "duration", *_START})

_NOBODY: Final = Answered(b'{"contacts":[]}')
_NOTED: Final = Answered(b"{}")


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read a question for contacts, a journal, or a bridge's event; () for what is none of them."""
    try:
        fields = _fields(request)
    except Unreadable:
        return ()
    journal = {name: value for name, value in fields.items() if value is not None}
    if request.body and "event" in journal:
        return _bridged(journal, facts)
    if request.body and not _OF_A_JOURNAL.isdisjoint(fields):
        return (_ended(journal, facts),)
    return (_asked(journal, facts),) if any(name in fields for name in _NUMBER) else ()


def _fields(request: Request) -> dict[str, object]:
    """Give the fields by their plain names; a variable that was not filled in is None."""
    if request.body.lstrip()[:1] == b"{":
        pairs: Mapping[str, Any] = object_of(request.body)
    else:
        form = form_of(request.body or request.query.encode(errors="surrogateescape"))
        pairs = {name: values[0] for name, values in form.items()}
    return {plain_name(name): _value(value) for name, value in pairs.items()}


def _value(value: object) -> object:
    return None if isinstance(value, str) and _VARIABLE.fullmatch(value.strip()) else value


def _first(fields: _Journal, *names: str) -> object:
    return next((fields[name] for name in names if text_of(fields.get(name)) is not None), None)


def _word(value: object) -> str:
    return plain_name(text_of(value) or "")


def _asked(fields: _Journal, facts: Facts) -> CallEvent:
    """Read a question: a call, which rings, and has no name."""
    return CallEvent(
        source=facts.source,
        provider_id=None,
        happening=Happening.RINGING,
        direction=_direction(fields),
        caller=read_caller(_number(fields), facts.region),
    )


def _number(fields: _Journal) -> object:
    """Give the number as it was sent, with the blank that a plus may have become; none is ''."""
    return _first(fields, *_NUMBER) or ""


def _direction(fields: _Journal) -> Direction:
    outbound = _word(_first(fields, "calldirection", "direction")).startswith("out")
    return Direction.OUTBOUND if outbound else Direction.INBOUND


def _ended(fields: _Journal, facts: Facts) -> CallEvent:
    """Read a journal: a call that is over."""
    direction, result = _CALL_TYPES.get(_word(_first(fields, *_CALL_TYPE)), (_direction(fields), None))
    began, lasted = rfc3339_seconds(_first(fields, *_START)), _duration(_first(fields, "duration"))
    agents = texts_of(*(fields.get(name) for name in _AGENT))[:1]
    call_id = _derived_id(fields, facts, direction)
    return CallEvent(
        source=facts.source,
        provider_id=call_id,
        happening=Happening.ENDED,
        direction=direction,
        caller=read_caller(_number(fields), facts.region),
        agents=agents,
        queue=text_of(_first(fields, "queueextension", "queue")),
        display_name=text_of(_first(fields, "name", "contactname")),
        result=result,
        key=call_id,
        occurred_at=None if began is None else began + lasted,
    )


def _derived_id(fields: _Journal, facts: Facts, direction: Direction) -> str:
    """Derive a call's id from source, agent, number, direction and start; without a start each is another."""
    agent = text_of(_first(fields, *_AGENT)) or ""
    start = text_of(_first(fields, *_START)) or repr(facts.now)
    parts = (facts.source, agent, str(_number(fields)).strip(), direction, start)
    return hashlib.sha256("|".join(parts).encode(errors="surrogatepass")).hexdigest()


def _duration(value: object) -> float:
    """Read `hh:mm:ss`, or seconds; what is neither is 0."""
    text = text_of(value) or ""
    if found := _DURATION.fullmatch(text):
        hours, minutes, seconds = map(int, found.groups())
        return hours * 3600.0 + minutes * 60 + seconds
    return float(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0.0


_MOST_DIGITS: Final = 7


def _bridged(fields: _Journal, facts: Facts) -> tuple[CallEvent, ...]:
    """Read a bridge's event, which names the call."""
    happening = _HAPPENINGS.get(_word(fields["event"]))
    if happening is None:
        return ()
    agents = texts_of(fields.get("user"))
    told = CallEvent(
        source=facts.source,
        provider_id=text_of(_first(fields, "chid", "callid", "id")),
        happening=happening,
        direction=_direction(fields),
        caller=read_caller(_number(fields), facts.region),
        callee=own_number(_first(fields, "inbounddid"), facts.region),
        agents=agents,
        answered_by=agents[0] if agents and happening is Happening.ANSWERED else None,
        display_name=text_of(_first(fields, "phonebook", "sipdisplayname")),
    )
    return (told,)


class _Contact(msgspec.Struct, omit_defaults=True, gc=False):
    """A contact as our template reads it; what is not known is left out."""

    id: str
    first_name: str
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone_business: str = ""
    phone_mobile: str = ""
    phone_home: str = ""
    phone_other: str = ""
    url: str = ""
    photo_url: str = ""


_encode = msgspec.json.Encoder().encode
_PHONES: Final[Mapping[str, str]] = {
    "work": "phone_business",
    "mobile": "phone_mobile",
    "home": "phone_home",
}


def answer(told: Told) -> Answered:
    """Give the contacts that the question was for; of anything else only the receipt is confirmed."""
    if told.event.happening is not Happening.RINGING or told.event.provider_id is not None:
        return _NOTED
    found = told.lookup.answer
    if found is None:
        return _NOBODY
    caller = told.lookup.caller
    number = caller.number.text if isinstance(caller, Dialled) and isinstance(caller.number, E164) else ""
    contacts = [_contact(person, number) for person in people_of(found)]
    return Answered(_encode({"contacts": contacts}))


def _contact(person: PersonSummary, number: str) -> _Contact:
    """
    Make a contact of a person; a match that is not proven ends in a question mark.

    The number is the caller's where it is proven to be this person's, else as it is stored: 3CX keeps it.
    """
    first, _, rest = _plain(person.name).partition(" ")
    proven = person.match.rule == Rule.E164
    label = (person.match.label or "").casefold()
    contact = _Contact(
        id=str(person.id),
        first_name=first if rest or proven else f"{first}?",
        last_name=rest if not rest or proven else f"{rest}?",
        company=_plain(person.organization.name) if person.organization else "",
        email=_plain(person.primary_email),
        url=web_address(person.url),
        photo_url=web_address(person.picture_uri),
    )
    phone = number if proven else _plain(person.match.telephone)
    return msgspec.structs.replace(contact, **{_PHONES.get(label, "phone_other"): phone})


def _plain(text: str | None) -> str:
    """Leave out what 3CX takes for a variable: a name could be one that holds the key."""
    return one_line(text, without="[]")


THREECX: Final = Dialect("3cx", read, answer, nothing=_NOBODY, waits=True)
