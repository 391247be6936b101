"""The memory tier: bounded, with a time for each entry, and a fence for what is forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from random import random
from typing import Final

import msgspec
from cachetools import Cache, LRUCache
from msgspec.structs import replace

from cti_lookup.answers import NOBODY, Answer
from cti_lookup.cache.fence import Fence
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, Forgotten, Question, person_mark

_DUE: Final = 0.8
"""Share of an answer's fresh time after which the next one who asks makes it asked for again, ahead of its end."""


CUT_OFF: Final = 5.0
"""Seconds that a process relies on its own memory while it cannot hear what other replicas forget."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    How long an answer may be given, in seconds since the directory gave it.

    `positive` and `negative` bound what is fresh, `stale` what may be shown while the directory cannot be asked.
    `local` bounds how long this process relies on its own memory where replicas share a tier. Times are
    jittered by a tenth, so that what was learned together is not forgotten together.
    """

    positive: float
    negative: float
    stale: float
    local: float | None = None

    def seconds(self, answer: Answer) -> float:
        """Say for how long after it was asked the answer is fresh."""
        return self.negative if answer.people == NOBODY else self.positive

    def seconds_kept(self, answer: Answer) -> float:
        """Say for how long the answer is of any use: "nobody" is never given once it is old."""
        return self.negative if answer.people == NOBODY else max(self.positive, self.stale)


class Held(msgspec.Struct, gc=False):
    """
    An answer in memory, and until when it is fresh, due to be asked again, and of any use; in steady seconds.

    It was true at the fence's count `since`.
    """

    answer: Answer
    fresh_until: float
    due_at: float
    kept_until: float
    since: int


class MemoryTier:
    """
    Answers in this process, the busiest of them; `clock` gives steady seconds.

    Each holds its own end, looked at when it is read: `LRUCache` finds one in 1 µs, `TLRUCache` in 3. So it is with
    what was forgotten: an index of what is to be deleted would cost each answer more than all else that is done to
    remember it, and forgettings are rare. What was erased is deleted at once.
    """

    def __init__(self, freshness: Freshness, clock: Callable[[], float], *, most: int = 10_000) -> None:
        self._freshness = freshness
        self._clock = clock
        self._held: _Traceless = _Traceless(most)
        self._erased: set[int] = set()
        self.fence = Fence()
        self.is_cut_off = False
        """Whether this process cannot hear what others forget; then it relies on its memory for moments only."""

    def held(self, question: AnyQuestion) -> Held | None:
        """Give what is remembered, however old."""
        try:
            held = self._held[question]  # `get` would look twice
        except KeyError:
            return None
        if held.since == self.fence.count:
            return held
        if not self._is_true(question, held):
            del self._held[question]
            return None
        held.since = self.fence.count
        return held

    def tells(self, held: Held) -> bool:
        """Tell whether nothing at all has been forgotten since this was remembered or looked at."""
        return held.since == self.fence.count

    def peek(self, question: AnyQuestion) -> Held | None:
        """Give what is remembered without leaving a trace: an entry that was only looked at is not a busy one."""
        held = self._held.peek(question)
        return held if held is not None and self._is_true(question, held) else None

    def latest(self, most: int) -> list[Question]:
        """Give the numbers with somebody behind them that were learned of last."""
        known = ((question, held) for question, held in self._held.all() if held.answer.ids)
        latest = nlargest(most, known, key=lambda one: one[1].answer.asked_at)
        return [question for question, _ in latest if isinstance(question, Question)]

    def _is_true(self, question: AnyQuestion, held: Held) -> bool:
        """Tell whether nothing of an answer has been forgotten."""
        return self.fence.lets(held.since, _marks(question, held.answer))

    def old(self, question: AnyQuestion) -> Answer | None:
        """Give an answer that is of use, if only while there is none better."""
        held = self.held(question)
        if held is not None and self._clock() >= held.kept_until:
            del self._held[question]
            return None
        return held.answer if held is not None else None

    def put(self, question: AnyQuestion, answer: Answer, since: int) -> None:
        """
        Remember an answer for as long as it is of use.

        `since` is the fence's count when it was asked: what was forgotten after that is not remembered again. Of two
        answers the one that was asked later stays.
        """
        if not self.overtaken(question, answer, since):
            self._newest(question, answer, since)

    def _newest(self, question: AnyQuestion, answer: Answer, since: int) -> Held | None:
        """Keep the newer of an answer and what is remembered, unless nothing that was asked then is relied on."""
        known = self.held(question)
        if known is not None and known.answer.asked_at > answer.asked_at:
            return known
        held = self._held_until(answer)
        if held is not None and (since == self.fence.count or self.fence.lets(since, ())):
            self._held[question] = held
        return held

    def learn(self, question: AnyQuestion, answer: Answer, since: int) -> Held | None:
        """Remember what the shared tier holds, and give what is remembered then; None if that cannot be given."""
        if self.knows_better(question, answer) or self._was_forgotten(question, answer, since):
            return None
        return self._newest(question, answer, since)

    def knows_better(self, question: AnyQuestion, answer: Answer) -> bool:
        """
        Tell whether an answer of the shared tier was forgotten after it was asked, or lists the erased.

        The shared tier itself may have lost what it was told, or have gone back to what it was before.
        """
        if not self._erased.isdisjoint(answer.ids):
            return True
        if answer.asked_at >= self.fence.latest:
            return False
        return not self.fence.outlives(answer.asked_at, _marks(question, answer))

    def overtaken(self, question: AnyQuestion, answer: Answer, since: int) -> bool:
        """Tell whether an answer asked at the fence's count `since` has been forgotten before it came, or lists the erased."""
        return not self._erased.isdisjoint(answer.ids) or self._was_forgotten(question, answer, since)

    def _was_forgotten(self, question: AnyQuestion, answer: Answer, since: int) -> bool:
        return since != self.fence.count and self.fence.overtook(since, _marks(question, answer))

    def _held_until(self, answer: Answer) -> Held | None:
        """Say until when an answer is fresh and of use, with its jitter; None if it is of none."""
        now, asked_at, freshness = self._clock(), answer.asked_at, self._freshness
        kept_until = asked_at + freshness.seconds_kept(answer)
        if kept_until <= now:
            return None
        seconds = freshness.seconds(answer) * (0.9 + 0.2 * random())  # noqa: S311  # spreads load, guards no secret
        fresh_until = min(asked_at + seconds, kept_until)
        due_at = asked_at + seconds * _DUE if answer.ids else fresh_until
        if freshness.local is not None:
            local = min(freshness.local, CUT_OFF) if self.is_cut_off else freshness.local
            fresh_until = min(fresh_until, now + local * (0.8 + 0.4 * random()))  # noqa: S311  # spreads load
        return Held(answer, fresh_until, min(due_at, fresh_until), kept_until, self.fence.count)

    def is_due(self, answer: Answer) -> bool:
        """Tell whether somebody should be asked again though the answer is fresh."""
        return bool(answer.ids) and self._clock() >= answer.asked_at + self._freshness.positive * _DUE

    def fresh_for(self, answer: Answer) -> float:
        """Say for how many seconds more an answer counts as fresh; not more than 0 if it is old."""
        return answer.asked_at + self._freshness.seconds(answer) - self._clock()

    def distrust(self, question: AnyQuestion) -> None:
        """Rely on an answer no more, nor on one under way, but keep it for while the directory cannot be asked."""
        held = self.held(question)
        self.fence.forget((question.mark,), self._clock())
        if held is not None:
            self._distrusted(held)

    def distrust_all(self) -> None:
        """Rely on nothing that was learned until now: what others have forgotten meanwhile is not known here."""
        self._sweep()
        self.fence.distrust()
        for _, held in self._held.all():
            self._distrusted(held)

    def _distrusted(self, held: Held) -> None:
        held.fresh_until = held.due_at = 0.0
        held.since = self.fence.count

    def forget(self, forgotten: Forgotten) -> None:
        """Forget, and refuse what was asked before."""
        marks = list(forgotten.marks)
        if forgotten.person is not None:
            marks.append(person_mark(forgotten.person))
        self.fence.forget(marks, self._clock())
        if forgotten.erased and forgotten.person is not None:
            self._erased.add(forgotten.person)
            self._sweep()

    def _sweep(self) -> None:
        """Delete what is no longer true; of ten thousand answers, in some 10 ms."""
        untrue = [question for question, held in self._held.all() if not self._is_true(question, held)]
        for question in untrue:
            del self._held[question]

    @property
    def erased_people(self) -> frozenset[int]:
        """Give the ids of those who were erased while this process runs."""
        return frozenset(self._erased)

    def unerased(self, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Leave out those of some people who were erased, as managers of others too."""
        if not self._erased:
            return people
        left = (person for person in people if person.id not in self._erased)
        return tuple(
            replace(person, manager=None) if person.manager and person.manager.id in self._erased else person
            for person in left
        )

    def __len__(self) -> int:
        """Count the entries, fresh and old, and those that were forgotten and not looked at since."""
        return len(self._held)


class _Traceless(LRUCache[AnyQuestion, Held]):
    """Entries that can be looked at without becoming the latest used."""

    def peek(self, question: AnyQuestion) -> Held | None:
        return Cache.__getitem__(self, question) if question in self else None

    def all(self) -> Iterator[tuple[AnyQuestion, Held]]:
        return ((question, Cache.__getitem__(self, question)) for question in self)


def _marks(question: AnyQuestion, answer: Answer) -> tuple[str, ...]:
    return (question.mark, *[person_mark(one) for one in answer.ids])
