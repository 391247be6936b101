"""What the shared tier promises: an answer comes back as it was given, only to its question, and only while it holds."""

import math
import os
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from cti_lookup.answers import NOBODY, Answer
from cti_lookup.cache.naming import SCHEMA, Names
from cti_lookup.cache.sealing import Seal
from cti_lookup.cache.stored import packed
from cti_lookup.errors import NotForgotten
from cti_lookup.questions import AnyQuestion, Forgotten, IdentityKey, IdentityQuestion
from tests.conftest import SettableClock
from tests.servers.redis_content import parts_of
from tests.servers.redis_process import RedisProcess
from tests.tier.replicas import ASHOK, ASHOK_AT_HIS_DESK, HOWARD, NEVER, SECRET, TENANT, Replica, StartReplica

BADGE = IdentityQuestion(IdentityKey.SUPPORT, "S-4711-0815")


def keys_of(stored: Redis) -> list[bytes]:
    return [key for key in stored.scan_iter() if isinstance(key, bytes)]


async def test_what_was_never_learned_is_a_miss(replica: Replica) -> None:
    assert await replica.tier.get(ASHOK) is None
    assert replica.counts["get", "miss"] == 1


@pytest.mark.parametrize("question", [ASHOK, BADGE])
async def test_an_answer_comes_back_as_it_was_learned(start: StartReplica, question: AnyQuestion) -> None:
    one, other = start(), start()
    answer = Answer(b'[{"id":30},{"id":31}]', truncated=True, asked_at=one.steady() - 20, ids=(30, 31))
    await (await one.tier.turn(question, NEVER)).fill(answer, 60)

    assert await one.tier.get(question) == answer
    found = await other.tier.get(question)
    assert found == Answer(answer.people, truncated=True, asked_at=other.steady() - 20, ids=(30, 31))
    assert one.counts["get", "ok"] == other.counts["get", "ok"] == 1


async def test_nobody_comes_back_as_nobody(replica: Replica) -> None:
    nobody = replica.answer(NOBODY, ())
    await replica.learn(ASHOK, nobody)

    assert await replica.tier.get(ASHOK) == nobody


async def test_an_answer_is_given_to_its_own_question_only(replica: Replica) -> None:
    await replica.learn(ASHOK)

    assert await replica.tier.get(ASHOK_AT_HIS_DESK) is None
    assert await replica.tier.get(HOWARD) is None


async def test_an_answer_ages_as_time_passes(replica: Replica) -> None:
    await replica.learn(ASHOK)
    asked_at = replica.steady()
    replica.wall.pass_by(30)
    replica.steady.pass_by(30)

    found = await replica.tier.get(ASHOK)

    assert found is not None
    assert found.asked_at == asked_at


async def test_what_a_clock_ahead_of_ours_wrote_is_of_age_zero(start: StartReplica) -> None:
    await start(wall=SettableClock(1_000_004.0)).learn(ASHOK)
    behind = start(wall=SettableClock(1_000_000.0))

    found = await behind.tier.get(ASHOK)

    assert found is not None
    assert found.asked_at == behind.steady()


async def test_what_is_of_the_future_is_not_believed(start: StartReplica) -> None:
    await start(wall=SettableClock(1_000_006.0)).learn(ASHOK)
    behind = start(wall=SettableClock(1_000_000.0))

    assert await behind.tier.get(ASHOK) is None
    assert behind.counts["get", "future"] == 1


@pytest.mark.parametrize("seconds", [-1, 0, 0.0001, 31 * 86400])
async def test_any_time_to_live_is_taken_without_an_error(replica: Replica, seconds: float) -> None:
    await replica.learn(ASHOK, seconds=seconds)


async def test_an_id_of_too_many_bits_is_not_shared_and_its_turn_ends(replica: Replica) -> None:
    await replica.learn(ASHOK, replica.answer(ids=(2**64,)))

    assert await replica.tier.get(ASHOK) is None
    assert replica.counts["fill", "unfit"] == replica.counts["leave", "ok"] == 1


async def filled(start: StartReplica) -> Replica:
    """Do everything that writes."""
    replica = start(SECRET, b"a secret of before")
    howard = replica.answer(b'[{"id":1234567,"name":"Howard Tanner"}]', (1234567,))
    await replica.learn(ASHOK)
    await replica.learn(ASHOK_AT_HIS_DESK)
    await replica.learn(BADGE, howard)  # type: ignore[arg-type]  # any question will do
    await replica.learn(HOWARD, howard)
    await replica.tier.turn(HOWARD, math.inf)
    await replica.tier.forget(Forgotten((ASHOK.mark,), 7654321, erased=True))
    return replica


def everything(stored: Redis) -> Iterator[bytes]:
    for key in keys_of(stored):
        yield key
        yield from parts_of(stored, key)


async def test_nothing_personal_can_be_read_in_redis(start: StartReplica, stored: Redis) -> None:
    await filled(start)
    content = b"\n".join(everything(stored))

    personal = (
        *(b"872967", b"460110", b"713987", b"207946", b"Ashok", b"Howard", b"Kumar", b"people.example"),
        *(b"S-4711", b"1234567", b"7654321", b"supportID", b'"id"', b"marks", SECRET, b"a secret of before"),
    )
    assert not [word for word in personal if word in content]
    assert {stored.type(key) for key in keys_of(stored)} == {b"string", b"set", b"hash", b"stream"}


async def test_all_keys_of_a_tenant_are_hashes_in_one_slot(start: StartReplica, stored: Redis) -> None:
    await filled(start)

    pattern = re.compile(rf"cti:{SCHEMA}:\{{{TENANT}\}}:[0-9a-f]{{64}}".encode())
    assert all(pattern.fullmatch(key) for key in keys_of(stored))


async def test_everything_expires_but_the_stream_its_counters_and_the_erased(
    start: StartReplica, stored: Redis
) -> None:
    replica = await filled(start)

    endless = {key.decode() for key in keys_of(stored) if stored.pttl(key) == -1}
    sides = [Names(seal, TENANT) for seal in replica.seals]
    assert endless == {
        key for side in sides for key in (side.notices, side.notice_number, side.epoch, side.erased)
    }


async def test_what_an_answer_is_found_and_forgotten_by_outlives_it(replica: Replica, stored: Redis) -> None:
    await replica.learn(ASHOK, seconds=86_400)
    await replica.learn(ASHOK_AT_HIS_DESK, seconds=60)

    generation, index = (
        stored.pttl(key) for key in (replica.names.generation(ASHOK.mark), replica.names.index(30))
    )
    answer = stored.pttl(replica.names.answer(ASHOK))
    assert 86_390_000 < answer <= 86_400_000
    assert generation >= answer
    assert index >= answer


async def test_a_value_that_was_moved_to_another_key_does_not_open(replica: Replica, stored: Redis) -> None:
    await replica.learn(ASHOK)
    value = stored.get(replica.names.answer(ASHOK))
    stored.set(replica.names.answer(ASHOK_AT_HIS_DESK), value)  # type: ignore[arg-type]

    assert await replica.tier.get(ASHOK_AT_HIS_DESK) is None
    assert replica.counts["get", "garbage"] == 1


async def test_a_value_of_another_version_is_garbage(replica: Replica, stored: Redis) -> None:
    await replica.learn(ASHOK)
    key = replica.names.answer(ASHOK)
    generation = stored.get(replica.names.generation(ASHOK.mark))
    other = b"\x01" + packed(replica.answer(), 1.0)[1:]
    stored.set(key, generation + replica.seals.current.close(key, other))  # type: ignore[operator]

    assert await replica.tier.get(ASHOK) is None
    assert replica.counts["get", "garbage"] == 1


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(garbage=st.binary(max_size=200), generation=st.none() | st.binary(max_size=9))
async def test_garbage_of_any_kind_is_no_answer_and_is_counted(
    replica: Replica, stored: Redis, garbage: bytes, generation: bytes | None
) -> None:
    key, mark = replica.names.answer(ASHOK), replica.names.generation(ASHOK.mark)
    stored.delete(mark)
    if generation is not None:
        stored.set(mark, generation)
    before = replica.counts.copy()

    for value in (garbage, (generation or b"") + garbage):
        stored.set(key, value)
        assert await replica.tier.get(ASHOK) is None
    counted = replica.counts - before
    assert counted["get", "miss"] + counted["get", "garbage"] == 2


@pytest.mark.parametrize("kind", ["list", "hash"])
async def test_keys_of_another_kind_harm_nobody(replica: Replica, stored: Redis, kind: str) -> None:
    names = replica.names
    for key in (names.answer(ASHOK), names.generation(ASHOK.mark), names.lock(ASHOK), names.index(30)):
        stored.rpush(key, b"x") if kind == "list" else stored.hset(key, "x", "y")

    assert await replica.tier.get(ASHOK) is None
    turn = await replica.tier.turn(ASHOK, NEVER)
    assert turn.found is None
    await turn.fill(replica.answer(), 60)
    await turn.leave()
    with pytest.raises(NotForgotten):
        await replica.tier.forget(Forgotten((), 30))


FORGETTINGS = {
    "by a number": Forgotten((ASHOK.mark,)),
    "by the person": Forgotten((), 30),
    "by both": Forgotten((HOWARD.mark, ASHOK.mark), 30),
    "as erased": Forgotten((), 30, erased=True),
}


@pytest.mark.parametrize("forgotten", FORGETTINGS.values(), ids=FORGETTINGS)
async def test_what_is_forgotten_is_forgotten_on_every_replica(
    start: StartReplica, forgotten: Forgotten
) -> None:
    one, other = start(), start()
    await one.learn(ASHOK)
    await one.learn(ASHOK_AT_HIS_DESK)

    await other.tier.forget(forgotten)

    for replica in (one, other):
        assert await replica.tier.get(ASHOK) is None
        assert await replica.tier.get(ASHOK_AT_HIS_DESK) is None


async def test_what_has_nothing_to_do_with_the_forgotten_stays(replica: Replica) -> None:
    await replica.learn(ASHOK)

    await replica.tier.forget(Forgotten((HOWARD.mark,), 31, erased=True))

    assert await replica.tier.get(ASHOK) is not None


@pytest.mark.parametrize("forgotten", FORGETTINGS.values(), ids=FORGETTINGS)
async def test_what_was_asked_before_a_forgetting_is_not_stored_after_it(
    start: StartReplica, forgotten: Forgotten
) -> None:
    one, other = start(), start()
    turn = await one.tier.turn(ASHOK, NEVER)

    await other.tier.forget(forgotten)
    await turn.fill(one.answer(), 60)

    assert await one.tier.get(ASHOK) is None
    assert one.counts["fill", "overtaken"] == 1


async def test_what_is_asked_after_a_forgetting_is_stored(replica: Replica) -> None:
    await replica.learn(ASHOK)
    await replica.tier.forget(Forgotten((ASHOK.mark,), 30))

    answer = await replica.learn(ASHOK)

    assert await replica.tier.get(ASHOK) == answer


async def test_what_lists_an_erased_person_is_never_stored_again(replica: Replica) -> None:
    await replica.tier.forget(Forgotten((), 30, erased=True))

    await replica.learn(ASHOK)

    assert await replica.tier.get(ASHOK) is None


async def test_the_erased_are_known_to_whoever_asks_later(start: StartReplica, stored: Redis) -> None:
    for person in (30, 31, 2**70):
        await start().tier.forget(Forgotten((), person, erased=True))
    await start().tier.forget(Forgotten((), 32))
    later = start()

    assert await later.tier.erased() == {30, 31, 2**70}
    assert (
        stored.pttl(later.names.erased) == -1
    )  # what may expire may be evicted; each field holds its own end


async def test_an_erasure_whose_time_has_come_ends_with_the_next(replica: Replica, stored: Redis) -> None:
    await replica.tier.forget(Forgotten((), 30, erased=True))
    field = replica.names.erased_field(30)
    value = stored.hget(replica.names.erased, field)
    assert isinstance(value, bytes)
    stored.hset(replica.names.erased, field, b"000000000001" + value[12:])

    await replica.tier.forget(Forgotten((), 31, erased=True))

    assert await replica.tier.erased() == {31}


async def test_garbage_among_the_erased_is_nobody(replica: Replica, stored: Redis) -> None:
    await replica.tier.forget(Forgotten((), 30, erased=True))
    stored.hset(replica.names.erased, b"\xff", b"x")
    stored.hset(replica.names.erased, "y", os.urandom(60))

    assert await replica.tier.erased() == {30}


async def test_a_redis_that_lost_its_count_of_forgettings_still_refuses_what_is_older(
    replica: Replica, stored: Redis
) -> None:
    await replica.tier.forget(Forgotten((), 31))
    turn = await replica.tier.turn(ASHOK, NEVER)
    stored.delete(replica.names.epoch)

    await replica.tier.forget(Forgotten((), 30))
    await turn.fill(replica.answer(), 60)

    assert await replica.tier.get(ASHOK) is None


async def test_a_redis_that_lost_everything_stores_nothing_asked_before(
    replica: Replica, stored: Redis
) -> None:
    turn = await replica.tier.turn(ASHOK, NEVER)
    stored.flushall()

    await turn.fill(replica.answer(), 60)

    assert await replica.tier.get(ASHOK) is None
    assert not keys_of(stored)


async def test_where_redis_is_gone_nothing_is_known_and_nothing_raises(
    start: StartReplica, redis: RedisProcess
) -> None:
    replica = start(within=0.15)
    redis.kill()

    assert await replica.tier.get(ASHOK) is None
    turn = await replica.tier.turn(ASHOK, NEVER)
    assert turn.found is None
    await turn.fill(replica.answer(), 60)
    await turn.leave()
    assert replica.counts["fill", "unfenced"] == 1


async def test_that_redis_could_not_be_told_to_forget_is_an_error_with_its_reason(
    start: StartReplica, redis: RedisProcess
) -> None:
    replica = start(within=0.15)
    redis.pause()

    with pytest.raises(NotForgotten) as raised:
        await replica.tier.forget(Forgotten((ASHOK.mark,), 30))

    assert raised.value.reason == "timeout"


async def test_while_a_secret_is_changed_both_are_read_and_the_new_one_writes(start: StartReplica) -> None:
    old, new, newest = start(b"old"), start(b"new", b"old"), start(b"new")
    await old.learn(ASHOK)
    assert await newest.tier.get(ASHOK) is None
    assert await new.tier.get(ASHOK) is not None

    await new.learn(HOWARD)

    assert await newest.tier.get(HOWARD) is not None
    assert await old.tier.get(HOWARD) is None


async def test_under_two_secrets_the_newer_one_is_believed_first(start: StartReplica) -> None:
    old, new = start(b"old"), start(b"new", b"old")
    await old.learn(ASHOK)
    answer = await new.learn(ASHOK, new.answer(b'[{"id":31}]', (31,)))

    assert await new.tier.get(ASHOK) == answer


async def test_forgetting_is_done_under_both_secrets(start: StartReplica) -> None:
    old, new = start(b"old"), start(b"new", b"old")
    await old.learn(ASHOK)
    await new.learn(ASHOK)
    turn = await old.tier.turn(ASHOK, math.inf)

    await new.tier.forget(Forgotten((), 30, erased=True))
    await turn.fill(old.answer(), 60)

    assert await old.tier.get(ASHOK) is None
    assert await new.tier.get(ASHOK) is None
    assert await old.tier.erased() == await new.tier.erased() == {30}


def test_keys_under_different_secrets_or_tenants_are_different() -> None:
    keys = {Names(Seal(secret), tenant).answer(ASHOK) for secret in (b"1", b"2") for tenant in ("a", "b")}

    assert len(keys) == 4
