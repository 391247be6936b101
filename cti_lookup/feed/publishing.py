"""
What becomes of a call that changed: it is told at once with what is known, and again when it is known who calls.

The webhook's own path only notes the call. All else is done behind its answer, for the calls of some milliseconds together; of a call
that changed twice meanwhile only the newest state is told.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.background import Background, beside
from cti_lookup.calls import Call, LeftBehind
from cti_lookup.colleagues import of_colleagues
from cti_lookup.feed.board import Board
from cti_lookup.feed.changes import OLDEST_NEWS, Change, Found, Gone, News
from cti_lookup.feed.choices import Choices, ranked
from cti_lookup.feed.log import CallLog
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.telephone import Caller

MOST_NOTED: Final = 10_000
"""Calls that may wait to be told; the oldest are dropped."""
LINGER: Final = 0.005
"""Seconds in which changes come together."""

_AT_ONCE: Final = 100
_MOST_SOUGHT: Final = 1_000
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_LONGEST_SEARCH: Final = 600.0
_FAREWELL: Final = 1.0


class Publisher:
    """
    Tells the log and the screens of each call that changes; keeps the promises of `LiveCalls`.

    `clock` gives wall seconds. `outbox` is where calls are noted until they are told; None where no other process could tell
    them. `pauses` are seconds between two tries while the directory cannot be asked, the last for all that follow. `count` is
    told of what was dropped.
    """

    def __init__(  # noqa: PLR0913  # what it depends on, named at the composition root
        self,
        calls: CallLog,
        *,
        board: Board,
        lookup: CallerLookup,
        choices: Choices,
        clock: Callable[[], float],
        log: Log,
        count: Callable[[str], None],
        outbox: LeftBehind | None = None,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self._calls = calls
        self._outbox = outbox
        self._board = board
        self._lookup = lookup
        self._choices = choices
        self._clock = clock
        self._log = log
        self._count = count
        self._pauses = pauses
        self._noted: dict[str, tuple[Call, float]] = {}
        self._merged: dict[str, float] = {}
        self._waking = False
        self._wake = asyncio.Event()
        self._sought: dict[str, str] = {}
        self._background = Background()

    def changed(self, call: Call, at: float) -> None:
        """Note a call that changed; never raises, and waits for nothing."""
        known = self._noted.get(call.id)
        if known is None or known[1] <= at:
            self._noted[call.id] = (call, at)
        if not self._waking:
            self._wake_soon()

    def merged(self, gone: Call, into: Call) -> None:  # noqa: ARG002  # the other is told by itself
        """Note a call that goes on as a part of another; never raises, and waits for nothing."""
        self._noted.pop(gone.id, None)
        self._merged[gone.id] = self._clock()
        self._wake_soon()

    def _wake_soon(self) -> None:
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_later(LINGER, self._wake.set)

    async def run(self) -> None:
        """Tell of what is noted, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._waking = False
            await self._tell()

    async def _tell(self) -> None:
        while self._noted or self._merged:
            await self._publish(self._some())

    def _some(self) -> list[tuple[Call, float]]:
        noted = self._noted
        for _ in range(len(noted) - MOST_NOTED):
            del noted[next(iter(noted))]
            self._count("dropped")
        return [noted.pop(one) for one in list(noted)[:_AT_ONCE]]

    async def _publish(self, noted: list[tuple[Call, float]]) -> None:
        """Tell of some calls; whatever goes wrong with one, the next are told."""
        merged, self._merged = self._merged, {}
        try:
            changes: dict[str, Change] = {one: Gone("merged", at) for one, at in merged.items()}
            changes |= {call.id: await self._news(call, at) for call, at in noted}
            await self._calls.change(changes)
            for call, _ in noted:
                self._seek_if_unknown(call)
            if self._outbox is not None:
                told = [(call.id, at) for call, at in noted if self._calls.has_told(call.id)]
                await self._outbox.cross_off(told)
        except Exception as exc:  # noqa: BLE001  # nothing may end what all screens depend on
            self._log.failure(exc)

    async def _news(self, call: Call, at: float) -> News:
        """Say what is known at once."""
        lookup = of_colleagues(call) or self._lookup.known(call.caller)
        lookup = (
            Lookup(Outcome.PENDING, call.caller) if lookup is None else await ranked(lookup, self._choices)
        )
        return News(call, lookup, at, is_old=self._clock() - at > OLDEST_NEWS)

    def _seek_if_unknown(self, call: Call) -> None:
        entry = self._board.get(call.id)
        outcome = Outcome.PENDING if entry is None else entry.outcome  # another replica may show it first
        is_waited_for = entry is not None and entry.is_live
        if outcome is Outcome.PENDING or (outcome is Outcome.UNAVAILABLE and is_waited_for):
            self.seek(call.id, call.caller)

    def is_sought(self, call_id: str) -> bool:
        """Tell whether it is being found out who calls."""
        return call_id in self._sought

    def seek(self, call_id: str, caller: Caller) -> None:
        """Find out who calls, behind all else, and tell it."""
        if self._sought.get(call_id) != caller.raw and len(self._sought) < _MOST_SOUGHT:
            self._sought[call_id] = caller.raw
            self._background.spawn(self._seek(call_id, caller))

    async def _seek(self, call_id: str, caller: Caller) -> None:
        """Find out who calls, and again while the directory cannot be asked and the call goes on."""
        try:
            began, tries = self._clock(), 0
            while not await self._has_found(call_id, caller):
                await asyncio.sleep(self._pauses[min(tries, len(self._pauses) - 1)])
                tries += 1
                entry = self._board.get(call_id)
                if entry is None or not entry.is_live or entry.raw != caller.raw:
                    return
                if self._clock() - began > _LONGEST_SEARCH:
                    return
        except Exception as exc:  # noqa: BLE001  # nobody waits for it
            self._log.failure(exc)
        finally:
            if self._sought.get(call_id) == caller.raw:
                del self._sought[call_id]

    async def _has_found(self, call_id: str, caller: Caller) -> bool:
        lookup = await self._lookup.find(caller, patience=LONGEST_FLIGHT, late=Outcome.UNAVAILABLE)
        lookup = await ranked(lookup, self._choices)
        await self._calls.change({call_id: Found(caller.raw, lookup, self._clock())})
        return lookup.outcome is not Outcome.UNAVAILABLE

    async def close(self) -> None:
        """Tell what is noted, for as long as a farewell may take, and end what is under way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self._tell()
        await self._background.close()


@asynccontextmanager
async def publishing(publisher: Publisher) -> AsyncIterator[None]:
    """Let a publisher tell, for as long as this lasts."""
    try:
        async with beside(publisher.run()):
            yield
    finally:
        await publisher.close()
