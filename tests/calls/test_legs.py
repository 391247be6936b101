"""One call with many legs: groups, queues, transfers, voicemail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_lookup.calls import Call, State, advance, agents_now
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Withheld
from tests.calls.events import (
    ADA,
    ANSWERED,
    BOB,
    COLLEAGUE,
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


def leg(happening: Happening, name: str, **more: Any) -> CallEvent:
    """Give an event of one telephone, named as its agent is."""
    return event(happening, leg=name, **{"agents": (name,), **more})


def test_a_group_rings_as_one_call() -> None:
    call = after(event(RINGING, queue="support"), leg(RINGING, "ada"), leg(RINGING, "ben"))

    assert (call.state, call.agents, call.queue) == (State.RINGING, ("ada", "ben"), "support")


def test_a_leg_that_nobody_answered_does_not_end_the_call() -> None:
    call = after(leg(RINGING, "ada"), leg(RINGING, "ben"), leg(ENDED, "ada", result=Result.MISSED))

    assert (call.state, call.result, call.ended_at) == (State.RINGING, None, None)
    assert agents_now(call) == ("ben",)


def test_a_call_is_missed_when_its_last_leg_was() -> None:
    call = after(leg(RINGING, "ada"), leg(RINGING, "ben"), leg(ENDED, "ada"), leg(ENDED, "ben"))

    assert (call.state, call.result, call.ended_at) == (State.ENDED, Result.MISSED, 103)
    assert agents_now(call) == ()


def test_a_call_that_one_of_a_group_answered_was_answered_by_that_one() -> None:
    call = after(
        leg(RINGING, "ada"),
        leg(RINGING, "ben"),
        leg(ANSWERED, "ben"),
        leg(ENDED, "ada", result=Result.MISSED),
    )
    assert (call.state, call.answered_by, agents_now(call)) == (State.ANSWERED, "ben", ("ben",))

    ended = told([leg(ENDED, "ben")], call)
    assert (ended.state, ended.result) == (State.ENDED, Result.ANSWERED)


def test_a_telephone_that_hears_the_call_was_taken_elsewhere_did_not_miss_it() -> None:
    call = after(leg(RINGING, "ada"), leg(ENDED, "ada", result=Result.ANSWERED))

    assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, None)


def test_an_end_without_a_leg_ends_all_of_them_for_good() -> None:
    call = after(leg(RINGING, "ada"), leg(RINGING, "ben"), event(ENDED), leg(RINGING, "eve"))

    assert (call.state, call.result, call.ended_at) == (State.ENDED, Result.MISSED, 102)


def test_a_hunt_group_that_rings_one_after_the_other_is_one_call() -> None:
    first = after(leg(RINGING, "ada"), leg(ENDED, "ada"))
    second = told([leg(RINGING, "ben")], first)
    third = told([leg(ANSWERED, "ben"), leg(ENDED, "ben")], second)

    assert [call.state for call in (first, second, third)] == [State.ENDED, State.RINGING, State.ENDED]
    assert (second.result, second.ended_at, third.result) == (None, None, Result.ANSWERED)


@pytest.mark.parametrize("happening", [RINGING, ANSWERED, HELD, OTHER])
def test_a_leg_that_has_ended_stays_ended(happening: Happening) -> None:
    call = after(leg(RINGING, "ada"), leg(ENDED, "ada"), leg(happening, "ada"))

    assert call.state is State.ENDED


def test_a_late_answer_of_a_leg_says_who_answered() -> None:
    call = after(leg(RINGING, "ada"), leg(ENDED, "ada"), leg(ANSWERED, "ada"))

    assert (call.result, call.answered_by) == (Result.ANSWERED, "ada")


def test_that_the_whole_call_rings_keeps_it_no_longer_than_its_telephones_ring() -> None:
    assert after(event(RINGING), leg(RINGING, "ada"), leg(ENDED, "ada")).state is State.ENDED


def test_a_call_that_was_answered_as_a_whole_goes_on_without_its_telephones() -> None:
    call = after(event(RINGING), event(ANSWERED), leg(RINGING, "ada"), leg(ENDED, "ada"))

    assert call.state is State.ANSWERED
    assert told([event(ENDED)], call).state is State.ENDED


def test_a_call_is_held_when_all_who_talk_hold_it() -> None:
    call = after(leg(ANSWERED, "ada"), leg(HELD, "ada"))

    assert call.state is State.HELD
    assert told([leg(ANSWERED, "ben")], call).state is State.ANSWERED
    assert told([leg(ANSWERED, "ada")], call).state is State.ANSWERED
    assert told([event(HELD), event(ANSWERED)], call).state is State.ANSWERED


def test_legs_of_which_each_was_declined_are_a_rejected_call() -> None:
    declined = [leg(ENDED, name, result=Result.REJECTED) for name in ("ada", "ben")]
    ringing = [leg(RINGING, name) for name in ("ada", "ben", "eve")]

    assert told([*ringing[:2], *declined]).result is Result.REJECTED
    assert told([*ringing, *declined, leg(ENDED, "eve")]).result is Result.MISSED


@pytest.mark.parametrize("name", [None, "ada"])
def test_voicemail_is_no_answer(name: str | None) -> None:
    recording = after(event(RINGING, leg=name), event(VOICEMAIL, leg=name))
    ended = told([event(ENDED, leg=name, result=Result.MISSED)], recording)

    assert (recording.state, recording.answered_at) == (State.RINGING, None)
    assert (ended.result, ended.answered_at) == (Result.VOICEMAIL, None)


def test_whoever_picks_up_while_the_machine_records_has_answered() -> None:
    assert after(event(RINGING), event(VOICEMAIL), event(ANSWERED), event(ENDED)).result is Result.ANSWERED
    assert after(event(VOICEMAIL), event(ENDED), event(ANSWERED)).result is Result.ANSWERED


def test_a_machine_that_is_heard_of_after_the_end_took_the_call() -> None:
    assert after(event(RINGING), event(ENDED), event(VOICEMAIL)).result is Result.VOICEMAIL


def test_a_transfer_keeps_the_caller_and_moves_the_agents() -> None:
    moved = after(
        event(RINGING, agents=("ada", "ben")),
        event(ANSWERED, answered_by="ada"),
        event(HELD),
        event(TRANSFERRED, agents=("eve",), caller=BOB),
    )
    assert (moved.state, moved.caller, moved.agents) == (State.ANSWERED, ADA, ("eve",))
    assert (moved.answered_by, agents_now(moved)) == (None, ("eve",))

    taken = told([event(ANSWERED, answered_by="eve")], moved)
    assert (taken.answered_by, taken.answered_at) == ("eve", 101)


def test_a_transfer_that_names_nobody_moves_nothing() -> None:
    call = after(event(ANSWERED, agents=("ada",)), event(TRANSFERRED))

    assert (call.agents, call.answered_by) == (("ada",), "ada")


def test_a_transfer_seen_by_its_legs_moves_who_has_the_call() -> None:
    call = after(
        leg(ANSWERED, "ada"),
        leg(RINGING, "ben"),
        leg(ENDED, "ada"),
        leg(ANSWERED, "ben"),
    )
    assert (call.state, call.answered_by, agents_now(call)) == (State.ANSWERED, "ben", ("ben",))


def test_who_joins_a_call_does_not_take_it_over() -> None:
    call = after(leg(ANSWERED, "ada"), leg(ANSWERED, "ben"))

    assert (call.answered_by, agents_now(call)) == ("ada", ("ada", "ben"))


def test_a_consulted_colleague_does_not_replace_the_caller() -> None:
    consult: dict[str, Any] = {"caller": COLLEAGUE, "direction": Direction.INTERNAL}
    by_leg = after(leg(ANSWERED, "ada"), leg(RINGING, "ben", **consult), leg(ENDED, "ben", **consult))
    by_whole = after(event(ANSWERED), event(RINGING, **consult))

    for call in (by_leg, by_whole):
        assert (call.caller, call.direction, call.state) == (ADA, Direction.INBOUND, State.ANSWERED)


def test_the_caller_from_outside_replaces_a_colleague_and_brings_the_direction() -> None:
    call = after(
        event(RINGING, caller=COLLEAGUE, direction=Direction.INTERNAL),
        event(RINGING, leg="ada", caller=BOB, direction=Direction.OUTBOUND),
    )
    assert (call.caller, call.direction) == (BOB, Direction.OUTBOUND)


def test_an_id_of_a_call_with_legs_is_not_used_twice() -> None:
    call = after(leg(RINGING, "ada"), leg(ENDED, "ada"), event(RINGING, caller=COLLEAGUE))

    assert (call.caller, call.state) == (ADA, State.ENDED)


def test_a_call_of_very_many_legs_is_bounded_and_does_not_end_by_it() -> None:
    ringing = [leg(RINGING, str(number)) for number in range(100)]
    call = told([leg(ANSWERED, "ada"), *ringing, *(leg(ENDED, str(n)) for n in range(90))])

    assert call.life is not None
    assert len(call.life.legs) <= 64
    assert call.state is State.ANSWERED


NAMES = ("ada", "ben", None)
LEGGED = st.builds(
    event,
    st.sampled_from(Happening),
    leg=st.sampled_from(NAMES),
    agents=st.sampled_from([(), ("ada",), ("ben", "eve")]),
    caller=st.sampled_from([ADA, BOB, COLLEAGUE, Withheld("anonymous"), None]),
    result=st.sampled_from([None, *Result]),
)


@given(st.lists(LEGGED, min_size=1, max_size=20))
def test_no_sequence_of_legs_is_a_fault_or_loses_the_caller_or_undoes_a_final_end(
    events: list[CallEvent],
) -> None:
    call: Call | None = None
    is_final, first = False, None
    for now, one in enumerate(events):
        call = advance(call, one, now)
        first = first or (one.caller if one.caller in (ADA, BOB) else None)
        is_final = is_final or (one.happening is ENDED and one.leg is None)
        assert not is_final or call.state is State.ENDED
        assert (call.state is State.ENDED) is (call.ended_at is not None) is (call.result is not None)
        assert first is None or call.caller in (ADA, BOB)
        assert (call.answered_by is None) or (call.answered_at is not None)


@given(
    st.permutations(
        [leg(RINGING, "ada"), leg(ANSWERED, "ben"), leg(RINGING, "ben"), leg(ENDED, "ada"), leg(ENDED, "ben")]
    )
)
def test_legs_end_alike_in_any_order(events: list[CallEvent]) -> None:
    call = told(events)

    assert (call.state, call.result, call.answered_by) == (State.ENDED, Result.ANSWERED, "ben")
    assert set(call.agents) == {"ada", "ben"}


def test_an_agent_who_is_rung_on_a_mobile_is_not_who_called_and_withheld_the_number() -> None:
    outwards = leg(RINGING, "mobile", caller=BOB, direction=Direction.OUTBOUND)
    call = after(event(RINGING, caller=Withheld("anonymous")), outwards)

    assert (call.caller, call.direction) == (Withheld("anonymous"), Direction.INBOUND)


def test_who_called_in_is_the_caller_though_a_leg_to_an_agents_mobile_was_told_of_first() -> None:
    outwards = leg(RINGING, "mobile", caller=BOB, direction=Direction.OUTBOUND, callee="+17135550100")
    inwards = leg(RINGING, "caller")

    for order in ((outwards, inwards), (inwards, outwards)):
        call = after(*order)
        assert (call.caller, call.direction) == (ADA, Direction.INBOUND)


def test_our_own_line_that_calls_an_agent_is_not_who_was_called() -> None:
    out = leg(RINGING, "customer", caller=BOB, direction=Direction.OUTBOUND, callee="+442079460958")
    call = after(out, leg(RINGING, "agent", caller=ADA))

    assert (call.caller, call.direction) == (BOB, Direction.OUTBOUND)


def test_a_call_out_that_is_passed_on_to_a_colleague_stays_a_call_out() -> None:
    call = after(
        leg(RINGING, "ada", caller=BOB, direction=Direction.OUTBOUND), leg(RINGING, "ben", caller=BOB)
    )

    assert (call.caller, call.direction) == (BOB, Direction.OUTBOUND)


def test_the_name_that_is_shown_is_the_callers_and_no_colleagues() -> None:
    consulted = leg(RINGING, "ben", caller=COLLEAGUE, display_name="Ben Example")

    assert after(leg(RINGING, "ada"), consulted).display_name is None
    assert after(consulted, leg(RINGING, "ada", display_name="EXAMPLE A")).display_name == "EXAMPLE A"
    assert after(consulted, leg(RINGING, "ada")).display_name is None
    assert (
        after(leg(RINGING, "ada"), leg(RINGING, "ada", display_name="EXAMPLE A")).display_name == "EXAMPLE A"
    )


def test_who_hangs_up_after_a_transfer_is_no_agent_of_the_call_again() -> None:
    call = after(
        leg(ANSWERED, "ada"),
        event(TRANSFERRED, caller=None, agents=("ben",)),
        leg(ENDED, "ada", agents=("ada",)),
    )

    assert call.agents == ("ben",)


def test_whom_a_call_was_handed_to_while_both_talked_has_it_when_the_first_is_gone() -> None:
    trunk = leg(ANSWERED, "trunk", agents=())
    handed = [trunk, leg(ANSWERED, "ada"), leg(ANSWERED, "ben"), leg(ENDED, "ada")]

    assert after(*handed[:3]).answered_by == "ada"
    assert after(*handed).answered_by == "ben"
    assert after(*handed, leg(ENDED, "ben")).answered_by == "ben"
    assert after(trunk, leg(ANSWERED, "ada"), leg(RINGING, "ben"), leg(ENDED, "ada")).answered_by == "ada"
