"""Whatever order the steps of replicas come in, what was forgotten does not come back; without the fence it does."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from cti_lookup.answers import Answer
from cti_lookup.cache.coalescing import Values
from cti_lookup.cache.redis_link import RedisLink, Script
from cti_lookup.ports import SharedTier
from cti_lookup.questions import AnyQuestion, Forgotten, Question
from cti_lookup.telephone import E164
from tests.conftest import SettableClock
from tests.servers.redis_process import RedisProcess
from tests.tier.replicas import NEVER, SECRET, Replica, new_link, seals_of

T = TypeVar("T")

ROUNDS = 400


class Gates:
    """Where operations wait until they may take their next step; one moves at a time."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._stopped = asyncio.Event()

    async def step(self) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(gate)
        self._stopped.set()
        await gate

    async def run(self, operations: Sequence[Coroutine[Any, Any, None]], chance: random.Random) -> None:
        """Run operations, the next step each time being of one of them by chance."""
        tasks = []
        for operation in operations:
            self._stopped.clear()
            tasks.append(asyncio.create_task(operation))
            tasks[-1].add_done_callback(lambda _: self._stopped.set())
            await self._stopped.wait()
        while self._waiting:
            self._stopped.clear()
            self._waiting.pop(chance.randrange(len(self._waiting))).set_result(None)
            await self._stopped.wait()
        await asyncio.gather(*tasks)


class GatedLink(RedisLink):
    """A line on which each request and each answer is a step."""

    gates: Gates

    async def read_as(
        self, keys: tuple[str, ...], make: Callable[[Values], T], silent: Callable[[str], T]
    ) -> T:
        await self.gates.step()
        made = await super().read_as(keys, make, silent)
        await self.gates.step()
        return made

    async def run(self, operation: str, script: Script, keys: Any, args: Any) -> Any:
        await self.gates.step()
        result = await super().run(operation, script, keys, args)
        await self.gates.step()
        return result


class NaiveTurn:
    found: Answer | None = None

    def __init__(self, link: RedisLink, key: str) -> None:
        self._link = link
        self._key = key

    async def fill(self, answer: Answer, seconds: float) -> None:
        script = Script("return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])")
        await self._link.run("set", script, [self._key], [answer.people, int(seconds * 1000)])

    async def leave(self) -> None:
        pass


class NaiveTier:
    """The same without the fence, as it is usually written: an update deletes the key."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def learn(self, question: AnyQuestion, learn: Callable[[Answer], T | None]) -> T | None:
        answer = await self.get(question)
        return None if answer is None else learn(answer)

    async def get(self, question: AnyQuestion) -> Answer | None:
        (people,) = await self._link.read((question.mark,))
        return None if people is None else Answer(people, False, 0.0, (1,))

    async def turn(self, question: AnyQuestion, newer_than: float) -> NaiveTurn:  # noqa: ARG002
        return NaiveTurn(self._link, question.mark)

    async def forget(self, forgotten: Forgotten) -> None:
        script = Script("return redis.call('DEL', unpack(KEYS))")
        await self._link.run("del", script, list(forgotten.marks), [])


class World:
    """One number, what the directory says of it, and what must not be said of it any more."""

    def __init__(self, number: int, tiers: Sequence[SharedTier], gates: Gates, chance: random.Random) -> None:
        self._question = Question(E164(f"+1713{5_000_000 + number}"))
        self._person = number
        self._tiers = tiers
        self._gates = gates
        self._chance = chance
        self._truth = 1
        self._oldest = 0
        self.stale = 0
        self.told = 0

    def operations(self, ways: Sequence[str]) -> list[Coroutine[Any, Any, None]]:
        chance = self._chance
        lookups = [self._look_up(chance.choice(self._tiers)) for _ in range(chance.randint(2, 3))]
        changes = [
            self._change(chance.choice(self._tiers), chance.choice(ways)) for _ in range(chance.randint(1, 2))
        ]
        readings = [self._read(chance.choice(self._tiers)) for _ in range(chance.randint(0, 2))]
        return [*lookups, *changes, *readings]

    async def read_everywhere(self) -> None:
        for tier in self._tiers:
            await self._read(tier)

    async def _look_up(self, tier: SharedTier) -> None:
        await self._gates.step()
        if await self._knows(tier):
            return
        turn = await tier.turn(self._question, NEVER)
        if turn.found is not None:
            return
        people = b'[{"version":%d}]' % self._truth
        await self._gates.step()  # the answer is on its way
        await turn.fill(Answer(people, False, 0.0, (self._person,)), 600)

    async def _change(self, tier: SharedTier, way: str) -> None:
        await self._gates.step()
        self._truth += 1
        await self._gates.step()  # the news is on its way
        truth = self._truth
        marks = () if way == "person" else (self._question.mark,)
        await tier.forget(Forgotten(marks, None if way == "mark" else self._person))
        self._oldest = max(self._oldest, truth)

    async def _read(self, tier: SharedTier) -> None:
        await self._knows(tier)

    async def _knows(self, tier: SharedTier) -> bool:
        oldest = self._oldest
        answer = await tier.get(self._question)
        if answer is None:
            return False
        self.told += 1
        self.stale += int(answer.people[12:-2]) < oldest
        return True


async def stale_answers(tiers: Sequence[SharedTier], gates: Gates, ways: Sequence[str]) -> tuple[int, int]:
    """Count what was told, and what of it was forgotten before, in many interleavings."""
    told = stale = 0
    for seed in range(ROUNDS):
        chance = random.Random(seed)  # noqa: S311  # the same order of steps each time
        world = World(seed, tiers, gates, chance)
        await gates.run(world.operations(ways), chance)
        await gates.run([world.read_everywhere()], chance)
        told += world.told
        stale += world.stale
    return told, stale


OpenLink = Callable[[], GatedLink]


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def open_link(redis: RedisProcess, gates: Gates) -> AsyncIterator[OpenLink]:
    opened: list[GatedLink] = []

    def open_one() -> GatedLink:
        link = new_link(redis.url, lambda *_: None)
        link.__class__ = GatedLink
        assert isinstance(link, GatedLink)
        link.gates = gates
        opened.append(link)
        return link

    yield open_one
    for link in opened:
        await link.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "ways", [("mark",), ("person",), ("mark", "person", "both")], ids=["mark", "person", "any"]
)
async def test_what_was_forgotten_is_never_told_again(
    open_link: OpenLink, gates: Gates, ways: Sequence[str]
) -> None:
    tiers = [fenced(open_link()) for _ in range(3)]

    told, stale = await stale_answers(tiers, gates, ways)

    assert stale == 0
    assert told > ROUNDS / 2


@pytest.mark.slow
async def test_without_the_fence_it_is_told_again(open_link: OpenLink, gates: Gates) -> None:
    _, stale = await stale_answers([NaiveTier(open_link()) for _ in range(3)], gates, ("mark",))

    assert stale > 0


def fenced(link: RedisLink) -> SharedTier:
    """Make a tier that never waits for a lock, so that fills overtake each other."""
    clock = SettableClock()
    return Replica(link, seals_of(SECRET), clock, clock, counts=Counter(), patience=0).tier
