"""
Poly's telephone notifications: a desk phone posts XML when a call comes, goes, or changes its state.

Facts: Polycom, "Web Application Developer's Guide", Telephony Notification Events (SIP 3.1, UC Software 5),
and Spectralink's, which are the same. The root is `PolycomIPPhone` or the event itself. `IncomingCallEvent`
and `OutgoingCallEvent` hold numbers and no name for the call; `CallStateChangeEvent` holds a `CallReference`,
which each phone counts for itself, so that a call's id is made of both. Numbers are what the phone shows,
often `user@host`. `TimeStamp` has seconds and the offset of the phone's own zone. Of the receiver
(`OnHookEvent`, `OffHookEvent`), of lines and of users no call is told.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from cti_lookup.dialects.bodies import text_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.phones import name_shown, own_line, plain_name, read_party, user_of
from cti_lookup.dialects.xml import xml_of, xml_text
from cti_lookup.errors import Unreadable
from cti_lookup.events import CallEvent, Direction, Happening

_STATES: Final[Mapping[str, Happening]] = {
    "setup": Happening.RINGING,
    "proceeding": Happening.RINGING,
    "ringback": Happening.RINGING,
    "offering": Happening.RINGING,
    "connected": Happening.ANSWERED,
    "conference": Happening.ANSWERED,
    "hold": Happening.HELD,
    "held": Happening.HELD,
    "confhold": Happening.HELD,
    "confheld": Happening.HELD,
    "disconnected": Happening.ENDED,
    "free": Happening.ENDED,
}
_OUTGOING_STATES: Final = frozenset({"setup", "proceeding", "ringback"})
_ONE_MOMENT: Final = {"IncomingCallEvent": Direction.INBOUND, "OutgoingCallEvent": Direction.OUTBOUND}
_MOST: Final = 16
_NOTHING: Final = Answered(b"", "text/plain", headers={"Cache-Control": "no-store"})


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read the events that a phone posts; () if they tell of no call, or are no XML."""
    try:
        root = xml_of(request.body)
    except Unreadable:
        return ()
    return tuple(event for element in (root, *root[:_MOST]) for event in _events(element, facts))


def _events(element: Element, facts: Facts) -> Iterator[CallEvent]:
    direction = _ONE_MOMENT.get(element.tag)
    if direction is not None:
        yield _event(element, element, facts, direction, Happening.RINGING, reference="")
    elif element.tag == "CallStateChangeEvent":
        yield from _changed(element, facts)


def _changed(element: Element, facts: Facts) -> Iterator[CallEvent]:
    """Read a change of state; of several calls on the line it is that of the reference that it names."""
    calls = list(element.iter("CallInfo"))
    reference = element.get("CallReference", "").strip()
    meant = (one for one in calls if reference and xml_text(one.find("CallReference")) == reference)
    info = next(meant, calls[0] if calls else element)
    state = _word(element.get("CallState", "") or xml_text(info.find("CallState")))
    happening = _STATES.get(state)
    if happening is None:  # a dial tone is no call yet
        return
    kind = xml_text(info.find("CallType")).casefold() or ("out" if state in _OUTGOING_STATES else "in")
    yield _event(
        element,
        info,
        facts,
        Direction.OUTBOUND if kind.startswith("out") else Direction.INBOUND,
        happening,
        reference=reference or xml_text(info.find("CallReference")),
    )


def _word(state: str) -> str:
    """Reduce a state to one word: `CallHold` and `Hold` are one."""
    return plain_name(state).removeprefix("call")


def _event(  # noqa: PLR0913  # what the two kinds of events tell in different places
    element: Element,
    info: Element,
    facts: Facts,
    direction: Direction,
    happening: Happening,
    *,
    reference: str,
) -> CallEvent:
    theirs, ours = ("Called", "Calling") if direction is Direction.OUTBOUND else ("Calling", "Called")
    their_number, our_number = _number(info, theirs), _number(info, ours)
    line = our_number or xml_text(element.find("CallLineInfo/LineDirNum")) or None
    agent = user_of(line)
    return CallEvent(
        source=facts.source,
        provider_id=_call_id(element, reference),
        happening=happening,
        direction=direction,
        caller=None if their_number is None else read_party(their_number, facts.region),
        callee=own_line(line, facts.region),
        agents=(agent,) if agent else (),
        answered_by=agent if happening is Happening.ANSWERED else None,
        display_name=name_shown(xml_text(info.find(f"{theirs}PartyName")), their_number),
        key=_key(element, info, reference),
        order=_told_at(element) if reference else None,
        occurred_at=_told_at(element),
    )


def _number(info: Element, side: str) -> str | None:
    """Give a party's number; None where the phone has no place for one."""
    places = [info.find(f"{side}Party{name}") for name in ("Number", "DirNum")]
    found = [xml_text(place) for place in places if place is not None]
    return next(filter(None, found), found[0] if found else None)


def _phone(element: Element) -> str:
    return xml_text(element.find("MACAddress")) or xml_text(element.find("PhoneIP"))


def _call_id(element: Element, reference: str) -> str | None:
    """Name the call; the phone is part of it, as each counts from the beginning."""
    return text_of("-".join(filter(None, (_phone(element), reference)))) if reference else None


def _told_at(element: Element) -> float | None:
    return rfc3339_seconds(xml_text(element.find("TimeStamp")))


def _key(element: Element, info: Element, reference: str) -> str | None:
    """Give what a repeated event has in common with the first; nothing if it holds no time."""
    time = xml_text(element.find("TimeStamp"))
    state = element.get("CallState", "") or xml_text(info.find("CallState"))
    parties = (_number(info, "Calling") or "", _number(info, "Called") or "")
    return "\n".join((_phone(element), reference, element.tag, state, time, *parties)) if time else None


def answer(_told: Told) -> Answered:
    """Say nothing: phones do not read it."""
    return _NOTHING


POLY: Final = Dialect("poly", read, answer, nothing=_NOTHING)
