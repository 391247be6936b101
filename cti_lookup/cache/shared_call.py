"""What Redis knows of one call, as far as that is known here."""

from dataclasses import dataclass, field
from functools import reduce
from typing import Final

from msgspec.structs import replace

from cti_lookup.calls import Call, Entry, Name, advance, follow, join
from cti_lookup.calls.whole import is_another

_MOST_PENDING: Final = 64
_MOST_UNSURE: Final = 4


@dataclass(slots=True)
class SharedCall:
    """
    A call that is shared.

    `parts` are the calls that stand in Redis under `root` and, before they are joined, under other names; `links` are the names
    under which the root stands. `pending` is what Redis was not told; of writes whose answer is not known, `unsure` holds the stamp
    and what they told. `told` is the call as Redis was told it last, at `told_at`.
    """

    root: Name
    parts: dict[Name, Call] = field(default_factory=dict)
    stamps: dict[Name, bytes] = field(default_factory=dict)
    links: set[Name] = field(default_factory=set)
    pending: list[Entry] = field(default_factory=list)
    unsure: dict[bytes, list[Entry]] = field(default_factory=dict)
    told: Call | None = None
    told_at: float = 0.0
    is_gone: bool = False

    def note(self, entry: Entry) -> None:
        """Note what Redis is to be told; the oldest is let go where there is too much."""
        self.pending = [*self.pending[1 - _MOST_PENDING :], entry]

    def view(self, otherwise: Call) -> Call:
        """
        Give the call as Redis knows it, with what is pending; `otherwise` where Redis knows nothing.

        Where Redis knows a call that had the id before, the one that begins goes by the id that it was told under here.
        """
        if not self.parts:
            return otherwise
        known = reduce(lambda one, other: join(one, other, one.started_at), self.parts.values())
        for entry in self.pending:
            if is_another(known, entry.event):
                begun = advance(None, entry.event, entry.at)
                known = begun if otherwise.id == known.id else replace(begun, id=otherwise.id)
            else:
                known = follow(known, entry.event, entry.at)
        return known

    def take_in(self, other: "SharedCall") -> None:
        """Take over what is known of a call that joined this one."""
        other.is_gone = True
        self.parts |= other.parts
        self.stamps |= other.stamps
        self.unsure |= other.unsure
        self.pending = sorted([*self.pending, *other.pending], key=lambda entry: entry.at)
        other.pending = []

    def tries(self, stamp: bytes) -> None:
        """Note what is about to be told."""
        self.unsure[stamp] = self.pending
        if len(self.unsure) > _MOST_UNSURE:
            del self.unsure[next(iter(self.unsure))]

    def was_told(self, stamp: bytes) -> None:
        """Note that Redis has been told what this stamp was given to."""
        told = {id(entry) for entry in self.unsure.pop(stamp, ())}
        self.pending = [entry for entry in self.pending if id(entry) not in told]
