"""
XML that others send, read without its dangers: no document type, no entities, bounded in depth and number.

Facts: XML 1.0 sections 2.8, 4.1 and 4.3.3; a document type is the only place where entities can be declared,
and it is where entities that multiply, and files that are drawn in, come from. Phones send UTF-8 or Latin-1,
whatever they declare, and some begin with a blank line, which the standard forbids before the declaration.
"""

from typing import Final, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from cti_lookup.errors import Unreadable

_DEEPEST: Final = 32
_MOST: Final = 2000
"""Elements and attributes of one document; the largest real event known has 20."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def xml_of(body: bytes) -> Element:
    """Read an XML document and give its root, with the names as they are written. Raises `Unreadable`."""
    builder = _BoundedBuilder()
    parser = expat.ParserCreate("utf-8")  # whatever the declaration says: it is UTF-8 by now
    parser.buffer_text = True
    parser.StartElementHandler = builder.begin
    parser.EndElementHandler = builder.finish
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(_utf_8(body), True)  # the last part; it takes no names
        return builder.close()
    except (expat.ExpatError, ValueError, AssertionError):  # an end that is missing is an assertion
        raise Unreadable("The body is no XML, or is nested too deep, or holds a document type.") from None


def xml_text(element: Element | None) -> str:
    """Give an element's own text without blanks around it; '' where there is no element."""
    return (element.text or "").strip() if element is not None else ""


class _BoundedBuilder(TreeBuilder):
    """Makes a tree that is neither too deep nor too large."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1 + len(attributes)
        if self._depth > _DEEPEST or self._count > _MOST:
            raise ValueError("too deep or too large")
        self.start(name, attributes)

    def finish(self, name: str) -> None:
        self._depth -= 1
        self.end(name)


def _refuse(*_declared: object) -> NoReturn:
    raise ValueError("a document type")


def _utf_8(body: bytes) -> bytes:
    """Give a document as UTF-8, from its first character on."""
    if body.startswith(_UTF_16):
        text = body.decode("utf-16")
    else:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("latin-1")
    return text.strip().encode()
