"""A call as the feed tells it: what is known of it, of its caller, and of those whom it concerns."""

from collections.abc import Iterable
from typing import Final

import msgspec

from cti_lookup.answers import Outcome
from cti_lookup.calls import Name, State
from cti_lookup.events import Result
from cti_lookup.feed.audience import Audience


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """
    One call of the log; times are wall seconds.

    `call` and `lookup` are JSON. `noted_at` is of the call's state, `changed_at` of the last change of anything. `raw` is the caller as
    sent, `number` one text per telephone number, None where the caller has none. `people` are all that the lookup names, managers
    too. `to` are the keys of those whom it concerns, `was` of all it ever did. `late`: it was over, or old, when it was heard of
    first. `gone` is why nobody sees it any more: '' for most. `nameless`: whoever called was erased, and what the telephone network calls
    them is told no more.
    """

    id: str
    source: str
    started_at: float
    state: State
    result: Result | None
    noted_at: float
    changed_at: float
    call: bytes
    raw: str
    lookup: bytes
    outcome: Outcome
    number: str | None
    people: tuple[int, ...]
    to: Audience
    was: Audience
    late: bool
    pops: bool
    revision: int = 0
    seen: bool = False
    chosen: int | None = None
    gone: str = ""
    nameless: bool = False

    @property
    def is_live(self) -> bool:
        """Tell whether the call goes on."""
        return self.state is not State.ENDED and not self.gone


class _Named(msgspec.Struct, gc=False):
    provider_id: str | None = None


_named: Final = msgspec.json.Decoder(_Named).decode


def name_in(entry: Entry) -> Name | None:
    """Give what its phone system calls a call; None if that did not name it, or it is gone."""
    provider_id = _named(entry.call).provider_id
    return None if provider_id is None else (entry.source, provider_id)


def people_in(entries: Iterable[Entry]) -> tuple[int, ...]:
    """Give whom some calls show, each once."""
    return tuple(dict.fromkeys(person for entry in entries for person in entry.people))


class _Person(msgspec.Struct, gc=False):
    id: int


class _Shown(msgspec.Struct, gc=False):
    people: tuple[_Person, ...] = ()


_shown: Final = msgspec.json.Decoder(_Shown).decode


def shown_in(entry: Entry) -> frozenset[int]:
    """Name the people whom a call's lookup shows as its callers; their managers are none of them."""
    return frozenset(one.id for one in _shown(entry.lookup).people)


_FLAG: Final = (b"false", b"true")


def encode_entry(entry: Entry) -> bytes:
    """Write a call as an agent's screen takes it: a call of the contract, and what the feed adds to it."""
    chosen = b"null" if entry.chosen is None else b"%d" % entry.chosen
    more = b',"revision":%d,"seen":%b,"chosen":%b,"pops":%b}' % (
        entry.revision,
        _FLAG[entry.seen],
        chosen,
        _FLAG[entry.pops],
    )
    return b"".join((entry.call[:-1], b',"lookup":', entry.lookup, more))
