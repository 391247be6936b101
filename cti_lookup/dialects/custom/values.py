"""Values of a message: where each stands, and what is done to it before it is read."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cti_lookup.dialects.bodies import Fields, first, form_of
from cti_lookup.dialects.custom.fields import Find, PathError, compiled
from cti_lookup.dialects.custom.tables import Table
from cti_lookup.dialects.custom.transforms import (
    PLAIN,
    Transform,
    TransformError,
    as_text,
    defaulted,
    joined,
    pattern,
    split,
    translated,
)
from cti_lookup.dialects.dialect import Request
from cti_lookup.errors import Unreadable

_MOST_TEXTS: Final = 100
_UNFILLED: Final = re.compile(
    r"\[\w+\]|\$\{?[\w.-]+\}?\$?|\$\([\w.]+\)|\{\{?[\w. ]+\}?\}|%\w+%|<base64\(.*\)>"
)
"""Variables of URLs and templates as 3CX, desk phones, Ringotel, STARFACE, Wildix, Five9, CloudTalk, Mitel and Global IP Tel write them."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request that was read: the part that tells of one call, the whole, and the request itself."""

    part: Any
    whole: Any
    request: Request


Take: TypeAlias = Callable[[Message], Any]


@dataclass(frozen=True, slots=True)
class Value:
    """A place to look at, and the steps that are taken with what stands there."""

    take: Take
    transforms: tuple[Transform, ...] = ()

    def of(self, message: Message) -> Any:
        """Give the value; None for nothing."""
        found = self.take(message)
        for transform in self.transforms:
            found = transform(found)
        return found

    def text(self, message: Message, between: str = " ") -> str | None:
        """Give the value as one text; several are joined, and nothing is None."""
        return between.join(self.texts(message)) or None

    def texts(self, message: Message) -> tuple[str, ...]:
        """Give the value as texts, each once; a variable that nobody filled in is none."""
        found = self.of(message)
        listed = found[:_MOST_TEXTS] if isinstance(found, list) else [found]
        flat = [one for part in listed for one in (part[:_MOST_TEXTS] if isinstance(part, list) else [part])]
        texts = [text for one in flat if (text := as_text(one)) is not None]
        return tuple(dict.fromkeys(text for text in texts if not _UNFILLED.fullmatch(text)))


def query_of(request: Request) -> Fields:
    """Give the query of the URL, which may be there beside a body; one with too many fields is empty."""
    written = request.target.partition("?")[2] or request.query
    try:
        return form_of(written.encode(errors="surrogateescape"))
    except (Unreadable, UnicodeEncodeError):
        return {}


def _by_path(find: Find) -> Take:
    return lambda message: find(message.part)


def _by_whole(find: Find) -> Take:
    return lambda message: find(message.whole)


def _by_header(name: str) -> Take:
    return lambda message: message.request.headers.get(name)


def _by_query(name: str) -> Take:
    return lambda message: first(query_of(message.request), name)


def _fixed(text: str) -> Take:
    return lambda _message: text


def _body_hash(message: Message) -> str:
    return hashlib.sha256(message.request.body or message.request.query.encode(errors="replace")).hexdigest()


PLACES: Final[Mapping[str, Callable[[str], Take]]] = {
    "path": lambda written: _by_path(compiled(written)),
    "whole": lambda written: _by_whole(compiled(written)),
    "header": _by_header,
    "query": _by_query,
    "fixed": _fixed,
    "body": lambda _written: _body_hash,
}
"""Where a value may stand; `whole` is the message that lists the parts, `body` its SHA-256."""


def value_at(table: Table, name: str) -> Value | None:
    """Read a setting that says where a value stands: a path, a table, or a list of these; None if it is not given."""
    return _value(table, name, table.given(name))


def _value(table: Table, name: str, written: Any) -> Value | None:
    match written:
        case None:
            return None
        case str():
            take = _take(table, name, "path", written)
            return Value(take) if take else None
        case dict():
            return read_value(Table(written, table.place(name), table.faults))
        case list() if written:
            return _several(
                [_value(table, f"{name}[{number}]", one) for number, one in enumerate(written, 1)]
            )
    table.fault(name, "is a path, a table, or a list of these")
    return None


def _several(values: list[Value | None]) -> Value | None:
    good = tuple(value for value in values if value is not None)
    return Value(lambda message: [value.of(message) for value in good]) if good else None


def read_value(table: Table, *more: str) -> Value | None:
    """Read a table that says where a value stands; `more` are settings that the caller reads himself."""
    place = table.only(PLACES)
    written = table.text(place) if place else None
    steps = _transforms(table)
    for name in more:
        table.given(name)
    table.finish()
    if place is None or written is None:
        return None
    take = _take(table, place, place, written)
    return Value(take, steps) if take else None


def _take(table: Table, name: str, place: str, written: str) -> Take | None:
    if not written:
        table.fault(name, "is empty")
        return None
    try:
        return PLACES[place](written)
    except PathError as bad:
        table.fault(name, str(bad))
        return None


def _transforms(table: Table) -> tuple[Transform, ...]:
    written = table.given("transform")
    listed = written if isinstance(written, list) else [] if written is None else [written]
    found = [_transform(table, f"transform[{number}]", one) for number, one in enumerate(listed, 1)]
    return tuple(one for one in found if one is not None)


def _transform(table: Table, name: str, written: Any) -> Transform | None:
    known = f"{', '.join(PLAIN)}, or a table with one of {', '.join(_MADE)}"
    match written:
        case str() if written in PLAIN:
            return PLAIN[written]
        case dict():
            inner = Table(written, table.place(name), table.faults)
            kind = inner.only(_MADE)
            made = _MADE[kind](inner) if kind else None
            inner.finish()
            return made
    table.fault(name, f"is no transform this version knows; it knows {known}")
    return None


def _made_regex(table: Table) -> Transform | None:
    written, group = table.needed("regex"), table.number("group", 0, 20)
    if not written:
        return None
    try:
        return pattern(written, int(group))
    except TransformError as bad:
        table.fault("regex", str(bad))
        return None


def _made_map(table: Table) -> Transform | None:
    inner = table.table("map")
    return translated(words_of(inner)) if inner else None


def words_of(table: Table) -> dict[str, str]:
    """Read a table of words and what they stand for."""
    return {name: text for name in table.names() if (text := table.text(name)) is not None}


_MADE: Final[Mapping[str, Callable[[Table], Transform | None]]] = {
    "regex": _made_regex,
    "map": _made_map,
    "default": lambda table: defaulted(table.text("default") or ""),
    "join": lambda table: joined(_between(table, "join")),
    "split": lambda table: split(_between(table, "split") or ","),
}


def _between(table: Table, name: str) -> str:
    value = table.given(name)
    if not isinstance(value, str):
        table.fault(name, "is a text")
        return ""
    return value
