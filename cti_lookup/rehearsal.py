"""
How an event in a file would be read, field by field, without sending it: what `check --event` tells an administrator.

No number is told in full unless that is asked for: what is found is as likely to stand in a ticket tomorrow as on a screen.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from cti_lookup.dialects import Dialect, Facts, Request, Secrets
from cti_lookup.dialects.custom import Custom
from cti_lookup.dialects.custom.values import Message
from cti_lookup.errors import Rejected
from cti_lookup.events import CallEvent
from cti_lookup.logs import masked
from cti_lookup.telephone import E164, Caller, Dialled, Internal, Invalid, Withheld


class Headers(Mapping[str, str]):
    """Headers that are looked up in any letter case, as a request's are."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._named = {name.casefold(): value for name, value in named.items()}

    def __getitem__(self, name: str) -> str:
        """Give a header."""
        return self._named[name.casefold()]

    def __iter__(self) -> Iterator[str]:
        """Give their names, in small letters."""
        return iter(self._named)

    def __len__(self) -> int:
        """Count them."""
        return len(self._named)


class Line(msgspec.Struct, frozen=True):
    """A field: its name, what was found for it ('' where that is not known), and how it is read."""

    name: str
    found: str
    read: str


class Rehearsed(msgspec.Struct, frozen=True):
    """What became of an event: whether its sender is proven, what it tells, and why nothing where it tells nothing."""

    proof: str
    events: tuple[tuple[Line, ...], ...] = ()
    trouble: str = ""


def rehearse(  # noqa: PLR0913  # what a source is, and the request
    dialect: Dialect,
    custom: Custom | None,
    secrets: Secrets,
    request: Request,
    facts: Facts,
    *,
    show: bool,
) -> Rehearsed:
    """Read an event as a source would; `custom` is its description if it has one. `show` tells numbers in full."""
    proof = _proof(dialect, secrets, request, facts.now)
    try:
        if custom is None:
            events = tuple(tuple(_told(event, {}, show=show)) for event in dialect.read(request, facts))
        else:
            events = tuple(_told_by(custom, request, facts, show=show))
    except Rejected as rejected:
        return Rehearsed(proof, trouble=rejected.detail)
    return Rehearsed(proof, events, "" if events else "It tells of no call.")


def _proof(dialect: Dialect, secrets: Secrets, request: Request, now: float) -> str:
    if dialect.verify is None:
        return "its sender shows a key, which a file does not hold"
    try:
        dialect.verify(request, secrets, now)
    except Rejected as rejected:
        return f"refused: {rejected.reason}"
    return "good"


def _told_by(custom: Custom, request: Request, facts: Facts, *, show: bool) -> Iterator[tuple[Line, ...]]:
    for message in custom.meaning.messages(request):
        event = custom.meaning.event_of(message, facts)
        found = _found(custom, message)
        if event is None:
            yield (Line("event", _written("event", found.get("event"), show=show), "ignored"),)
        else:
            yield tuple(_told(event, found, show=show))


def _found(custom: Custom, message: Message) -> dict[str, Any]:
    """Give what stands in a message, by the names of the description."""
    meaning = custom.meaning
    found = {name: value.of(message) for name, value in meaning.values.items()}
    for name in ("event", "direction", "result", "attestation"):
        worded = getattr(meaning, name)
        found[name] = worded.value.of(message) if worded.value else None
    for name in ("time", "order"):
        moment = getattr(meaning, name)
        found[name] = moment.value.of(message) if moment else None
    direction = meaning.direction.of(message)
    found["remote"] = meaning.party(message, direction, ours=False)
    found["own"] = meaning.party(message, direction, ours=True)
    return found


_FIELDS: Final = {
    "event": "happening",
    "direction": "direction",
    "remote": "caller",
    "own": "callee",
    "call": "provider_id",
    "leg": "leg",
    "continues": "continues",
    "agent": "agents",
    "answered_by": "answered_by",
    "queue": "queue",
    "name": "display_name",
    "result": "result",
    "attestation": "attestation",
    "dedupe": "key",
    "time": "occurred_at",
    "order": "order",
}
"""Fields of an event by the names that a description gives them."""

_PARTIES: Final = frozenset({"remote", "own"})
_TIMES: Final = frozenset({"time", "order"})


def _told(event: CallEvent, found: dict[str, Any], *, show: bool) -> Iterator[Line]:
    for name, field in _FIELDS.items():
        read = _read(name, getattr(event, field), show=show)
        yield Line(name, _written(name, found.get(name), show=show), read)


def _read(name: str, value: Any, *, show: bool) -> str:
    match value:
        case None | ():
            return "–"
        case Dialled() | Internal() | Withheld() | Invalid():
            return _caller(value, show=show)
        case tuple():
            text = ", ".join(map(str, value))
        case _:
            text = str(value)
    return text if show or name in _TIMES else without_numbers(text)


def _caller(caller: Caller, *, show: bool) -> str:
    match caller:
        case Dialled(number=number):
            full = number.text if isinstance(number, E164) else number.digits
            return full if show else masked(caller)
        case Internal(extension=extension):
            return f"extension {extension}"
        case Invalid(reason=reason):
            return f"no number: {reason}"
    return "withheld"


def _written(name: str, value: Any, *, show: bool) -> str:
    """Show what was found; of a party that is no plain number nothing, as it may be one in another writing."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if show or name in _TIMES:
        return text
    hidden = without_numbers(text)
    return "•••" if name in _PARTIES and hidden == text and len(text) > _SHORT else hidden


_SHORT: Final = 12
_NUMBER: Final = re.compile(r"\+?[0-9](?:[ ()./-]{0,3}[0-9]){6,}")
"""Seven digits and more, whatever stands between them."""


def without_numbers(text: str) -> str:
    """Leave of each number in a text its beginning and its end."""
    return _NUMBER.sub(lambda found: f"{found[0][:3]}•••{found[0][-2:]}", text)
