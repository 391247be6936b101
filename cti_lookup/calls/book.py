"""The calls of a process, found again by what their phone system calls them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from cti_lookup.calls.advancing import RINGING_LIMIT, advance, closed, expired, follow, join
from cti_lookup.calls.call import Call, Name, State
from cti_lookup.calls.repeats import Repeats
from cti_lookup.calls.watching import LiveCalls, NoLiveCalls
from cti_lookup.calls.whole import is_another
from cti_lookup.events import CallEvent

REMEMBERED: Final = 9 * 3600.0
"""Seconds after the last news for which a call is known again; longer than one may be silent."""
ENDED_REMEMBERED: Final = 4 * 3600.0
"""The same after its end, so that no late ringing brings it up. Facts: Zoom repeats after 90 min, others sooner."""

_LATER: Final = 0.000_001
_MOST_NAMES: Final = 16


class Heard(msgspec.Struct, gc=False, eq=False):
    """
    A call, when it was heard of last, and all names it goes by.

    `at` grows with each change, also where the clock was set back, or that of another replica is ahead. `shown` is the call as those who watch it know it. `absorbed` are those that joined it since somebody looked; `beside` is what whoever
    shares calls keeps with it.
    """

    at: float
    call: Call
    names: tuple[Name, ...] = ()
    shown: Call | None = None
    absorbed: "tuple[Heard, ...]" = ()
    beside: object = None


def later(known: float, now: float) -> float:
    """Give what the clock says, but for a moment that is not after one that is known."""
    return now if now > known else known + _LATER


def show(heard: Heard, live: LiveCalls, at: float | None = None, *, was_alone: bool = False) -> None:
    """
    Show a call to those who watch, if it is another than they know; it may have turned out to be one that others knew before.

    `at` is when it came to be so, if that is not when it was heard of last. Not when it is shown: until then another replica may have
    shown what came after it, which would be overtaken by a process that stood still in between. `was_alone`: nobody else was told
    of it, so that a call which is known by another id now is the same, though it has ended, and no other that was given its name.
    """
    known, heard.shown = heard.shown, heard.call
    if known is heard.call:
        return
    if known is not None and known.id != heard.call.id and (was_alone or known.state is not State.ENDED):
        live.merged(known, heard.call)
    live.changed(heard.call, heard.at if at is None else at)


def name_of(event: CallEvent) -> Name | None:
    """Name the call of an event; without an id by its key, so that a repeated event is no second call; None without either."""
    if event.provider_id is not None:
        return event.source, event.provider_id
    return None if event.key is None else (event.source, f"\0{event.key}")


class CallBook:
    """
    The calls of this process; bounded in number and time.

    Whoever was heard of longest ago stands first. (`TTLCache` costs ten times as much.)
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        live: LiveCalls | None = None,
        most: int = 10_000,
        seconds: float = REMEMBERED,
    ) -> None:
        self._clock = clock
        self._live = live or NoLiveCalls()
        self._most = most
        self._seconds = seconds
        self._soonest = min(seconds, ENDED_REMEMBERED)
        self._calls: OrderedDict[Name, Heard] = OrderedDict()
        self._requests = Repeats(clock)

    async def record(self, event: CallEvent) -> Call:
        """Apply an event to its call and give the call as it now is."""
        return self.heard(event)

    def heard(self, event: CallEvent) -> Call:
        """Do the same at once: nobody else knows more."""
        heard = self.hear(event, self._clock())
        for absorbed in heard.absorbed:
            self._live.merged(absorbed.call, heard.call)
        heard.absorbed = ()
        show(heard, self._live)
        return heard.call

    def hear(self, event: CallEvent, now: float) -> Heard:
        """Apply an event to its call; of an event that names none, the call is not remembered."""
        name = name_of(event)
        if name is None:
            return Heard(now, advance(None, event, now))
        if event.continues is not None:
            return self._continue(event, name, (event.source, event.continues), now)
        heard = self._calls.get(name)
        if (
            heard is None
            or (now - heard.at >= self._soonest and self._is_forgotten(heard, now))
            or is_another(heard.call, event)
        ):
            self._forget(now)
            if heard is not None and heard.call.state is not State.ENDED:
                # nobody can tell of it any more
                self._live.changed(closed(heard.call, now), later(heard.at, now))
            heard = self._calls[name] = Heard(now, advance(None, event, now), (name,))
            self._calls.move_to_end(name)
            return heard
        heard.at = now if now > heard.at else heard.at + _LATER  # `later`, without a call
        heard.call = advance(heard.call, event, now)
        self._calls.move_to_end(name)
        if len(heard.names) > 1:
            self._move(heard)
        return heard

    def _continue(self, event: CallEvent, name: Name, other: Name, now: float) -> Heard:
        """Apply an event of a call that goes on from another: they are one before it is applied, known or not."""
        if (heard := self.known(name, now)) is not None:
            heard = self.link(heard, other, now)
        elif (heard := self.known(other, now)) is not None:
            self._add(heard, name)
        else:
            self._forget(now)
            heard = self._calls[name] = Heard(now, advance(None, event, now), (name,))
            return self.link(heard, other, now)
        heard.at, heard.call = later(heard.at, now), follow(heard.call, event, now)
        self._move(heard)
        return heard

    def link(self, heard: Heard, name: Name, now: float) -> Heard:
        """Let a call go by another name too; if another call goes by it they are one from now on, whose record is given."""
        other = self.known(name, now)
        if other is heard:
            return heard
        if other is None:
            self._add(heard, name)
            return heard
        first, second = (heard, other) if heard.call.started_at < other.call.started_at else (other, heard)
        first.at = later(max(first.at, second.at), now)
        first.call = join(first.call, second.call, now)
        first.absorbed += (second, *second.absorbed)
        for one in second.names:
            self._add(first, one)
        self._move(first)
        return first

    def known(self, name: Name, now: float) -> Heard | None:
        """Give the record of a call by one of its names, unless it was forgotten since."""
        heard = self._calls.get(name)
        return None if heard is None or self._is_forgotten(heard, now) else heard

    def _add(self, heard: Heard, name: Name) -> None:
        self._calls[name] = heard
        names = dict.fromkeys((*heard.names, name))
        if len(names) > _MOST_NAMES:
            dropped = heard.names[1]
            del names[dropped]
            if self._calls.get(dropped) is heard:
                del self._calls[dropped]
        heard.names = tuple(names)

    def _move(self, heard: Heard) -> None:
        for name in heard.names:
            if self._calls.get(name) is heard:
                self._calls.move_to_end(name)

    def _is_forgotten(self, heard: Heard, now: float) -> bool:
        age = now - heard.at
        return age >= self._seconds or (age >= ENDED_REMEMBERED and heard.call.state is State.ENDED)

    def told(self) -> None:
        """Have nobody to tell."""

    async def sweep(self) -> tuple[Call, ...]:
        """Close the calls that nothing was heard of for too long, and give them."""
        now = self._clock()
        for heard in (silent := self.silent(now)):
            heard.call = closed(heard.call, now)
            show(heard, self._live, now)
        return tuple([heard.call for heard in silent])

    async def close(self) -> None:
        """Have nothing to end."""

    def find(self, name: Name) -> Heard | None:
        """Give the record of a call by one of its names."""
        return self._calls.get(name)

    def silent(self, now: float) -> list[Heard]:
        """Give the calls that nothing was heard of for too long."""
        found: dict[Heard, None] = {}
        for heard in self._calls.values():
            if now - heard.at < RINGING_LIMIT:
                break  # those that follow were heard of later
            if expired(heard.call, heard.at, now):
                found[heard] = None
        return list(found)

    async def is_new(self, source: str, fingerprint: bytes) -> bool:
        """Tell whether a request comes for the first time within an hour."""
        return self._requests.is_new(source, fingerprint)

    def _forget(self, now: float) -> None:
        """Let go of calls nobody has heard of for long, and of the oldest where there are too many."""
        while self._calls:
            oldest = next(iter(self._calls.values()))
            if len(self._calls) < self._most and now - oldest.at < self._seconds:
                return
            self._calls.popitem(last=False)

    def __len__(self) -> int:
        """Count the names of calls that are remembered."""
        return len(self._calls)
