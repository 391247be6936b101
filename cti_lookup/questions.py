"""The question that is asked of the tiers and the directory."""

from enum import StrEnum

import msgspec

from cti_lookup.telephone import E164, Number
from cti_lookup.telephone.plan import significant_digits


class Question(msgspec.Struct, frozen=True, gc=False):
    """A number, and the extension the call named: it decides who stands first among those who share the number."""

    number: Number
    extension: str | None = None

    @property
    def text(self) -> str:
        """Give one text per question; it is personal data, for hashing only."""
        sign = self.number.text if isinstance(self.number, E164) else f"local {self.number.digits}"
        return f"{sign};ext={self.extension}" if self.extension else sign


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
