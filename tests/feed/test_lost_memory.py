"""Where Redis loses what it was told, and a replica has not heard of it: the newest state stays, and who was erased stays away."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from msgspec.structs import replace

from cti_lookup.calls import Call, State
from cti_lookup.feed.changes import Chosen, Seen, gone
from cti_lookup.feed.entry import Entry, encode_entry
from cti_lookup.feed.records import Records
from cti_lookup.feed.shared_log import SharedCallLog
from tests.feed.replicas import ADAS_NUMBER, SECRET, Replica, answered, call, ended, sharing, until, untold
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

OTHER_SECRET = b"the secret of before"


@pytest.fixture
async def pair(redis: RedisProcess) -> AsyncIterator[tuple[Replica, Replica]]:
    async with sharing(redis, "one") as one, sharing(redis, "two") as two:
        yield one, two


def known(replica: Replica, of: Call) -> Entry:
    entry = replica.board.get(of.id)
    assert entry is not None
    return entry


async def shown(of: Call, state: State, *replicas: Replica) -> None:
    """Wait until replicas show a call in a state."""
    await until(lambda: all((entry := one.board.get(of.id)) and entry.state is state for one in replicas))


async def ringing_at(one: Replica, *others: Replica) -> Call:
    """Let a replica hear of a call that rings, and wait until all show it."""
    rang = call()
    await one.note(rang)
    await shown(rang, State.RINGING, one, *others)
    return rang


async def agreed(of: Call, *replicas: Replica) -> Entry:
    """Wait until there is nothing more to tell, and all show the same; give it."""

    def alike() -> bool:
        return len({known(one, of) for one in replicas}) == 1 and not any(map(untold, replicas))

    for _ in range(3):  # what was heard may have to be told again
        await until(alike)
        await asyncio.sleep(0.3)
    await until(alike)
    return known(replicas[0], of)


def lose(redis: RedisProcess) -> None:
    redis.command("FLUSHALL")


async def test_a_call_that_has_ended_does_not_ring_again_for_who_changes_it_before_hearing_of_others(
    redis: RedisProcess, pair: tuple[Replica, Replica]
) -> None:
    one, two = pair
    rang = await ringing_at(one, two)
    await two.stop_listening()
    await one.note(ended(rang))
    await shown(rang, State.ENDED, one)
    await one.stop_listening()
    lose(redis)
    await two.calls.change({rang.id: Seen(time.time())})
    await two.calls.change({rang.id: Chosen(2, time.time())})
    await one.calls.change({rang.id: Chosen(1, time.time())})
    one.listen()
    two.listen()

    entry = await agreed(rang, one, two)
    assert (entry.state, entry.seen) == (State.ENDED, True)
    assert [one.state for one in await two.log()] == [State.ENDED]


async def test_an_erased_number_is_not_brought_back_by_who_did_not_hear_of_it(
    redis: RedisProcess, pair: tuple[Replica, Replica]
) -> None:
    one, two = pair
    rang = await ringing_at(one, two)
    await two.stop_listening()
    await one.calls.erase_number(ADAS_NUMBER)
    await until(lambda: known(one, rang).gone == "erased")
    lose(redis)
    two.listen()
    await until(lambda: known(two, rang).gone == "erased")
    await two.note(ended(rang))
    await until(lambda: untold(one) == untold(two) == 0)

    assert (known(one, rang).gone, known(two, rang).gone) == ("erased", "erased")
    assert await one.log() == await two.log() == []


async def test_a_state_that_redis_has_lost_is_told_again_though_who_missed_it_was_faster(
    redis: RedisProcess, pair: tuple[Replica, Replica]
) -> None:
    one, two = pair
    rang = await ringing_at(one, two)
    before = known(one, rang)
    await one.note(ended(rang))
    await shown(rang, State.ENDED, one, two)
    seen = known(one, rang).revision

    async with sharing(redis, "three") as faster:
        (records,) = faster.records
        assert await records.write([(replace(before, revision=seen + 3), seen)], time.time()) == [None]
        await until(lambda: known(one, rang).revision > seen + 3)

    assert (await agreed(rang, one, two)).state is State.ENDED
    assert [entry.state for entry in await two.log()] == [State.ENDED]


async def test_a_call_that_was_taken_off_goes_though_a_newer_state_is_known_here(
    pair: tuple[Replica, Replica],
) -> None:
    one, two = pair
    rang = await ringing_at(one, two)
    before = known(one, rang)
    await one.note(ended(rang))
    await shown(rang, State.ENDED, one, two)
    assert isinstance(one.calls, SharedCallLog)

    one.calls.hear(replace(gone(before, "erased"), revision=before.revision + 9), "another")

    assert known(one, rang).gone == "erased"
    assert untold(one) == 0


@pytest.mark.parametrize("first", [(), (2,)], ids=["the only one", "the second"])
@pytest.mark.parametrize("goes_on", [False, True])
async def test_an_erased_person_is_not_brought_back_by_who_did_not_hear_of_it(
    redis: RedisProcess, pair: tuple[Replica, Replica], first: tuple[int, ...], goes_on: bool
) -> None:
    one, two = pair
    rang = call()
    await one.note(rang)
    for person in first:
        await one.calls.erase_person(person)
    await until(lambda: all(len(each.board) and known(each, rang).nameless == bool(first) for each in pair))
    await two.stop_listening()
    await one.calls.erase_person(1)
    await until(lambda: 1 not in known(one, rang).people)
    lose(redis)
    if goes_on:
        await two.note(answered(rang))
        await two.note(ended(rang))
    two.listen()

    entry = await agreed(rang, one, two)
    assert entry.state is (State.ENDED if goes_on else State.RINGING)
    assert 1 not in entry.people
    for told in (entry, *await one.log(), *await two.log()):
        assert b"lovelace" not in encode_entry(told).lower()


class Forgetful(Records):
    """Loses what it was told last, which the ear notices before the answer has come."""

    _lost: Callable[[], None] | None = None

    def forget_the_next(self, lost: Callable[[], None]) -> None:
        self._lost = lost

    async def write(self, entries: Sequence[tuple[Entry, int]], now: float) -> list[Entry | None]:
        present = await super().write(entries, now)
        lost, self._lost = self._lost, None
        if lost is not None:
            lost()
        return present


async def test_what_was_being_told_when_it_was_lost_is_told_once_more(redis: RedisProcess) -> None:
    async with sharing(redis, "one", writes=Forgetful) as one:
        rang = call()
        (records,) = one.records
        assert isinstance(one.calls, SharedCallLog)
        assert isinstance(records, Forgetful)
        tell_all_again = one.calls.tell_all_again

        def notice() -> None:
            lose(redis)
            tell_all_again()

        records.forget_the_next(notice)
        await one.note(rang)
        await until(lambda: untold(one) == 0)

        assert [entry.id for entry in (await records.read([rang.id])).values()] == [rang.id]


async def test_a_newer_state_is_shown_though_its_revision_is_not_higher(
    pair: tuple[Replica, Replica],
) -> None:
    one, two = pair
    rang = await ringing_at(one, two)
    assert isinstance(one.calls, SharedCallLog)
    present = known(one, rang)
    one.calls.hear(
        replace(present, state=State.ENDED, noted_at=present.noted_at + 1, was=()), "of another life"
    )

    entry = await agreed(rang, one, two)
    assert (entry.state, entry.revision) == (State.ENDED, present.revision + 1)


async def test_while_secrets_are_changed_a_call_ends_for_all_though_its_sides_have_other_revisions(
    redis: RedisProcess,
) -> None:
    async with (
        sharing(redis, "old", secrets=(OTHER_SECRET, SECRET)) as old,
        sharing(redis, "new", secrets=(SECRET, OTHER_SECRET)) as new,
    ):
        rang = await ringing_at(old, new)
        await new.calls.change({rang.id: Seen(time.time())})
        await new.calls.change({rang.id: Chosen(1, time.time())})
        await until(lambda: known(old, rang).revision == known(new, rang).revision == 3)
        await old.note(ended(rang))

        entry = await agreed(rang, old, new)
        assert (entry.state, entry.seen, entry.chosen) == (State.ENDED, True, 1)
        assert [one.state for one in await new.log()] == [State.ENDED]
