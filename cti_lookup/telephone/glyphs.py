"""One writing for the many ways a digit, a dash, a blank or a plus can be encoded."""

import unicodedata
from functools import lru_cache

_DROPPED = frozenset(
    {"Cf"}
)  # bidi marks and zero-width characters: invisible, and copied along from documents
_DASHES = frozenset({"Pd"})


def plain(text: str) -> str:
    """
    Fold compatibility forms, any script's decimal digits, dashes and blanks to ASCII; drop invisible marks.

    Line breaks and other control characters stay as they are: to a reader they separate or spoil.
    """
    if text.isascii():
        return text
    return "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=1024)
def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in _DROPPED:
        return ""
    if category in _DASHES or character == "\N{MINUS SIGN}":
        return "-"
    return " " if category == "Zs" else character
