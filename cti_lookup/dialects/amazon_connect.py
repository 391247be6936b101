"""
Amazon Connect: a flow asks through a Lambda function who is calling, EventBridge tells how it goes on.

Facts: Amazon Connect administrator guide, "Invoke AWS Lambda functions" and "Contact events". The function is
given `Details.ContactData`, where `CustomerEndpoint` is the external party in either direction, and must
return a flat map of texts, which the flow reads as `$.External.…`. Contact events hold no number; they come
in any order and more than once, and some versions begin names with capitals (`EventType`). A transfer is a
new contact whose `PreviousContactId` is the first one's. Agents and queues are named by ARN. Nothing is
signed: function or API destination shows a key.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from cti_lookup.answers import Lookup, Outcome, PersonSummary, people_of
from cti_lookup.dialects.bodies import at, object_of, text_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.lines import one_line, web_address
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.errors import Unreadable
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import read_caller

_OUTBOUND: Final = frozenset({"OUTBOUND", "EXTERNAL_OUTBOUND", "CALLBACK", "API"})
_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "CONNECTED_TO_AGENT": Happening.ANSWERED,
    "DISCONNECTED": Happening.ENDED,
    "COMPLETED": Happening.ENDED,
}


class _Flat(msgspec.Struct, gc=False):
    """What a contact flow is given: texts, all of them always there, '' for what is not known."""

    outcome: str
    name: str = ""
    organization: str = ""
    vip: str = "false"
    person_id: str = ""
    url: str = ""
    match: str = ""
    people: str = "0"


_encode = msgspec.json.Encoder().encode
_NOTHING: Final = Answered(_encode(_Flat(Outcome.INVALID)))


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read a flow's question or a contact event; () for what is no call, or tells nothing new of one."""
    try:
        message = object_of(request.body)
    except Unreadable:
        return ()
    contact = at(message, "Details", "ContactData")
    if isinstance(contact, dict):
        return _asked(contact, facts)
    detail = at(message, "detail")
    return _told(message, detail, facts) if isinstance(detail, dict) else ()


def _asked(contact: dict[str, Any], facts: Facts) -> tuple[CallEvent, ...]:
    """Read the contact that a flow asks about: a call, which rings."""
    if not _is_voice(at(contact, "Channel")):
        return ()
    method = text_of(at(contact, "InitiationMethod"))
    asked = CallEvent(
        source=facts.source,
        provider_id=text_of(at(contact, "ContactId")),
        happening=Happening.RINGING,
        direction=Direction.OUTBOUND if method in _OUTBOUND else Direction.INBOUND,
        caller=read_caller(at(contact, "CustomerEndpoint", "Address"), facts.region),
        callee=own_number(at(contact, "SystemEndpoint", "Address"), facts.region),
        queue=text_of(at(contact, "Queue", "Name")),
        continues=_before(contact),
    )
    return (asked,)


def _is_voice(channel: object) -> bool:
    return (text_of(channel) or "VOICE").upper() == "VOICE"


def _before(contact: dict[str, Any]) -> str | None:
    """Name the contact that this one goes on from; the first one names itself."""
    own, before = text_of(at(contact, "ContactId")), text_of(at(contact, "PreviousContactId"))
    return before if before != own else None


def _told(message: dict[str, Any], detail: dict[str, Any], facts: Facts) -> tuple[CallEvent, ...]:
    """Read a contact event; only those that say that somebody answered, or that it is over, tell anything."""
    detail = {name[:1].upper() + name[1:]: value for name, value in detail.items()}
    happening = _HAPPENINGS.get((text_of(detail.get("EventType")) or "").upper())
    contact_id = text_of(detail.get("ContactId"))
    if happening is None or contact_id is None or not _is_voice(detail.get("Channel")):
        return ()
    agent = _last_of_arn(_either(detail.get("AgentInfo"), "agentArn"))
    answered = _either(detail.get("AgentInfo"), "connectedToAgentTimestamp") is not None
    told = CallEvent(
        source=facts.source,
        provider_id=contact_id,
        happening=happening,
        direction=Direction.OUTBOUND
        if text_of(detail.get("InitiationMethod")) in _OUTBOUND
        else Direction.INBOUND,
        caller=None,
        agents=(agent,) if agent else (),
        answered_by=agent if happening is Happening.ANSWERED else None,
        result=Result.ANSWERED if answered and happening is Happening.ENDED else None,
        continues=_before(detail),
        key=text_of(at(message, "id")),
        occurred_at=rfc3339_seconds(at(message, "time")),
    )
    return (told,)


def _either(value: object, name: str) -> object:
    """Give a field whose name may begin with a capital."""
    found = at(value, name)
    return at(value, name[:1].upper() + name[1:]) if found is None else found


def _last_of_arn(arn: object) -> str | None:
    return text_of((text_of(arn) or "").rpartition("/")[2])


def answer(told: Told) -> Answered:
    """Give what a contact flow may say or route by."""
    return Answered(_encode(_flat(told.lookup)))


def _flat(lookup: Lookup) -> _Flat:
    """Tell one person, or what several have in common."""
    people = people_of(lookup.answer) if lookup.answer else []
    if not people:
        return _Flat(lookup.outcome)
    organizations = {_organization(person) for person in people}
    flat = _Flat(
        lookup.outcome,
        organization=organizations.pop() if len(organizations) == 1 else "",
        match=people[0].match.rule,
        people=str(len(people)),
    )
    if len(people) > 1:
        return flat
    person = people[0]
    return msgspec.structs.replace(
        flat,
        name=_plain(person.name),
        vip="true" if person.vip else "false",
        person_id=str(person.id),
        url=web_address(person.url),
    )


def _organization(person: PersonSummary) -> str:
    return _plain(person.organization.name) if person.organization else ""


def _plain(text: str) -> str:
    """Leave out what begins a tag: flows may have texts spoken as SSML."""
    return one_line(text, without="<>")


AMAZON_CONNECT: Final = Dialect("amazon-connect", read, answer, nothing=_NOTHING, waits=True)
