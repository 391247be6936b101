"""
What is done to a value on its way out of a message: small steps, in the order in which they are written.

Each is total: a value that it cannot be done to stays as it is, or is nothing. Of a list each element is transformed, but by `join`,
`first` and `default`, which take the list. A pattern is the administrator's and the text is anybody's: patterns that could take
exponential time are refused, and a long text is not looked at.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from cti_lookup.dialects.bodies import LONGEST_TEXT, text_of

Transform: TypeAlias = Callable[[Any], Any]

LONGEST_MATCHED: Final = 160
"""Characters that a pattern is tried on."""

_LONGEST_VALUE: Final = 4096
_LONGEST_PATTERN: Final = 200
_MOST_REPEATS: Final = 3
_MOST_CHOICES: Final = 8
_MOST_LISTED: Final = 100


class TransformError(ValueError):
    """A transform that is none; says why."""


def as_text(value: Any) -> str | None:
    """Give a value that can be written in one way as text: text, integer, number, true or false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    return text_of(value)


_EXACT: Final = 2.0**53


def _of_text(change: Callable[[str], str | None]) -> Transform:
    """Make a transform of one that takes text; whatever cannot be written as text is nothing."""

    def transform(value: Any) -> Any:
        if isinstance(value, list):
            return [transform(one) for one in value[:_MOST_LISTED]]
        text = value if isinstance(value, str) else as_text(value)
        return None if text is None or len(text) > _LONGEST_VALUE else change(text)

    return transform


def _uri_user(text: str) -> str:
    """
    Take the user out of `"Ada" <sip:100@host;tag=1>`, `sip:100@host`, `tel:+1…` or `100@host`.

    A blank before it stays: it is what a query makes of `+`.
    """
    inside = text.rpartition("<")[2].partition(">")[0] if "<" in text else text
    address = _SCHEME.sub("", inside, count=1)
    return unquote(address.partition("@")[0].partition(";")[0].rstrip())


_SCHEME: Final = re.compile(r"^\s*(?:sips?|tel|callto|client|user|h323):", re.IGNORECASE)


def _base64(text: str) -> str | None:
    """Decode base64, of either alphabet and with its padding or without; what is none is nothing."""
    bare = text.strip().replace(" ", "+").translate(_STANDARD).rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


_STANDARD: Final = str.maketrans("-_", "+/")


def _first(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return next((one for one in value if one not in (None, "")), None)


PLAIN: Final[Mapping[str, Transform]] = {
    "strip": _of_text(str.strip),
    "lower": _of_text(str.casefold),
    "uri_user": _of_text(_uri_user),
    "url_decode": _of_text(lambda text: unquote(text, errors="replace")),
    "base64": _of_text(_base64),
    "first": _first,
}
"""Transforms that need no more than their name."""


def pattern(written: str, group: int) -> Transform:
    """Give the part of a text that a group of a pattern finds; nothing where it finds none. Raises `TransformError`."""
    _refuse_slow(written)
    try:
        found = re.compile(written)
    except (re.error, OverflowError, RecursionError):
        raise TransformError("is no regular expression") from None
    if group > found.groups:
        raise TransformError("has not as many groups as `group` says")

    def change(text: str) -> str | None:
        match = found.search(text) if len(text) <= LONGEST_MATCHED else None
        return match[group] if match else None

    return _of_text(change)


def _refuse_slow(written: str) -> None:
    """Raise `TransformError` for a pattern that could try a text in very many ways."""
    if len(written) > _LONGEST_PATTERN:
        raise TransformError(f"is longer than {_LONGEST_PATTERN} characters")
    bare = _ATOM.sub("x", written)
    if _REPEATED_GROUP.search(bare) or _BACK.search(written):
        raise TransformError("repeats a group or refers back, which could take very long on some texts")
    bare = bare.replace("(?", "(")
    repeats, choices = len(_REPEAT.findall(bare)), len(_CHOICE.findall(_REPEAT.sub("", bare)))
    if repeats > _MOST_REPEATS or choices > _MOST_CHOICES:
        raise TransformError(
            f"repeats more than {_MOST_REPEATS} times or chooses more than {_MOST_CHOICES} times, which could take "
            "very long on some texts"
        )


_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""An escape or a class: one character of a text, whatever stands in it."""
_REPEATED_GROUP: Final = re.compile(r"\)[*+{]")
_BACK: Final = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_REPEAT: Final = re.compile(r"(?:[*+]|\{[^}]*\})[?+]?")
_CHOICE: Final = re.compile(r"[?|]")


def joined(between: str) -> Transform:
    """Make one text of a list's elements that are texts."""

    def transform(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        texts = [text for one in value[:_MOST_LISTED] if (text := as_text(one)) is not None]
        return between.join(texts) or None

    return transform


def split(between: str) -> Transform:
    """Make a list of a text."""

    def transform(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(between, _MOST_LISTED) if part.strip()]

    return transform


def defaulted(default: str) -> Transform:
    """Put a text in the place of nothing."""
    return lambda value: default if value in (None, "", []) else value


def translated(words: Mapping[str, str]) -> Transform:
    """Put words in the place of others; a word that is not listed stays."""
    return _of_text(lambda text: words.get(text, words.get(text.casefold(), text))[:LONGEST_TEXT])
