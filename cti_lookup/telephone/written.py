"""
Telephone numbers as people write them into a directory: free text, read into what it can denote.

Facts:
- A text with its country (`+`, `00` or `011` and a country code) means that number and no other, and so does a
  valid national number of the directory's default region, and a country code that only lacks its sign.
- Any other national text (`020 7946 0958`, `0171 1234567`) has an unknown country: it can denote the caller, and
  never proves it. Seven digits alone are a local number of the North American plan, weaker still.
- Extensions, remarks, opening hours and labels are no part of a number; one text can hold several numbers.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from cti_lookup.telephone import plan
from cti_lookup.telephone.glyphs import plain
from cti_lookup.telephone.plan import E164
from cti_lookup.telephone.words import keypad_digits


class Strength(Enum):
    """
    How much a text says.

    CERTAIN: its full number. NATIONAL: a number of an unknown country. UNSURE: digits that read as a country code
    without its sign, and might be national after all. LOCAL: the tail of a North American number.
    """

    CERTAIN = 4
    NATIONAL = 3
    UNSURE = 2
    LOCAL = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """One number a text can denote. `digits` is E.164 without its sign if certain, else as dialled."""

    strength: Strength
    digits: str
    extension: str | None = None


LONGEST_TEXT: Final = 512
"""Characters read of one field; the directory itself allows 255."""

_SIGNED: Final = re.compile(r"\+(?: ?[0-9]){7,15}")
_EXTENSION_WORD: Final = r"(?:;\s*ext\s*=|extensi[oó]n|extn?\b|ext|int(?:ern)?\b|durchwahl|dw|poste|interno|anexo|ramal|toestel|dahili|x|\#)"
_EXTENSION: Final = re.compile(
    rf"[\s,;(\[-]*{_EXTENSION_WORD}[\s.:=-]*([0-9]{{1,7}})(?![0-9])[)\]]?(?!\s*[0-9])", re.IGNORECASE
)
_ONLY_EXTENSION: Final = re.compile(rf"\W*{_EXTENSION_WORD}[\s.:=-]*[0-9]{{1,7}}\W*", re.IGNORECASE)
_VANITY: Final = re.compile(
    r"(?<![0-9])(?<![0-9)][ .-])"
    r"((?:\+?[0-9]{1,3}[ .-]*)?[(\[]?(?:[01]?8[0-9]{2}|1[38]00|0?[79]00)[)\]]?[ .-]+)"
    r"((?=(?:[0-9]-?)*[A-Z])(?=(?:-?[0-9A-Z]){7})[0-9A-Z]+(?:-[0-9A-Z]+)*)(?![a-z])"
)
_LABEL: Final = re.compile(
    r"\b(line|linie|ligne|room|raum|zimmer|floor|desk|bldg|building|suite|box)[ .#]{0,2}((?!00)[0-9]{1,4})\b"
    r"(?=[^\w+]*([0-9 ()./-]*))",
    re.IGNORECASE,
)
_FAX_WORD: Final = r"(?:tele|t[eé]l[eé]-?)?(?:fax|faks)|facsimile|t[eé]l[eé]copie(?:ur)?"
_ANY_FAX: Final = re.compile(_FAX_WORD, re.IGNORECASE)
_ONE_NUMBER: Final = r"[+0-9(\[][+0-9 ().\[\]-]*(?:/[0-9 .-]{1,9}(?![0-9]))?"
_FAX_BEHIND: Final = re.compile(
    rf"{_ONE_NUMBER}[(\[]\W?(?:\w+\W)?(?:{_FAX_WORD})\W?[)\]]|{_ONE_NUMBER}\b(?:{_FAX_WORD})(?=\s*(?:[,;|\n]|$))",
    re.IGNORECASE,
)
_FAX: Final = re.compile(
    rf"(?<![/&+])(?<![/&+] )\b(?:{_FAX_WORD})\b(?!\s*[/&])[\W_]{{0,3}}(?:(?:no|nr|number|nummer|num[eé]ro)\b)?"
    rf"[\W_]{{0,3}}?(?:\(\w+\))?[\s.:#=-]{{0,4}}{_ONE_NUMBER}",
    re.IGNORECASE,
)
_FAX_LETTER: Final = re.compile(rf"\bF[.:]?\s*(?={_ONE_NUMBER}){_ONE_NUMBER}")
_PHONE_LETTER: Final = re.compile(r"\b[TPM][.:]?\s*[+0-9(]")
_DAY: Final = "(?:[0-2]?[0-9]|3[01])"  # 00.00.1970 is of an unknown day
_MONTH: Final = "(?:0?[0-9]|1[0-2])"
_NO_NUMBERS: Final = re.compile(
    r"(?P<date>(?<![0-9-])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9-])"
    rf"|(?<![0-9./])(?:{_DAY}[./]{_MONTH}|{_MONTH}[./]{_DAY})[./](?:19|20)[0-9]{{2}}\b(?![./-]?[0-9]))"
    r"|\b24/7\b|\b[0-9]{1,2}\s*(?:to|bis|till?)\s+[0-9]{1,2}\b"  # opening hours
    r"|(?<=[0-9)\]])[\s,-]+[0-9]{1,2}(?:[:.][0-9]{2})?(?:-[0-9]{1,2}(?:[:.][0-9]{2})?)?(?=(?!ext|int|dw)[a-wyz])"
    r"|(?<=[0-9)\]])[\s,-]+[0-9]{1,2}\.\s*(?=[OUE]G\b|stock|etage|floor)"
    r"|\b(?:pin|id|code|kunde|customer|konto|ref)\b[\W_]{0,3}[0-9]+",
    re.IGNORECASE,
)
_BEGUN: Final = re.compile(
    r"(?:(?=\+)|(?:^|[^0-9 ()\[\]./:-])[ (\[]*(?=00))((?:\+|00) ?[0-9][0-9 ()\[\]./-]*)$"
)
_MORE: Final = re.compile(r"[ ()\[\]./-]*[0-9]")
_LIST_MARK: Final = re.compile(r"(?:^|(?<=[\s,;]))[1-9][.)]\s+(?=[+(0-9])")
_SPLITTERS: Final = re.compile(r"[\r\n|;&]|,(?=[^0-9]*[0-9(+])|[^\W\d_]+|[^\x00-\x7f]|[:_=*?!\"'<>@]")
_CHUNK: Final = re.compile(r"[+0-9()\[\]][+0-9 .()\[\]/,\t-]*")
_BRACKETS: Final = re.compile(r"[(\[][^)\]]*[)\]]?")
_LAST_REMARK: Final = re.compile(r"[(\[][0-9 /.-]{0,5}[)\]]?\s*$")
_AREA_CODE: Final = re.compile(r"[(\[]\s*[0-9]{2,5}\s*[)\]]")
_NEW_NUMBER: Final = re.compile(r"(?<=[0-9)\]])[\s/,.)-]*(?=[(\[]?\+)")
_SLASHED: Final = re.compile(r"\s*/\s*|,\s*")
_TRUNK_IN_BRACKETS: Final = re.compile(r"(?<=[0-9)\] ./-])[(\[]\s*0\s*[)\]]")
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_GROUP: Final = re.compile(r"[0-9]+")
_SHORTEST: Final = 7
_LONGEST: Final = 15
_LONGEST_LOCAL: Final = 10
_APART: Final = " : "
_LABEL_DIGITS: Final = 2
_VANITY_LETTERS: Final = 7
_SHORTEST_REST: Final = 6
_SHORTEST_SIGNLESS: Final = 10


@lru_cache(maxsize=16384)
def read_written(text: str, region: str | None) -> tuple[Reading, ...]:
    """Read a directory's free text; `region` is the directory's default region. Total, never raises."""
    text = plain(text[:LONGEST_TEXT])
    if _SIGNED.fullmatch(text) and (number := plan.international(_NOT_DIGITS.sub("", text))):
        return (Reading(Strength.CERTAIN, number.digits),)  # nothing stands beside it
    if _ONLY_EXTENSION.fullmatch(text):
        return ()
    readings = dict.fromkeys(
        reading
        for piece, extension in _with_extensions(_without_other_digits(_VANITY.sub(_spell, text), region))
        for number in _numbers(piece, region)
        for reading in _readings(number, extension, region)
    )
    whole = tuple(reading for reading in readings if reading.strength is not Strength.LOCAL)
    return whole or tuple(
        readings
    )  # seven digits beside a whole number are more likely an id than a telephone


def _without_other_digits(text: str, region: str | None) -> str:
    """Take out what has digits and is no voice line: faxes, dates, opening hours, labels' own numbers, ids."""
    if _ANY_FAX.search(text):  # most texts name none, and in a row of brackets the search for one takes 0.1 s
        text = _FAX.sub(_APART, _FAX_BEHIND.sub(_APART, text))
    if _PHONE_LETTER.search(text):
        text = _FAX_LETTER.sub(_APART, text)
    text = _LIST_MARK.sub(_unmarked, _NO_NUMBERS.sub(_taken_out, text))
    return _LABEL.sub(lambda found: _unlabelled(found, region), text)


def _taken_out(found: re.Match[str]) -> str:
    """Take out what is no number; but not what only looks like a date, as it ends one: `(+55) 30.04.1900`."""
    begun = _BEGUN.search(found.string, 0, found.start()) if found["date"] else None
    if begun is None or _count_digits(begun[1]) >= _SHORTEST or _MORE.match(found.string, found.end()):
        return _APART
    return found[0] if _reads(f"{begun[1]}{found[0]}", None) else _APART


def _unmarked(found: re.Match[str]) -> str:
    """Drop a list's mark, `2) 713 ...`; but not the end of a bracket, `(06 1) 234 5670`."""
    before = found.string[: found.start()]
    return found[0] if before.count("(") > before.count(")") else _APART


def _unlabelled(found: re.Match[str], region: str | None) -> str:
    """Drop a label's own number (`Room 201 713 987 2967`), unless it begins the telephone's (`Desk 713 987 2967`)."""
    both = f"{found[2]} {found[3]}"
    if _reads(both, region) or _signless(both, _digits(both)):
        return f"{_APART}{found[2]}"
    behind = _count_digits(found[3])
    own = behind == 0 or behind >= _LONGEST_LOCAL or (behind >= _SHORTEST and len(found[2]) <= _LABEL_DIGITS)
    return _APART if own else f"{_APART}{found[2]}"


def _spell(found: re.Match[str]) -> str:
    """Spell a vanity word; letters beyond the subscriber number's seven are for the eye only."""
    return found[1] + keypad_digits(found[2])[:_VANITY_LETTERS]


def _with_extensions(text: str) -> Iterator[tuple[str, str | None]]:
    """Cut the text behind each extension, so that the extension goes with the number before it."""
    start = 0
    for found in _EXTENSION.finditer(text):
        if _count_digits(text[start : found.start()]) >= _SHORTEST:
            yield text[start : found.start()], found[1]
            start = found.end()
    yield text[start:], None


def _numbers(text: str, region: str | None) -> Iterator[str]:
    for part in _SPLITTERS.split(text):
        for chunk in _CHUNK.findall(part):
            for signed in _NEW_NUMBER.split(_without_last_remark(chunk)):
                for piece in _unslashed(signed):
                    for number in _bracketed(piece, region):
                        yield from _unspaced(number, region)


def _without_last_remark(chunk: str) -> str:
    """Drop a few digits in brackets, closed or cut off by a word, behind a whole number: `(2)`, `(2`nd floor."""
    found = _LAST_REMARK.search(chunk)
    return chunk[: found.start()] if found and _count_digits(chunk[: found.start()]) >= _SHORTEST else chunk


def _bracketed(piece: str, region: str | None) -> Iterator[str]:
    """Cut at brackets behind a whole number: they hold a remark, (24/7), or begin the next number, (281) 987-2222."""
    start = 0
    for found in _BRACKETS.finditer(piece):
        before = piece[start : found.start()]
        if "+" in found[0] or _count_digits(before) < _SHORTEST:
            continue
        begins = _AREA_CODE.fullmatch(found[0]) and _count_digits(piece[found.end() :]) >= _SHORTEST_REST
        if begins and not _reads(before, region):
            continue  # the digits before it may belong to it: 0049 (212) 345 6789
        yield before
        start = found.start() if begins else found.end()
    yield piece[start:]


def _unspaced(text: str, region: str | None) -> Iterator[str]:
    """Cut where only a blank parts two numbers, or a number from digits that do not belong to it."""
    if _count_digits(text) < _SHORTEST or _reads(text, region):
        yield text
        return
    pieces = text.split()
    if "+" not in text and not _digits(text).startswith("00") and _count_digits(text) <= _LONGEST:
        yield text  # a national number of an unknown country: nobody can say where it ends
        return
    for end in range(len(pieces) - 1, 0, -1):
        if _reads(head := " ".join(pieces[:end]), region):
            yield head
            yield from _unspaced(" ".join(pieces[end:]), region)
            return
    halves = _halves(pieces)
    yield from halves or (text,)


def _reads(text: str, region: str | None) -> bool:
    """Tell whether a plan knows the number, with its country or at home."""
    if "+" in text or text.strip("( [").startswith("00"):
        return (number := _explicit(text)) is not None and plan.is_assigned(number)
    return _home(_digits(text), region) is not None


def _halves(pieces: list[str]) -> tuple[str, str] | None:
    """Part two national numbers alike in shape: `0171/1234567 030/1234567`."""
    for middle in range(1, len(pieces)):
        left, right = " ".join(pieces[:middle]), " ".join(pieces[middle:])
        if (
            min(_count_digits(left), _count_digits(right)) > _SHORTEST
            and _digits(left)[0] == _digits(right)[0] == "0"
        ):
            return left, right
    return None


def _unslashed(text: str) -> Iterator[str]:
    """Split at a slash or comma that stands between two numbers, not within one (`0641 / 818738`)."""
    parts = _SLASHED.split(text)
    whole = parts[0]
    for part in parts[1:]:
        if _is_whole(whole, part):
            yield whole
            whole = part
        else:
            whole = f"{whole} {part}"
    yield whole


def _is_whole(left: str, right: str) -> bool:
    """Tell whether `left` is a number of its own: not if both together are one that carries its country."""
    if _explicit(f"{left}{right}"):
        return False
    if _count_digits(right) < _SHORTEST:
        return _count_digits(left) >= _LONGEST_LOCAL
    return _count_digits(left) >= _SHORTEST


def _readings(text: str, extension: str | None, region: str | None) -> Iterator[Reading]:
    digits = _digits(text)
    if not _SHORTEST <= len(digits) <= _LONGEST + 3:
        return
    if number := _explicit(text) or _home(digits, region):
        yield Reading(Strength.CERTAIN, number.digits, extension)
    elif number := _signless(text, digits):
        yield Reading(Strength.CERTAIN, number.digits, extension)
        yield Reading(Strength.UNSURE, digits, extension)
    elif len(digits) == _SHORTEST:
        yield Reading(Strength.LOCAL, digits, extension)
    elif len(digits) <= _LONGEST and "+" not in text:
        yield Reading(Strength.NATIONAL, digits, extension)


def _explicit(text: str) -> E164 | None:
    """Read a number that carries its country."""
    for digits in dict.fromkeys((_NOT_DIGITS.sub("", text), _digits(text))):
        if number := _after_sign(digits, plan.international, signed="+" in text):
            return number
    return _after_sign(_digits(text), plan.unassigned_international, signed="+" in text)


def _after_sign(digits: str, read: Callable[[str], E164 | None], *, signed: bool) -> E164 | None:
    """Read what stands behind the sign, `00`, or `011` where a plan then knows the number."""
    if signed:
        return read(digits)
    if digits.startswith("00"):
        return read(digits[2:])
    return plan.international(digits[3:]) if digits.startswith("011") else None


def _home(digits: str, region: str | None) -> E164 | None:
    return plan.national(digits, region) if region else None


def _signless(text: str, digits: str) -> E164 | None:
    """
    Read a country code that only lacks its sign.

    Where the digits are grouped, the first group must be the code: `49 30 123456` has one, `665 123 4567` and
    Russia's `8 (495) 727-12-34` have none, though their digits alone would be Thai and Vietnamese numbers.
    """
    if len(digits) < _SHORTEST_SIGNLESS or digits[0] == "0":
        return None
    number = plan.international(digits)
    if number is None:
        return None
    first = _GROUP.search(text)
    grouped = first is not None and first[0] != digits
    return number if not grouped or (first and plan.is_country_code(first[0])) else None


def _digits(text: str) -> str:
    return _NOT_DIGITS.sub("", _TRUNK_IN_BRACKETS.sub("", text))


def _count_digits(text: str) -> int:
    return len(_digits(text))
