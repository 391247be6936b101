"""What happens when the phone rings: an event becomes a call, the call's caller is looked up, the dialect answers."""

from dataclasses import dataclass

import msgspec

from cti_lookup.answers import Lookup, Outcome, encode_call, encode_lookup
from cti_lookup.background import Background
from cti_lookup.calls import Call, CallBook
from cti_lookup.dialects import Dialect, Request
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.keys import Keys
from cti_lookup.lookup import CallerLookup
from cti_lookup.ports import LiveCalls


@dataclass(frozen=True, slots=True)
class Source:
    """One configured sender of events, ready to be listened to."""

    name: str
    dialect: Dialect
    keys: Keys
    region: str | None


class Rung(msgspec.Struct, frozen=True, gc=False):
    """What came of an event: the call as it now is, who is calling, and the answer's body."""

    call: Call
    lookup: Lookup
    body: bytes


class Ringing:
    """
    The use case behind every webhook; `budget` is how many seconds a phone system may be kept waiting.

    Whoever calls and is not known within the budget is told to `live` as soon as they are.
    """

    def __init__(self, *, calls: CallBook, lookup: CallerLookup, live: LiveCalls, budget: float) -> None:
        self._calls = calls
        self._lookup = lookup
        self._live = live
        self._budget = budget
        self._background = Background()

    async def hear(self, source: Source, request: Request) -> Rung:
        """Take in one webhook. Raises `Rejected` for what cannot be read."""
        event = source.dialect.read(request, source.name, source.region)
        call = self._calls.record(event)
        lookup = self._lookup.known(call.caller)
        if lookup is None:
            lookup = await self._lookup.find(call.caller, patience=self._budget)
            if lookup.outcome is Outcome.PENDING:
                self._background.spawn(self._finish(call))
        told = encode_lookup(lookup)
        return Rung(call, lookup, source.dialect.answer(encode_call(call, told), told))

    async def _finish(self, call: Call) -> None:
        """Wait for the flight that is still under way, and tell whom it found."""
        lookup = await self._lookup.find(call.caller, patience=LONGEST_FLIGHT, late=Outcome.UNAVAILABLE)
        await self._live.found(call, lookup)

    async def close(self) -> None:
        """End what is under way."""
        await self._background.close()
