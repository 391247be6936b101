"""What a call log promises, of one process alone and of replicas that share a Redis."""

import asyncio
import time
from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec.structs import replace

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call, State
from cti_lookup.events import Result
from cti_lookup.feed.changes import Chosen, Found, Gone, Known, News, Seen
from cti_lookup.feed.entry import Entry, encode_entry
from cti_lookup.feed.revocations import Revoked
from tests.feed.desk import agent
from tests.feed.replicas import (
    ADA,
    ADAS_NUMBER,
    Replica,
    alone,
    answered,
    call,
    ended,
    heard,
    matched,
    sharing,
)
from tests.servers.redis_process import RedisProcess

PENDING = Lookup(Outcome.PENDING, ADA)


@pytest.fixture(params=["alone", "sharing"])
async def replica(request: pytest.FixtureRequest, redis: RedisProcess) -> AsyncIterator[Replica]:
    async with alone() if request.param == "alone" else sharing(redis) as made:
        yield made


async def only(replica: Replica) -> Entry:
    (entry,) = await replica.log()
    return entry


async def test_a_call_is_told_once_with_what_is_known_and_stands_in_the_log(replica: Replica) -> None:
    screen, one = replica.look(), call()
    await replica.note(one)
    (event,) = await heard(screen)

    assert (event.name, event.told["id"], event.told["revision"]) == ("call", one.id, 1)
    assert event.id
    assert encode_entry(await only(replica)) == msgspec.json.encode(event.told)


async def test_news_that_say_nothing_new_are_not_told(replica: Replica) -> None:
    screen, one = replica.look(), call()
    await replica.note(one)
    await heard(screen)
    await replica.note(one)
    await replica.note(call())

    assert [one.told["revision"] for one in await heard(screen)] == [1]


async def test_older_news_take_nothing_back(replica: Replica) -> None:
    screen, ringing = replica.look(), call()
    await replica.note(answered(ringing))
    await heard(screen)
    old = matched()
    await replica.calls.change({ringing.id: _news(ringing, old, at=time.time() - 5)})
    await replica.note(ended(answered(ringing)))

    assert [one.told["state"] for one in await heard(screen)] == ["ended"]
    assert (await only(replica)).state is State.ENDED


def _news(one: Call, lookup: Lookup, at: float) -> News:
    return News(one, lookup, at)


async def test_who_was_found_stays_found_when_the_call_goes_on(replica: Replica) -> None:
    ringing = call()
    await replica.note(ringing, PENDING)
    await replica.calls.change({ringing.id: Found(ADA.raw, matched(), time.time())})
    await replica.note(answered(ringing), PENDING)

    entry = await only(replica)
    assert (entry.state, entry.outcome, entry.people) == (State.ANSWERED, Outcome.MATCHED, (1, 5, 2))


async def test_whom_it_concerns_no_more_is_told_that_it_left_once(replica: Replica) -> None:
    one, other = replica.look(agent("1001")), replica.look(agent("1002"))
    ringing = call(agents=("1001", "1002"))
    await replica.note(ringing)
    await heard(one)
    await heard(other)
    await replica.note(answered(ringing, "1001"))
    (left,) = await heard(other)
    assert (left.name, left.told) == ("left", {"id": ringing.id, "reason": "answered_elsewhere"})
    await heard(one)
    await replica.note(ended(answered(ringing, "1001")))
    assert [event.told["state"] for event in await heard(one)] == ["ended"]
    assert other.events() == []


async def test_a_transfer_takes_it_from_one_screen_and_puts_it_on_another(replica: Replica) -> None:
    one, other = replica.look(agent("1001")), replica.look(agent("1002"))
    talking = answered(call(), "1001")
    await replica.note(talking)
    await heard(one)
    await replica.note(replace(talking, agents=("1002",), answered_by=None))

    assert (await heard(one))[0].told["reason"] == "transferred"
    assert (await heard(other))[0].told["agents"] == ["1002"]


async def test_a_call_that_was_joined_to_another_leaves_all_screens_and_the_log(replica: Replica) -> None:
    screen, one = replica.look(), call()
    await replica.note(one)
    await heard(screen)
    await replica.calls.change({one.id: Gone("merged", time.time())})

    assert (await heard(screen))[0].told == {"id": one.id, "reason": "merged"}
    assert await replica.log() == []


async def test_calls_are_found_by_what_is_asked_for(replica: Replica) -> None:
    missed, talking, ringing = ended(call()), answered(call(agents=("1002",)), "1002"), call(queue="support")
    for one in (missed, talking, ringing):
        await replica.note(one)

    async def ids(**wanted: object) -> list[str]:
        return [one.id for one in await replica.log(**wanted)]

    assert set(await ids()) == {missed.id, talking.id, ringing.id}
    assert await ids(limit=1) == [
        max((missed, talking, ringing), key=lambda one: (one.started_at, one.id)).id
    ]
    assert await ids(state=State.RINGING) == [ringing.id]
    assert await ids(result=Result.MISSED) == [missed.id]
    assert await ids(source="other") == []
    assert await ids(since=time.time() + 1) == []
    assert await ids(agent=agent("1002")) == [talking.id]
    assert await ids(agent=agent("9", queues=["Support"])) == [ringing.id]
    assert await ids(agent=agent("1001", sources=frozenset({"other"}))) == []


async def test_what_agents_do_with_a_call_stands_in_the_log_and_on_screens(replica: Replica) -> None:
    screen, one = replica.look(), call()
    await replica.note(one)
    await heard(screen)
    await replica.calls.change({one.id: Seen(time.time())})
    await heard(screen)
    await replica.calls.change({one.id: Chosen(2, time.time())})

    (event,) = await heard(screen)
    assert (event.told["seen"], event.told["chosen"], event.told["revision"]) == (True, 2, 3)
    entry = await only(replica)
    assert (entry.seen, entry.chosen) == (True, 2)


async def test_an_unknown_call_cannot_be_changed(replica: Replica) -> None:
    await replica.calls.change({"unknown": Seen(time.time())})

    assert await replica.calls.find("unknown") is None
    assert await replica.log() == []


async def test_an_erased_number_is_off_the_log_and_all_screens(replica: Replica) -> None:
    screen, one = replica.look(), call()
    await replica.note(one)
    await heard(screen)
    await replica.calls.erase_number("+442079460110")
    assert await replica.log()
    await replica.calls.erase_number(ADAS_NUMBER)

    assert (await heard(screen))[0].told == {"id": one.id, "reason": "erased"}
    assert await replica.log() == []


async def test_an_erased_person_is_in_no_call(replica: Replica) -> None:
    screen, one = replica.look(), call()
    await replica.note(one)
    await replica.calls.change({one.id: Chosen(1, time.time())})
    await heard(screen)
    await replica.calls.erase_person(1)
    await replica.calls.erase_person(5)

    told = encode_entry(await only(replica))
    assert b"Lovelace" not in told
    assert b"LOVELACE" not in told
    assert b"Tanner" not in told
    assert b"Grace" in told
    assert (await only(replica)).chosen is None
    await replica.calls.erase_person(2)
    assert (await only(replica)).outcome is Outcome.NOBODY
    assert b"Lovelace" not in b"".join(msgspec.json.encode(one.told) for one in screen.events()[-1:])


async def test_who_comes_back_is_told_what_was_missed(replica: Replica) -> None:
    screen = replica.look(agent("1001"))
    first, second, third = call(), call(agents=("1002",)), call()
    await replica.note(first)
    (event,) = await heard(screen)
    all_seen = replica.look()
    await replica.note(second)
    await replica.note(third)
    await replica.note(ended(first))
    await heard(all_seen, 3)

    back = replica.look(agent("1001"), event.id)
    assert [one.name for one in back.greeting] == ["hello", "call", "call"]
    assert [one.told["id"] for one in back.greeting[1:]] == [third.id, first.id]


async def test_who_was_chosen_is_remembered_until_number_or_person_is_forgotten(replica: Replica) -> None:
    choices = replica.choices
    assert await choices.of("+1") is None
    await choices.choose("+1", 30)
    await choices.choose("+2", 30)
    await choices.choose("+3", 0)
    assert [await choices.of(one) for one in ("+1", "+2", "+3")] == [30, 30, 0]
    await choices.forget_number("+1")
    assert [await choices.of(one) for one in ("+1", "+2", "+3")] == [None, 30, 0]
    await choices.forget_person(30)
    assert [await choices.of(one) for one in ("+1", "+2", "+3")] == [None, None, 0]


async def test_what_was_taken_back_holds_and_is_told_once(replica: Replica) -> None:
    who = agent("1001", issued_at=100.0)
    assert not await replica.revocations.holds(who)
    await replica.revocations.revoke(Revoked(time.time(), subject="other"))
    assert not await replica.revocations.holds(who)
    await replica.revocations.revoke(Revoked(time.time(), token="token"))
    assert await replica.revocations.holds(who)
    await asyncio.sleep(0)
    assert [one.token for one in replica.revoked] == ["", "token"]


async def test_what_the_network_called_an_erased_person_does_not_come_back_when_the_call_goes_on(
    replica: Replica,
) -> None:
    one = call()
    await replica.note(one)
    await replica.calls.erase_person(1)
    await replica.note(answered(one))

    entry = await only(replica)
    assert entry.state is State.ANSWERED
    assert b"LOVELACE" not in encode_entry(entry)


async def test_what_is_told_late_gives_no_token_back(replica: Replica) -> None:
    now = time.time()
    between = agent("1001", issued_at=now)
    await replica.revocations.revoke(Revoked(now + 1, subject="subject"))
    await replica.revocations.revoke(Revoked(now - 1, subject="subject"))

    assert await replica.revocations.holds(between)


@pytest.mark.parametrize("is_newer", [False, True])
async def test_what_is_told_again_names_nobody_who_was_erased_meanwhile(
    replica: Replica, is_newer: bool
) -> None:
    rang = call()
    await replica.note(rang)
    known = await only(replica)
    await replica.calls.erase_person(1)
    stripped = await only(replica)
    again = replace(known, state=State.ENDED, noted_at=known.noted_at + (1 if is_newer else -1))
    both = Known(again).apply(stripped)

    assert (both is not None) is is_newer
    if both is not None:
        assert (both.state, both.nameless) == (State.ENDED, True)
        assert (both.people, both.lookup) == (stripped.people, stripped.lookup)
        assert b"LOVELACE" not in both.call
