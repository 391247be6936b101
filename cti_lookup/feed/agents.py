"""Those who look at calls: an agent, who sees what concerns them, and whoever sees all."""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from cti_lookup.vocabulary import Word


class Role(Word):
    """What somebody may see: their own calls, or all."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"


Names = tuple[str, ...]


def agent_key(name: str) -> str:
    """Give the key of what names an agent; extensions, user ids and e-mails are alike in small and large letters."""
    return f"a {name.strip().casefold()}"


def queue_key(name: str) -> str:
    """Give the key of a queue."""
    return f"q {name.strip().casefold()}"


class Agent(msgspec.Struct, frozen=True, gc=False):
    """
    Somebody whose token is good, or a machine; times are wall seconds, `expires_at` is None of a machine.

    `keys` are of the names and queues by which calls concern them. `sources` restricts whose calls they see, `origins` from where
    a browser may ask; None restricts nothing. `subject` is the host's name for them, and is not logged.
    """

    id: str
    subject: str
    role: Role
    keys: frozenset[str] = frozenset()
    sources: frozenset[str] | None = None
    origins: frozenset[str] | None = None
    issued_at: float = 0.0
    expires_at: float | None = None

    @property
    def sees_all(self) -> bool:
        """Tell whether calls are seen that concern others."""
        return self.role is Role.SUPERVISOR

    def is_concerned(self, source: str, audience: Collection[str]) -> bool:
        """Tell whether a call of a source that is for some audience is theirs to see."""
        if self.sources is not None and source not in self.sources:
            return False
        return self.role is Role.SUPERVISOR or not self.keys.isdisjoint(audience)


MACHINE: Final = Agent("", "", Role.SUPERVISOR)
"""Whoever shows a machine key."""


def keys_of(names: Iterable[str], queues: Iterable[str]) -> frozenset[str]:
    """Give the keys of some names and queues."""
    return frozenset((*map(agent_key, names), *map(queue_key, queues)))
