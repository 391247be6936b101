"""
Ask widely, decide strictly: whom of the people the directory returned the caller's number denotes.

The directory matches by digits and returns look-alikes. Here each person's own numbers are read, and a person
none of whose numbers denotes the caller is dropped.

Facts:
- Two numbers with different countries are different numbers, however many digits they share.
- A fax is no match. A disabled person is never first, so never alone.
- A text without a country is believed only while no text with one says whose number it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cti_lookup.people import Contact, Person
from cti_lookup.telephone import plan
from cti_lookup.telephone.plan import E164, LocalNumber, Number
from cti_lookup.telephone.written import Reading, Strength, read_written

MOST_PEOPLE: Final = 10
"""People in one answer; also the directory's own documented limit."""

SHORTEST_TAIL: Final = 6
"""Digits that a stored number and every caller it denotes have in common at their end."""


class Rule(StrEnum):
    """Why a person is listed, strongest first."""

    E164 = "e164"
    NATIONAL = "national"
    SUFFIX = "suffix"
    SUPPORT_ID = "supportID"
    EMPLOYEE_ID = "employeeID"


@dataclass(frozen=True, slots=True)
class Match:
    """
    A person, the rule that listed them, and the stored number that met it; `guessed` if its sign is imagined.

    `contact` is None where it was not a number that told who they are.
    """

    person: Person
    rule: Rule
    contact: Contact | None
    names_extension: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """
    The people to show, best first; `truncated` if more own the number; `dropped` counts the look-alikes.

    `foreign` if people were returned of whom nobody even looks alike: such an answer is none to the question asked.
    """

    matches: tuple[Match, ...]
    truncated: bool
    dropped: int
    foreign: bool = False


_STRENGTH: Final = {rule: position for position, rule in enumerate(Rule)}


def decide(
    candidates: Iterable[Person], number: Number, *, extension: str | None = None, region: str | None = None
) -> Decision:
    """Keep the people whom `number` denotes; `region` is the directory's default region."""
    people = {person.id: person for person in candidates}.values()
    found = [match for person in people if (match := _best(person, number, extension, region))]
    kept = sorted(_believed(found), key=_precedence)
    if all(match.person.disabled for match in kept):
        kept = []
    return Decision(tuple(kept[:MOST_PEOPLE]), len(kept) > MOST_PEOPLE, len(people) - len(kept))


def identified(candidates: Iterable[Person], rule: Rule, value: str) -> Decision:
    """
    Keep the people who have an id; which of their ids it is, `rule` says.

    Facts: the directory's filter on `supportID` is not case sensitive, that on `employeeID` is (developer guide, People,
    Filtering). Whom it finds under the one has it, however the letters are written; they would be "nobody" otherwise.
    """
    people = {person.id: person for person in candidates}.values()
    kept = [Match(person, rule, None) for person in people if _has_id(person, rule, value)]
    kept.sort(key=_precedence)
    if all(match.person.disabled for match in kept):
        kept = []
    return Decision(tuple(kept[:MOST_PEOPLE]), len(kept) > MOST_PEOPLE, len(people) - len(kept))


def _has_id(person: Person, rule: Rule, value: str) -> bool:
    if rule is Rule.EMPLOYEE_ID:
        return person.employee_id == value
    return person.support_id is not None and person.support_id.casefold() == value.casefold()


def _believed(found: list[Match]) -> list[Match]:
    """Leave out tails where somebody's whole number is known."""
    strong = [match for match in found if match.rule is not Rule.SUFFIX]
    return strong or found


def _precedence(match: Match) -> tuple[bool, int, bool, bool, int]:
    return (
        match.person.disabled,
        _STRENGTH[match.rule],
        match.guessed,
        not match.names_extension,
        match.person.id,
    )


def _best(person: Person, number: Number, extension: str | None, region: str | None) -> Match | None:
    matches = _matches(person, number, extension, region)
    return min(matches, key=lambda match: (_STRENGTH[match.rule], not match.names_extension), default=None)


def _matches(person: Person, number: Number, extension: str | None, region: str | None) -> Iterator[Match]:
    for contact in person.contacts or ():
        for reading, rule in weighed(contact, number, region):
            if rule:
                names_extension = extension is not None and reading.extension == extension
                yield Match(person, rule, contact, names_extension, _is_guess(reading, number))


def weighed(contact: Contact, number: Number, region: str | None) -> Iterator[tuple[Reading, Rule | None]]:
    """Read a stored text in each way it can be read, and say by which rule it denotes the caller, if it does."""
    if contact.label.casefold() == "fax":
        return
    for reading in read_written(contact.telephone, region):
        yield reading, _rule(reading, number)


def _is_guess(reading: Reading, number: Number) -> bool:
    """Tell whether a sign has to be imagined for the reading to be the caller's."""
    return (
        reading.strength is Strength.NATIONAL
        and isinstance(number, E164)
        and _lost_its_sign(reading.digits, number)
    )


def _rule(reading: Reading, number: Number) -> Rule | None:
    """Say by which rule a stored reading denotes the caller, if it does."""
    match reading.strength, number:
        case Strength.CERTAIN, E164():
            return Rule.E164 if reading.digits == number.digits else None
        case ((Strength.NATIONAL | Strength.UNSURE), E164()):
            return _national_rule(reading.digits, number)
        case Strength.LOCAL, _:
            return Rule.SUFFIX if plan.is_nanp(number) and number.digits.endswith(reading.digits) else None
        case Strength.CERTAIN, LocalNumber():
            at_home = len(reading.digits) == _NANP_DIGITS and reading.digits.startswith(
                str(number.country_code)
            )
            return Rule.SUFFIX if at_home and reading.digits.endswith(number.digits) else None
    return None


def _national_rule(digits: str, number: E164) -> Rule | None:
    """Weigh a text of unknown country: it is the caller's if it reads so at the caller's home."""
    if digits[-SHORTEST_TAIL:] != number.digits[-SHORTEST_TAIL:]:
        return None
    home = plan.region_of(number)
    if home and plan.dialled_at_home(digits, home) == number:
        return Rule.NATIONAL
    return Rule.NATIONAL if _lost_its_sign(digits, number) else None


def _lost_its_sign(digits: str, number: E164) -> bool:
    """Tell whether there is a zero, or nothing, where the plus should be."""
    return digits.lstrip("0") == number.digits


_NANP_DIGITS: Final = 11
