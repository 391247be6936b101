"""Calls that go on under another id, and calls that nothing is heard of any more."""

import itertools
from typing import Any, Final

import pytest

from cti_lookup.calls import CallBook, State
from cti_lookup.events import Direction, Result
from tests.calls.events import (
    ADA,
    ANSWERED,
    BOB,
    COLLEAGUE,
    ENDED,
    HELD,
    RINGING,
    event,
)
from tests.conftest import SettableClock

INSIDE: Final[dict[str, Any]] = {"caller": COLLEAGUE, "direction": Direction.INTERNAL}


@pytest.fixture
def book(clock: SettableClock) -> CallBook:
    return CallBook(clock)


async def test_a_blind_transfer_under_a_new_id_is_the_same_call(book: CallBook) -> None:
    first = await book.record(event(RINGING, agents=("ada",)))
    await book.record(event(ANSWERED, answered_by="ada"))
    moved = await book.record(event(RINGING, "7002", continues="7001", agents=("ben",)))
    await book.record(event(ENDED, caller=None))
    taken = await book.record(event(ANSWERED, "7002", answered_by="ben"))
    ended = await book.record(event(ENDED, "7002", caller=None))

    assert {first.id, moved.id, taken.id, ended.id} == {first.id}
    assert (moved.caller, moved.agents, moved.state) == (ADA, ("ben",), State.ANSWERED)
    assert (taken.state, taken.answered_by) == (State.ANSWERED, "ben")
    assert (ended.state, ended.result, ended.provider_id) == (State.ENDED, Result.ANSWERED, "7001")


async def test_a_transfer_that_is_told_after_the_end_of_the_first_call_goes_on_with_it(
    book: CallBook,
) -> None:
    first = await book.record(event(ANSWERED, agents=("ada",)))
    await book.record(event(ENDED))
    moved = await book.record(event(RINGING, "7002", continues="7001", agents=("ben",)))

    assert (moved.id, moved.state, moved.ended_at) == (first.id, State.ANSWERED, None)
    assert (await book.record(event(ENDED, "7002"))).state is State.ENDED


async def test_an_attended_transfer_joins_two_calls_and_keeps_who_is_outside(
    book: CallBook, clock: SettableClock
) -> None:
    first = await book.record(event(ANSWERED, agents=("ada",)))
    await book.record(event(HELD))
    clock.pass_by(5)
    consult = await book.record(event(ANSWERED, "7002", agents=("ben",), **INSIDE))
    assert consult.id != first.id
    clock.pass_by(5)
    joined = await book.record(event(ANSWERED, "7002", agents=("ben",), continues="7001", **INSIDE))
    await book.record(event(ENDED))
    left = await book.record(event(ANSWERED, "7002", caller=None))

    assert (joined.id, joined.caller, joined.direction) == (first.id, ADA, Direction.INBOUND)
    assert (joined.agents, joined.answered_by, joined.started_at) == (("ben",), "ben", first.started_at)
    assert (left.state, left.id) == (State.ANSWERED, first.id)


@pytest.mark.parametrize("by", ["7001", "7002"])
async def test_either_of_two_calls_may_say_that_they_are_joined(
    book: CallBook, clock: SettableClock, by: str
) -> None:
    first = await book.record(event(ANSWERED, agents=("ada",)))
    clock.pass_by(1)
    await book.record(event(ANSWERED, "7002", agents=("ben",), **INSIDE))
    other = "7002" if by == "7001" else "7001"
    joined = await book.record(event(HELD, by, continues=other, caller=None))

    assert (joined.id, joined.caller, joined.agents) == (first.id, ADA, ("ben",))


async def test_the_caller_from_outside_is_the_caller_though_a_colleague_called_first(
    book: CallBook, clock: SettableClock
) -> None:
    await book.record(event(ANSWERED, **INSIDE))
    clock.pass_by(1)
    joined = await book.record(event(RINGING, "7002", continues="7001", caller=BOB))

    assert (joined.caller, joined.direction) == (BOB, Direction.INBOUND)


async def test_a_transfer_of_a_call_that_was_never_heard_of_waits_for_it(book: CallBook) -> None:
    moved = await book.record(event(RINGING, "7002", continues="7001", agents=("ben",), caller=None))
    first = await book.record(event(RINGING, agents=("ada",)))

    assert (first.id, first.caller, len(book)) == (moved.id, ADA, 2)
    assert (await book.record(event(ENDED))).state is State.RINGING
    assert (await book.record(event(ENDED, "7002"))).state is State.ENDED


async def test_a_chain_of_transfers_is_one_call(book: CallBook) -> None:
    first = await book.record(event(ANSWERED, agents=("a0",)))
    for number in range(1, 5):
        more = {"continues": str(7000 + number), "agents": (f"a{number}",)}
        call = await book.record(event(RINGING, str(7001 + number), **more))
        assert (call.id, call.agents) == (first.id, (f"a{number}",))


async def test_a_call_that_continues_itself_is_a_call(book: CallBook) -> None:
    call = await book.record(event(RINGING, continues="7001"))

    assert (call.state, len(book)) == (State.RINGING, 1)


async def test_whatever_order_a_transfer_is_told_in_it_is_one_call_that_ends() -> None:
    events = [
        event(RINGING, agents=("ada",)),
        event(ENDED, caller=None),
        event(RINGING, "7002", continues="7001", agents=("ben",)),
        event(ANSWERED, "7002", answered_by="ben"),
        event(ENDED, "7002", caller=None),
    ]
    for order in itertools.permutations(events):
        book = CallBook(SettableClock())
        for one in order:
            await book.record(one)
        call = await book.record(event(ENDED, "7002", caller=None))
        assert (call.state, call.result, call.caller) == (State.ENDED, Result.ANSWERED, ADA)
        assert (await book.record(event(ENDED, caller=None))).id == call.id


async def test_a_joined_call_is_bounded_with_the_others(clock: SettableClock) -> None:
    book = CallBook(clock, most=3)
    await book.record(event(RINGING))
    for number in range(10):
        await book.record(event(RINGING, f"8{number}"))
        await book.record(event(RINGING, "7002", continues="7001"))

    assert len(book) <= 4
    assert (await book.record(event(ENDED, "7002"))).state is not None


async def test_a_call_goes_by_no_more_than_a_few_names(book: CallBook) -> None:
    first = await book.record(event(RINGING))
    for number in range(100):
        call = await book.record(event(RINGING, continues=f"9{number}"))

    assert (call.id, len(book)) == (first.id, 16)
    assert (await book.record(event(RINGING, "999"))).id == first.id


async def test_a_sweep_closes_what_rings_on_without_news_once(book: CallBook, clock: SettableClock) -> None:
    silent = await book.record(event(RINGING))
    talking = await book.record(event(ANSWERED, "7002"))
    clock.pass_by(179)
    assert await book.sweep() == ()
    await book.record(event(RINGING, "7003"))
    clock.pass_by(1)

    assert [call.id for call in await book.sweep()] == [silent.id]
    assert await book.sweep() == ()
    assert (await book.record(event(HELD, "7002"))).id == talking.id


async def test_a_call_that_was_swept_too_soon_is_taken_up_by_its_answer(
    book: CallBook, clock: SettableClock
) -> None:
    first = await book.record(event(RINGING))
    clock.pass_by(200)
    await book.sweep()
    taken = await book.record(event(ANSWERED))

    assert (taken.id, taken.state) == (first.id, State.ANSWERED)


async def test_a_call_of_a_working_day_is_not_forgotten_before_it_is_closed(
    book: CallBook, clock: SettableClock
) -> None:
    await book.record(event(ANSWERED))
    clock.pass_by(8 * 3600)

    (call,) = await book.sweep()
    assert call.result is Result.ANSWERED


async def test_a_call_that_has_ended_is_remembered_longer_than_any_sender_repeats(
    book: CallBook, clock: SettableClock
) -> None:
    ended = await book.record(event(ENDED))
    clock.pass_by(95 * 60)

    assert (await book.record(event(RINGING))).id == ended.id
    clock.pass_by(5 * 3600)
    assert (await book.record(event(RINGING))).id != ended.id
