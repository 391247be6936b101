"""The question that is asked of the tiers and the directory, and the marks by which it is forgotten."""

from collections.abc import Iterator
from enum import Enum, StrEnum

import msgspec

from cti_lookup.matching import SHORTEST_TAIL
from cti_lookup.people import Person
from cti_lookup.telephone import E164, Number
from cti_lookup.telephone.glyphs import plain
from cti_lookup.telephone.plan import significant_digits
from cti_lookup.telephone.written import read_written


class Question(msgspec.Struct, frozen=True, gc=False):
    """A number, and the extension the call named: it decides who stands first among those who share the number."""

    number: Number
    extension: str | None = None

    @property
    def text(self) -> str:
        """Give one text per question; it is personal data, for hashing only."""
        sign = self.number.text if isinstance(self.number, E164) else f"local {self.number.digits}"
        return f"{sign};ext={self.extension}" if self.extension else sign

    @property
    def mark(self) -> str:
        """Give what this question has in common with every stored number that may denote it."""
        return self.number.digits[-SHORTEST_TAIL:]


class IdentityKey(StrEnum):
    """What else than a telephone tells who a caller is, in the directory's own words."""

    SUPPORT = "supportID"
    EMPLOYEE = "employeeID"


class IdentityQuestion(msgspec.Struct, frozen=True, gc=False):
    """An id that the caller typed or the phone system knows; `value` is text."""

    key: IdentityKey
    value: str

    @property
    def text(self) -> str:
        """Give one text per question; it is personal data, for hashing only."""
        return f"{self.key} {self.value}"

    @property
    def mark(self) -> str:
        """Give what this question has in common with the person it denotes, in whatever letters either is written."""
        return self.text.casefold()


AnyQuestion = Question | IdentityQuestion


class Purpose(Enum):
    """Why the directory is asked: what no phone waits for gets only what ringing phones can spare."""

    RINGING = "ringing"
    BACKGROUND = "background"


class Forgotten(msgspec.Struct, frozen=True):
    """
    What is to be forgotten: every answer to a question with one of the `marks`, and every answer that lists `person`.

    An `erased` person is not listed again, whatever the directory says.
    """

    marks: tuple[str, ...] = ()
    person: int | None = None
    erased: bool = False


def person_mark(person_id: int) -> str:
    """Give the mark of every answer that lists a person."""
    return f"person {person_id}"


def marks_of(person: Person, region: str | None) -> frozenset[str]:
    """Give the marks of all questions that a person may be an answer to, by what the directory says of them now."""
    return frozenset(_marks(person, region))


def concerns(question: AnyQuestion, person: Person) -> bool:
    """Tell whether a person at least looks like an answer to a question, as a directory that compares digits sees it."""
    if isinstance(question, IdentityQuestion):
        own = person.support_id if question.key is IdentityKey.SUPPORT else person.employee_id
        return own is not None and own.casefold() == question.value.casefold()
    written = ("".join(filter(str.isdecimal, plain(one.telephone))) for one in person.contacts or ())
    return any(question.mark in digits for digits in written) or question.mark in marks_of(person, None)


def _marks(person: Person, region: str | None) -> Iterator[str]:
    for contact in person.contacts or ():
        for reading in read_written(contact.telephone, region):
            yield reading.digits[-SHORTEST_TAIL:]
    for key, value in ((IdentityKey.SUPPORT, person.support_id), (IdentityKey.EMPLOYEE, person.employee_id)):
        if value:
            yield IdentityQuestion(key, value).mark


class QueryForm(StrEnum):
    """What is sent to the directory as `telephone=`, where it is not a number of last digits."""

    NATIONAL = "national"
    E164 = "e164"
    DIGITS = "digits"


def query_text(number: Number, form: QueryForm | int) -> str:
    """Write a number as the directory is to be asked for it."""
    match form:
        case QueryForm.E164 if isinstance(number, E164):
            return number.text
        case QueryForm.DIGITS | QueryForm.E164:
            return number.digits
        case QueryForm.NATIONAL:
            return significant_digits(number)
        case int():
            return number.digits[-form:]
