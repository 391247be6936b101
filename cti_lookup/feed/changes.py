"""
What changes a call of the log.

Each change is applied to the call as it stands, and again if another replica was faster; so none takes back what another has done.
A change that changes nothing gives None.
"""

from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from cti_lookup.answers import Lookup, Outcome, encode_call_alone, encode_lookup
from cti_lookup.calls import Call, State, later
from cti_lookup.calls.whole import names_somebody
from cti_lookup.events import Result
from cti_lookup.feed.audience import audience, everybody
from cti_lookup.feed.entry import Entry, shown_in
from cti_lookup.questions import Question
from cti_lookup.telephone import Caller, Dialled
from cti_lookup.times import rfc3339

OLDEST_NEWS: Final = 120.0
"""Seconds after which what a phone system tells is no reason to pop up."""

_UNSETTLED: Final = frozenset({Outcome.PENDING, Outcome.UNAVAILABLE})


class Change(Protocol):
    """One change."""

    def apply(self, entry: Entry | None) -> Entry | None:
        """Give the call as it is then; None if that is no change. `entry` is None where the call is not known."""
        ...


class News(msgspec.Struct, frozen=True, gc=False):
    """A call is so since `at`, which `is_old` if nobody was told for long; `lookup` is who calls, as far as that is known at once."""

    call: Call
    lookup: Lookup
    at: float
    is_old: bool = False

    def apply(self, entry: Entry | None) -> Entry | None:
        """Take the call's state, if it is the newest; what is known of the caller stays."""
        if entry is None:
            return _begun(self)
        if entry.gone or entry.noted_at > self.at:
            return None
        call = self.call
        to = audience(call, entry.to)
        after = replace(
            entry,
            state=call.state,
            result=call.result,
            call=_nameless(encode_call_alone(call)) if entry.nameless else encode_call_alone(call),
            to=to,
            was=tuple(dict.fromkeys((*entry.was, *to, *everybody(call)))),
            pops=not entry.late and not _is_phantom(call),
        )
        if entry.raw != call.caller.raw or (
            entry.outcome in _UNSETTLED and self.lookup.outcome is not Outcome.PENDING
        ):
            after = replace(after, raw=call.caller.raw, number=number_of(call.caller), **_told(self.lookup))
        return None if after == entry else replace(after, noted_at=self.at, changed_at=self.at)


class Found(msgspec.Struct, frozen=True, gc=False):
    """Who calls is known now, or that the directory cannot be asked."""

    raw: str
    lookup: Lookup
    at: float

    def apply(self, entry: Entry | None) -> Entry | None:
        """Add it to the call, if it is still the same caller of whom nothing is known."""
        if entry is None or entry.gone or entry.raw != self.raw or entry.outcome not in _UNSETTLED:
            return None
        if entry.outcome is self.lookup.outcome:
            return None
        return replace(entry, changed_at=self.at, **_told(self.lookup))


class Seen(msgspec.Struct, frozen=True, gc=False):
    """Somebody has seen the call in the log."""

    at: float

    def apply(self, entry: Entry | None) -> Entry | None:
        """Mark it."""
        if entry is None or entry.gone or entry.seen:
            return None
        return replace(entry, seen=True, changed_at=self.at)


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """An agent has said who it was; 0 is none of those who were shown."""

    person: int
    at: float

    def apply(self, entry: Entry | None) -> Entry | None:
        """Note it, unless they were erased in the meantime."""
        if entry is None or entry.gone or entry.chosen == self.person:
            return None
        if self.person and self.person not in shown_in(entry):
            return None
        return replace(entry, chosen=self.person, changed_at=self.at)


class Stripped(msgspec.Struct, frozen=True, gc=False):
    """A person was erased: no call names them."""

    person: int
    at: float

    def apply(self, entry: Entry | None) -> Entry | None:
        """Take them out of the lookup, and what the telephone network called the caller too."""
        if entry is None or entry.gone or (self.person not in entry.people and entry.chosen != self.person):
            return None
        lookup, people = _without(entry.lookup, self.person)
        return replace(
            entry,
            call=_nameless(entry.call) if self.person in entry.people else entry.call,
            nameless=entry.nameless or self.person in entry.people,
            lookup=lookup,
            outcome=Outcome.MATCHED if people or entry.outcome is not Outcome.MATCHED else Outcome.NOBODY,
            people=tuple(one for one in entry.people if one != self.person),
            chosen=None if entry.chosen == self.person else entry.chosen,
            changed_at=self.at,
        )


class Gone(msgspec.Struct, frozen=True, gc=False):
    """A call is taken off the log and all screens; `why` is the word that screens are told."""

    why: str
    at: float

    def apply(self, entry: Entry | None) -> Entry | None:
        """Leave nothing of it but whom it concerned, who have to be told."""
        if entry is None or entry.gone:
            return None
        return replace(gone(entry, self.why), changed_at=self.at)


class Untold(msgspec.Struct, frozen=True, gc=False):
    """A call that nobody may have been told of yet is taken off; `news` is what would have been told."""

    news: News
    gone: Gone

    def apply(self, entry: Entry | None) -> Entry | None:
        """Leave what says that it was taken off, so that whoever tells of it later does not bring it back."""
        return self.gone.apply(_begun(self.news) if entry is None else entry)


class Over(msgspec.Struct, frozen=True, gc=False):
    """Nobody heard of a call for so long that it must have ended, and nobody is left who would close it."""

    noted_at: float
    at: float

    def apply(self, entry: Entry | None) -> Entry | None:
        """Let it end, if nothing was heard of it since that moment."""
        if entry is None or not entry.is_live or entry.noted_at > self.noted_at:
            return None
        result = Result.MISSED if entry.state is State.RINGING else Result.ANSWERED
        told = {"state": State.ENDED, "result": result, "ended_at": rfc3339(self.at)}
        return replace(
            entry,
            state=State.ENDED,
            result=result,
            call=msgspec.json.encode(msgspec.json.decode(entry.call) | told),
            noted_at=later(entry.noted_at, self.at),
            changed_at=self.at,
        )


class Known(msgspec.Struct, frozen=True, gc=False):
    """What a replica knows of a call, told again because Redis has lost it; others may have told what they know."""

    own: Entry

    def apply(self, entry: Entry | None) -> Entry | None:
        """Give the newest state, whoever knows it, and all else that either knows; but nobody whom either had to forget."""
        if entry is None:
            return self.own
        if entry.gone:
            return None
        if self.own.gone:
            return self.own
        older, newer = sorted((entry, self.own), key=lambda one: (one.noted_at, one.revision))
        both = replace(
            newer,
            was=tuple(dict.fromkeys((*older.was, *newer.was))),
            seen=older.seen or newer.seen,
            chosen=older.chosen if newer.chosen is None else newer.chosen,
            revision=entry.revision,
        )
        if newer.outcome in _UNSETTLED and older.raw == newer.raw and older.outcome not in _UNSETTLED:
            both = replace(both, lookup=older.lookup, outcome=older.outcome, people=older.people)
        if older.nameless or newer.nameless:
            both = _without_erased(both, older, newer)
        return None if both == replace(entry, changed_at=both.changed_at) else both


def is_behind(entry: Entry, known: Entry) -> bool:
    """Tell whether something of a call is known that is not in an entry that others told: its end, or who is not to be named."""
    if entry.gone or known.gone:
        return not entry.gone
    return known.noted_at > entry.noted_at or _names_more(entry, known)


def _names_more(entry: Entry, stripped: Entry) -> bool:
    """Tell whether somebody is named who was erased from the same call."""
    if not stripped.nameless or entry.raw != stripped.raw:
        return False
    return not entry.nameless or not set(entry.people) <= set(stripped.people)


def _without_erased(both: Entry, *known: Entry) -> Entry:
    """Name nobody whom somebody has erased from the same call, and nobody as the telephone network does."""
    both = replace(both, call=_nameless(both.call), nameless=True)
    for one in known:
        if one.nameless and one.raw == both.raw:
            for person in both.people:
                if person not in one.people:
                    both = Stripped(person, both.changed_at).apply(both) or both
    is_shown = not both.chosen or both.chosen in shown_in(both)
    return both if is_shown else replace(both, chosen=None)


def gone(entry: Entry, why: str) -> Entry:
    """Give what is left of a call that nobody is to see any more."""
    return replace(
        entry,
        call=b"{}",
        raw="",
        lookup=b"{}",
        number=None,
        people=(),
        to=(),
        pops=False,
        chosen=None,
        gone=why,
    )


def number_of(caller: Caller) -> str | None:
    """Give one text per telephone number; it is personal data."""
    return Question(caller.number).text if isinstance(caller, Dialled) else None


def _begun(news: News) -> Entry:
    call = news.call
    to = audience(call, ())
    late = call.state is State.ENDED or news.is_old or _is_old(call)
    return Entry(
        id=call.id,
        source=call.source,
        started_at=call.started_at,
        state=call.state,
        result=call.result,
        noted_at=news.at,
        changed_at=news.at,
        call=encode_call_alone(call),
        raw=call.caller.raw,
        number=number_of(call.caller),
        to=to,
        was=tuple(dict.fromkeys((*to, *everybody(call)))),
        late=late,
        pops=not late and not _is_phantom(call),
        **_told(news.lookup),
    )


def _is_old(call: Call) -> bool:
    """Tell whether the sender told of the call long after it began."""
    return call.occurred_at is not None and call.started_at - call.occurred_at > OLDEST_NEWS


def _is_phantom(call: Call) -> bool:
    """Tell whether a call is only known by something that a call of which nothing was heard did: a digit, a hang-up."""
    return not names_somebody(call.caller) and not call.agents and not call.queue and not call.callee


def _told(lookup: Lookup) -> dict[str, Any]:
    people = lookup.answer.ids if lookup.answer is not None else ()
    return {"lookup": encode_lookup(lookup), "outcome": lookup.outcome, "people": people}


def _without(lookup: bytes, person: int) -> tuple[bytes, bool]:
    """Take a person out of a lookup, as one of its people and as a manager; tell whether anybody is left."""
    told = msgspec.json.decode(lookup)
    told["people"] = [one for one in told["people"] if one["id"] != person]
    for one in told["people"]:
        if one["manager"] is not None and one["manager"]["id"] == person:
            one["manager"] = None
    if told["outcome"] == Outcome.MATCHED and not told["people"]:
        told["outcome"] = Outcome.NOBODY
    return msgspec.json.encode(told), bool(told["people"])


def _nameless(call: bytes) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(call) | {"display_name": None})
