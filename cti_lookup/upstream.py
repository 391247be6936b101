"""What a message of the directory brings about: a person forgotten, the directory called back, or nothing."""

from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import Final

from cachetools import TTLCache

from cti_lookup.keys import Keys
from cti_lookup.rservice.handshake import Handshake
from cti_lookup.rservice.upstream import Event, Other, PersonChanged, VerificationAsked, read_delivery
from cti_lookup.rservice.writers import LEEWAY, Verifier

REMEMBERED: Final = 2 * LEEWAY
"""Seconds for which a signature's name is remembered: as long as the signature could be shown again."""

_MOST_REMEMBERED: Final = 10_000


class Upstream:
    """
    The directory as one that calls us.

    `changed` forgets a person on every replica, and raises `NotForgotten` if it could not; `clock` gives seconds since
    the epoch. With no `keys` nobody is let in.

    The names of signatures whose messages were dealt with are remembered, by this process alone: to forget a person
    twice harms nobody, so that replicas need not share them. It only keeps whoever recorded a message from making us
    ask the directory anew as often as they like.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        verifier: Verifier,
        handshake: Handshake,
        changed: Callable[[int], Awaitable[None]],
        clock: Callable[[], float] = time,
    ) -> None:
        self.keys = keys
        self._verifier = verifier
        self._handshake = handshake
        self._changed = changed
        self._clock = clock
        self._dealt_with: TTLCache[str, bool] = TTLCache(_MOST_REMEMBERED, REMEMBERED, timer=clock)

    async def take(self, body: bytes, headers: Mapping[str, str]) -> str:
        """
        Deal with one delivery and say with what result: `changed`, `verification`, `other` or `repeated`.

        Raises `Rejected` or `NotForgotten`. A message that failed is not remembered, so that its repetition counts.
        """
        delivered = read_delivery(body, headers, self._verifier, now=self._clock())
        if delivered.jti in self._dealt_with:
            return "repeated"
        result = await self._deal_with(delivered.event)
        if delivered.jti is not None:
            self._dealt_with[delivered.jti] = True
        return result

    async def _deal_with(self, event: Event) -> str:
        match event:
            case PersonChanged(person_id=person_id):
                await self._changed(person_id)
                return "changed"
            case VerificationAsked(callback=callback):
                self._handshake.begin(callback)
                return "verification"
            case Other():
                return "other"
