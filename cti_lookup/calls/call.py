"""What is known of one call, as immutable records."""

import random
from functools import lru_cache
from typing import Final

import msgspec

from cti_lookup.events import Attestation, CallEvent, Direction, Result
from cti_lookup.telephone import Caller, Withheld
from cti_lookup.vocabulary import Word

Name = tuple[str, str]
"""A source, and what it calls the call."""


class State(Word):
    """Where a call is."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    ENDED = "ended"


class Leg(msgspec.Struct, frozen=True, gc=False):
    """
    A part of a call: a telephone that rings, a party, or one of the calls that were joined.

    `call` is the provider's id under which it was told of; `name` is None for all that goes by this id.
    """

    call: str | None
    name: str | None
    state: State
    agents: tuple[str, ...] = ()
    result: Result | None = None


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An event, and when it was heard."""

    at: float
    event: CallEvent


class Life(msgspec.Struct, frozen=True, gc=False):
    """
    What a call that is not simple has beside the rest.

    `keys` are of the events it heard. `voicemail`: a machine took it. `silent`: it was closed because nothing was heard of it for long.
    `entries` are its events in the sender's order, those of the last time; `base` is the call as it was before them.
    """

    legs: tuple[Leg, ...] = ()
    keys: tuple[bytes, ...] = ()
    voicemail: bool = False
    silent: bool = False
    base: "Call | None" = None
    entries: tuple[Entry, ...] = ()


class Call(msgspec.Struct, frozen=True, gc=False):
    """
    One call, as far as its events have told. Times are seconds since the epoch, our own clock's.

    `life` is None for most: one leg, and events that hold neither key nor order. `occurred_at` is when its first event happened, by
    the sender's clock.
    """

    id: str
    source: str
    provider_id: str | None
    direction: Direction
    caller: Caller
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
    life: Life | None = None
    occurred_at: float | None = None


NO_LIFE: Final = Life()
NOBODY_NAMED: Final = Withheld("")

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS: Final = _CROCKFORD.encode() * 8
"""A letter for each byte: of its eight bits five count."""


def new_call_id(now: float) -> str:
    """Make a ULID: 48 bits of milliseconds, 80 random bits, 26 letters that sort by time. It guards nothing."""
    drawn = random.randbytes(16)  # noqa: S311  # tells calls apart, keeps nobody out
    return _time_part(int(now * 1000)) + drawn.translate(_LETTERS).decode()


@lru_cache(maxsize=8)
def _time_part(milliseconds: int) -> str:
    return "".join(_CROCKFORD[milliseconds >> shift & 31] for shift in range(45, -1, -5))
