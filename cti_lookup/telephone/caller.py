"""
Whatever a phone system sends as a caller becomes one of four things: dialled, internal, withheld, invalid.

Total: any JSON value gives an answer, none raises. Reading an answer's E.164 again gives the same answer.
"""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import msgspec

from cti_lookup.telephone import plan
from cti_lookup.telephone.glyphs import plain
from cti_lookup.telephone.plan import Number
from cti_lookup.telephone.words import KEYPAD_WITHHELD, WITHHELD, squash


class Dialled(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """A caller with a number that can be looked up; `extension` is the one the call itself named."""

    raw: str
    number: Number
    extension: str | None = None


class Internal(msgspec.Struct, frozen=True, gc=False):
    """A colleague: up to six digits, no sign, no leading zero."""

    raw: str
    extension: str


class Withheld(msgspec.Struct, frozen=True, gc=False):
    """A caller who shows no number, or a phone system that sent none."""

    raw: str


class Invalid(msgspec.Struct, frozen=True, gc=False):
    """
    Something that is no number at all.

    `reason`: `placeholder` (a variable nobody filled in), `text`, `too_short`, `too_long`, `not_in_plan`,
    `no_region` (a national number, and neither source nor service has a region).
    """

    raw: str
    reason: str


Caller = Dialled | Internal | Withheld | Invalid

LONGEST_RAW: Final = 1024
"""Characters; a longer caller is no caller. Generous, because display names stand before the number."""

_SIGNED: Final = re.compile(r"\+[1-9][0-9]*")
_PERCENT: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_PLACEHOLDER: Final = re.compile(
    r"\[\w+\]|\$\{?[\w.:-]+\}?\$?|\$\([\w.]+\)|\$\{\w+\(\w+\)\}|%s|\{\{?\s*[\w. ]+\s*\}?\}|%\w+%|<[A-Za-z_]*number[A-Za-z_]*>"
)
_SCHEME: Final = re.compile(r"(sips?|tel|callto|client|user|h323):", re.IGNORECASE)
_EXTENSION: Final = re.compile(
    r"(?<=[0-9)])[\s,.;-]*(?:;ext=|extension|extn|ext|x|#)\s*[.:=]?\s*\(?([0-9]{1,7})\)?#?$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"[(\[]?\s*(\+?)\s*([0-9 .()\[\]/-]*[0-9][0-9 .()\[\]/-]*)")
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_LONGEST_EXTENSION: Final = 6
_LONGEST_NUMBER: Final = 15
_SHORTEST_NUMBER: Final = 7


def read_caller(raw: object, region: str | None) -> Caller:
    """
    Read a caller as a phone system sent it; `region` is the source's, for national numbers.

    `raw` is any JSON value. Integers are numbers that lost their quotes; a list of one is a repeated form field.
    """
    if isinstance(raw, str) and len(raw) <= LONGEST_RAW:
        return _read(raw, region)
    if isinstance(raw, list | tuple) and len(raw) == 1:
        raw = raw[0]
    text = _text(raw)
    if text is None:
        return Invalid("", "text")
    if len(text) > LONGEST_RAW:
        return Invalid(text[:LONGEST_RAW], "too_long")
    return _read(text, region)


def _text(raw: object) -> str | None:
    match raw:
        case str():
            return raw
        case None | [] | ():
            return ""
        case bool():
            return None
        case int() if 0 <= raw < 10 ** (_LONGEST_NUMBER + 2):
            return str(raw)
        case float() if raw.is_integer() and 0 <= raw < 10**_LONGEST_NUMBER:
            return str(int(raw))
        case _:
            return None


@lru_cache(maxsize=16384)  # a busy number is read once: 0.3 µs instead of 30
def _read(raw: str, region: str | None) -> Caller:
    if _SIGNED.fullmatch(raw):  # as most phone systems send it: nothing stands around it
        return _read_international(raw, raw[1:], None)
    written = plain(raw)
    user, host, parameters = _address(_decoded(written))
    if _is_placeholder(written) or _is_placeholder(user):
        return Invalid(raw, "placeholder")
    if host.casefold().endswith(".invalid") or squash(user) in WITHHELD or not _has_content(user):
        return Withheld(raw)
    return _read_user(raw, user, parameters, region)


def _is_placeholder(text: str) -> bool:
    """Tell whether this is a variable nobody filled in; looked for before decoding too, as `%Ca` is both."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None and squash(text) not in WITHHELD


def _decoded(text: str) -> str:
    """Undo percent-encoding, also when it was applied twice."""
    for _ in range(2):
        if not _PERCENT.search(text):
            break
        text = plain(unquote(text, errors="replace"))
    return text


def _address(text: str) -> tuple[str, str, dict[str, str]]:
    """
    Take user, host and parameters out of a name-addr, a SIP or tel URI, `user@host`, or a bare number.

    A display name is never the caller (RFC 3261 section 20.20). Parameters stand before the `@` in a tel URI
    turned SIP URI (RFC 3261 section 19.1.6), after it in most others; both are read.
    """
    text = _inside_brackets(text)
    scheme = _SCHEME.match(text.lstrip())
    if scheme:
        text = text.lstrip()[scheme.end() :]
    user, at, host = text.rpartition("@")
    if not at:
        user, host = host, ""
    user, *of_user = user.split(";")
    host, *of_host = host.split(";")
    if scheme or at:
        user = user.partition(":")[0]  # a password, or the port of a URI that has no user
    return user, host.partition("?")[0].partition(":")[0], _parameters([*of_host, *of_user])


def _inside_brackets(text: str) -> str:
    start = text.rfind("<")
    if start >= 0:
        inside, closed, _ = text[start + 1 :].partition(">")
        return inside if closed else text
    bare = text.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'" else text


def _parameters(parts: list[str]) -> dict[str, str]:
    pairs = (part.partition("=") for part in parts)
    return {name.strip().casefold(): value.strip() for name, _, value in pairs}


def _has_content(user: str) -> bool:
    """Tell whether there is more than punctuation and zeros."""
    return any(character.isalnum() and character != "0" for character in user)


def _read_user(raw: str, user: str, parameters: dict[str, str], region: str | None) -> Caller:
    number_text, extension = _without_extension(user.strip())
    found = _NUMBER.fullmatch(number_text)
    if found is None:
        return Invalid(raw, "text")
    digits = _NOT_DIGITS.sub("", found[2])
    context = parameters.get("phone-context", "")
    if not found[1] and context.startswith("+"):  # completes a local number, RFC 3966 section 5.1.5
        return _read_international(raw, _NOT_DIGITS.sub("", context) + digits, extension)
    extension = extension or _extension(parameters)
    if found[1]:
        without_trunk_zero = _NOT_DIGITS.sub("", found[2].replace("(0)", ""))
        digits = digits if plan.international(digits) else without_trunk_zero
        return _read_international(raw, digits, extension)
    if _lost_its_plus(user):
        caller = _read_international(raw, digits, extension)
        if not isinstance(caller, Invalid):
            return caller
    return _read_unsigned(raw, digits, extension, region)


def _without_extension(text: str) -> tuple[str, str | None]:
    found = _EXTENSION.search(text)
    return (text[: found.start()], found[1]) if found else (text, None)


def _extension(parameters: dict[str, str]) -> str | None:
    value = parameters.get("ext", "")
    return value if value.isascii() and value.isdigit() and len(value) <= _SHORTEST_NUMBER else None


def _lost_its_plus(user: str) -> bool:
    """Tell whether the text is `+49...` out of a query string, where a raw `+` decodes to one blank."""
    return user[:1] == " " and user[1:2].isdigit() and user[1:2] != "0"


def _read_international(raw: str, digits: str, extension: str | None) -> Caller:
    if digits in KEYPAD_WITHHELD:
        return Withheld(raw)
    number = plan.international(digits) or plan.unassigned_international(digits)
    return Dialled(raw, number, extension) if number else Invalid(raw, _fault(digits))


def _read_unsigned(raw: str, digits: str, extension: str | None, region: str | None) -> Caller:
    if len(digits) <= _LONGEST_EXTENSION and not digits.startswith("0"):
        return Internal(raw, digits)
    for rest in plan.after_exit_code(digits, region):
        if rest in KEYPAD_WITHHELD:
            return Withheld(raw)
    number = _valid_unsigned(digits, region) or _unassigned_unsigned(digits, region)
    if number:
        return Dialled(raw, number, extension)
    return Invalid(raw, _fault(digits) if region else "no_region")


def _valid_unsigned(digits: str, region: str | None) -> Number | None:
    for rest in plan.after_exit_code(digits, region):
        if number := plan.international(rest):
            return number
    signless = plan.international(digits)
    if region is None:
        return signless
    if signless and plan.has_trunk_zero(region) and digits.startswith(str(plan.country_code(region))):
        return signless  # a national number would begin with the trunk zero
    return plan.national(digits, region) or plan.local(digits, region) or signless


def _unassigned_unsigned(digits: str, region: str | None) -> Number | None:
    for rest in plan.after_exit_code(digits, region):
        if number := plan.unassigned_international(rest):
            return number
    return plan.unassigned_national(digits, region) if region else None


def _fault(digits: str) -> str:
    if len(digits) < _SHORTEST_NUMBER:
        return "too_short"
    return "too_long" if len(digits) > _LONGEST_NUMBER else "not_in_plan"
