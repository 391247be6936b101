"""What replicas share, in memory: the rules of the Redis tier (generations, tombstones, turns) without Redis."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cti_lookup.answers import Answer
from cti_lookup.errors import NotForgotten
from cti_lookup.ports import Turn
from cti_lookup.questions import AnyQuestion, Forgotten

_LOCK_SECONDS = 5.0
"""As long as a lock lasts whose owner lives, and renews it."""
_PATIENCE = 2.0
_PAUSE = 0.025
_TOMBSTONE_SECONDS = 60.0

T = TypeVar("T")
Notice = tuple[Forgotten, float]
"""What was forgotten, and when."""


@dataclass
class SharedMemory:
    """What stands in the shared store, and what each replica has not heard yet."""

    clock: Callable[[], float]
    one_way: float = 0.001
    silent: bool = False
    made: int = 0
    epoch: int = 0
    generations: dict[str, int] = field(default_factory=dict)
    values: dict[AnyQuestion, tuple[int, Answer, float]] = field(default_factory=dict)
    index: defaultdict[int, set[AnyQuestion]] = field(default_factory=lambda: defaultdict(set))
    tombstones: dict[int, tuple[int, float]] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    locks: dict[AnyQuestion, tuple[object, float]] = field(default_factory=dict)
    unheard: list[deque[Notice]] = field(default_factory=list)

    def generation(self, mark: str) -> int:
        return self.generations.get(mark) or self.renew(mark)

    def renew(self, mark: str) -> int:
        self.made += 1
        self.generations[mark] = self.made
        return self.made

    def value(self, question: AnyQuestion) -> Answer | None:
        generation, answer, until = self.values.get(question, (0, None, 0.0))
        believed = generation == self.generations.get(question.mark) and self.clock() < until
        return answer if believed else None

    def take(self, question: AnyQuestion, token: object) -> bool:
        _, until = self.locks.get(question, (None, 0.0))
        if self.clock() < until:
            return False
        self.locks[question] = token, self.clock() + _LOCK_SECONDS
        return True

    def release(self, question: AnyQuestion, token: object) -> None:
        if self.locks.get(question, (None, 0.0))[0] is token:
            del self.locks[question]

    def forget(self, forgotten: Forgotten) -> None:
        self.epoch += 1
        for mark in forgotten.marks:
            self.renew(mark)
        if forgotten.person is not None:
            for question in self.index.pop(forgotten.person, set()):
                self.values.pop(question, None)
                self.renew(question.mark)
            self.tombstones[forgotten.person] = self.epoch, self.clock() + _TOMBSTONE_SECONDS
            if forgotten.erased:
                self.erased.add(forgotten.person)

    def may_list(self, person: int, epoch: int) -> bool:
        forgotten_at, until = self.tombstones.get(person, (0, 0.0))
        return person not in self.erased and not (self.clock() < until and forgotten_at > epoch)


class PeerTier:
    """One replica's way to the store: each word takes time to get there, and each answer to get back."""

    def __init__(self, store: SharedMemory) -> None:
        self._store = store
        self.unheard: deque[Notice] = deque()
        store.unheard.append(self.unheard)

    async def learn(self, question: AnyQuestion, learn: Callable[[Answer], T | None]) -> T | None:
        answer = await self.get(question)
        return None if answer is None else learn(answer)

    async def get(self, question: AnyQuestion) -> Answer | None:
        await self._travel()
        value = None if self._store.silent else self._store.value(question)
        await self._travel()
        return value

    async def turn(self, question: AnyQuestion, newer_than: float) -> Turn:
        deadline = self._store.clock() + _PATIENCE
        token = object()
        while True:
            await self._travel()
            if self._store.silent:
                return _Unfenced()
            turn = _PeerTurn(self, self._store, question, token)
            taken = self._store.take(question, token)
            value = self._store.value(question)
            await self._travel()
            if value is not None and value.asked_at > newer_than:
                self._store.release(question, token)
                return _Found(value)
            if taken or self._store.clock() >= deadline:
                return turn
            await asyncio.sleep(_PAUSE)

    async def forget(self, forgotten: Forgotten) -> None:
        await self._travel()
        if self._store.silent:
            raise NotForgotten("timeout")
        self._store.forget(forgotten)
        for unheard in self._store.unheard:
            if unheard is not self.unheard:
                unheard.append((forgotten, self._store.clock()))
        await self._travel()

    async def _travel(self) -> None:
        await asyncio.sleep(self._store.one_way)


class _Found:
    def __init__(self, found: Answer) -> None:
        self.found: Answer | None = found

    async def fill(self, answer: Answer, seconds: float) -> None:
        """Have nothing to fill."""

    async def leave(self) -> None:
        """Have nothing to leave."""


class _Unfenced(_Found):
    def __init__(self) -> None:
        self.found = None


class _PeerTurn:
    found: Answer | None = None

    def __init__(self, tier: PeerTier, store: SharedMemory, question: AnyQuestion, token: object) -> None:
        self._tier = tier
        self._store = store
        self._question = question
        self._token = token
        self._generation = store.generation(question.mark)
        self._epoch = store.epoch

    async def fill(self, answer: Answer, seconds: float) -> None:
        await self._tier._travel()
        store, question = self._store, self._question
        if store.silent:
            return
        store.release(question, self._token)
        overtaken = store.generation(question.mark) != self._generation
        if not overtaken and all(store.may_list(one, self._epoch) for one in answer.ids):
            store.values[question] = self._generation, answer, store.clock() + seconds
            for one in answer.ids:
                store.index[one].add(question)

    async def leave(self) -> None:
        await self._tier._travel()
        self._store.release(self._question, self._token)
