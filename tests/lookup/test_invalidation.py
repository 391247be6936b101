"""What changed is forgotten: numbers, people, the erased; and no late answer brings it back."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from cti_lookup.answers import Answer, Outcome, Tier
from cti_lookup.cache.fence import Fence
from cti_lookup.cache.memory import MemoryTier
from cti_lookup.errors import NotForgotten
from cti_lookup.invalidation import ATTEMPTS
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, Forgotten, IdentityKey, IdentityQuestion, Purpose
from tests.conftest import SettableClock
from tests.lookup.conftest import Start
from tests.lookup.peers import PeerTier, SharedMemory
from tests.lookup.people import BERLIN, HOUSTON, LONDON, PeopleDirectory, caller, person, question
from tests.lookup.replica import BESIDE_REDIS, FRESHNESS, PATIENCE, Replica, ids
from tests.lookup.timeless import settle

T = TypeVar("T")


@pytest.fixture
def store(clock: SettableClock) -> SharedMemory:
    return SharedMemory(clock)


async def test_a_number_is_asked_again_after_it_was_forgotten(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.find()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    await service.invalidation.number(question())

    assert ids(await service.find()) == (2,)
    assert service.counted == {"number": 1}


async def test_the_numbers_a_person_had_are_forgotten_through_the_answers_that_list_them(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.find(LONDON)
    directory.people.clear()
    await service.invalidation.person(1)

    assert service.lookup.known(caller(LONDON)) is None
    assert (await service.find(LONDON)).outcome is Outcome.NOBODY


async def test_the_number_a_person_now_has_is_forgotten_once_they_are_read_again(
    service: Replica, directory: PeopleDirectory
) -> None:
    assert (await service.find(HOUSTON)).outcome is Outcome.NOBODY
    directory.put(person(1, HOUSTON))
    await service.invalidation.person(1)
    await settle()

    assert ids(await service.find(HOUSTON)) == (1,)
    assert (1, Purpose.BACKGROUND) in directory.asked


async def test_the_ids_a_person_now_has_are_forgotten_too(
    service: Replica, directory: PeopleDirectory
) -> None:
    asked = IdentityQuestion(IdentityKey.SUPPORT, "S-77")
    first = await service.lookup.answer(caller(), asked, patience=PATIENCE, late=Outcome.UNAVAILABLE)
    directory.put(Person(1, "Person 1", (), support_id="S-77"))
    await service.invalidation.person(1)
    await settle()
    second = await service.lookup.answer(caller(), asked, patience=PATIENCE, late=Outcome.UNAVAILABLE)

    assert (first.outcome, ids(second)) == (Outcome.NOBODY, (1,))


@pytest.mark.parametrize("now", [person(1), Person(1, "Person 1", None), None])
async def test_who_has_no_numbers_or_is_gone_is_forgotten_and_read_once(
    service: Replica, directory: PeopleDirectory, now: Person | None
) -> None:
    await service.find()
    directory.people.clear()
    if now is not None:
        directory.put(now)
    await service.invalidation.person(1)
    await settle()

    assert (await service.find()).outcome is Outcome.NOBODY
    assert directory.asked.count((1, Purpose.BACKGROUND)) == 1


async def test_what_lists_somebody_else_is_not_forgotten(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.put(person(2, BERLIN))
    await service.find(BERLIN)
    await service.invalidation.person(1)
    await settle()

    assert service.lookup.known(caller(BERLIN)) is not None


async def test_an_answer_in_the_air_is_asked_again_after_its_number_was_forgotten(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    waiting = asyncio.create_task(service.find())
    await settle()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    await service.invalidation.number(question())
    directory.heal()

    assert ids(await waiting) == (2,)
    assert ids(await service.find()) == (2,)


async def test_an_answer_that_is_forgotten_again_and_again_is_asked_until_it_is_true(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    waiting = asyncio.create_task(service.find())
    for one in range(2, 7):
        await settle()
        directory.people.clear()
        directory.put(person(one, LONDON))
        await service.invalidation.number(question())
        late = asyncio.create_task(service.find())
        directory.let_down()
    await settle()
    directory.heal()

    assert ids(await waiting) == ids(await late) == (6,)


async def test_an_answer_that_just_arrived_is_not_given_to_who_asks_after_the_forgetting(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    early = asyncio.create_task(service.find())
    await settle()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    directory.holds = False
    directory.let_down()
    (flight,) = service.lookup._flights._under_way.values()
    for _ in range(20):  # to the very turn of the loop in which it ends
        if flight.done():
            break
        await asyncio.sleep(0)
    await service.invalidation.number(question())

    assert ids(await service.find()) == (2,)
    assert ids(await early) == (1,)


async def test_that_all_is_distrusted_hides_no_forgetting_from_an_answer_in_the_air(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    waiting = asyncio.create_task(service.find())
    await settle()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    await service.invalidation.number(question())
    service.memory.distrust_all()
    directory.heal()

    assert ids(await waiting) == (2,)


class _Open(Fence):
    def overtook(self, since: int, marks: object) -> bool:  # noqa: ARG002  # a fence's signature
        return False

    def outlives(self, asked_at: float, marks: object) -> bool:  # noqa: ARG002  # a fence's signature
        return True

    def lets(self, since: int, marks: object) -> bool:  # noqa: ARG002  # a fence's signature
        return True


def _unfenced(clock: SettableClock) -> MemoryTier:
    memory = MemoryTier(FRESHNESS, clock)
    memory.fence = _Open()
    return memory


async def test_without_the_fence_the_old_answer_would_come_back(
    start: Start, directory: PeopleDirectory, clock: SettableClock
) -> None:
    service = start(directory, memory=_unfenced(clock))
    directory.holds = True
    waiting = asyncio.create_task(service.find())
    await settle()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    await service.invalidation.number(question())
    directory.heal()
    await waiting

    assert ids(await service.find()) == (1,)


async def test_who_was_erased_is_left_out_though_the_directory_still_tells_of_them(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.put(person(2, LONDON))
    assert ids(await service.find()) == (1, 2)
    await service.invalidation.erase(1)

    assert ids(await service.find()) == (2,)
    assert service.counted == {"erased": 1}


async def test_an_answer_in_the_air_does_not_bring_the_erased_back(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    waiting = asyncio.create_task(service.find())
    await settle()
    await service.invalidation.erase(1)
    directory.heal()

    assert (await waiting).outcome is Outcome.NOBODY
    assert (await service.find()).outcome is Outcome.NOBODY


class _Unfiltered(MemoryTier):
    def forget(self, forgotten: Forgotten) -> None:
        super().forget(Forgotten(forgotten.marks, forgotten.person))


async def test_without_the_filter_the_erased_would_come_back(
    start: Start, directory: PeopleDirectory, clock: SettableClock
) -> None:
    service = start(directory, memory=_Unfiltered(FRESHNESS, clock))
    await service.invalidation.erase(1)

    assert ids(await service.find()) == (1,)


async def test_a_peer_that_does_not_know_of_an_erasure_does_not_bring_the_erased_back(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    one, other = (start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS) for _ in range(2))
    store.silent = True
    with pytest.raises(NotForgotten):
        await one.invalidation.erase(1)
    store.silent = False
    assert ids(await other.find()) == (1,)
    await asyncio.sleep(0.1)

    assert (await one.find()).outcome is Outcome.NOBODY


async def test_what_the_replicas_could_not_be_told_is_forgotten_here_all_the_same(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    service = start(directory, shared=PeerTier(store))
    await service.find()
    await asyncio.sleep(0.1)
    store.silent = True
    directory.put(person(1, HOUSTON), person(2, LONDON))
    for forgetting in (service.invalidation.number(question()), service.invalidation.erase(9)):
        with pytest.raises(NotForgotten):
            await forgetting

    assert ids(await service.find()) == (2,)
    assert service.counted == {"not_forgotten": 2}


async def test_the_new_numbers_of_a_person_are_forgotten_though_the_replicas_could_not_be_told(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    service = start(directory, shared=PeerTier(store))
    store.silent = True
    assert (await service.find(HOUSTON)).outcome is Outcome.NOBODY
    directory.put(person(1, HOUSTON))
    with pytest.raises(NotForgotten):
        await service.invalidation.person(1)
    await asyncio.sleep(0.1)

    assert ids(await service.find(HOUSTON)) == (1,)


async def test_what_was_read_of_redis_before_it_had_forgotten_is_not_remembered(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    one, other = (start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS) for _ in range(2))
    await other.find()
    await asyncio.sleep(0.1)
    directory.put(person(1, HOUSTON), person(2, LONDON))
    store.one_way = 0.02
    forgetting = asyncio.create_task(one.invalidation.number(question()))
    await settle()
    store.one_way = 0.005
    assert ids(await one.find()) == (2,)  # Redis still tells the old one, and is not believed
    await forgetting

    assert ids(await one.find()) == (2,)


async def test_another_replica_forgets_with_the_notice(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    tiers = [PeerTier(store), PeerTier(store)]
    one, other = (start(directory, shared=tier, freshness=BESIDE_REDIS) for tier in tiers)
    await one.find()
    await asyncio.sleep(0.1)
    assert (await other.find()).tier is Tier.REDIS
    directory.put(person(1, HOUSTON), person(2, LONDON))
    await one.invalidation.person(1)
    other.hear(tiers[1].unheard)

    assert ids(await other.find()) == (2,)


async def test_replicas_ask_once_for_what_they_ask_together(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    replicas = [start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS) for _ in range(3)]
    directory.seconds = 0.2
    lookups = await asyncio.gather(*(one.find() for one in replicas))

    assert [ids(lookup) for lookup in lookups] == [(1,)] * 3
    assert sorted(str(lookup.tier) for lookup in lookups) == ["directory", "redis", "redis"]
    assert len(directory.asked) == 1


async def test_what_redis_kept_too_long_is_not_taken_for_a_peers_new_answer(
    start: Start, directory: PeopleDirectory, store: SharedMemory, clock: SettableClock
) -> None:
    class Deaf(PeerTier):
        async def get(self, question: object) -> None:  # noqa: ARG002  # a silence of one moment
            return None

    await start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS).find()
    await asyncio.sleep(0.1)
    clock.pass_by(20_000.0)
    directory.put(person(1, HOUSTON), person(2, LONDON))

    assert ids(await start(directory, shared=Deaf(store), freshness=BESIDE_REDIS).find()) == (2,)


@pytest.mark.parametrize("patience", [PATIENCE, 0.1], ids=["the lookup reads Redis", "its flight does"])
async def test_what_is_forgotten_between_its_reading_and_its_telling_is_not_told(
    start: Start, directory: PeopleDirectory, store: SharedMemory, patience: float
) -> None:
    class Overtaken(PeerTier):
        async def learn(self, question: AnyQuestion, learn: Callable[[Answer], T | None]) -> T | None:
            learned = await super().learn(question, learn)
            directory.put(person(2, LONDON))
            service.memory.forget(Forgotten((question.mark,)))
            return learned

    await start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS).find()
    await asyncio.sleep(0.1)
    directory.people.clear()
    service = start(directory, shared=Overtaken(store), freshness=BESIDE_REDIS)

    assert ids(await service.find(patience=patience)) == (2,)


async def test_a_person_who_cannot_be_read_is_read_later(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.find(HOUSTON)
    directory.put(person(1, HOUSTON))
    directory.failing = "status"
    await service.invalidation.person(1)
    await asyncio.sleep(1.0)
    directory.failing = None
    await asyncio.sleep(2.0)

    assert ids(await service.find(HOUSTON)) == (1,)
    assert service.counted == {"person": 1, "numbers": 1}


async def test_a_person_who_can_never_be_read_is_given_up_and_counted(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.failing = "status"
    await service.invalidation.person(1)
    await asyncio.sleep(600.0)

    assert service.counted == {"person": 1, "not_read": 1}
    assert directory.asked == [(1, Purpose.BACKGROUND)] * ATTEMPTS
    directory.failing = None
    await service.invalidation.person(1)
    await settle()
    assert service.counted["numbers"] == 1


class _Broken(PeopleDirectory):
    """Cannot tell of person 1."""

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        self.failing = "malformed" if person_id == 1 else None
        return await super().person(person_id, purpose)


async def test_who_cannot_be_read_keeps_nobody_else_waiting_for_long(start: Start) -> None:
    directory = _Broken(person(one, LONDON) for one in range(1, 101))
    service = start(directory)
    for one in range(1, 101):
        await service.invalidation.person(one)
    await asyncio.sleep(1.0)

    assert service.counted["numbers"] == 99


async def test_who_changes_again_while_they_are_read_is_read_again(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.find(BERLIN)
    directory.holds = True
    await service.invalidation.person(1)
    await settle()
    directory.put(person(1, BERLIN))
    await service.invalidation.person(1)
    directory.heal()
    await settle()

    assert ids(await service.find(BERLIN)) == (1,)


async def test_who_changes_again_is_given_all_attempts_again(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.failing = "status"
    await service.invalidation.person(1)
    await asyncio.sleep(10.0)
    attempts = len(directory.asked)
    await service.invalidation.person(1)
    await asyncio.sleep(600.0)

    assert len(directory.asked) == attempts + ATTEMPTS
    assert service.counted["not_read"] == 1


async def test_closing_ends_the_reading(service: Replica, directory: PeopleDirectory) -> None:
    directory.failing = "status"
    await service.invalidation.person(1)
    await service.invalidation.close()
    asked = len(directory.asked)
    await asyncio.sleep(600.0)

    assert len(directory.asked) == asked


async def test_a_refresh_asks_again_and_forgets_elsewhere(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    tiers = [PeerTier(store), PeerTier(store)]
    one, other = (start(directory, shared=tier, freshness=BESIDE_REDIS) for tier in tiers)
    await one.find()
    await asyncio.sleep(0.1)
    await other.find()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    lookup = await one.find(refresh=True)
    other.hear(tiers[1].unheard)

    assert (lookup.tier, ids(lookup)) == (Tier.DIRECTORY, (2,))
    assert ids(await other.find()) == (2,)


async def test_a_refresh_keeps_the_old_answer_for_while_the_directory_fails(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(10.0)
    directory.failing = "status"
    lookup = await service.find(refresh=True)

    assert (lookup.tier, ids(lookup), lookup.age) == (Tier.STALE, (1,), 10.0)
    assert service.lookup.known(caller()) is None


async def test_nobody_is_not_kept_for_while_the_directory_fails(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.find(HOUSTON)
    directory.failing = "status"

    assert (await service.find(HOUSTON, refresh=True)).outcome is Outcome.UNAVAILABLE


async def test_a_refresh_asks_though_the_question_failed_just_now(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.failing = "status"
    await service.find()
    directory.failing = None

    assert ids(await service.find(refresh=True)) == (1,)


async def test_a_refresh_is_not_satisfied_by_what_was_asked_before_it(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    first = asyncio.create_task(service.find(refresh=True))
    plain = asyncio.create_task(service.find())
    await settle()
    directory.put(person(1, HOUSTON), person(2, LONDON))
    second = asyncio.create_task(service.find(refresh=True))
    await settle()
    directory.heal()

    assert [ids(await one) for one in (first, plain, second)] == [(2,)] * 3


async def test_a_refresh_that_redis_did_not_hear_of_asks_the_directory_all_the_same(
    start: Start, directory: PeopleDirectory, store: SharedMemory
) -> None:
    class Mute(PeerTier):
        async def forget(self, forgotten: Forgotten) -> None:  # noqa: ARG002  # what it does not hear
            raise NotForgotten("timeout")

    await start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS).find()
    await asyncio.sleep(0.1)
    directory.put(person(1, HOUSTON), person(2, LONDON))

    assert ids(await start(directory, shared=Mute(store), freshness=BESIDE_REDIS).find(refresh=True)) == (2,)


async def test_who_is_told_of_a_change_after_the_end_begins_nothing(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.invalidation.close()
    await service.invalidation.person(1)
    await asyncio.sleep(1.0)

    assert directory.asked == []
