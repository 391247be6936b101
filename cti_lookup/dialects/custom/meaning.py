"""What a message means: call events, by a description of where everything stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.dialects.custom.fields import Find
from cti_lookup.dialects.custom.moments import moment
from cti_lookup.dialects.custom.reading import Reader
from cti_lookup.dialects.custom.transforms import as_text
from cti_lookup.dialects.custom.values import Message, Value
from cti_lookup.dialects.custom.words import What, Worded, is_true
from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.dialects.numbers import e164_without_sign, own_number, read_signless
from cti_lookup.dialects.twilio_forms import attestation_of
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, Withheld, read_caller
from cti_lookup.telephone.caller import LONGEST_RAW

MOST_PARTS: Final = 100
"""Calls that one message may tell of."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time or a counter, and how it is written."""

    value: Value
    unit: str

    def of(self, message: Message) -> float | None:
        """Give it in seconds since the epoch, or as it counts; None for none."""
        found = self.value.of(message)
        return moment(found.strip() if isinstance(found, str) else found, self.unit)


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    Where everything stands; None for what a sender does not tell.

    `values` are those that are named after fields of a call event, by the names that a description gives them. The external
    party is `remote`, or with `from` and `to` whichever the direction says.
    """

    read: Reader
    event: Worded[What]
    direction: Worded[Direction]
    result: Worded[Result | None]
    attestation: Worded[Attestation | None]
    values: Mapping[str, Value]
    time: Moment | None = None
    order: Moment | None = None
    each: Find | None = None
    signless: bool = False

    def messages(self, request: Request) -> Iterator[Message]:
        """Read a request, and give each part that tells of a call. Raises `Unreadable`."""
        whole = self.read(request)
        parts = [whole] if self.each is None else self.each(whole)
        listed = parts if isinstance(parts, list) else [parts]
        for part in listed[:MOST_PARTS]:
            if part is not None:
                yield Message(part, whole, request)

    def events(self, request: Request, facts: Facts) -> tuple[CallEvent, ...]:
        """Give the events that a request tells of; () for none. Raises `Unreadable`."""
        found = [self.event_of(message, facts) for message in self.messages(request)]
        events = [event for event in found if event is not None]
        if len(events) > 1:  # what names the message names none of its events
            events = [
                replace(event, key=event.key and f"{event.key}\n{at}") for at, event in enumerate(events)
            ]
        return tuple(events)

    def event_of(self, message: Message, facts: Facts) -> CallEvent | None:
        """Give the event that a part tells of; None for none."""
        what, direction = self.event.of(message), self.direction.of(message)
        if what.happening is None:
            return None
        agents = self._texts(message, "agent")
        answered_by = self._text(message, "answered_by")
        if what.happening is Happening.ANSWERED and answered_by is None and len(agents) == 1:
            answered_by = agents[0]
        ended = what.happening in (Happening.ENDED, Happening.VOICEMAIL)
        return CallEvent(
            source=facts.source,
            provider_id=self._text(message, "call"),
            happening=what.happening,
            direction=direction,
            caller=self._caller(message, direction, facts.region),
            callee=self._callee(message, direction, facts.region),
            agents=agents,
            answered_by=answered_by,
            queue=self._text(message, "queue"),
            display_name=self._text(message, "name"),
            result=(self.result.of(message) or what.result) if ended else None,
            leg=self._text(message, "leg"),
            continues=self._text(message, "continues"),
            key=self._text(message, "dedupe", "\n"),
            order=self.order.of(message) if self.order else None,
            occurred_at=self.time.of(message) if self.time else None,
            attestation=self._attestation(message),
        )

    def party(self, message: Message, direction: Direction, *, ours: bool) -> Any:
        """Give one party as it was sent; None if it was not."""
        outbound = direction is Direction.OUTBOUND
        split = "to" if outbound is not ours else "from"
        value = self.values.get("own" if ours else "remote") or self.values.get(split)
        found = value.of(message) if value else None
        if isinstance(found, list):
            found = next((one for one in found if as_text(one) is not None), None)
        return found

    def _caller(self, message: Message, direction: Direction, region: str | None) -> Caller | None:
        theirs = self.party(message, direction, ours=False)
        hidden = self.values.get("withheld")
        if hidden is not None and is_true(hidden.of(message)):
            return Withheld((as_text(theirs) or "")[:LONGEST_RAW])
        if theirs is None:
            return None
        if self.signless and isinstance(theirs, str | int) and not isinstance(theirs, bool):
            text = str(theirs) if isinstance(theirs, str) else as_text(theirs)
            return read_signless(text or "", region) if len(text or "") <= LONGEST_RAW else None
        return read_caller(theirs, region)

    def _callee(self, message: Message, direction: Direction, region: str | None) -> str | None:
        ours = self.party(message, direction, ours=True)
        text = as_text(ours)
        return own_number(e164_without_sign(text) if self.signless and text else ours, region)

    def _attestation(self, message: Message) -> Attestation | None:
        found = self.attestation.of(message)
        if found is not None or self.attestation.value is None:
            return found
        return next(
            (said for text in self.attestation.value.texts(message) if (said := attestation_of(text))), None
        )

    def _text(self, message: Message, name: str, between: str = " ") -> str | None:
        value = self.values.get(name)
        return value.text(message, between) if value else None

    def _texts(self, message: Message, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        return value.texts(message) if value else ()
