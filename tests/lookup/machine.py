"""
Everything that can happen to the in-process path, in any order, and what must hold after each step.

Two replicas share a store. Time is the loop's own, and passes a little with each step, so that no two are at one moment.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cti_lookup.answers import Lookup, Outcome, Tier
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.errors import NotForgotten
from cti_lookup.ports import SharedTier
from cti_lookup.questions import Forgotten, person_mark
from tests.lookup.peers import Notice, PeerTier, SharedMemory
from tests.lookup.people import HOUSTON, LONDON, PeopleDirectory, person, question
from tests.lookup.replica import BESIDE_REDIS, PATIENCE, Replica, ids, replica
from tests.lookup.timeless import TimelessLoop, settle

T = TypeVar("T")

NEIGHBOUR: Final = "+442039460958"
"""Ends as LONDON does, and is forgotten with it."""

NUMBERS: Final = (LONDON, LONDON, LONDON, NEIGHBOUR, HOUSTON)
"""One more often than the others, so that what happens meets."""

REPLICAS: Final = (0, 1)
SMALL: Final = 2
"""Entries in each memory, so that some have to go."""

A_MOMENT: Final = 0.001
A_TICK: Final = 0.01
"""Seconds that a lookup may take more; a refresh tells the other replica first."""

numbers = st.sampled_from(NUMBERS)
people = st.sampled_from([1, 1, 2])
replicas = st.sampled_from(REPLICAS)
faults = st.sampled_from(["failing", "hanging", "slow", "quota"])
seconds = st.sampled_from([0.001, 0.01, 0.1, 0.5, 2.0, 8.0, 40.0, 70.0, 290.0, 400.0, 90_000.0])


@dataclass
class Truth:
    """Who was on which number, and when: `[from, until]`, until then or for ever."""

    spans: defaultdict[tuple[str, int], list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def begin(self, number: str, person_id: int, now: float) -> None:
        self.spans[number, person_id].append((now, inf))

    def end(self, person_id: int, now: float) -> None:
        for (_, one), spans in self.spans.items():
            if one == person_id:
                spans[:] = [(since, min(until, now)) for since, until in spans]

    def was_on(self, number: str, person_id: int, since: float) -> bool:
        """Tell whether a person was on a number at any time since then."""
        return any(until >= since for _, until in self.spans[number, person_id])

    def was_never_free(self, number: str, since: float, hidden: set[int]) -> bool:
        """Tell whether one person was on the number at all times since then, and was never to be hidden."""
        return any(
            began < since and until == inf
            for (other, one), spans in self.spans.items()
            if other == number and one not in hidden
            for began, until in spans
        )


@dataclass
class Known:
    """What a replica has been told: since when each mark is forgotten, and who is erased."""

    since: dict[str, float] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)

    def copy(self) -> "Known":
        return Known(dict(self.since), set(self.erased))

    def learn(self, forgotten: Forgotten, began: float) -> None:
        """Note what nothing that was asked before `began` may tell any more."""
        people = () if forgotten.person is None else (person_mark(forgotten.person),)
        for mark in (*forgotten.marks, *people):
            self.since[mark] = max(began, self.since.get(mark, -inf))
        if forgotten.erased and forgotten.person is not None:
            self.erased.add(forgotten.person)


class LookupMachine(RuleBasedStateMachine):
    """Lookups, changes, forgettings and faults; each lookup is judged when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = self.make_loop()
        self.clock = self.loop.clock
        self.directory = self.make_directory()
        self.truth = Truth()
        self.hidden: set[int] = set()
        self.told_at: dict[Forgotten, float] = {}
        self.waiting: set[asyncio.Task[None]] = set()
        self.known = [Known() for _ in REPLICAS]
        self.shown: list[dict[str, float]] = [{} for _ in REPLICAS]
        self.open_store()
        self.replicas = [self.open_replica(one) for one in REPLICAS]
        self.run(self._start())

    # what a variant with another store or another memory says for itself

    def make_loop(self) -> TimelessLoop:
        loop = TimelessLoop()
        loop.set_debug(False)  # it would take most of the time
        return loop

    def make_directory(self) -> PeopleDirectory:
        return PeopleDirectory()

    def open_store(self) -> None:
        self.store = SharedMemory(self.clock)
        self.tiers = [PeerTier(self.store) for _ in REPLICAS]

    def make_memory(self) -> MemoryTier:
        return MemoryTier(BESIDE_REDIS, self.clock, most=SMALL)

    def open_replica(self, one: int) -> Replica:
        return replica(
            self.directory,
            self.clock,
            shared=self.tier(one),
            freshness=BESIDE_REDIS,
            memory=self.make_memory(),
        )

    def tier(self, one: int) -> SharedTier:
        return self.tiers[one]

    async def close_store(self) -> None:
        """Have nothing to close."""

    def set_silent(self, silent: bool) -> None:
        self.store.silent = silent

    async def take_notices(self, one: int) -> list[Notice]:
        notices = list(self.tiers[one].unheard)
        self.tiers[one].unheard.clear()
        return notices

    async def erased_in_store(self) -> set[int]:
        return set(self.store.erased)

    # how a step runs

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        self.clock.pass_by(A_MOMENT)
        return self.loop.run_until_complete(coroutine)

    async def _start(self) -> None:
        for one, number in ((1, LONDON), (2, HOUSTON)):
            self._move(one, number)
        await settle()

    def _move(self, person_id: int, number: str | None) -> None:
        now = self.clock()
        self.truth.end(person_id, now)
        if number is None:
            self.directory.people.pop(person_id, None)
            return
        self.directory.put(person(person_id, number))
        self.truth.begin(number, person_id, now)

    # steps

    @rule(one=replicas, number=numbers, refresh=st.sampled_from([False, False, False, True]))
    def look_up(self, one: int, number: str, refresh: bool) -> None:
        self.run(self._begin_lookup(one, number, refresh=refresh))

    @rule(one=replicas, number=numbers)
    def look_up_to_the_end(self, one: int, number: str) -> None:
        self.run(self._judged(one, number, refresh=False))

    @rule(person_id=people, number=numbers, told=st.booleans(), one=replicas)
    def change_number(self, person_id: int, number: str, told: bool, one: int) -> None:
        self._move(person_id, number)
        if told:
            self.run(self._begun(self._forget_person(one, person_id)))

    @rule(person_id=people, told=st.booleans(), one=replicas)
    def delete(self, person_id: int, told: bool, one: int) -> None:
        self._move(person_id, None)
        if told:
            self.run(self._begun(self._forget_person(one, person_id)))

    @rule(person_id=people, one=replicas)
    def erase(self, person_id: int, one: int) -> None:
        self.run(self._begun(self._erase(one, person_id)))

    @rule(number=numbers, one=replicas)
    def forget_number(self, number: str, one: int) -> None:
        self.run(self._begun(self._forget_number(one, number)))

    @rule(number=numbers, person_id=people, one=replicas)
    def forget_while_it_is_looked_up(self, number: str, person_id: int, one: int) -> None:
        self.directory.holds = True
        self.run(self._begin_lookup(one, number, refresh=False))
        self.run(asyncio.sleep(A_TICK))
        self._move(person_id, number)
        self.run(self._forget_number(one, number))

    @rule(one=replicas)
    def hear(self, one: int) -> None:
        self.run(self._hear(one))

    @rule(one=replicas)
    def lose_notices(self, one: int) -> None:
        self.run(self._lose_notices(one))

    @rule(fault=faults)
    def break_directory(self, fault: str) -> None:
        match fault:
            case "failing":
                self.directory.failing = "status"
            case "quota":
                self.directory.failing = "quota"
            case "hanging":
                self.directory.holds = True
            case _:
                self.directory.seconds = 1.0

    @rule()
    def heal_directory(self) -> None:
        self.run(self._heal())

    @rule(one=replicas, number=numbers)
    def heal_and_look_up(self, one: int, number: str) -> None:
        self.set_silent(False)
        self.run(self._heal())
        self.run(self._judged(one, number, refresh=False))

    @rule(one=replicas, number=numbers, passing=st.sampled_from([265.0, 400.0]), fault=faults)
    def look_up_what_is_old(self, one: int, number: str, passing: float, fault: str) -> None:
        self.heal_and_look_up(one=one, number=number)
        self.run(asyncio.sleep(passing))
        self.break_directory(fault=fault)
        self.run(self._judged(one, number, refresh=False))

    @rule(at=st.integers(0, 4))
    def let_one_answer_down(self, at: int) -> None:
        self.run(self._let_down(at))

    @rule(silent=st.booleans())
    def silence_store(self, silent: bool) -> None:
        self.set_silent(silent)

    @rule(passing=seconds)
    def pass_time(self, passing: float) -> None:
        self.run(asyncio.sleep(passing))

    @rule(one=replicas)
    def restart(self, one: int) -> None:
        self.run(self._restart(one))

    # what the steps do

    async def _begin_lookup(self, one: int, number: str, *, refresh: bool) -> None:
        await self._begun(self._judged(one, number, refresh=refresh))

    async def _begun(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin what other steps may come between, and judge it when it has ended."""
        self.waiting.add(asyncio.create_task(work))
        await settle()

    async def _judged(self, one: int, number: str, *, refresh: bool) -> None:
        part = self.replicas[one]
        began, known = self.clock(), self.known[one].copy()
        held = part.memory.peek(question(number))
        if held is None:
            self.shown[one].pop(number, None)
        shown = self.shown[one].get(number, -inf)
        lookup = await part.find(number, refresh=refresh)
        if part is not self.replicas[one]:
            return  # it was restarted meanwhile
        took = self.clock() - began
        assert took <= PATIENCE + A_TICK, "waited too long"
        self._judge(lookup, number, known)
        if lookup.answer is not None:
            asked_at = lookup.answer.asked_at
            assert asked_at >= shown - A_MOMENT / 2, "older after newer"
            is_anew = asked_at >= began - A_MOMENT / 2
            assert is_anew or not refresh or lookup.tier is Tier.STALE, "a refresh that asked nobody"
            self.shown[one][number] = max(asked_at, self.shown[one].get(number, -inf))

    def _judge(self, lookup: Lookup, number: str, known: Known) -> None:
        """Judge what was said by what was true, and by what was known when it was asked for."""
        if lookup.answer is None:
            assert lookup.outcome is Outcome.UNAVAILABLE
            return
        asked_at = self.clock() - lookup.age
        assert abs(asked_at - lookup.answer.asked_at) < A_MOMENT / 2, "dishonest age"
        for one in ids(lookup):
            assert self.truth.was_on(number, one, asked_at - A_MOMENT / 2), "shown who was never there"
            assert one not in known.erased, "erased, and came back"
        if lookup.outcome is Outcome.NOBODY:
            assert lookup.tier is not Tier.STALE
            assert not self.truth.was_never_free(number, asked_at - A_MOMENT / 2, self.hidden), (
                "a failure read as nobody"
            )
        for mark in (question(number).mark, *map(person_mark, ids(lookup))):
            assert asked_at >= known.since.get(mark, -inf) - A_MOMENT / 2, "forgotten, and came back"

    async def _told(self, one: int, forgotten: Forgotten, forgetting: Coroutine[Any, Any, None]) -> None:
        """Let a replica forget, and note what it knows from then on."""
        began, known = self.clock(), self.known[one]
        try:
            await forgetting
        except NotForgotten:
            if forgotten.erased and forgotten.person is not None:
                known.erased.add(forgotten.person)
        else:
            known.learn(forgotten, began)
            self.told_at[forgotten] = began

    async def _forget_person(self, one: int, person_id: int) -> None:
        forgotten = Forgotten(person=person_id)
        await self._told(one, forgotten, self.replicas[one].invalidation.person(person_id))

    async def _forget_number(self, one: int, number: str) -> None:
        forgotten = Forgotten((question(number).mark,))
        await self._told(one, forgotten, self.replicas[one].invalidation.number(question(number)))

    async def _erase(self, one: int, person_id: int) -> None:
        forgotten = Forgotten(person=person_id, erased=True)
        self.hidden.add(person_id)
        await self._told(one, forgotten, self.replicas[one].invalidation.erase(person_id))

    async def _hear(self, one: int) -> None:
        for forgotten, at in await self.take_notices(one):
            self.replicas[one].memory.forget(forgotten)
            self.known[one].learn(forgotten, at)

    async def _lose_notices(self, one: int) -> None:
        await self.take_notices(one)
        self.replicas[one].memory.distrust_all()
        await self._learn_erased(one)

    async def _learn_erased(self, one: int) -> None:
        for person_id in await self.erased_in_store():
            self.replicas[one].memory.forget(Forgotten(person=person_id, erased=True))
            self.known[one].erased.add(person_id)

    async def _heal(self) -> None:
        self.directory.heal()
        await settle()

    async def _let_down(self, at: int) -> None:
        self.directory.let_down(first=at)
        await settle()

    async def _restart(self, one: int) -> None:
        old = self.replicas[one]
        self.replicas[one] = self.open_replica(one)
        self.known[one] = Known()
        await self.take_notices(one)
        await self._learn_erased(one)
        self.shown[one].clear()
        await old.close()
        await settle()

    # what must hold

    @invariant()
    def every_lookup_that_ended_was_right(self) -> None:
        ended = {task for task in self.waiting if task.done()}
        self.waiting -= ended
        for task in ended:
            task.result()

    @invariant()
    def memory_stays_small(self) -> None:
        assert all(len(one.memory) <= SMALL for one in self.replicas)

    def teardown(self) -> None:
        try:
            self.run(self._end())
        finally:
            self.loop.run_until_complete(self.close_store())
            self.loop.close()
        self.every_lookup_that_ended_was_right()

    async def _end(self) -> None:
        self.directory.heal()
        if self.waiting:
            await asyncio.wait(self.waiting)
        for one in self.replicas:
            await one.close()
            assert one.lookup.under_way == 0
