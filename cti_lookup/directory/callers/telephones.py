"""
Read the digits of telephone texts: the rule by which the directory matches callers.

A telephone is free text. What is compared are strings of decimal digits without leading zeros: two of them match
when they are equal, or when the shorter has at least seven digits and the longer ends in it. Texts hold more than
digits, though: extensions, remarks, a second number, letters of a keypad. Such a text is indexed under several
digit strings, its *keys*, and is found by each of them.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

MINIMUM_TAIL = 7
"""Fewest digits a tail needs to stand for a number; the shortest telephone the official pages show has seven."""

LONGEST_KEY = 20
"""Digits of the longest number inside a text: 15 of E.164, a foreign international prefix, a trunk prefix."""

MOST_KEYS = 64
"""Keys of one text; a text written to have more is still found by all its digits together."""

_DIGITS = re.compile(r"[0-9]+")
_RUNS = re.compile(r"([0-9]*)([^0-9]+)")
_OPEN = re.compile(r"[(\[{<]")
_SOFT = re.compile(r"[/\s]")
_HARD = re.compile(r"[^\W\d_]|[+#*;:,|&=]")
_PLAIN = re.compile(r"(?:tel:)?\+?[0-9 ./-]{0,6}(?:\((?!0\))[0-9]{1,5}\))?[0-9 ./-]*")
_MOST_OF_ONE_NUMBER = 2 * MINIMUM_TAIL - 1
_NOT_DIGITS = str.maketrans("", "", "tel:+()./- ")
_TRUNK_ZERO = re.compile(r"[(\[]\s*0\s*[)\]]")
_LETTER = re.compile(r"[A-Z]")
_SPOKEN_PARTS = re.compile(r"[;|&,/+\n\r]")
_SPOKEN_WORDS = re.compile(r"[0-9]+|[A-Za-z]+")
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_WRITTEN_OUT = 10
_DIALLED_NANP = 10


def digits_of(text: str) -> str:
    """Return the decimal digits of a text as ASCII digits, whatever script they are written in."""
    if text.isascii():
        return "".join(_DIGITS.findall(text))
    return "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())


def significant(digits: str) -> str:
    """Return digits without leading zeros; nothing but zeros is one zero."""
    return digits.lstrip("0") or digits[-1:]


def telephone_digits(text: str) -> str:
    """Return the digits by which a caller's text is looked up; empty when it has none."""
    plain = text.removeprefix("+")
    return significant(plain if plain.isascii() and plain.isdecimal() else digits_of(text))


def telephone_keys(text: str) -> tuple[str, ...]:
    """Return every digit string under which a stored telephone text is found, all its digits together first."""
    if plain := _plain_number(text):
        return (significant(plain),)
    return all_keys(text)


def all_keys(text: str) -> tuple[str, ...]:
    """Return the keys of any text, plain ones too; `telephone_keys` gives the same and is quicker with these."""
    ascii_text = _with_ascii_digits(text)
    keys = dict.fromkeys(_keys(ascii_text))
    return tuple(keys)[:MOST_KEYS]


def _plain_number(text: str) -> str:
    """
    Return the digits of a text that holds one number and nothing else, as most do; nothing for any other text.

    Fewer than fourteen digits are no two numbers, and a bracket before the seventh digit ends none.
    """
    if _PLAIN.fullmatch(text) is None:
        return ""
    digits = text.translate(_NOT_DIGITS)
    return digits if len(digits) <= _MOST_OF_ONE_NUMBER else ""


def _with_ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _keys(text: str) -> Iterator[str]:
    whole = telephone_digits(text)
    if whole:
        yield whole
    yield from _numbers_inside(text)
    # "+44 (0)20 7946 0958" is dialled either with the zero or with the country code, never with both.
    without_zero = _TRUNK_ZERO.sub(" ", text)
    if without_zero != text:
        yield from _numbers_inside(without_zero)
    yield from _spelled_numbers(text)


def _numbers_inside(text: str) -> Iterator[str]:
    """Yield the digits between any place where a number may begin and any later place where it may end."""
    bounds = _Bounds(text)
    for start, end in product(sorted(bounds.starts), sorted(bounds.ends)):
        if MINIMUM_TAIL <= end - start <= LONGEST_KEY:
            key = significant(bounds.digits[start:end])
            if len(key) >= MINIMUM_TAIL:
                yield key


class _Bounds:
    """
    Where numbers may begin and end in a text, counted in digits.

    Letters and most punctuation end one number and begin the next: "x12", "ext. 12", "#12", " or ", ";", "Line 1:".
    A bracket may end a number, "(24/7)", but begins none: "(713) 987 2967" must not become known as "9872967".
    Blanks and slashes stand inside numbers, "049/30/123456", and part them only with enough digits on both sides.
    """

    def __init__(self, text: str) -> None:
        self.digits = digits_of(text)
        self.starts = {0}
        self.ends = {len(self.digits)}
        seen = 0
        for digits, gap in _RUNS.findall(text):
            seen += len(digits)
            self._note(_gap_of(gap), seen)

    def _note(self, gap: "_Gap", seen: int) -> None:
        parts_two = gap.parts and seen >= MINIMUM_TAIL and len(self.digits) - seen >= MINIMUM_TAIL
        if gap.hard or parts_two:
            self.starts.add(seen)
        if gap.hard or gap.opens or parts_two:
            self.ends.add(seen)


class _Gap(NamedTuple):
    """What stands between digits: whether it ends one number and begins the next, ends one, or parts two that are long enough."""

    hard: bool
    opens: bool
    parts: bool


@lru_cache(1024)
def _gap_of(text: str) -> _Gap:
    """Tell what some text between digits is; there are few such texts."""
    hard, opens = _HARD.search(text) is not None, _OPEN.search(text) is not None
    return _Gap(hard, opens, hard or opens or _SOFT.search(text) is not None)


def _spelled_numbers(text: str) -> Iterator[str]:
    """Yield numbers that are partly words of the telephone keypad: 1-800-FLOWERS, (800) 4-BEST-IT."""
    upper = text.upper()
    if _LETTER.search(upper) is None:
        return
    for part in _SPOKEN_PARTS.split(upper):
        words = _SPOKEN_WORDS.findall(part)
        while words and words[0].isalpha():
            words.pop(0)
        yield from _keypad_prefixes(words)


def _keypad_prefixes(words: list[str]) -> Iterator[str]:
    """Yield what has been dialled after each word, as nobody can tell where the number ends and a remark begins."""
    dialled = ""
    spelled = False
    for word in words:
        # Words after a complete number are a remark or an extension.
        if word.isalpha() and not spelled and len(dialled) >= _WRITTEN_OUT:
            return
        spelled = spelled or word.isalpha()
        dialled += word.translate(_KEYPAD)
        if len(dialled) > LONGEST_KEY:
            return
        if spelled:
            yield from _dialled_forms(significant(dialled))


def _dialled_forms(digits: str) -> Iterator[str]:
    """Yield a spelled number, and what remains of it when letters past the tenth digit are not dialled."""
    if len(digits) >= MINIMUM_TAIL:
        yield digits
    country = digits[:1] if digits.startswith("1") else ""
    if len(digits) > len(country) + _DIALLED_NANP:
        yield digits[: len(country) + _DIALLED_NANP]
