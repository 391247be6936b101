"""Tokens that were taken back before their end."""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from cti_lookup.feed.agents import Agent
from cti_lookup.feed.tokens import LONGEST_LIFE

_MOST: Final = 100_000


class Revoked(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """
    What was taken back: one token by its id, or all of a subject's that were issued until `at`, in wall seconds.

    Of the two, the other is ''.
    """

    at: float
    token: str = ""
    subject: str = ""

    def concerns(self, agent: Agent) -> bool:
        """Tell whether a token is among what was taken back."""
        if self.token:
            return agent.id == self.token
        return agent.subject == self.subject and agent.issued_at <= self.at


class Revocations(Protocol):
    """What was taken back, as far as this process or all replicas know."""

    async def revoke(self, revoked: Revoked) -> None:
        """Take back. Raises `NotForgotten` where other replicas could not be told; here it holds."""
        ...

    async def holds(self, agent: Agent) -> bool:
        """Tell whether somebody's token was taken back. Never raises."""
        ...


class OwnRevocations:
    """What this process knows to be taken back; `told` hears each once."""

    def __init__(self, clock: Callable[[], float], told: Callable[[Revoked], None]) -> None:
        self._clock = clock
        self._told = told
        self._tokens: dict[str, Revoked] = {}
        self._subjects: dict[str, Revoked] = {}

    async def revoke(self, revoked: Revoked) -> None:
        """Take back, in this process."""
        self.hear(revoked)

    async def holds(self, agent: Agent) -> bool:
        """Tell whether somebody's token was taken back, as far as this process knows."""
        return self.knows(agent)

    def hear(self, revoked: Revoked) -> None:
        """Note what was taken back, here or elsewhere."""
        known, name = (self._tokens, revoked.token) if revoked.token else (self._subjects, revoked.subject)
        before = known.get(name)
        if before is not None and before.at >= revoked.at:
            return  # told late, by somebody who could not sooner
        known.pop(name, None)
        known[name] = revoked
        self._make_room(known)
        self._told(revoked)

    def newest(self, revoked: Revoked) -> Revoked:
        """Give what is known to be taken back last of the same token or subject."""
        known, name = (self._tokens, revoked.token) if revoked.token else (self._subjects, revoked.subject)
        return known.get(name, revoked)

    def knows(self, agent: Agent) -> bool:
        """Tell the same at once."""
        found = self._tokens.get(agent.id), self._subjects.get(agent.subject)
        return any(one is not None and one.concerns(agent) for one in found)

    def _make_room(self, known: dict[str, Revoked]) -> None:
        """Let go of what no token can outlive."""
        ends_at = self._clock() - LONGEST_LIFE
        while known and (len(known) > _MOST or next(iter(known.values())).at < ends_at):
            del known[next(iter(known))]
