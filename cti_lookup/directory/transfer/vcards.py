"""
People from vCard files, versions 2.1, 3.0 and 4.0.

Facts (RFC 6350, RFC 2426, vCard 2.1): a line that begins with a blank or a tab goes on with the line before. In version 2.1 a value
can be quoted-printable, where a line that ends in `=` goes on, and says its own encoding. Types of telephones are `TYPE=`
parameters, in 2.1 bare words too. Components are parted by semicolons, and a backslash stands before commas, semicolons, line breaks
and backslashes that are meant as they are. A telephone of version 4.0 can be a `tel:` address.
"""

import quopri
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final
from urllib.parse import unquote

import msgspec

from cti_lookup.directory.transfer.entries import Cells, Entry
from cti_lookup.directory.transfer.faults import UnreadableFileError
from cti_lookup.directory.transfer.texts import KEEP_BYTES, TextLines

FIELDS: Final = frozenset(
    {"name", "primary_email", "organization", "job_title", "information", "source", "sourceID"}
)
"""The fields of a person a card fills."""

SOURCE: Final = "vCard"
MOST_CHARACTERS: Final = 8 * 1024 * 1024
NOT_TEXT: Final = "is not text in the encoding it names"

_NAME: Final = re.compile(
    r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;(?:[^\":;]|\"[^\"]*\")*)*):(.*)", re.DOTALL
)
_PARAMETER: Final = re.compile(r";((?:[^\";]|\"[^\"]*\")*)")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_COMPONENT: Final = re.compile(r"(?<!\\);")
_NO_CALLERS: Final = frozenset({"pager", "textphone", "modem", "bbs", "pcs"})


class Property(msgspec.Struct, frozen=True):
    """A line of a card: its name, the words of its parameters in lower case, and its value."""

    name: str
    words: frozenset[str]
    value: str

    @property
    def components(self) -> list[str]:
        """The parts of a structured value."""
        return [_plain(part) for part in _COMPONENT.split(self.value)]

    @property
    def text(self) -> str:
        """The whole value."""
        return _plain(self.value)


def card_entries(file: BinaryIO) -> Iterator[Entry]:
    """Read a file of cards; raise `UnreadableFileError` where it is none."""
    card: list[Property] | None = None
    begun = depth = size = 0
    fault = ""
    for line, text in _unfolded(TextLines(file, KEEP_BYTES)):
        size += len(text)
        word = text.strip().upper()
        if word == "BEGIN:VCARD":
            depth += 1
            if depth == 1:
                card, begun, size, fault = [], line, 0, ""
        elif word == "END:VCARD" and card is not None:
            depth -= 1
            if depth == 0:
                yield Entry(begun, {}, fault=fault) if fault else _entry(begun, card)
                card = None
        elif (card is None and word) or size > MOST_CHARACTERS:
            raise _unreadable(line)
        elif depth == 1 and word and card is not None:
            try:
                card += _property(text)
            except (UnicodeError, LookupError):
                fault = NOT_TEXT
    if card is not None:
        raise _unreadable(begun)


def _unreadable(line: int) -> UnreadableFileError:
    return UnreadableFileError(f"Line {line} is no part of a card", line)


def _unfolded(lines: TextLines) -> Iterator[tuple[int, str]]:
    """Give whole lines, and the number of the first line of each."""
    parts: list[str] = []
    begun = size = 0
    soft = False
    for raw in lines:
        text = raw.rstrip("\r\n")
        size += len(text)
        if size > MOST_CHARACTERS:
            raise _unreadable(begun)
        if parts and (soft or text[:1] in {" ", "\t"}):
            parts.append(text if soft else text[1:])
        else:
            if parts:
                yield begun, "".join(parts)
            parts, begun, size = [text], lines.number, len(text)
        soft = text.endswith("=") and _is_quoted_printable(parts[0])
        if soft:
            parts[-1] = parts[-1][:-1]
    if parts:
        yield begun, "".join(parts)


def _is_quoted_printable(text: str) -> bool:
    return "QUOTED-PRINTABLE" in text.partition(":")[0].upper()


def _property(text: str) -> list[Property]:
    """Read a line of a card; one that is no property, as some programs leave behind, is passed over."""
    match = _NAME.fullmatch(text)
    if match is None:
        return []
    name, parameters, value = match.groups()
    words = list(_words(parameters))
    value = _decoded(value, words)
    return [Property(name.upper(), frozenset(words), value)]


def _words(parameters: str) -> Iterator[str]:
    """Give the words of the parameters: of `TYPE` without its name, of others with it, as in `charset=utf-8`."""
    for parameter in _PARAMETER.findall(parameters):
        name, equals, values = parameter.lower().replace('"', "").partition("=")
        if not equals:
            yield name.strip()
        elif name.strip() == "type":
            yield from (value.strip() for value in values.split(","))
        else:
            yield f"{name.strip()}={values.strip()}"


def _decoded(value: str, words: Sequence[str]) -> str:
    """Return a value as text; raise `UnicodeError` or `LookupError` when it is not what it says it is."""
    charset = next((word.partition("=")[2] for word in words if word.startswith("charset=")), "utf-8")
    if "quoted-printable" in words or "encoding=quoted-printable" in words:
        return quopri.decodestring(value.encode("utf-8", KEEP_BYTES)).decode(charset)
    if value.isascii():
        return value
    if any("\udc80" <= letter <= "\udcff" for letter in value):
        return value.encode("utf-8", KEEP_BYTES).decode(charset)
    return value


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text).strip()


def _entry(line: int, card: list[Property]) -> Entry:
    emails = _preferred_first([one for one in card if one.name == "EMAIL" and one.text])
    cells = {
        "name": _first(card, "FN") or _composed_name(card),
        "primary_email": emails[0].text if emails else "",
        "organization": next((one.components[0] for one in card if one.name == "ORG"), ""),
        "job_title": _first(card, "TITLE"),
        "information": _first(card, "NOTE"),
        "sourceID": _first(card, "UID").removeprefix("urn:uuid:"),
    }
    cells["source"] = SOURCE if cells["sourceID"] else ""
    return Entry(line, cells, tuple(_contacts(card, emails)))


def _contacts(card: list[Property], emails: list[Property]) -> Iterator[Cells]:
    for one in card:
        if one.name == "TEL" and one.text and not one.words & _NO_CALLERS:
            yield _contact("telephone", _telephone_label(one.words), _telephone(one.text))
        elif one.name == "URL" and one.text:
            yield _contact("website", "personal" if "home" in one.words else "work", one.text)
        elif one.name == "ADR" and any(one.components):
            yield _address(one)
    for email in emails[1:]:
        yield _contact("email", "personal" if "home" in email.words else "work", email.text)


def _contact(protocol: str, label: str, uri: str) -> Cells:
    return {"protocol": protocol, "label": label, "uri": uri, "integration": "1"}


def _address(one: Property) -> Cells:
    """
    Return the row of an address.

    Facts (RFC 6350, 6.3.1): post office box, extended address, street, locality, region, postal code, country.
    """
    box, extended, street, city, state, code, country, *_ = [*one.components, *[""] * 7]
    return {
        "address_label": "home" if "home" in one.words else "mailing",
        "address": "\n".join(filter(None, (box, extended, street))),
        "city": city,
        "state": state,
        "zip": code,
        "country": country,
        "integration": "1",
    }


def _telephone(text: str) -> str:
    return unquote(text[4:]) if text[:4].lower() == "tel:" else text


def _telephone_label(words: frozenset[str]) -> str:
    if "fax" in words:
        return "fax"
    if words & {"cell", "iphone"}:
        return "mobile"
    return "home" if "home" in words and "work" not in words else "work"


def _preferred_first(properties: list[Property]) -> list[Property]:
    return sorted(properties, key=lambda one: not one.words & {"pref", "pref=1"})


def _first(card: list[Property], name: str) -> str:
    return next((one.text for one in card if one.name == name and one.text), "")


def _composed_name(card: list[Property]) -> str:
    """Return the name of a card that has only its parts: family, given, additional."""
    parts = next((one.components for one in card if one.name == "N"), [])
    family, given, additional, *_ = [*parts, "", "", ""]
    return " ".join(filter(None, (given, additional, family)))
