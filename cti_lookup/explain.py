"""
Why is this person listed, and that one not? Each step of a lookup told, and nothing changed by telling.

The tiers are looked at without a trace. Where no tier has a fresh answer the directory is asked, with what of the quota
phones that ring can spare; its answer is told and remembered nowhere.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from cti_lookup.answers import Answer, Tier, people_of
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.errors import Unavailable
from cti_lookup.matching import Decision, weighed
from cti_lookup.people import Contact, Person
from cti_lookup.ports import Directory, SharedTier
from cti_lookup.questions import Purpose, QueryForm, Question, query_text
from cti_lookup.reading import Reading
from cti_lookup.telephone import Caller, Dialled, Internal, Invalid, Number, Withheld


class TierStep(msgspec.Struct, frozen=True):
    """What a tier knows: `state` is `fresh`, `old`, `unknown`, `asked`, `not_asked`, or why it could not be asked."""

    tier: str
    state: str
    seconds: float
    outcome: str | None = None
    age_seconds: float | None = None
    fresh_for_seconds: float | None = None


class MatchStep(msgspec.Struct, frozen=True):
    """Somebody who is listed, best first, and why: by which rule, and which stored number met it."""

    id: int
    name: str
    rule: str
    label: str | None
    telephone: str | None


class ReadingStep(msgspec.Struct, frozen=True):
    """One way to read a stored text, and the rule by which that is the caller's number, if it is."""

    digits: str
    strength: str
    extension: str | None
    rule: str | None


class ContactStep(msgspec.Struct, frozen=True):
    """A stored number and its readings; none for a fax, or for a text that holds no number."""

    label: str
    telephone: str
    readings: tuple[ReadingStep, ...]


class CandidateStep(msgspec.Struct, frozen=True):
    """Somebody the directory returned: listed at a `position` from 1 by a `rule`, or not."""

    id: int
    name: str
    disabled: bool
    position: int | None
    rule: str | None
    contacts: tuple[ContactStep, ...]


class Explanation(msgspec.Struct, frozen=True):
    """
    A lookup step by step; `forms` is what could be sent to the directory, `sent` which of them is.

    `matches` are those who are listed by the last tier that knows; `candidates` whom the directory returned, if asked.
    """

    read_as: str
    reason: str | None = None
    forms: dict[str, str] = {}
    sent: str | None = None
    read_seconds: float = 0.0
    tiers: tuple[TierStep, ...] = ()
    matches: tuple[MatchStep, ...] | None = None
    truncated: bool = False
    candidates: tuple[CandidateStep, ...] | None = None


class Explainer:
    """Explains lookups; `clock` gives steady seconds, `form` is what is sent to the directory."""

    def __init__(  # noqa: PLR0913  # it looks at each part of the path
        self,
        *,
        memory: MemoryTier,
        shared: SharedTier,
        directory: Directory,
        reading: Reading,
        form: QueryForm | int,
        clock: Callable[[], float],
    ) -> None:
        self._memory = memory
        self._shared = shared
        self._directory = directory
        self._reading = reading
        self._form = form
        self._clock = clock

    async def explain(self, caller: Caller, read_seconds: float, *, ask: bool | None) -> Explanation:
        """Explain what a caller's lookup does; `ask` says whether to ask the directory, None only if no tier knows."""
        read_as = _READ_AS[type(caller)]
        if not isinstance(caller, Dialled):
            reason = caller.reason if isinstance(caller, Invalid) else None
            return Explanation(read_as, reason, read_seconds=read_seconds)
        question = Question(caller.number, caller.extension)
        memory, in_memory = self._in_memory(question)
        shared, in_redis = await self._in_redis(question)
        if ask is None:
            ask = FRESH not in (memory.state, shared.state)
        asked, people = await self._asked(question) if ask else (NOT_ASKED, None)
        answer = in_redis if in_memory is None or memory.state != FRESH else in_memory
        decision = None
        if people is not None:
            answer, decision = self._reading.answer(question, people, self._clock())
            if decision.foreign:
                asked, answer = replace(asked, state="foreign"), None
        return Explanation(
            read_as,
            forms=_forms(caller.number),
            sent=query_text(caller.number, self._form),
            read_seconds=read_seconds,
            tiers=(memory, shared, asked),
            matches=None if answer is None else _matches(answer),
            truncated=answer is not None and answer.truncated,
            candidates=None if people is None or decision is None else self._told(question, people, decision),
        )

    def _in_memory(self, question: Question) -> tuple[TierStep, Answer | None]:
        began = self._clock()
        held = self._memory.peek(question)
        if held is None:
            return TierStep(Tier.MEMORY, "unknown", self._clock() - began), None
        return self._step(Tier.MEMORY, held.answer, began, held.fresh_until - began), held.answer

    async def _in_redis(self, question: Question) -> tuple[TierStep, Answer | None]:
        began = self._clock()
        answer = await self._shared.get(question)
        if answer is None or self._memory.knows_better(question, answer):
            return TierStep(Tier.REDIS, "unknown", self._clock() - began), None
        return self._step(Tier.REDIS, answer, began, self._memory.fresh_for(answer)), answer

    def _step(self, tier: Tier, answer: Answer, began: float, fresh_for: float) -> TierStep:
        return TierStep(
            tier,
            FRESH if fresh_for > 0 else "old",
            self._clock() - began,
            answer.outcome,
            max(0.0, began - answer.asked_at),
            fresh_for if fresh_for > 0 else None,
        )

    async def _asked(self, question: Question) -> tuple[TierStep, tuple[Person, ...] | None]:
        began = self._clock()
        try:
            people = await self._directory.people_with(question, Purpose.BACKGROUND)
        except Unavailable as unavailable:
            return TierStep(Tier.DIRECTORY, unavailable.reason, self._clock() - began), None
        people = self._memory.unerased(people)
        return TierStep(Tier.DIRECTORY, "asked", self._clock() - began), people

    def _told(
        self, question: Question, people: tuple[Person, ...], decision: Decision
    ) -> tuple[CandidateStep, ...]:
        places = {match.person.id: place for place, match in enumerate(decision.matches, 1)}
        rules = {match.person.id: match.rule.value for match in decision.matches}
        return tuple(
            CandidateStep(
                person.id,
                person.name,
                person.disabled,
                places.get(person.id),
                rules.get(person.id),
                tuple(self._contact(contact, question.number) for contact in person.contacts or ()),
            )
            for person in people
        )

    def _contact(self, contact: Contact, number: Number) -> ContactStep:
        readings = tuple(
            ReadingStep(
                reading.digits,
                reading.strength.name.casefold(),
                reading.extension,
                rule.value if rule else None,
            )
            for reading, rule in weighed(contact, number, self._reading.region)
        )
        return ContactStep(contact.label, contact.telephone, readings)


def _matches(answer: Answer) -> tuple[MatchStep, ...]:
    return tuple(
        MatchStep(one.id, one.name, one.match.rule, one.match.label, one.match.telephone)
        for one in people_of(answer)
    )


def _forms(number: Number) -> dict[str, str]:
    return {form.value: query_text(number, form) for form in QueryForm}


_READ_AS: Final = {
    Dialled: "number",
    Internal: "extension",
    Invalid: "invalid",
    Withheld: "withheld",
}
FRESH: Final = "fresh"
NOT_ASKED: Final = TierStep(Tier.DIRECTORY, "not_asked", 0.0)
