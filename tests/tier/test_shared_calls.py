"""Replicas that share a Redis tell of one call, whichever of them hears of it; without Redis each goes on alone."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest
from redis import Redis

from cti_lookup.cache.redis_link import RedisLink, Script
from cti_lookup.cache.shared_calls import SharedCalls
from cti_lookup.calls import Call, CallBook, LiveCalls, State
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.ports import Calls
from cti_lookup.telephone import E164, Dialled, Internal
from tests.conftest import SettableClock
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import BRIEF, PATIENT
from tests.tier.replicas import SECRET, TENANT, StartReplica

ADA = Dialled("+442079460958", E164("+442079460958"))
BOB = Dialled("+12025550143", E164("+12025550143"))
RINGING, ANSWERED, HELD, VOICEMAIL, TRANSFERRED, ENDED, OTHER = Happening

Open = Callable[..., SharedCalls]


def event(happening: Happening, provider_id: str | None = "7001", **more: Any) -> CallEvent:
    fields = {"direction": Direction.INBOUND, "caller": ADA, **more}
    return CallEvent("front-desk", provider_id, happening, **fields)


@pytest.fixture
async def open_calls(start: StartReplica, clock: SettableClock) -> AsyncIterator[Open]:
    """Open a replica's calls; all replicas see the same time."""

    def open_one(
        *secrets: bytes,
        within: float = PATIENT,
        live: LiveCalls | None = None,
        link: RedisLink | None = None,
    ) -> SharedCalls:
        replica = start(*secrets, within=within)
        calls = SharedCalls(
            link or replica.link,
            seals=replica.seals,
            tenant=TENANT,
            clock=clock,
            within=within,
            live=live,
            again=0.05,
        )
        opened.append(calls)
        return calls

    opened: list[SharedCalls] = []
    yield open_one
    for calls in opened:
        await calls.close()


@pytest.fixture
def two(open_calls: Open) -> tuple[SharedCalls, SharedCalls]:
    return open_calls(), open_calls()


async def test_a_call_that_one_replica_heard_ring_is_answered_and_ends_at_others(open_calls: Open) -> None:
    one, other, third = open_calls(), open_calls(), open_calls()
    rang = await one.record(event(RINGING, queue="support"))
    answered = await other.record(event(ANSWERED, caller=None, answered_by="ada"))
    ended = await third.record(event(ENDED, caller=None))

    assert {rang.id, answered.id, ended.id} == {rang.id}
    assert (answered.state, answered.caller, answered.queue) == (State.ANSWERED, ADA, "support")
    assert (ended.state, ended.result, ended.answered_by) == (State.ENDED, Result.ANSWERED, "ada")
    assert (await one.record(event(RINGING))).state is State.ENDED


async def test_replicas_that_hear_of_a_new_call_at_once_agree_on_it(open_calls: Open) -> None:
    replicas = [open_calls() for _ in range(4)]
    events = [event(RINGING, leg=str(at), agents=(f"a{at}",)) for at in range(20)]
    calls = await asyncio.gather(*(replicas[at % 4].record(one) for at, one in enumerate(events)))

    last = await replicas[0].record(event(OTHER))
    assert {call.id for call in calls} == {last.id}
    assert set(last.agents) == {f"a{at}" for at in range(20)}


async def test_nothing_is_lost_of_what_replicas_hear_at_once(two: tuple[SharedCalls, SharedCalls]) -> None:
    await two[0].record(event(RINGING))
    await asyncio.gather(
        *(two[at % 2].record(event(ANSWERED, leg=str(at), key=f"k{at}", order=1.0)) for at in range(12)),
        *(two[at % 2].record(event(ENDED, leg=str(at), key=f"e{at}", order=2.0)) for at in range(12)),
    )
    seen = [await each.record(event(OTHER)) for each in two]

    assert [(call.state, call.result) for call in seen] == [(State.ENDED, Result.ANSWERED)] * 2
    assert all(call.life is not None and len(call.life.keys) == 24 for call in seen)


async def test_an_event_that_reaches_two_replicas_is_heard_once(two: tuple[SharedCalls, SharedCalls]) -> None:
    moved = event(TRANSFERRED, key="k1", agents=("ada",))
    await two[0].record(event(ANSWERED))
    await two[0].record(moved)
    await two[1].record(event(TRANSFERRED, key="k2", agents=("ben",)))

    assert (await two[1].record(moved)).agents == ("ben",)
    assert (await two[0].record(moved)).agents == ("ben",)


async def test_an_id_that_is_used_again_for_another_caller_is_another_call(
    two: tuple[SharedCalls, SharedCalls],
) -> None:
    first = await two[0].record(event(RINGING))
    second = await two[1].record(event(RINGING, caller=BOB))
    answered = await two[0].record(event(ANSWERED, caller=None))

    assert first.id != second.id == answered.id
    assert (answered.caller, answered.state) == (BOB, State.ANSWERED)


async def test_a_call_under_an_id_that_is_used_again_is_stored_by_the_id_it_was_answered_with(
    two: tuple[SharedCalls, SharedCalls],
) -> None:
    await two[0].record(event(RINGING))
    await two[0].record(event(ENDED))
    for calls, caller in ((two[0], BOB), (two[1], ADA)):
        rang = calls.heard(event(RINGING, caller=caller))
        assert rang is not None
        if (told := calls.told()) is not None:
            await told
        assert (await calls.record(event(ANSWERED, caller=None))).id == rang.id


async def test_a_transfer_that_another_replica_hears_of_is_the_same_call(
    two: tuple[SharedCalls, SharedCalls],
) -> None:
    first = await two[0].record(event(ANSWERED, agents=("ada",)))
    moved = await two[1].record(event(RINGING, "7002", continues="7001", agents=("ben",), caller=BOB))
    await two[0].record(event(ENDED, caller=None))
    taken = await two[0].record(event(ANSWERED, "7002", answered_by="ben", caller=None))
    ended = await two[1].record(event(ENDED, "7002", caller=None))

    assert {first.id, moved.id, taken.id, ended.id} == {first.id}
    assert (moved.caller, moved.agents, taken.answered_by) == (ADA, ("ben",), "ben")
    assert (taken.state, ended.state, ended.result) == (State.ANSWERED, State.ENDED, Result.ANSWERED)


async def test_an_attended_transfer_joins_calls_of_two_replicas(
    open_calls: Open, clock: SettableClock
) -> None:
    one, other, third = open_calls(), open_calls(), open_calls()
    first = await one.record(event(HELD, agents=("ada",)))
    clock.pass_by(5)
    inside: dict[str, Any] = {"caller": Internal("101", "101"), "direction": Direction.INTERNAL}
    consult = await other.record(event(ANSWERED, "7002", agents=("ben",), **inside))
    clock.pass_by(5)
    joined = await third.record(event(HELD, "7002", continues="7001", caller=None))

    assert (joined.id, joined.caller, joined.agents) == (first.id, ADA, ("ben",))
    assert consult.id != first.id
    for replica in (one, other, third):
        for provider_id in ("7001", "7002"):
            call = await replica.record(event(OTHER, provider_id, caller=None))
            assert (call.id, call.caller) == (first.id, ADA)


async def test_a_transfer_of_a_call_that_this_replica_hears_of_later_is_one_call(
    two: tuple[SharedCalls, SharedCalls],
) -> None:
    moved = await two[0].record(event(RINGING, "7002", continues="7001", caller=None))
    first = await two[1].record(event(RINGING))

    assert (first.id, first.caller) == (moved.id, ADA)
    assert (await two[0].record(event(OTHER))).caller == ADA


async def test_a_request_is_new_to_one_replica_only(two: tuple[SharedCalls, SharedCalls]) -> None:
    assert await two[0].is_new("front-desk", b"\x01")
    assert not await two[1].is_new("front-desk", b"\x01")
    assert not await two[0].is_new("front-desk", b"\x01")
    assert await two[1].is_new("branch", b"\x01")


async def test_a_request_is_new_once_though_redis_has_lost_it(
    two: tuple[SharedCalls, SharedCalls], redis: RedisProcess
) -> None:
    assert await two[0].is_new("front-desk", b"\x01")
    redis.command("FLUSHALL")

    assert not await two[0].is_new("front-desk", b"\x01")


async def test_what_is_stored_expires_and_can_neither_be_read_nor_moved(
    two: tuple[SharedCalls, SharedCalls], stored: Redis
) -> None:
    await two[0].record(event(RINGING, display_name="EXAMPLE A"))
    await two[0].record(event(RINGING, "7002", continues="7001"))
    await two[0].record(event(ENDED, "7003"))
    await two[0].is_new("front-desk", b"\x01")
    keys = list(stored.scan_iter())
    (outbox,) = (key for key in keys if stored.type(key) == b"zset")

    assert len(keys) == 5
    assert all(0 < stored.pttl(key) <= 9 * 3_600_000 for key in keys)
    for key in keys:
        told = key + (repr(stored.zrange(key, 0, -1)).encode() if key == outbox else stored.get(key) or b"")
        assert not any(word in told for word in (b"442079460958", b"EXAMPLE", b"7001", b"front-desk"))


async def test_garbage_in_redis_is_written_over(two: tuple[SharedCalls, SharedCalls], stored: Redis) -> None:
    first = await two[0].record(event(RINGING))
    (key,) = (key for key in stored.scan_iter() if stored.type(key) == b"string")
    for garbage in (b"", b"x", b"x" * 200, (stored.get(key) or b"")[:-1]):
        stored.set(key, garbage)
        assert (await two[0].record(event(OTHER))).id == first.id
        assert (await two[1].record(event(OTHER))).id == first.id


async def _until(say: Callable[[], Awaitable[Call]], is_right: Callable[[Call], bool]) -> Call:
    """Say something until the call is right: a breaker closes in its own time."""
    async with asyncio.timeout(60):
        while not is_right(call := await say()):  # noqa: ASYNC110  # Redis tells nobody that it is back
            await asyncio.sleep(0.05)
    return call


async def test_a_redis_that_was_killed_and_is_back_learns_of_the_calls_again(
    open_calls: Open, redis: RedisProcess, stored: Redis
) -> None:
    one, other = open_calls(within=BRIEF), open_calls(within=BRIEF)
    first = await one.record(event(RINGING))
    redis.kill()
    alone = await one.record(event(ANSWERED, answered_by="ada"))
    assert (alone.id, alone.state) == (first.id, State.ANSWERED)

    redis.start()
    call = await _until(lambda: one.record(event(OTHER)), lambda _: stored.dbsize() == 2)
    assert (call.id, call.state) == (first.id, State.ANSWERED)
    there = await other.record(event(OTHER, caller=None))
    assert (there.id, there.answered_by, there.caller) == (first.id, "ada", ADA)


async def test_what_was_heard_while_redis_hung_is_told_when_it_goes_on(
    open_calls: Open, redis: RedisProcess
) -> None:
    one, other = open_calls(within=BRIEF), open_calls(within=BRIEF)
    first = await one.record(event(RINGING))
    redis.pause()
    answered = await one.record(event(ANSWERED, answered_by="ada"))
    redis.resume()
    assert (answered.id, answered.state) == (first.id, State.ANSWERED)

    async def both() -> Call:
        await one.record(event(OTHER))
        return await other.record(event(OTHER, caller=None))

    there = await _until(both, lambda call: call.state is State.ANSWERED)
    assert (there.id, there.answered_by, there.caller) == (first.id, "ada", ADA)


class Contended(RedisLink):
    """A link on which somebody else was faster, sixteen times in a row."""

    left = 16

    async def run(
        self, operation: str, script: Script, keys: Sequence[str], args: Sequence[str | bytes | int | float]
    ) -> Any:
        if not self.left:
            return await super().run(operation, script, keys, args)
        self.left -= 1
        return [[os.urandom(12)]]  # another value, which nobody can open


async def test_a_call_that_others_write_time_and_again_is_told_in_the_end(
    open_calls: Open, start: StartReplica, stored: Redis
) -> None:
    link = start().link
    link.__class__ = Contended  # the same line, as it would be
    one, other = open_calls(link=link), open_calls()
    first = await one.record(event(RINGING))
    assert stored.dbsize() == 0

    async with asyncio.timeout(60):
        while not stored.dbsize():  # noqa: ASYNC110  # Redis tells nobody
            await asyncio.sleep(0.02)
    assert (await other.record(event(ANSWERED, caller=None))).id == first.id


async def test_without_redis_a_replica_goes_on_alone_and_does_not_wait(
    open_calls: Open, redis: RedisProcess
) -> None:
    calls = open_calls(within=0.15)
    redis.kill()
    rang = await calls.record(event(RINGING))
    began = time.monotonic()
    ended = [await calls.record(event(ENDED)) for _ in range(20)][-1]

    assert time.monotonic() - began < 20
    assert (ended.id, ended.state) == (rang.id, State.ENDED)
    assert await calls.is_new("front-desk", b"\x01")
    assert not await calls.is_new("front-desk", b"\x01")
    assert len(calls) == 1


async def test_text_that_cannot_be_stored_makes_a_call_of_this_replica(
    two: tuple[SharedCalls, SharedCalls],
) -> None:
    odd = event(RINGING, "\ud800", display_name="\ud800")
    first = await two[0].record(odd)

    assert (await two[0].record(odd)).id == first.id


async def test_a_call_is_swept_once_and_not_while_another_replica_hears_of_it(
    two: tuple[SharedCalls, SharedCalls], clock: SettableClock
) -> None:
    first = await two[0].record(event(RINGING))
    clock.pass_by(170)
    await two[1].record(event(RINGING, agents=("ben",)))
    clock.pass_by(20)
    assert await two[0].sweep() == ()
    clock.pass_by(170)
    swept = [await each.sweep() for each in (two[0], two[1], two[0])]

    assert [[call.id for call in each] for each in swept] == [[first.id], [], []]
    assert (await two[1].record(event(OTHER))).result is Result.MISSED


async def test_without_redis_each_replica_sweeps_what_it_heard_of(
    open_calls: Open, clock: SettableClock, redis: RedisProcess
) -> None:
    calls = open_calls(within=0.15)
    await calls.record(event(RINGING))
    redis.kill()
    clock.pass_by(200)

    assert [call.state for call in await calls.sweep()] == [State.ENDED]
    assert (await calls.record(event(ANSWERED))).state is State.ANSWERED


async def test_a_call_goes_on_while_the_secret_is_changed(open_calls: Open) -> None:
    old, new = open_calls(SECRET, b"the next secret"), open_calls(b"the next secret", SECRET)
    first = await old.record(event(RINGING))
    answered = await new.record(event(ANSWERED, caller=None))

    assert (answered.id, answered.caller) == (first.id, ADA)
    assert await old.is_new("front-desk", b"\x01")
    assert not await new.is_new("front-desk", b"\x01")


async def test_whoever_leaves_while_redis_is_asked_hurts_nobody(two: tuple[SharedCalls, SharedCalls]) -> None:
    first = await two[0].record(event(RINGING))
    leaving = [asyncio.create_task(two[0].record(event(ANSWERED, leg=str(at)))) for at in range(10)]
    await asyncio.sleep(0)
    for task in leaving[::2]:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)

    for calls in (*two, two[0]):
        call = await calls.record(event(OTHER))
        assert (call.id, call.state) == (first.id, State.ANSWERED)


class _Watching:
    """Remembers what it was shown, and says so."""

    def __init__(self) -> None:
        self.shown: list[Call] = []
        self.joined: list[tuple[str, str]] = []
        self.news = asyncio.Event()

    def changed(self, call: Call, at: float) -> None:  # noqa: ARG002  # as it is shown
        self.shown.append(call)
        self.news.set()

    def merged(self, gone: Call, into: Call) -> None:
        self.joined.append((gone.id, into.id))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.shown) < count:
                await self.news.wait()
                self.news.clear()


async def test_a_call_that_begins_with_its_caller_needs_no_waiting_and_is_told(open_calls: Open) -> None:
    watching = _Watching()
    one, other = open_calls(live=watching), open_calls()
    rang = one.heard(event(RINGING))
    telling = one.told()
    assert rang is not None
    assert telling is not None
    assert watching.shown == []
    await telling

    assert watching.shown == [rang]
    assert one.told() is None
    assert (await other.record(event(ANSWERED, caller=None))).id == rang.id


async def test_what_another_replica_may_know_better_has_to_be_waited_for(open_calls: Open) -> None:
    one, other = open_calls(), open_calls()
    await one.record(event(RINGING))

    assert other.heard(event(ANSWERED, caller=None)) is None
    assert other.heard(event(RINGING, "7002", continues="7001")) is None
    assert other.heard(event(RINGING, None)) is None
    assert (await other.record(event(ANSWERED, caller=None))).caller == ADA
    held = other.heard(event(HELD, caller=None))
    assert held is not None
    assert held.state is State.HELD


async def test_replicas_that_began_a_call_each_show_it_as_one(open_calls: Open) -> None:
    first, second = _Watching(), _Watching()
    begun = [
        calls.heard(event(RINGING, agents=("ada",)))
        for calls in (open_calls(live=first), open_calls(live=second))
    ]
    assert len({call.id for call in begun if call is not None}) == 2
    for watching in (first, second):
        await watching.until(1)

    assert {call.id for call in first.shown} == {call.id for call in second.shown}


async def test_a_repeated_event_costs_redis_nothing_until_a_minute_has_passed(
    open_calls: Open, redis: RedisProcess, clock: SettableClock
) -> None:
    watching = _Watching()
    calls = open_calls(live=watching)
    calls.heard(event(RINGING))
    await watching.until(1)
    told = redis.calls_of("evalsha") + redis.calls_of("eval")
    for _ in range(50):
        calls.heard(event(RINGING))
    await calls.close()
    assert redis.calls_of("evalsha") + redis.calls_of("eval") == told

    calls = open_calls(live=watching)
    await calls.record(event(RINGING))
    told = redis.calls_of("evalsha")
    clock.pass_by(61)
    calls.heard(event(RINGING))
    await calls.close()
    assert redis.calls_of("evalsha") == told + 1


async def test_many_calls_of_one_moment_are_told_together(open_calls: Open, redis: RedisProcess) -> None:
    watching = _Watching()
    calls = open_calls(live=watching)
    for at in range(64):
        calls.heard(event(RINGING, f"7{at}"))
    await watching.until(64)

    assert redis.calls_of("evalsha") <= 2


async def test_what_redis_missed_it_is_told_though_nothing_more_happens(
    open_calls: Open, redis: RedisProcess, stored: Redis
) -> None:
    watching = _Watching()
    one, other = open_calls(within=BRIEF, live=watching), open_calls(within=BRIEF)
    redis.kill()
    rang = await one.record(event(RINGING))
    assert watching.shown == [rang]
    redis.start()
    async with asyncio.timeout(60):
        while stored.dbsize() == 0:  # noqa: ASYNC110  # Redis tells nobody what it was told
            await asyncio.sleep(0.05)

    assert (await other.record(event(OTHER, caller=None))).id == rang.id
    assert watching.shown == [rang]


async def test_a_call_that_others_knew_before_goes_on_as_theirs_after_an_outage(
    open_calls: Open, redis: RedisProcess, clock: SettableClock
) -> None:
    first, second = _Watching(), _Watching()
    one, other = open_calls(within=BRIEF, live=first), open_calls(within=BRIEF, live=second)
    redis.kill()
    begun = await one.record(event(RINGING))
    clock.pass_by(1)
    again = await other.record(event(RINGING))
    assert begun.id != again.id
    redis.start()
    async with asyncio.timeout(60):
        while not (first.joined or second.joined):  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.05)

    kept = {watching.shown[-1].id for watching in (first, second)}
    assert len(kept) == 1
    assert kept | {gone for gone, _ in first.joined + second.joined} == {begun.id, again.id}


async def test_a_call_that_each_heard_a_part_of_during_an_outage_is_shown_once_though_it_has_ended(
    open_calls: Open, redis: RedisProcess, clock: SettableClock
) -> None:
    watchings = _Watching(), _Watching(), _Watching()
    replicas = [open_calls(within=BRIEF, live=watching) for watching in watchings]
    redis.kill()
    for replica, happening in zip(replicas, (RINGING, ANSWERED, ENDED), strict=True):
        await replica.record(event(happening))
        clock.pass_by(1)
    redis.start()
    async with asyncio.timeout(60):
        while sum(len(watching.joined) for watching in watchings) < 2:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.05)

    shown = {call.id for watching in watchings for call in watching.shown}
    gone = {gone for watching in watchings for gone, _ in watching.joined}
    (kept,) = shown - gone
    assert {(into, watching.shown[-1].id) for watching in watchings for _, into in watching.joined} == {
        (kept, kept)
    }


async def test_what_waits_is_told_when_the_process_ends(open_calls: Open) -> None:
    one = open_calls()
    rang = one.heard(event(RINGING))
    await one.close()

    assert rang is not None
    assert (await open_calls().record(event(OTHER, caller=None))).id == rang.id


def _kinds(clock: SettableClock, open_calls: Open) -> list[Calls]:
    return [CallBook(clock), open_calls()]


async def test_calls_in_memory_and_in_redis_keep_the_same_promises(
    clock: SettableClock, open_calls: Open
) -> None:
    for calls in _kinds(clock, open_calls):
        rang = await calls.record(event(RINGING))
        nameless = [await calls.record(event(RINGING, None)) for _ in range(2)]
        ended = await calls.record(event(ENDED, caller=None))
        await calls.record(event(RINGING, "7002"))
        clock.pass_by(181)

        assert (ended.id, ended.caller, ended.result) == (rang.id, ADA, Result.MISSED)
        assert len({rang.id, *(call.id for call in nameless)}) == 3
        assert [await calls.is_new("front-desk", b"\x01") for _ in range(2)] == [True, False]
        assert [call.provider_id for call in await calls.sweep()] == ["7002"]
        assert len(calls) == 2


async def test_what_two_replicas_hear_in_turn_is_what_one_would_have_heard(
    open_calls: Open, clock: SettableClock
) -> None:
    chance = random.Random(7)  # noqa: S311  # an order of events, not a secret
    for round_ in range(40):
        alone, two = CallBook(clock), (open_calls(), open_calls())
        for _ in range(12):
            clock.pass_by(1)
            one = event(
                chance.choice(list(Happening)),
                f"{round_}-{chance.choice('12')}",
                leg=chance.choice([None, None, "ada", "ben"]),
                key=chance.choice([None, None, "k1", "k2"]),
                order=chance.choice([None, 1.0, 2.0, 3.0]),
                continues=chance.choice([None, None, None, f"{round_}-1"]),
                agents=chance.choice([(), ("ada",), ("ben",)]),
                caller=chance.choice([ADA, None]),
            )
            expected, call = await alone.record(one), await chance.choice(two).record(one)
            assert msgspec.structs.replace(call, id="", life=None) == msgspec.structs.replace(
                expected, id="", life=None
            )


async def test_three_replicas_that_hear_of_joined_calls_at_once_agree_in_the_end(open_calls: Open) -> None:
    chance = random.Random(5)  # noqa: S311  # an order of events, not a secret
    for round_ in range(10):
        replicas, ids = [open_calls() for _ in range(3)], [f"{round_}-{at}" for at in "123"]
        events = [
            event(
                chance.choice([RINGING, ANSWERED, HELD, VOICEMAIL, TRANSFERRED, OTHER]),
                chance.choice(ids),
                leg=chance.choice([None, "a", "b"]),
                continues=chance.choice([None, None, *ids]),
                key=f"k{at}",
                agents=(f"a{at}",),
                caller=None if at else ADA,
            )
            for at in range(30)
        ]
        events += [event(RINGING, each, continues=ids[0], key=f"join {each}") for each in ids[1:]]
        chance.shuffle(events)
        await asyncio.gather(*(chance.choice(replicas).record(one) for one in events))
        for _ in range(2):
            told = [await one.record(event(OTHER, each, caller=None)) for one in replicas for each in ids]

        assert len({(call.id, call.caller, call.state, call.agents) for call in told}) == 1
        assert all(call.life is not None and len(set(call.life.keys)) == 32 for call in told)
