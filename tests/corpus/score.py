"""
The measures of the corpus: how well a way of recognising callers does on calls whose right answer is known.

What the fields of a call mean, and what each measure counts, is told in `data/README.md`.
"""

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from cti_lookup.people import Contact, Named, Person

DATA: Final = Path(__file__).with_name("data")
MOST_PEOPLE: Final = 10
PROVEN: Final = "e164"


class Expected(msgspec.Struct, frozen=True):
    """The right answer."""

    outcome: str
    also: tuple[str, ...]
    people: tuple[int, ...]
    strict: tuple[int, ...]
    may: tuple[int, ...]
    forbidden: tuple[int, ...]
    truncated: bool


class Source(msgspec.Struct, frozen=True):
    """Where a call comes from."""

    region: str
    note: str


class CorpusCall(msgspec.Struct, frozen=True):
    """One call: what the phone system sent, and what a lookup ought to answer."""

    id: str
    source: Source
    raw: Any
    expect: Expected
    tags: tuple[str, ...]

    @property
    def is_known_caller(self) -> bool:
        """Tell whether an owner has to be shown."""
        return self.expect.outcome == "matched" and not self.expect.also


@dataclass(frozen=True, slots=True)
class Shown:
    """A person on the agent's screen, and the rule that put them there."""

    id: int
    rule: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a way of recognising callers answered."""

    outcome: str
    people: tuple[Shown, ...] = ()
    truncated: bool = False


Recognise = Callable[[CorpusCall], Found | Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One call's answer, judged. A crash, an answer that never came, is wrong in every way that asks for one."""

    call: CorpusCall
    found: Found | None

    @property
    def crashed(self) -> bool:
        return self.found is None

    @property
    def right_first(self) -> bool:
        wanted = self.call.expect.strict or self.call.expect.people
        return bool(self._ids) and self._ids[0] in wanted

    @property
    def complete(self) -> bool:
        expect, ids = self.call.expect, self._ids
        if len(ids) > MOST_PEOPLE or len(set(ids)) < len(ids):
            return False
        if expect.strict:
            return set(expect.strict) <= set(ids)
        return len(set(ids) & set(expect.people)) == min(MOST_PEOPLE, len(expect.people))

    @property
    def missed(self) -> bool:
        return not set(self._ids) & set(self.call.expect.people)

    @property
    def wrong(self) -> bool:
        return any(one.rule == PROVEN and one.id not in self.call.expect.people for one in self._people)

    @property
    def noise(self) -> bool:
        welcome = {*self.call.expect.people, *self.call.expect.may}
        return any(one.rule != PROVEN and one.id not in welcome for one in self._people)

    @property
    def right_outcome(self) -> bool:
        expect = self.call.expect
        if self.found is None:
            return False
        if self.found.outcome == "matched":
            return self._is_right_match()
        return self.found.outcome in (expect.outcome, *expect.also) and not self._people

    def _is_right_match(self) -> bool:
        """Tell whether the owners are shown; or, where there are none, only those who may be, weakly."""
        if self.call.expect.outcome == "matched":
            return self.right_first and not self.wrong and not self.noise
        allowed = self.call.expect.outcome == "nobody" or "nobody" in self.call.expect.also
        return allowed and bool(self._people) and not self.wrong and not self.noise

    @property
    def _people(self) -> tuple[Shown, ...]:
        return self.found.people if self.found else ()

    @property
    def _ids(self) -> tuple[int, ...]:
        return tuple(one.id for one in self._people)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The measures over some verdicts; shares are percentages, of nothing 100."""

    title: str
    verdicts: tuple[Verdict, ...]

    @property
    def right_first(self) -> float:
        return _share(verdict.right_first for verdict in self.known)

    @property
    def complete(self) -> float:
        return _share(verdict.complete for verdict in self.known)

    @property
    def missed(self) -> int:
        return sum(verdict.missed for verdict in self.known)

    @property
    def wrong(self) -> int:
        return sum(verdict.wrong for verdict in self.verdicts)

    @property
    def noise(self) -> int:
        return sum(verdict.noise for verdict in self.verdicts)

    @property
    def right_outcome(self) -> float:
        return _share(verdict.right_outcome for verdict in self.verdicts if not verdict.call.is_known_caller)

    @property
    def crashes(self) -> int:
        return sum(verdict.crashed for verdict in self.verdicts)

    @property
    def known(self) -> tuple[Verdict, ...]:
        """The verdicts on calls that somebody in the directory made."""
        return tuple(verdict for verdict in self.verdicts if verdict.call.is_known_caller)

    def of(self, tag: str) -> "Scorecard":
        """Give the part with a tag."""
        return Scorecard(tag, tuple(verdict for verdict in self.verdicts if tag in verdict.call.tags))

    def failing(self, measure: str) -> list[str]:
        """Name the calls that are wrong, missed and so on, for the message of a failed assertion."""
        return [verdict.call.id for verdict in self.verdicts if getattr(verdict, measure)]

    def lacking(self, measure: str) -> list[str]:
        """Name the known callers who are not right first, complete and so on."""
        return [verdict.call.id for verdict in self.known if not getattr(verdict, measure)]

    def with_wrong_outcome(self) -> list[str]:
        """Name the calls of nobody known whose outcome is not right."""
        return [
            verdict.call.id
            for verdict in self.verdicts
            if not verdict.call.is_known_caller and not verdict.right_outcome
        ]


def _share(rights: Iterable[bool]) -> float:
    counts = Counter(rights)
    return 100 * counts[True] / counts.total() if counts else 100.0


async def score(title: str, calls: Iterable[CorpusCall], recognise: Recognise) -> Scorecard:
    """Judge a way of recognising callers, one call after the other."""
    return Scorecard(title, tuple([await judge(call, recognise) for call in calls]))


async def judge(call: CorpusCall, recognise: Recognise) -> Verdict:
    """Judge one call. Whatever is raised is a crash: that is what the measure counts."""
    try:
        found = recognise(call)
        return Verdict(call, await found if inspect.isawaitable(found) else found)
    except Exception:  # noqa: BLE001  # counted, and asserted to be none
        return Verdict(call, None)


def read_calls() -> tuple[CorpusCall, ...]:
    """Read the calls of the corpus."""
    return tuple(msgspec.json.decode(line, type=CorpusCall) for line in _lines("calls.jsonl"))


class _Contact(msgspec.Struct):
    label: str
    telephone: str


class _Named(msgspec.Struct):
    id: int
    name: str


class _Person(msgspec.Struct):
    id: int
    name: str
    primary_email: str
    contacts: list[_Contact]
    organization: _Named | None = None
    disabled: bool = False


def read_people() -> tuple[Person, ...]:
    """Read the people of the corpus."""
    return tuple(_person(msgspec.json.decode(line, type=_Person)) for line in _lines("directory.jsonl"))


def _person(told: _Person) -> Person:
    return Person(
        id=told.id,
        name=told.name,
        contacts=tuple(Contact(one.label, one.telephone) for one in told.contacts),
        disabled=told.disabled,
        organization=Named(told.organization.id, told.organization.name) if told.organization else None,
        primary_email=told.primary_email,
    )


def _lines(name: str) -> list[bytes]:
    return (DATA / name).read_bytes().splitlines()
