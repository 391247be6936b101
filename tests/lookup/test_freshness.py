"""How old an answer may be, who waits for a newer one, and what is said while the directory cannot be asked."""

import asyncio
from types import ModuleType

import pytest

from cti_lookup import explain, fetching, invalidation, lookup, reading
from cti_lookup.answers import Lookup, Outcome, Tier
from cti_lookup.cache import failures, fence, flights, memory
from cti_lookup.cache.failures import Failures
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.lookup import HEAD_START
from cti_lookup.questions import Purpose
from tests.conftest import SettableClock
from tests.lookup.conftest import Start
from tests.lookup.people import HOUSTON, LONDON, PeopleDirectory, caller, person, question
from tests.lookup.replica import PATIENCE, Replica, ids
from tests.lookup.timeless import settle

LATE_IN_ITS_FRESH_TIME = 265.0
"""Seconds: after 0.8 of the longest fresh time, and before the end of the shortest."""
EXPIRED = 400.0


async def test_what_is_fresh_needs_no_asking(service: Replica, directory: PeopleDirectory) -> None:
    await service.find()
    known = service.lookup.known(caller())

    assert known is not None
    assert (known.outcome, known.tier, ids(known)) == (Outcome.MATCHED, Tier.MEMORY, (1,))
    assert len(directory.asked) == 1


async def test_what_is_late_in_its_fresh_time_is_asked_again_by_nobody_who_waits(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(LATE_IN_ITS_FRESH_TIME)
    directory.holds = True
    known = [service.lookup.known(caller()) for _ in range(100)]
    await settle()

    assert all(one is not None and one.tier is Tier.MEMORY for one in known)
    assert directory.purposes == [Purpose.RINGING, Purpose.BACKGROUND]
    directory.heal()
    await settle()
    renewed = service.lookup.known(caller())
    assert renewed is not None
    assert renewed.age < 1


async def test_it_is_not_asked_again_and_again_while_the_directory_fails(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(265.0)
    directory.failing = "status"
    for _ in range(40):
        assert (await service.find()).tier is Tier.MEMORY
        await settle()
        clock.pass_by(0.1)

    assert directory.purposes.count(Purpose.BACKGROUND) == 1


async def test_an_expired_answer_is_shown_after_the_head_start_with_its_honest_age(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(EXPIRED)
    directory.holds = True
    began = clock()
    lookup = await service.find()

    assert clock() - began == pytest.approx(HEAD_START, abs=0.01)
    assert (lookup.tier, ids(lookup)) == (Tier.STALE, (1,))
    assert lookup.age == pytest.approx(EXPIRED + HEAD_START, abs=0.01)


async def test_the_flight_nobody_waits_for_any_more_warms_the_memory(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(EXPIRED)
    directory.seconds = 3.0
    await service.find()
    await asyncio.sleep(3.0)
    known = service.lookup.known(caller())

    assert known is not None
    assert known.age == pytest.approx(3.0 + HEAD_START, abs=0.01)


async def test_an_expired_answer_is_shown_at_once_where_the_directory_fails(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(EXPIRED)
    directory.failing = "connection"
    began = clock()
    lookup = await service.find()

    assert (lookup.tier, clock() - began) == (Tier.STALE, 0.0)


async def test_an_answer_older_than_the_stale_time_is_never_shown(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(86_401.0)
    directory.failing = "connection"

    assert (await service.find()).outcome is Outcome.UNAVAILABLE


async def test_nobody_is_remembered_shortly_and_never_stale(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find(HOUSTON)
    clock.pass_by(50.0)
    known = service.lookup.known(caller(HOUSTON))
    clock.pass_by(20.0)
    directory.failing = "connection"

    assert known is not None
    assert known.outcome is Outcome.NOBODY
    assert (await service.find(HOUSTON)).outcome is Outcome.UNAVAILABLE


async def test_a_failure_is_remembered_for_a_second_doubling_to_thirty_and_never_as_nobody(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    directory.failing = "status"
    pauses = []
    for _ in range(7):
        asked, began = len(directory.asked), clock()
        while len(directory.asked) == asked:
            assert (await service.find()).outcome is Outcome.UNAVAILABLE
            clock.pass_by(0.25)
        pauses.append(clock() - began - 0.25)

    assert pauses == [0.0, 0.75, 1.75, 3.75, 7.75, 15.75, 29.75]


async def test_a_failure_is_remembered_of_one_question_only_and_forgiven_by_an_answer(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    directory.failing = "status"
    await service.find()
    directory.failing = None

    assert (await service.find(HOUSTON)).outcome is Outcome.NOBODY
    clock.pass_by(1.0)
    assert (await service.find()).outcome is Outcome.MATCHED


@pytest.mark.parametrize("reason", ["quota", "throttled", "open", "busy"])
async def test_that_the_directory_was_spared_is_no_failure(
    service: Replica, directory: PeopleDirectory, reason: str
) -> None:
    directory.failing = reason
    await service.find()
    directory.failing = None

    assert (await service.find()).outcome is Outcome.MATCHED


async def test_a_directory_that_is_silent_for_a_whole_flight_has_failed(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True
    assert (await service.find(patience=LONGEST_FLIGHT + 1)).outcome is Outcome.UNAVAILABLE

    assert (await service.find()).outcome is Outcome.UNAVAILABLE
    assert len(directory.asked) == 1


class _RemembersNothing(Failures):
    def note(self, question: object) -> None:
        """Remember nothing."""


async def test_without_the_memory_of_failures_every_ring_would_ask_again(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    service.lookup._fetching._failures = _RemembersNothing(clock)
    directory.failing = "status"
    for _ in range(10):
        await service.find()

    assert len(directory.asked) == 10


@pytest.mark.parametrize(
    "module", [explain, failures, fence, fetching, flights, invalidation, lookup, memory, reading]
)
def test_no_part_of_the_path_reads_the_wall_clock_that_somebody_may_set(module: ModuleType) -> None:
    assert {"time", "datetime"}.isdisjoint(vars(module))


async def test_the_age_of_an_answer_is_counted_by_the_clock_the_path_was_given(
    service: Replica, clock: SettableClock
) -> None:
    asked_at = clock()
    await service.find()
    clock.pass_by(10.0)
    known = service.lookup.known(caller())

    assert known is not None
    assert known.answer is not None
    assert (known.answer.asked_at, known.age) == (asked_at, 10.0)


async def _joined(service: Replica, many: int) -> list[asyncio.Task[Lookup]]:
    tasks = [asyncio.create_task(service.find()) for _ in range(many)]
    await settle()
    return tasks


async def test_who_leaves_hurts_nobody_who_waits(service: Replica, directory: PeopleDirectory) -> None:
    directory.holds = True
    *leaving, last = await _joined(service, 100)
    for task in leaving:
        task.cancel()
    await settle()
    directory.let_down()

    assert ids(await last) == (1,)
    assert all(task.cancelled() for task in leaving)
    assert len(directory.asked) == 1


async def test_a_flight_that_were_awaited_bare_would_be_cancelled_for_all(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.holds = True

    async def bare() -> None:
        await service.lookup._fly(question(), Purpose.RINGING)

    tasks = [asyncio.create_task(bare()) for _ in range(100)]
    await settle()
    tasks[0].cancel()
    await settle()

    assert all(task.cancelled() for task in tasks)


async def test_patience_may_be_shorter_than_the_head_start(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    directory.holds = True
    began = clock()
    lookup = await service.lookup.find(caller(), patience=0.05)

    assert lookup.outcome is Outcome.PENDING
    assert clock() - began == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("patience", [0.0, -1.0])
async def test_without_patience_nobody_waits(
    service: Replica, directory: PeopleDirectory, clock: SettableClock, patience: float
) -> None:
    directory.holds = True
    began = clock()

    assert (await service.lookup.find(caller(), patience=patience)).outcome is Outcome.PENDING
    assert clock() == began


async def test_a_flight_ends_after_five_seconds(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    directory.holds = True
    began = clock()
    await service.find(patience=PATIENCE)
    assert service.lookup.under_way == 1
    await asyncio.sleep(began + LONGEST_FLIGHT - clock() - 0.01)
    assert service.lookup.under_way == 1
    await asyncio.sleep(0.02)

    assert service.lookup.under_way == 0


async def test_closing_ends_what_is_under_way(service: Replica, directory: PeopleDirectory) -> None:
    directory.holds = True
    (waiting,) = await _joined(service, 1)
    await service.lookup.close()

    assert (await waiting).outcome is Outcome.UNAVAILABLE
    assert service.lookup.under_way == 0


async def test_a_newer_answer_replaces_an_expired_one(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    directory.people.clear()
    directory.put(person(2, LONDON))
    clock.pass_by(EXPIRED)

    assert ids(await service.find()) == (2,)


async def test_a_new_process_remembers_nothing(start: Start, directory: PeopleDirectory) -> None:
    await start(directory).find()
    await start(directory).find()

    assert len(directory.asked) == 2
