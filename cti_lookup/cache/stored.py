"""
What stands in the shared tier, as bytes, before it is sealed.

The people's JSON passes through as it is: it was written by this program, and a seal that opens says so.
"""

import struct
from functools import lru_cache
from typing import Final

import msgspec

from cti_lookup.answers import NOBODY, Answer
from cti_lookup.questions import Forgotten

VERSION: Final = 2

_HEAD: Final = struct.Struct(">B?dH")
"""Version, whether more people were found than are told, when the directory was asked in wall seconds, number of ids."""

_ID: Final = 8
ORIGIN: Final = 8
"""Length of what tells one process from another."""


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An answer as it is stored; `asked_at` is in wall seconds, which mean the same to every replica."""

    people: bytes
    truncated: bool
    asked_at: float
    ids: tuple[int, ...]


class Notice(msgspec.Struct, frozen=True):
    """What a replica tells the others: who says it, and what is to be forgotten."""

    origin: bytes
    forgotten: Forgotten


def packed(answer: Answer, asked_at: float) -> bytes:
    """Write an answer. Raises `ValueError` where an id is none that a directory gives out."""
    ids = answer.ids
    try:
        head = _HEAD.pack(VERSION, answer.truncated, asked_at, len(ids))
        return b"".join((head, struct.pack(f">{len(ids)}q", *ids), answer.people))
    except struct.error as exc:
        raise ValueError("ids of more than 64 bits") from exc


def unpacked(value: bytes) -> Stored | None:
    """Read an answer; None if it was written in another way, or does not look like one at either end."""
    if len(value) < _HEAD.size or value[0] != VERSION:
        return None
    _, truncated, asked_at, count = _HEAD.unpack_from(value)
    begin = _HEAD.size + count * _ID
    people = value[begin:]
    if people[:1] != b"[" or people[-1:] != b"]" or (count == 0) != (people == NOBODY):
        return None
    return Stored(people, truncated, asked_at, _ids(count).unpack_from(value, _HEAD.size))


@lru_cache(maxsize=64)
def _ids(count: int) -> struct.Struct:
    """Give the form of so many ids; to find it by its text takes twice as long."""
    return struct.Struct(f">{count}q")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Forgotten).decode


def packed_notice(notice: Notice) -> bytes:
    """Write a notice."""
    return notice.origin + _encode(notice.forgotten)


def unpacked_notice(value: bytes) -> Notice | None:
    """Read a notice; None if it is none."""
    try:
        return Notice(value[:ORIGIN], _decode(value[ORIGIN:]))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
