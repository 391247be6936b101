"""The life of a call, in whatever order its events arrive."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.calls import Call, CallBook, State, advance, new_call_id
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Dialled, Invalid, Withheld

ADA = Dialled("+442079460958", E164("+442079460958"))
RINGING, ANSWERED, HELD, VOICEMAIL, TRANSFERRED, ENDED, OTHER = Happening


def event(happening: Happening, **more: Any) -> CallEvent:
    fields = {"provider_id": "7001", "direction": Direction.INBOUND, "caller": ADA, **more}
    return CallEvent(source="front-desk", happening=happening, **fields)


def after(*events: CallEvent) -> Call:
    """Give the call after its events, the first at 100 s and each next one a second later."""
    call: Call | None = None
    for now, one in enumerate(events, 100):
        call = advance(call, one, now)
    assert call is not None
    return call


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_call_rings_is_answered_and_ends() -> None:
    call = after(event(RINGING), event(ANSWERED, answered_by="ada"), event(ENDED))

    assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, "ada")
    assert (call.started_at, call.answered_at, call.ended_at) == (100, 101, 102)


def test_a_call_that_nobody_answered_is_missed() -> None:
    assert after(event(RINGING), event(ENDED)).result is Result.MISSED


@pytest.mark.parametrize("result", Result)
def test_an_end_says_itself_how_an_unanswered_call_ended(result: Result) -> None:
    assert after(event(RINGING), event(ENDED, result=result)).result is result


def test_an_answered_call_was_answered_whatever_its_end_says() -> None:
    assert (
        after(event(RINGING), event(ANSWERED), event(ENDED, result=Result.FAILED)).result is Result.ANSWERED
    )


def test_a_call_is_held_and_taken_up_again() -> None:
    held = after(event(RINGING), event(ANSWERED), event(HELD))
    again = after(event(RINGING), event(ANSWERED), event(HELD), event(ANSWERED))

    assert (held.state, again.state, again.answered_at) == (State.HELD, State.ANSWERED, 101)


def test_a_call_that_was_not_answered_is_not_held() -> None:
    assert after(event(RINGING), event(HELD)).state is State.RINGING


@pytest.mark.parametrize("happening", [RINGING, ANSWERED, OTHER])
def test_a_repeated_event_changes_nothing(happening: Happening) -> None:
    call = after(event(RINGING), event(happening))

    assert advance(call, event(happening), 200) == call


def test_a_late_ring_does_not_take_an_answered_call_back() -> None:
    assert after(event(ANSWERED), event(RINGING)).state is State.ANSWERED


@pytest.mark.parametrize("happening", [RINGING, ANSWERED, HELD, OTHER])
def test_an_ended_call_stays_ended(happening: Happening) -> None:
    assert after(event(RINGING), event(ENDED), event(happening)).state is State.ENDED


def test_a_second_end_changes_neither_time_nor_result() -> None:
    call = after(event(RINGING), event(ENDED), event(ENDED, result=Result.FAILED))

    assert (call.ended_at, call.result) == (101, Result.MISSED)


def test_an_answer_that_the_end_overtook_says_who_answered() -> None:
    call = after(event(RINGING), event(ENDED), event(ANSWERED, answered_by="ada"))

    assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, "ada")


def test_an_answer_after_the_end_leaves_a_rejected_call_rejected() -> None:
    assert after(event(ENDED, result=Result.REJECTED), event(ANSWERED)).result is Result.REJECTED


def test_a_single_agent_is_who_answered() -> None:
    assert after(event(ANSWERED, agents=("ada",))).answered_by == "ada"
    assert after(event(ANSWERED, agents=("ada", "ben"))).answered_by is None


def test_an_end_without_a_number_leaves_the_caller_known() -> None:
    assert after(event(RINGING), event(ENDED, caller=None)).caller is ADA


def test_a_caller_is_learned_late_and_never_forgotten() -> None:
    assert after(event(RINGING, caller=None)).caller == Withheld("")
    assert after(event(RINGING, caller=Withheld("anonymous")), event(ANSWERED)).caller is ADA
    assert after(event(RINGING), event(ANSWERED, caller=Withheld("anonymous"))).caller is ADA


def test_what_was_told_once_stays_and_agents_add_up() -> None:
    call = after(
        event(RINGING, queue="support", callee="1002", agents=("ada",)),
        event(RINGING, queue="sales", callee="1003", agents=("ben", "ada"), display_name="EXAMPLE A"),
    )

    assert (call.queue, call.callee, call.display_name) == ("support", "1002", "EXAMPLE A")
    assert call.agents == ("ada", "ben")


async def test_an_end_that_comes_first_is_remembered_so_that_no_late_ring_brings_the_call_up() -> None:
    book = CallBook(Clock())
    ended = await book.record(event(ENDED))
    rang = await book.record(event(RINGING))

    assert (rang.id, rang.state, len(book)) == (ended.id, State.ENDED, 1)


@given(
    st.lists(
        st.builds(event, st.sampled_from(Happening), caller=st.sampled_from([ADA, Withheld(""), None])),
        min_size=1,
    )
)
async def test_no_order_of_events_is_a_fault_or_brings_an_ended_call_back(events: list[CallEvent]) -> None:
    book, ended = CallBook(Clock()), False
    for one in events:
        call = await book.record(one)
        assert not ended or call.state is State.ENDED
        ended = call.state is State.ENDED
        assert ended is (call.ended_at is not None) is (call.result is not None)


@given(st.permutations([RINGING, RINGING, ANSWERED, ENDED, ENDED]))
def test_in_any_order_an_answered_call_ends_as_answered(happenings: list[Happening]) -> None:
    call = after(*map(event, happenings))

    assert (call.state, call.result) == (State.ENDED, Result.ANSWERED)


@given(st.lists(st.floats(0, 2**40), min_size=2))
def test_the_ids_of_calls_sort_by_time(times: list[float]) -> None:
    ids = [new_call_id(time) for time in sorted(times)]

    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)
    assert all(len(one) == 26 for one in ids)


def test_two_calls_of_one_moment_have_different_ids() -> None:
    assert len({new_call_id(1000.0) for _ in range(100)}) == 100


async def test_a_call_keeps_its_id() -> None:
    book = CallBook(Clock())

    assert (await book.record(event(RINGING))).id == (await book.record(event(ENDED))).id


async def test_calls_of_one_name_from_two_sources_are_two() -> None:
    book = CallBook(Clock())
    elsewhere = CallEvent("branch", "7001", RINGING, Direction.INBOUND, ADA)

    assert (await book.record(event(RINGING))).id != (await book.record(elsewhere)).id


async def test_events_without_a_name_are_calls_of_their_own_and_not_remembered() -> None:
    book = CallBook(Clock())
    calls = [await book.record(event(RINGING, provider_id=None)) for _ in range(2)]

    assert len({call.id for call in calls}) == 2
    assert len(book) == 0


async def test_a_book_is_bounded_in_number() -> None:
    book = CallBook(Clock(), most=3)
    for number in range(10):
        await book.record(event(RINGING, provider_id=str(number)))

    assert len(book) == 3


async def test_a_book_forgets_calls_after_their_time() -> None:
    clock = Clock()
    book = CallBook(clock, seconds=60)
    first = await book.record(event(RINGING))
    clock.now += 61

    assert (await book.record(event(RINGING))).id != first.id
    assert len(book) == 1


async def test_a_call_that_goes_on_is_not_forgotten() -> None:
    clock = Clock()
    book = CallBook(clock, seconds=60)
    first = await book.record(event(RINGING))
    for _ in range(5):
        clock.now += 50
        assert (await book.record(event(OTHER))).id == first.id


BOB = Dialled("+17139872967", E164("+17139872967"))


async def test_a_ringing_that_names_another_caller_is_another_call_under_the_same_id() -> None:
    book = CallBook(Clock())
    first = await book.record(event(RINGING))
    second = await book.record(event(RINGING, caller=BOB))

    assert (second.caller, second.state) == (BOB, State.RINGING)
    assert second.id != first.id


async def test_an_id_that_is_used_again_after_the_end_begins_a_call_for_another_caller_only() -> None:
    book = CallBook(Clock())
    first = await book.record(event(RINGING))
    await book.record(event(ENDED))

    assert (await book.record(event(RINGING))).id == first.id  # late, or repeated
    assert (await book.record(event(RINGING, caller=BOB))).caller == BOB


def test_a_transfer_does_not_change_who_called() -> None:
    assert after(event(RINGING), event(ANSWERED, caller=BOB)).caller == ADA


def test_a_caller_who_could_not_be_read_is_corrected_by_a_later_event() -> None:
    assert after(event(RINGING, caller=Invalid("xx", "text")), event(ANSWERED, caller=BOB)).caller == BOB
