"""The words in which a description says what happened, in which direction, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from cti_lookup.dialects.custom.fields import Find
from cti_lookup.dialects.custom.values import Message, Value
from cti_lookup.events import Attestation, Happening, Result

Word = TypeVar("Word")


@dataclass(frozen=True, slots=True)
class What:
    """What an event tells: a happening, and of an end how; no happening at all where it tells of no call."""

    happening: Happening | None
    result: Result | None = None


IGNORED: Final = What(None)

EVENTS: Final[Mapping[str, What]] = {
    "ringing": What(Happening.RINGING),
    "answered": What(Happening.ANSWERED),
    "held": What(Happening.HELD),
    "voicemail": What(Happening.VOICEMAIL),
    "transferred": What(Happening.TRANSFERRED),
    "ended": What(Happening.ENDED),
    "missed": What(Happening.ENDED, Result.MISSED),
    "rejected": What(Happening.ENDED, Result.REJECTED),
    "failed": What(Happening.ENDED, Result.FAILED),
    "other": What(Happening.OTHER),
    "ignore": IGNORED,
}
RESULTS: Final[Mapping[str, Result]] = {one.value: one for one in Result}
ATTESTATIONS: Final[Mapping[str, Attestation]] = {one.value.casefold(): one for one in Attestation}


@dataclass(frozen=True, slots=True)
class Worded(Generic[Word]):
    """
    A value that is a word: which of ours it stands for, by rules that are tried first, then by the words of a map.

    Without a map our own words are understood. What no rule and no word tells is `otherwise`.
    """

    otherwise: Word
    words: Mapping[str, Word]
    value: Value | None = None
    rules: tuple[tuple[Find, Word], ...] = ()

    def of(self, message: Message) -> Word:
        """Give what is meant."""
        for is_so, word in self.rules:
            if is_true(is_so(message.part)):
                return word
        if self.value is None:
            return self.otherwise
        for text in self.value.texts(message):
            found = self.words.get(text, self.words.get(text.casefold()))
            if found is not None:
                return found
        return self.otherwise


def is_true(value: object) -> bool:
    """Tell whether a flag is set, however it is written; what JMESPath takes for false is, and so is zero."""
    if isinstance(value, str):
        return value.strip().casefold() not in {"", "0", "false", "no", "off", "n"}
    return bool(value)
