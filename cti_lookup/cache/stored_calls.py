"""
What stands in the shared tier of a call, as bytes: a stamp, and sealed the call, or under another of its names the first one.

The forms below have the fields of what they hold, in the same order; callers and numbers are told apart by their fields.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from cti_lookup.cache.sealing import Seal
from cti_lookup.calls import Call, Entry, Leg, Life, State
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Caller, Dialled, Internal, Invalid, LocalNumber, Withheld

STAMP: Final = 12
"""Length of a stamp, in random bytes."""

_VERSION: Final = 1


class StoredCall(msgspec.Struct, frozen=True, gc=False):
    """A call, and when it was heard of last in wall seconds."""

    at: float
    call: Call


class StoredAlias(msgspec.Struct, frozen=True, gc=False):
    """Another id under which the call stands."""

    provider_id: str


class _Number(msgspec.Struct, gc=False):
    text: str | None = None
    digits: str | None = None
    country_code: int = 1


class _Caller(msgspec.Struct, gc=False):
    raw: str
    number: _Number | None = None
    extension: str | None = None
    reason: str | None = None


class EventForm(msgspec.Struct, gc=False):
    """A :class:`CallEvent`."""

    source: str
    provider_id: str | None
    happening: Happening
    direction: Direction
    caller: _Caller | None
    callee: str | None = None
    agents: tuple[str, ...] = ()
    answered_by: str | None = None
    queue: str | None = None
    display_name: str | None = None
    result: Result | None = None
    leg: str | None = None
    continues: str | None = None
    key: str | None = None
    order: float | None = None
    occurred_at: float | None = None
    attestation: Attestation | None = None


class EntryForm(msgspec.Struct, gc=False):
    """An :class:`Entry`."""

    at: float
    event: EventForm


class LifeForm(msgspec.Struct, gc=False):
    """A :class:`Life`."""

    legs: tuple[Leg, ...] = ()
    keys: tuple[bytes, ...] = ()
    voicemail: bool = False
    silent: bool = False
    base: "CallForm | None" = None
    entries: tuple[EntryForm, ...] = ()


class CallForm(msgspec.Struct, gc=False):
    """A :class:`Call`."""

    id: str
    source: str
    provider_id: str | None
    direction: Direction
    caller: _Caller
    started_at: float
    state: State = State.RINGING
    result: Result | None = None
    callee: str | None = None
    agents: tuple[str, ...] = ()
    queue: str | None = None
    display_name: str | None = None
    attestation: Attestation | None = None
    answered_at: float | None = None
    answered_by: str | None = None
    ended_at: float | None = None
    life: LifeForm | None = None
    occurred_at: float | None = None


class _Stored(msgspec.Struct, gc=False):
    version: int
    at: float = 0.0
    call: CallForm | None = None
    provider_id: str | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode


def packed_call(at: float, call: Call) -> bytes:
    """Write a call. Raises `ValueError` where it holds text that is none."""
    return _written({"version": _VERSION, "at": at, "call": call})


def packed_alias(provider_id: str) -> bytes:
    """Write under which id a call stands. Raises `ValueError` where that is no text."""
    return _written({"version": _VERSION, "provider_id": provider_id})


def _written(fields: dict[str, object]) -> bytes:
    try:
        return _encode(fields)
    except UnicodeEncodeError as exc:
        raise ValueError("a lone surrogate") from exc


def opened(seal: Seal, key: str, value: bytes | None) -> StoredCall | StoredAlias | None:
    """Open and read what stands under a key; None if that is nothing, or was not written so."""
    sealed = seal.open(key, value[STAMP:]) if value is not None else None
    return unpacked(sealed) if sealed is not None else None


def unpacked(value: bytes) -> StoredCall | StoredAlias | None:
    """Read what stands there; None if it was written in another way."""
    try:
        stored = _decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if stored.version != _VERSION:
        return None
    if stored.call is not None:
        return StoredCall(stored.at, _call(stored.call))
    return StoredAlias(stored.provider_id) if stored.provider_id is not None else None


def _call(form: CallForm) -> Call:
    life = _life(form.life) if form.life is not None else None
    return Call(**{**_fields(form), "caller": _caller(form.caller), "life": life})


def _life(form: LifeForm) -> Life:
    base = _call(form.base) if form.base is not None else None
    entries = tuple(Entry(entry.at, _event(entry.event)) for entry in form.entries)
    return Life(**{**_fields(form), "base": base, "entries": entries})


def _event(form: EventForm) -> CallEvent:
    caller = _caller(form.caller) if form.caller is not None else None
    return CallEvent(**{**_fields(form), "caller": caller})


def _fields(form: msgspec.Struct) -> dict[str, Any]:
    """Give the fields of a form, which were decoded as what they are."""
    return asdict(form)


def _caller(form: _Caller) -> Caller:
    match form:
        case _Caller(raw, _Number() as number, extension):
            return Dialled(raw, _number(number), extension)
        case _Caller(raw, None, str(extension)):
            return Internal(raw, extension)
        case _Caller(raw, None, None, str(reason)):
            return Invalid(raw, reason)
    return Withheld(form.raw)


def _number(form: _Number) -> E164 | LocalNumber:
    return E164(form.text) if form.text is not None else LocalNumber(form.digits or "", form.country_code)
