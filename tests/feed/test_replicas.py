"""Replicas tell the same of the same calls, whatever Redis does in the meantime."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from msgspec.structs import replace
from redis import Redis

from cti_lookup.calls import Call, State
from cti_lookup.errors import NotForgotten
from cti_lookup.feed.changes import News, Seen
from cti_lookup.feed.entry import Entry
from cti_lookup.feed.revocations import Revoked
from cti_lookup.feed.shared_log import SharedCallLog
from tests.feed.desk import Event, Onlooker, agent
from tests.feed.replicas import (
    ADAS_NUMBER,
    SECRET,
    Replica,
    answered,
    call,
    ended,
    heard,
    matched,
    sharing,
    until,
    untold,
)
from tests.servers.redis_content import parts_of
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import BRIEF


@pytest.fixture
async def pair(redis: RedisProcess) -> AsyncIterator[tuple[Replica, Replica]]:
    async with sharing(redis, "one", within=BRIEF) as one, sharing(redis, "two", within=BRIEF) as two:
        yield one, two


def states(events: list[Event]) -> list[tuple[str, str]]:
    return [(one.told["id"], one.told["state"]) for one in events if one.name == "call"]


class Watched:
    """What a screen was told in all, as its client sees it: of each call the newest revision."""

    def __init__(self, screen: Onlooker) -> None:
        self._screen = screen
        self.told: list[tuple[str, int]] = []
        self.shown: dict[str, Any] = {}

    def read(self) -> "Watched":
        for event in self._screen.events():
            if event.name == "call":
                self.told.append((event.told["id"], event.told["revision"]))
                self.shown[event.told["id"]] = event.told
        return self

    @property
    def is_in_order(self) -> bool:
        """Tell whether no call was told twice, and none in an older form."""
        newest: dict[str, int] = {}
        for call_id, revision in self.told:
            if revision <= newest.get(call_id, 0):
                return False
            newest[call_id] = revision
        return True


async def test_what_one_hears_the_screens_of_all_show_under_the_same_ids(
    pair: tuple[Replica, Replica],
) -> None:
    one, two = pair
    screens = one.look(agent("1001")), two.look(agent("1001"))
    ringing = call()
    await one.note(ringing)
    here, there = await heard(screens[0]), await heard(screens[1])
    assert here == there
    await two.note(answered(ringing))
    assert states(await heard(screens[0])) == states(await heard(screens[1])) == [(ringing.id, "answered")]


async def test_who_comes_back_to_another_replica_is_told_what_was_missed(
    pair: tuple[Replica, Replica],
) -> None:
    one, two = pair
    screen, other = one.look(agent("1001")), two.look()
    first, second = call(), call()
    await one.note(first)
    (event,) = await heard(screen)
    await two.note(second)
    await heard(other, 2)

    assert states(two.look(agent("1001"), event.id).greeting) == [(second.id, "ringing")]


async def test_both_change_a_call_at_once_and_agree(pair: tuple[Replica, Replica]) -> None:
    one, two = pair
    ringing = call()
    await one.note(ringing)
    await heard(two.look(), 0)
    await until(lambda: two.board.get(ringing.id) is not None)
    await asyncio.gather(
        one.note(answered(ringing)), *(two.calls.change({ringing.id: Seen(time.time())}) for _ in range(3))
    )

    def agreed() -> bool:
        entries = one.board.get(ringing.id), two.board.get(ringing.id)
        return entries[0] == entries[1] and all(
            entry is not None and entry.seen and entry.state is State.ANSWERED for entry in entries
        )

    await until(agreed)


async def test_the_log_gives_what_was_written_before_the_screens_show_it(redis: RedisProcess) -> None:
    async with sharing(redis) as replica:
        one = call()
        await replica.note(one)
        for _ in range(20):
            await replica.calls.erase_person(1)
            await replica.note(answered(one))
            (entry,) = await replica.log()
            assert entry.state is State.ANSWERED
            assert b"Lovelace" not in entry.lookup
            await replica.calls.erase_number(ADAS_NUMBER)
            assert await replica.log() == []
            one = call()
            await replica.note(one)


async def test_an_erased_call_does_not_come_back_with_its_hang_up(redis: RedisProcess) -> None:
    one = call()
    async with sharing(redis, "one") as first:
        await first.note(one)
        await first.calls.erase_number(ADAS_NUMBER)
    async with sharing(redis, "two") as second:  # has never heard of it
        screen = second.look()
        await second.note(ended(answered(one)))
        other = call()
        await second.note(other)

        assert [event.told["id"] for event in await heard(screen)] == [other.id]
        assert [entry.id for entry in await second.log()] == [other.id]


async def test_one_that_begins_knows_the_calls_that_go_on_and_what_was_told_lately(
    redis: RedisProcess, pair: tuple[Replica, Replica]
) -> None:
    one, _ = pair
    screen, ringing, over = one.look(), call(), call()
    await one.note(ringing)
    (event,) = await heard(screen)
    await one.note(over)
    await heard(screen)
    await one.note(ended(over))
    await heard(screen)
    async with sharing(redis, "three") as three:
        calls = three.look().greeting[1]
        assert [each["id"] for each in calls.told["calls"]] == [ringing.id]
        assert states(three.look(last_event_id=event.id).greeting) == [(over.id, "ended")]


class TestWithoutRedis:
    """Redis is killed, and comes back with nothing; or only stands still."""

    async def test_a_replica_shows_its_own_calls_and_all_show_them_when_redis_is_back(
        self, redis: RedisProcess, pair: tuple[Replica, Replica]
    ) -> None:
        one, two = pair
        here, there = Watched(one.look()), Watched(two.look())
        before = call()
        await one.note(before)
        await until(lambda: before.id in here.read().shown and before.id in there.read().shown)
        redis.kill()
        during = call()
        await one.note(during)
        await one.note(answered(before))
        assert set(here.read().shown) == {before.id, during.id}
        assert here.shown[before.id]["state"] == "answered"
        await one.note(ended(during))
        redis.start()
        after = call()
        await two.note(after)
        await until(
            lambda: set(there.read().shown) == set(here.read().shown) == {before.id, during.id, after.id}
        )
        await until(lambda: not untold(one) and not untold(two))
        await until(lambda: here.read().shown == there.read().shown)

        assert here.is_in_order
        assert there.is_in_order
        assert there.shown[during.id]["state"] == "ended"
        assert {entry.id for entry in await one.log()} == {before.id, during.id, after.id}

    async def test_a_redis_that_has_lost_all_is_told_again_what_goes_on(
        self, redis: RedisProcess, pair: tuple[Replica, Replica]
    ) -> None:
        one, two = pair
        ringing = call()
        await one.note(ringing)
        await until(lambda: two.board.get(ringing.id) is not None)
        redis.kill()
        redis.start()
        await until(lambda: knows(redis, 1))
        async with sharing(redis, "three") as three:
            calls = three.look().greeting[1]
            assert [each["id"] for each in calls.told["calls"]] == [ringing.id]

    async def test_what_redis_lost_before_it_was_heard_back_is_told_again_too(
        self, redis: RedisProcess
    ) -> None:
        async with sharing(redis) as replica:
            assert isinstance(replica.calls, SharedCallLog)
            screen, one = replica.look(), call()
            await replica.note(one)
            await heard(screen)
            noting = asyncio.create_task(replica.note(answered(one)))
            while not replica.calls._written:  # noqa: ASYNC110  # nobody is told that it is written
                await asyncio.sleep(0)  # until it is written, and before it can be heard back
            replica.calls.tell_all_again()
            await noting
            with Redis.from_url(redis.url) as stored:
                stored.flushall()
            await replica.calls.keep_up(is_hearing=True)
            async with sharing(redis, "two") as other:
                (entry,) = await other.log()
                assert entry.state is State.ANSWERED

    async def test_a_redis_that_was_emptied_while_it_is_heard_is_told_everything_again(
        self, redis: RedisProcess, pair: tuple[Replica, Replica]
    ) -> None:
        one, two = pair
        calls = [call() for _ in range(5)]
        for each in calls:
            await one.note(each)
        await until(lambda: len(two.board) == len(calls))
        redis.command("FLUSHALL")
        await until(lambda: knows(redis, len(calls)))
        async with sharing(redis, "three") as three:
            assert {entry.id for entry in three.board} == {each.id for each in calls}

    async def test_no_more_calls_wait_for_redis_than_a_process_can_hold(self, redis: RedisProcess) -> None:
        async with sharing(redis, within=BRIEF) as replica:
            assert isinstance(replica.calls, SharedCallLog)
            redis.kill()
            for _ in range(3):
                made = [call() for _ in range(4_000)]
                await replica.calls.change({one.id: News(one, matched(), time.time()) for one in made})

            assert replica.calls.untold == 10_000
            assert replica.counts["dropped"] == 2_000
            assert await replica.calls.find(made[-1].id) is not None

    async def test_a_redis_that_stands_still_holds_nobody_up(
        self, redis: RedisProcess, pair: tuple[Replica, Replica]
    ) -> None:
        one, two = pair
        here, there = Watched(one.look()), Watched(two.look())
        redis.pause()
        ringing = call()
        await one.note(ringing)
        assert set(here.read().shown) == {ringing.id}
        redis.resume()
        await until(lambda: ringing.id in there.read().shown)
        await until(lambda: not untold(one))

        assert here.read().is_in_order
        assert there.is_in_order

    async def test_erasing_says_that_it_was_not_done_everywhere(
        self, redis: RedisProcess, pair: tuple[Replica, Replica]
    ) -> None:
        one, two = pair
        ringing = call()
        await one.note(ringing)
        await until(lambda: two.board.get(ringing.id) is not None)
        redis.kill()
        with pytest.raises(NotForgotten):
            await one.calls.erase_number(ADAS_NUMBER)
        assert await one.log() == []
        redis.start()
        await until(lambda: not untold(one) and not untold(two))
        await one.calls.erase_number(ADAS_NUMBER)
        await until(lambda: is_gone(two.board.get(ringing.id)))

    async def test_a_token_that_was_taken_back_meanwhile_is_good_nowhere_afterwards(
        self, redis: RedisProcess, pair: tuple[Replica, Replica]
    ) -> None:
        one, two = pair
        redis.kill()
        with pytest.raises(NotForgotten):
            await one.revocations.revoke(Revoked(time.time(), token="token"))
        assert await one.revocations.holds(agent("1"))
        redis.start()
        await until(lambda: two.revocations.holds(agent("1")))


def knows(redis: RedisProcess, calls: int) -> bool:
    """Tell whether so many calls stand in the log of Redis."""
    with Redis.from_url(redis.url) as client:
        return any(client.type(key) == b"zset" and client.zcard(key) >= calls for key in client.scan_iter())


def is_gone(entry: Entry | None) -> bool:
    return entry is None or bool(entry.gone)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_to_calls_and_redis_three_replicas_end_up_alike(
    redis: RedisProcess, seed: int
) -> None:
    drawn = random.Random(seed)  # noqa: S311  # chooses what happens, and the same again
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(sharing(redis, f"r{at}", within=BRIEF)) for at in range(3)
        ]
        screens = [Watched(one.look()) for one in replicas]
        calls: dict[str, Call] = {}
        runs = True
        for _ in range(120):
            what = drawn.random()
            if what < 0.04:
                redis.kill() if runs else redis.start()
                runs = not runs
            elif what < 0.4 or not calls:
                made = call(agents=(drawn.choice(("1001", "1002")),))
                calls[made.id] = made
                await drawn.choice(replicas).note(made)
            else:
                one = calls[drawn.choice(sorted(calls))]
                after = drawn.choice((answered, ended))(one) if one.state is not State.ENDED else one
                calls[one.id] = after
                await drawn.choice(replicas).note(after)
            if drawn.random() < 0.3:
                await asyncio.sleep(drawn.random() * 0.1)
        if not runs:
            redis.start()

        def alike() -> bool:
            shown = [one.read().shown for one in screens]
            is_quiet = not any(map(untold, replicas))
            return is_quiet and shown[0] == shown[1] == shown[2] and shown[0].keys() == calls.keys()

        await until(alike)
        assert all(one.is_in_order for one in screens)
        told = {call_id: shown["state"] for call_id, shown in screens[0].shown.items()}
        assert told == {call_id: one.state for call_id, one in calls.items()}


async def test_calls_are_known_while_the_secret_is_being_changed(redis: RedisProcess) -> None:
    async with (
        sharing(redis, "old", secrets=(SECRET, b"another")) as old,
        sharing(redis, "new", secrets=(b"another", SECRET)) as new,
    ):
        here, there = old.look(), new.look()
        one, other = call(), call()
        await old.note(one)
        await heard(there)
        await new.note(other)
        await heard(here, 2)
        assert {entry.id for entry in await old.log()} == {one.id, other.id}
        assert {entry.id for entry in await new.log()} == {one.id, other.id}
        await new.calls.erase_number(ADAS_NUMBER)
        assert await old.log() == []


async def test_nothing_personal_can_be_read_in_redis(
    redis: RedisProcess, pair: tuple[Replica, Replica]
) -> None:
    one, _ = pair
    ringing = call(queue="support", callee="+18005551212", agents=("agent-smith",))
    await one.note(replace(ringing, provider_id="call-smith"))
    await one.choices.choose("+442079460958", 30)
    await one.revocations.revoke(Revoked(time.time(), subject="ada@desk.example"))
    with Redis.from_url(redis.url) as client:
        keys = list(client.scan_iter())
        everything = b"\n".join(part for key in keys for part in (key, *parts_of(client, key))).lower()

    assert len(everything) > 500
    for trace in ("lovelace", "ada@", "442079460958", "2079460", "18005551212", "support", "smith"):
        assert trace.encode() not in everything, trace
