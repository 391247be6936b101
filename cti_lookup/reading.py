"""How the directory's people become an answer to a question."""

from dataclasses import dataclass, replace
from typing import Final

from cti_lookup.answers import Answer, decided
from cti_lookup.matching import MOST_PEOPLE, Decision, Rule, decide, identified
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, IdentityKey, IdentityQuestion, concerns

_RULES: Final = {IdentityKey.SUPPORT: Rule.SUPPORT_ID, IdentityKey.EMPLOYEE: Rule.EMPLOYEE_ID}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read with: the directory's default region, and a record's address with `{id}` in it."""

    region: str | None = None
    record_url: str | None = None

    def answer(
        self, question: AnyQuestion, people: tuple[Person, ...], asked_at: float
    ) -> tuple[Answer, Decision]:
        """Decide whom of the people the question means, and encode them."""
        decision = self.decide(question, people)
        return decided(decision, self.record_url, asked_at), decision

    def decide(self, question: AnyQuestion, people: tuple[Person, ...]) -> Decision:
        """Decide whom of the people the question means."""
        if isinstance(question, IdentityQuestion):
            decision = identified(people, _RULES[question.key], question.value)
        else:
            decision = decide(people, question.number, extension=question.extension, region=self.region)
        if len(decision.matches) == len(people) >= MOST_PEOPLE:  # the directory tells no more than ten
            return replace(decision, truncated=True)
        if people and not decision.matches:
            return replace(decision, foreign=not any(concerns(question, person) for person in people))
        return decision
