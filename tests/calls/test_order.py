"""Events that are numbered, repeated, lost or late."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.calls import Call, CallBook, State, advance, closed, expired
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Withheld
from tests.calls.events import (
    ADA,
    ANSWERED,
    BOB,
    ENDED,
    HELD,
    OTHER,
    RINGING,
    TRANSFERRED,
    VOICEMAIL,
    after,
    event,
    told,
)
from tests.conftest import SettableClock


def numbered(*happenings: Happening, **more: Any) -> list[CallEvent]:
    return [event(one, order=float(number), **more) for number, one in enumerate(happenings)]


def seen(call: Call) -> tuple[object, ...]:
    """Give what is seen of a call, times apart, which say when an event arrived."""
    return (
        call.state,
        call.result,
        call.caller,
        call.direction,
        call.agents,
        call.answered_by,
        call.queue,
        call.answered_at is not None,
    )


NUMBERED = st.lists(
    st.tuples(
        st.sampled_from(Happening),
        st.sampled_from([ADA, BOB, Withheld("anonymous"), None]),
        st.sampled_from([(), ("ada",), ("ben",)]),
        st.sampled_from(Direction),
        st.sampled_from([None, *Result]),
        st.sampled_from([None, "support", "sales"]),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda rows: [
        event(
            happening,
            caller=caller,
            agents=agents,
            direction=direction,
            result=result,
            queue=queue,
            order=float(number),
        )
        for number, (happening, caller, agents, direction, result, queue) in enumerate(rows)
    ]
)


@given(NUMBERED, st.data())
def test_numbered_events_give_the_same_call_in_any_order_and_however_often_repeated(
    events: list[CallEvent], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=5))))

    assert seen(_told_as_one(shuffled)) == seen(_told_as_one(events))


def _told_as_one(events: Sequence[CallEvent]) -> Call:
    """Tell a call its events, whomever they name."""
    call: Call | None = None
    for now, one in enumerate(events, 100):
        call = advance(call, one, now)
    assert call is not None
    return call


def test_a_numbered_event_that_is_late_is_put_in_its_place() -> None:
    ringing, answered, held, moved, again = numbered(
        RINGING, ANSWERED, HELD, TRANSFERRED, ANSWERED, agents=("ada",)
    )
    in_order = after(ringing, answered, held, moved, again)

    assert seen(after(ringing, held, again, answered, moved)) == seen(in_order)
    assert after(ringing, held, answered).state is State.HELD
    assert after(ringing, again, held).state is State.ANSWERED


def test_a_late_event_keeps_the_time_at_which_it_was_heard_and_the_call_its_id() -> None:
    ringing, answered, ended = numbered(RINGING, ANSWERED, ENDED)
    first = after(ended)
    call = told([ringing, answered], first)

    assert (call.id, call.started_at, call.ended_at) == (first.id, 100, 100)
    assert (call.state, call.result) == (State.ENDED, Result.ANSWERED)


def test_of_one_second_an_answer_comes_after_the_ringing() -> None:
    events = [event(one, order=5.0) for one in (ENDED, HELD, ANSWERED, RINGING)]

    assert after(*events).result is Result.ANSWERED


def test_events_are_numbered_within_their_leg() -> None:
    parent = event(ENDED, order=0.0)
    child = [event(one, leg="CA2", order=float(at)) for at, one in enumerate((RINGING, ANSWERED, ENDED))]
    call = after(*child[:2])

    assert call.state is State.ANSWERED
    assert told([parent], call).result is Result.ANSWERED
    assert told([child[2]], call).result is Result.ANSWERED


def test_a_very_long_call_keeps_no_more_than_its_last_events() -> None:
    events = numbered(RINGING, *([ANSWERED, HELD] * 200), ENDED)
    call = told(events)

    assert call.life is not None
    assert len(call.life.entries) <= 64
    assert (call.state, call.result, call.caller) == (State.ENDED, Result.ANSWERED, ADA)


def test_an_event_without_a_number_is_the_newest() -> None:
    ringing, answered = numbered(RINGING, ANSWERED)

    assert after(ringing, event(HELD), answered).state is State.ANSWERED
    assert after(ringing, answered, event(HELD)).state is State.HELD
    assert after(event(ANSWERED), *numbered(HELD, ANSWERED)).state is State.ANSWERED


@pytest.mark.parametrize("repeated", [ANSWERED, TRANSFERRED, RINGING])
def test_an_event_of_the_same_key_is_heard_once(repeated: Happening) -> None:
    first = event(repeated, key="k1", agents=("ada",))
    call = after(event(ANSWERED), first, event(HELD), event(TRANSFERRED, agents=("ben",)), event(HELD))

    assert told([first], call) is call


def test_keys_of_any_length_and_text_are_bounded() -> None:
    keys = ["", "k" * 100_000, "\ud800", *map(str, range(200))]
    call = told([event(OTHER, key=key) for key in keys])

    assert call.life is not None
    assert (len(call.life.keys), sum(map(len, call.life.keys))) == (64, 64 * 12)


async def test_a_repeated_event_without_an_id_is_no_second_call() -> None:
    book = CallBook(SettableClock())
    first = await book.record(event(ENDED, None, key="row 1"))

    assert await book.record(event(ENDED, None, key="row 1")) is first
    assert (await book.record(event(ENDED, None, key="row 2"))).id != first.id


def test_a_call_that_rings_on_without_news_is_missed() -> None:
    call = after(event(RINGING))

    assert not expired(call, 100, 279)
    assert expired(call, 100, 280)
    assert (closed(call, 280).state, closed(call, 280).result) == (State.ENDED, Result.MISSED)


def test_a_call_that_was_answered_may_be_silent_for_a_working_day() -> None:
    for call in (after(event(ANSWERED)), after(event(ANSWERED), event(HELD))):
        assert not expired(call, 100, 100 + 8 * 3600 - 1)
        assert expired(call, 100, 100 + 8 * 3600)
        assert closed(call, 9e5).result is Result.ANSWERED


def test_a_call_that_a_machine_took_is_closed_as_that() -> None:
    assert closed(after(event(RINGING), event(VOICEMAIL)), 500).result is Result.VOICEMAIL


def test_a_call_that_has_ended_does_not_expire() -> None:
    assert not expired(after(event(ENDED)), 0, 1e9)


@pytest.mark.parametrize("leg", [None, "ada"])
@pytest.mark.parametrize("ringing", [event(RINGING), event(RINGING, leg="ada"), *numbered(RINGING)])
def test_news_take_up_a_call_that_was_closed_for_its_silence(ringing: CallEvent, leg: str | None) -> None:
    silent = closed(after(ringing), 300)
    taken = advance(silent, event(ANSWERED, leg=leg), 400)

    assert (taken.state, taken.result, taken.ended_at) == (State.ANSWERED, None, None)
    assert advance(silent, event(OTHER), 400).state is State.ENDED
    assert advance(silent, event(ENDED, result=Result.REJECTED), 400).result is Result.REJECTED


def test_what_is_late_does_not_take_up_a_call_that_was_closed_for_its_silence() -> None:
    early, ringing = numbered(RINGING, RINGING)
    silent = closed(after(ringing), 300)

    assert advance(silent, early, 400).state is State.ENDED


MESSY = st.lists(
    st.builds(
        event,
        st.sampled_from(Happening),
        st.sampled_from(["1", "2", "3"]),
        leg=st.sampled_from([None, "ada", "ben"]),
        continues=st.sampled_from([None, "1", "2", "9"]),
        key=st.sampled_from([None, "a", "b"]),
        order=st.sampled_from([None, 1.0, 2.0, 3.0]),
        caller=st.sampled_from([ADA, Withheld(""), None]),
        agents=st.sampled_from([(), ("ada",)]),
    ),
    min_size=1,
    max_size=25,
)


@given(MESSY, st.lists(st.floats(0, 10_000), min_size=25, max_size=25))
async def test_nothing_that_is_sent_is_a_fault(events: list[CallEvent], pauses: list[float]) -> None:
    clock = SettableClock()
    book = CallBook(clock, most=4)
    for one, pause in zip(events, pauses, strict=False):
        clock.pass_by(pause)
        call = await book.record(one)
        swept = await book.sweep()
        assert (call.state is State.ENDED) is (call.ended_at is not None) is (call.result is not None)
        assert all(each.state is State.ENDED for each in swept)
        assert len(book) <= 5
