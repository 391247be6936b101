"""The life of a call: ringing, answered, held, ended, whatever order its events arrive in."""

import random
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, Dialled, Internal, Withheld
from cti_lookup.vocabulary import Word


class State(Word):
    """Where a call is."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    ENDED = "ended"


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call, as far as its events have told. Times are seconds since the epoch, our own clock's."""

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
    attestation: str | None = None
    answered_at: float | None = None
    answered_by: str | None = None
    ended_at: float | None = None


_RINGING: Final = Happening.RINGING  # a member named through its class costs 0.1 µs each time


def advance(call: Call | None, event: CallEvent, now: float) -> Call:
    """Apply an event to a call, or begin one. A late event never takes a call back."""
    call = _begin(event, now) if call is None else _completed(call, event)
    if event.happening is _RINGING:  # most are
        return call
    match event.happening:
        case Happening.ANSWERED if call.answered_at is None:
            return _answered(call, event, now)
        case Happening.HELD if call.state is State.ANSWERED:
            return replace(call, state=State.HELD)
        case Happening.ANSWERED if call.state is State.HELD:
            return replace(call, state=State.ANSWERED)
        case Happening.ENDED if call.state is not State.ENDED:
            return replace(call, state=State.ENDED, ended_at=now, result=_result(call, event))
    return call


def _begin(event: CallEvent, now: float) -> Call:
    return Call(
        id=new_call_id(now),
        source=event.source,
        provider_id=event.provider_id,
        direction=event.direction,
        caller=event.caller or _NOBODY_NAMED,
        started_at=now,
        callee=event.callee,
        agents=event.agents,
        queue=event.queue,
        display_name=event.display_name,
    )


def _completed(call: Call, event: CallEvent) -> Call:
    """Add what the event knows and the call did not; a repeated event adds nothing."""
    caller = call.caller
    if event.caller is not None and event.caller is not caller and not _names_somebody(caller):
        caller = event.caller
    callee = call.callee or event.callee
    queue = call.queue or event.queue
    name = call.display_name or event.display_name
    agents = call.agents
    if event.agents and event.agents != agents:
        agents = tuple(dict.fromkeys((*agents, *event.agents)))
    if (
        caller is call.caller
        and callee is call.callee
        and queue is call.queue
        and name is call.display_name
        and agents is call.agents
    ):
        return call
    return replace(call, caller=caller, callee=callee, queue=queue, display_name=name, agents=agents)


def _names_somebody(caller: Caller) -> bool:
    return isinstance(caller, Dialled | Internal)


def is_another(call: Call, event: CallEvent) -> bool:
    """
    Tell whether an event begins another call under an id that was used before.

    Some phone systems count their ids from 1 again, and people try things out with one id. A ringing that names
    somebody else is another call; a ringing of the same caller is a repeated event, or a late one.
    """
    if event.happening is not _RINGING or event.caller is None or event.caller is call.caller:
        return False  # a text that is read again gives the same caller, not only an equal one
    both_named = _names_somebody(call.caller) and _names_somebody(event.caller)
    return both_named and _number_of(call.caller) != _number_of(event.caller)


def _number_of(caller: Caller) -> object:
    match caller:
        case Dialled(number=number):
            return number
        case Internal(extension=extension):
            return extension
    return None


def _answered(call: Call, event: CallEvent, now: float) -> Call:
    """Note who answered, also when the hang-up overtook the answer."""
    by = event.answered_by or (event.agents[0] if len(event.agents) == 1 else None)
    state = State.ENDED if call.state is State.ENDED else State.ANSWERED
    result = Result.ANSWERED if call.result is Result.MISSED else call.result
    return replace(call, state=state, answered_at=now, answered_by=by, result=result)


def _result(call: Call, event: CallEvent) -> Result:
    if call.answered_at is not None:
        return Result.ANSWERED
    return event.result or Result.MISSED


_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS: Final = _CROCKFORD.encode() * 8
"""A letter for each byte: of its eight bits five count."""

_NOBODY_NAMED: Final = Withheld("")


def new_call_id(now: float) -> str:
    """Make a ULID: 48 bits of milliseconds, 80 random bits, 26 letters that sort by time. It guards nothing."""
    drawn = random.randbytes(16)  # noqa: S311  # tells calls apart, keeps nobody out
    return _time_part(int(now * 1000)) + drawn.translate(_LETTERS).decode()


@lru_cache(maxsize=8)
def _time_part(milliseconds: int) -> str:
    return "".join(_CROCKFORD[milliseconds >> shift & 31] for shift in range(45, -1, -5))


class _Heard(msgspec.Struct, gc=False):
    at: float
    call: Call


class CallBook:
    """
    The calls of this process, found again by what their phone system calls them; bounded in number and time.

    Whoever was heard of longest ago stands first. (`TTLCache` costs ten times as much.)
    """

    def __init__(self, clock: Callable[[], float], *, most: int = 10_000, seconds: float = 4 * 3600) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        self._calls: OrderedDict[tuple[str, str], _Heard] = OrderedDict()

    def record(self, event: CallEvent) -> Call:
        """Apply an event to its call and give the call as it now is."""
        now = self._clock()
        if event.provider_id is None:
            return advance(None, event, now)
        key = event.source, event.provider_id
        heard = self._calls.get(key)
        if heard is None or now - heard.at >= self._seconds or is_another(heard.call, event):
            self._forget(now)
            heard = self._calls[key] = _Heard(now, advance(None, event, now))
        else:
            heard.at, heard.call = now, advance(heard.call, event, now)
            self._calls.move_to_end(key)
        return heard.call

    def _forget(self, now: float) -> None:
        """Let go of calls nobody has heard of for long, and of the oldest where there are too many."""
        while self._calls:
            oldest = next(iter(self._calls.values()))
            if len(self._calls) < self._most and now - oldest.at < self._seconds:
                return
            self._calls.popitem(last=False)

    def __len__(self) -> int:
        """Count the calls that are remembered."""
        return len(self._calls)
