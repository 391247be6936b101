"""What happens when the phone rings: an event becomes a call, the call's caller is looked up, the dialect answers."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from cti_lookup.answers import Lookup, encode_call, encode_lookup
from cti_lookup.calls import Call
from cti_lookup.colleagues import of_colleagues
from cti_lookup.dialects import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.errors import Rejected
from cti_lookup.events import CallEvent
from cti_lookup.keys import Keys
from cti_lookup.lookup import CallerLookup
from cti_lookup.ports import Calls


@dataclass(frozen=True, slots=True)
class Source:
    """
    One configured sender of events, ready to be listened to.

    `keys` are what opens it where its dialect signs nothing, `secrets` are what its dialect signs with. `insecure` takes whatever comes.
    """

    name: str
    dialect: Dialect
    keys: Keys
    region: str | None
    secrets: Secrets = ()
    insecure: bool = False

    def opens_to(self, key: str) -> bool:
        """Tell whether whoever shows this key is heard; where the dialect signs, its signature is still to be verified."""
        return self.insecure or self.dialect.verify is not None or key in self.keys


class Rung(msgspec.Struct, frozen=True, gc=False):
    """
    What came of a webhook: the answer, and where it told of a call, that call as it now is and who is calling.

    `result` is one word: `accepted`, `greeted` (a handshake), `ignored` (it tells of no call), `repeated`, or why what was rightly signed
    makes no sense.
    """

    answered: Answered
    result: str = "accepted"
    call: Call | None = None
    lookup: Lookup | None = None


_GREETED: Final = "greeted"
_IGNORED: Final = "ignored"
_REPEATED: Final = "repeated"
_TAKES_EVENTS: Final = Answered(b"", "text/plain", 405, {"Allow": "GET, POST"})


class Ringing:
    """
    The use case behind every webhook; `budget` is how many seconds a phone system may be kept waiting. `clock` gives wall seconds.

    Whoever calls and is not known within the budget is looked up on by those who watch the calls.
    """

    def __init__(
        self,
        *,
        calls: Calls,
        lookup: CallerLookup,
        budget: float,
        clock: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._lookup = lookup
        self._budget = budget
        self._clock = clock

    async def hear(self, source: Source, request: Request) -> Rung:
        """Take in one webhook whose key is known. Raises `Unverified`, and `Rejected` for what cannot be read."""
        dialect, now = source.dialect, self._clock()
        if (greeted := dialect.greet(request, source.secrets, now)) is not None:
            return Rung(greeted, _GREETED)
        if request.method == "OPTIONS":  # browsers ask so unbidden: nothing has happened
            return Rung(_TAKES_EVENTS, _IGNORED)
        if dialect.verify is not None and not source.insecure:
            dialect.verify(request, source.secrets, now)
            if dialect.timeless and not await self._calls.is_new(
                source.name, _fingerprint(dialect, request, now)
            ):
                return Rung(dialect.nothing_for(request), _REPEATED)
        try:
            events = dialect.read(request, Facts(source.name, source.region, now))
        except Rejected as rejected:
            if dialect.verify is None:
                raise
            return Rung(dialect.nothing_for(request), rejected.reason)  # or the sender repeats it for ever
        if not events:
            return Rung(dialect.nothing_for(request), _IGNORED)
        return await self._ring(source, request, events)

    async def _ring(self, source: Source, request: Request, events: tuple[CallEvent, ...]) -> Rung:
        """Take down what was told, answer for the first, and look all of them up."""
        call = self._calls.heard(events[0]) or await self._calls.record(events[0])
        if len(events) > 1:
            call = await self._record_others(call, events[1:])
        telling = self._calls.told()
        lookup = of_colleagues(call) or self._lookup.known(call.caller)
        if lookup is None:
            patience = self._budget if source.dialect.waits else 0.0
            lookup = await self._lookup.seek(call.caller, patience=patience)
        if telling is not None:
            await telling
        told = encode_lookup(lookup)
        hook = _hook(source, request) if source.dialect.needs_public_url else ""
        answered = source.dialect.answer(
            Told(request, events[0], call, lookup, encode_call(call, told), told, hook)
        )
        return Rung(answered, call=call, lookup=lookup)

    async def _record_others(self, call: Call, events: tuple[CallEvent, ...]) -> Call:
        """Take down what else a webhook tells; give the call as it is after all of it."""
        for event in events:
            other = self._calls.heard(event) or await self._calls.record(event)
            call = other if other.id == call.id else call
        return call


def _hook(source: Source, request: Request) -> str:
    """Give the URL under which the source is reached from outside; what the sender wrote itself is not trusted."""
    if not request.base:
        return ""
    token = f"/{quote(request.token, safe='')}" if request.token else ""
    return f"{request.base}/webhooks/{source.name}{token}"


def _fingerprint(dialect: Dialect, request: Request, now: float) -> bytes:
    """Give what two requests have in common only if one is the other again: all that their sender signs."""
    if dialect.known_by is not None:
        return hashlib.sha256(dialect.known_by(request)).digest()
    if dialect.rightly_after:
        moment = b"%d" % (now // dialect.rightly_after)
        return hashlib.sha256(b"\n".join((moment, request.body))).digest()
    target = (
        request.target if dialect.needs_public_url else ""
    )  # what is not signed could be made anew at will
    return hashlib.sha256(b"\n".join((target.encode(errors="surrogateescape"), request.body))).digest()
