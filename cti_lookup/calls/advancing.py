"""
The life of a call: ringing, answered, held, ended, whatever order its events arrive in.

What is late never takes a call back. Where the sender numbers its events, a late one is put in its place among those of its leg, and
the call is told again from there, so that the same events give the same call in whatever order they arrive.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from cti_lookup.calls.call import NO_LIFE, NOBODY_NAMED, Call, Entry, Life, State
from cti_lookup.calls.legs import has_legs, ids_of, joined, moved_leg, settled
from cti_lookup.calls.whole import begun, completed, is_another, moved, with_life
from cti_lookup.events import CallEvent, Happening, Result

RINGING_LIMIT: Final = 180.0
"""Seconds without news after which a call that rings is closed."""
ANSWERED_LIMIT: Final = 8 * 3600.0
"""Seconds without news after which a call that was answered is closed."""

_RINGING: Final = Happening.RINGING  # a member named through its class costs 0.1 µs each time
_MOST_KEYS: Final = 64
_KEY: Final = 12
_MOST_ENTRIES: Final = 64
_RANKS: Final = {
    Happening.OTHER: 0,
    Happening.RINGING: 0,
    Happening.ANSWERED: 1,
    Happening.HELD: 2,
    Happening.VOICEMAIL: 3,
    Happening.TRANSFERRED: 3,
    Happening.ENDED: 4,
}


def advance(call: Call | None, event: CallEvent, now: float) -> Call:
    """Apply an event to a call, or begin one."""
    if event.leg is None and event.order is None and event.key is None:  # most are
        if call is None:
            call = begun(event, now)
            return call if event.happening is _RINGING else moved(call, event, now)
        if call.life is None and call.provider_id == event.provider_id:
            call = completed(call, event)
            return call if event.happening is _RINGING else moved(call, event, now)
    return _advance(call, event, now)


def follow(call: Call | None, event: CallEvent, now: float) -> Call:
    """Apply an event to the call that goes by one of its ids, or begin another; a transfer under a new id joins the call."""
    if call is None or is_another(call, event):
        return advance(None, event, now)
    if event.continues is not None and event.provider_id not in ids_of(call):
        return join(call, advance(None, event, now), now)
    return advance(call, event, now)


def _advance(call: Call | None, event: CallEvent, now: float) -> Call:
    key = _shortened(event.key)
    life = NO_LIFE if call is None or call.life is None else call.life
    if call is not None and key in life.keys:
        return call
    if event.order is not None or life.entries:
        call = _put_in_order(call, life, Entry(now, event))
    else:
        call = _step(call, event, now)
    if key is None:
        return call
    return with_life(call, keys=(*life.keys, key)[-_MOST_KEYS:])


def _shortened(key: str | None) -> bytes | None:
    if key is None:
        return None
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=_KEY).digest()


def _step(call: Call | None, event: CallEvent, now: float) -> Call:
    """Apply an event that is the newest of its leg."""
    if call is None:
        call = begun(event, now)
    elif event.happening is not Happening.OTHER:
        call = taken_up(call, now)
    call = completed(call, event)
    return moved_leg(call, event, now) if has_legs(call, event) else moved(call, event, now)


def _put_in_order(call: Call | None, life: Life, entry: Entry) -> Call:
    """Apply an event to a call whose events are numbered; a late one as if it had come in time."""
    entries = life.entries
    if call is not None and any(one.event == entry.event for one in entries):
        return call
    base = life.base or call or _blank(entry)
    at = _place(entries, entry.event)
    entries = (*entries[:at], entry, *entries[at:])
    if call is not None and at == len(entries) - 1:
        after = _step(call, entry.event, entry.at)
    else:
        after = _told_again(base, entries, life)
    if len(entries) > _MOST_ENTRIES:
        base, entries = _fold(base, entries[: _MOST_ENTRIES // 2]), entries[_MOST_ENTRIES // 2 :]
    return with_life(after, base=base, entries=entries)


def _blank(entry: Entry) -> Call:
    """Give a call of which nothing is known but that there is one."""
    return replace(
        begun(entry.event, entry.at),
        caller=NOBODY_NAMED,
        callee=None,
        agents=(),
        queue=None,
        display_name=None,
        attestation=None,
    )


def _place(entries: tuple[Entry, ...], event: CallEvent) -> int:
    """Find the place of an event: the end, unless it is late among those of its leg."""
    if event.order is not None:
        rank = _rank(event)
        for at, entry in enumerate(entries):
            other = entry.event
            if (
                other.order is not None
                and (other.provider_id, other.leg) == (event.provider_id, event.leg)
                and _rank(other) > rank
            ):
                return at
    return len(entries)


def _rank(event: CallEvent) -> tuple[float, int, tuple[str, ...]]:
    """Order events that have an order; of those in one second or the like an answer comes after the ringing."""
    return event.order or 0.0, _RANKS[event.happening], event.agents


def _told_again(base: Call, entries: tuple[Entry, ...], life: Life) -> Call:
    """Tell a call again from its events; that it was closed for its silence is not undone by something late."""
    after = _fold(base, entries)
    if life.silent and after.state is not State.ENDED:
        after = closed(after, entries[-1].at)
    return with_life(after, keys=life.keys)


def _fold(base: Call, entries: Iterable[Entry]) -> Call:
    call = base
    for entry in entries:
        if call is base and call.caller == NOBODY_NAMED:
            call = replace(call, direction=entry.event.direction)
        call = _step(call, entry.event, entry.at)
    return call


def expired(call: Call, heard_at: float, now: float) -> bool:
    """Tell whether nothing was heard of a call for so long that it must have ended."""
    limit = RINGING_LIMIT if call.state is State.RINGING else ANSWERED_LIMIT
    return now - heard_at >= limit and call.state is not State.ENDED


def closed(call: Call, now: float) -> Call:
    """Close a call of which nothing was heard for long; news of it take it up again."""
    result = Result.MISSED
    if call.answered_at is not None:
        result = Result.ANSWERED
    elif call.life is not None and call.life.voicemail:
        result = Result.VOICEMAIL
    return with_life(replace(call, state=State.ENDED, ended_at=now, result=result), silent=True)


def taken_up(call: Call, now: float) -> Call:
    """Take up a call that was closed for its silence: whatever is heard of it says that it lives."""
    life = call.life
    if life is None or not life.silent:
        return call
    state = State.RINGING if call.answered_at is None else State.ANSWERED
    call = with_life(replace(call, state=state, ended_at=None, result=None), silent=False)
    return settled(call, now) if life.legs else call


def join(one: Call, other: Call, now: float) -> Call:
    """Make one call of two that a transfer has joined; the one that began first goes on."""
    first, second = sorted((taken_up(one, now), taken_up(other, now)), key=lambda call: call.started_at)
    return joined(first, second, now)
