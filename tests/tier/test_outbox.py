"""What a process that was killed had not told yet is found by another one, and only then."""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest
from redis import Redis

from cti_lookup.cache.naming import Names
from cti_lookup.cache.outbox import Outbox
from cti_lookup.cache.redis_link import RedisSilent
from cti_lookup.cache.shared_calls import SharedCalls
from cti_lookup.calls import Call, State
from cti_lookup.events import CallEvent, Direction, Happening
from cti_lookup.telephone import E164, Dialled
from tests.conftest import SettableClock
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import BRIEF, PATIENT
from tests.tier.replicas import SECRET, TENANT, StartReplica

ADA: Final = Dialled("+442079460958", E164("+442079460958"))
OVERDUE: Final = 0.2
LONG: Final = 2.0
"""Seconds after which it is overdue where a test does something in between; a busy machine may stand still for a while."""


class Process:
    """A process's calls and its outbox."""

    def __init__(
        self,
        start: StartReplica,
        clock: SettableClock,
        *secrets: bytes,
        within: float,
        overdue: float = OVERDUE,
    ) -> None:
        replica = start(*secrets, within=within)
        sides = [Names(seal, TENANT) for seal in replica.seals]
        self.clock, self.heard_at, self.overdue = clock, 0.0, overdue
        self.outbox = Outbox(replica.link, sides, overdue=overdue)
        self.calls = SharedCalls(
            replica.link, seals=replica.seals, tenant=TENANT, clock=clock, within=within, outbox=self.outbox
        )

    async def hear(
        self,
        happening: Happening = Happening.RINGING,
        provider_id: str = "7001",
        continues: str | None = None,
    ) -> Call:
        self.clock.pass_by(1.0)
        self.heard_at = self.clock()
        return await self.calls.record(
            CallEvent(
                "front-desk",
                provider_id,
                happening,
                direction=Direction.INBOUND,
                caller=ADA,
                continues=continues,
            )
        )

    async def finds(self) -> list[Call]:
        """Give what others left behind, once it is overdue."""
        await asyncio.sleep(1.5 * self.overdue)
        left = await self.outbox.left_behind()
        self.heard_at = max((at for _, at in left), default=self.heard_at)
        return [call for call, _ in left]

    async def has_told(self, *calls: Call) -> None:
        """Cross off calls as they were when they were heard of last by this process."""
        await self.outbox.cross_off((call.id, self.heard_at) for call in calls)


Begin = Callable[..., Process]


@pytest.fixture
def begin(start: StartReplica, clock: SettableClock) -> Begin:
    def begin_one(*secrets: bytes, within: float = PATIENT, overdue: float = OVERDUE) -> Process:
        return Process(start, clock, *secrets, within=within, overdue=overdue)

    return begin_one


async def test_a_call_that_was_told_of_is_found_by_nobody(begin: Begin) -> None:
    one, other = begin(), begin()
    await one.has_told(await one.hear())

    assert await other.finds() == []


async def test_a_call_that_nobody_told_of_is_found_by_one_as_it_stands(begin: Begin) -> None:
    one, other, third = begin(), begin(overdue=LONG), begin(overdue=LONG)
    await one.hear()
    ended = await one.hear(Happening.ENDED)
    assert await other.outbox.left_behind() == []  # there was no time yet

    found = await other.finds()
    assert [(call.id, call.state, call.caller) for call in found] == [(ended.id, State.ENDED, ADA)]
    assert await third.outbox.left_behind() == []
    await other.has_told(*found)
    assert await third.finds() == []


async def test_who_finds_a_call_and_is_killed_as_well_leaves_it_to_the_next(begin: Begin) -> None:
    one, other, third = begin(), begin(), begin()
    rang = await one.hear()

    assert [call.id for call in await other.finds()] == [rang.id]
    assert [call.id for call in await third.finds()] == [rang.id]


async def test_what_changed_after_it_was_told_of_is_not_crossed_off_with_it(begin: Begin) -> None:
    one, other = begin(), begin()
    rang = await one.hear()
    answered = await other.hear(Happening.ANSWERED)
    await one.has_told(rang)

    assert [(call.id, call.state) for call in await one.finds()] == [(answered.id, State.ANSWERED)]


async def test_a_call_that_is_no_longer_there_is_crossed_off(begin: Begin, stored: Redis) -> None:
    one, other = begin(), begin()
    await one.hear()
    await one.hear(provider_id="7002")
    (outbox,) = (key for key in stored.scan_iter() if stored.type(key) == b"zset")
    gone, kept = (key for key in stored.scan_iter() if key != outbox)
    stored.delete(gone)
    stored.set(kept, b"garbage of some length, which nobody can open")

    assert await other.finds() == []
    assert stored.zcard(outbox) == 0


async def test_a_call_is_found_while_the_secret_is_being_changed(begin: Begin) -> None:
    old, new = begin(), begin(b"another secret of replicas", SECRET)
    rang = await old.hear()
    found = await new.finds()
    await new.has_told(*found)

    assert [call.id for call in found] == [rang.id]
    assert await old.finds() == []


async def test_without_redis_nothing_is_found_and_crossing_off_is_no_fault(
    begin: Begin, redis: RedisProcess
) -> None:
    one = begin(within=BRIEF)
    rang = await one.hear()
    redis.kill()
    await one.has_told(rang)

    with pytest.raises(RedisSilent):
        await one.outbox.left_behind()


async def test_an_answer_that_no_script_gives_is_silence(begin: Begin, stored: Redis) -> None:
    one = begin()
    await one.hear()
    (outbox,) = (key for key in stored.scan_iter() if stored.type(key) == b"zset")
    stored.delete(outbox)
    stored.set(outbox, b"no outbox")

    with pytest.raises(RedisSilent):
        await one.finds()


async def test_what_stands_in_the_outbox_can_be_looked_through_and_stays_there(begin: Begin) -> None:
    one, other = begin(), begin(b"another secret of replicas", SECRET)
    heard = {(await one.hear(provider_id=f"{number}")).id for number in range(120)}
    heard.add((await other.hear(provider_id="the other side's")).id)

    for _ in range(2):
        assert {call.id for call, _ in await other.outbox.noted()} == heard


async def test_a_call_is_found_by_each_of_its_names(begin: Begin) -> None:
    one, other = begin(), begin()
    first = await one.hear(provider_id="7001")
    await one.hear(provider_id="7002")
    await other.hear(provider_id="7002", continues="7001")
    asked = [("front-desk", "7001"), ("front-desk", "7002"), ("front-desk", "nobody's"), ("other", "7001")]
    standing = await one.outbox.standing(asked)

    assert {name: call.id for name, (call, _) in standing.items()} == dict.fromkeys(asked[:2], first.id)
