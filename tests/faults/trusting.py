"""A reading without strict matching: the twin of the real one."""

from cti_lookup.matching import Decision, Match, Rule
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion
from cti_lookup.reading import Reading


class Trusting(Reading):
    """Shows whomever the directory returns."""

    def decide(self, question: AnyQuestion, people: tuple[Person, ...]) -> Decision:  # noqa: ARG002
        """Take them all at the directory's word."""
        return Decision(tuple(Match(one, Rule.E164, None) for one in people), truncated=False, dropped=0)
