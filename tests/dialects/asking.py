"""What tests of dialects that answer with a person share: who was found, and what answers are made of."""

from cti_lookup.answers import Lookup, Outcome, Tier, decided
from cti_lookup.calls import advance
from cti_lookup.dialects.dialect import Request, Told
from cti_lookup.events import CallEvent
from cti_lookup.matching import Decision, Match, Rule
from cti_lookup.people import Contact, Named, Person
from cti_lookup.telephone import E164, Caller, Dialled

ADA = Person(
    42,
    "Ada King Lovelace",
    vip=True,
    organization=Named(7, "Analytical"),
    primary_email="ada@people.example",
    picture_uri="https://pictures.example/42.png",
)
CALLER = Dialled("+442079460958", E164("+442079460958"))
RECORD = "https://desk.example/people/{id}"


def matched(person: Person, rule: Rule = Rule.E164, label: str = "work") -> Match:
    """Give a person as one who has the number, stored with blanks in it."""
    return Match(person, rule, Contact(label, "+44 20 7946 0958"))


def found(*matches: Match, caller: Caller = CALLER) -> Lookup:
    """Give the lookup that found these people."""
    answer = decided(Decision(matches, truncated=False, dropped=0), RECORD, 0.0)
    return Lookup(answer.outcome, caller, answer, Tier.DIRECTORY)


def not_found(outcome: Outcome = Outcome.UNAVAILABLE) -> Lookup:
    """Give a lookup without the directory's word."""
    return Lookup(outcome, CALLER)


def told(event: CallEvent, lookup: Lookup) -> Told:
    """Give what an answer to the first event of a call is made of."""
    return Told(Request({}, "", b""), event, advance(None, event, 0.0), lookup, b"{}", b"{}")
