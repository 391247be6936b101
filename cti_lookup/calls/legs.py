"""
A call with several legs: it rings while one rings, is answered while one is, and ends when none is left.

A leg that has ended stays ended. A call whose legs have all ended goes on if one begins that was not heard of: a hunt group
rings one telephone after the other, and a transfer begins a new leg. What is told of no leg is told of all under that id;
the end of these is final.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from cti_lookup.calls.call import Call, Leg, State
from cti_lookup.calls.whole import handed_over, outsider, who_answered, with_life
from cti_lookup.events import CallEvent, Happening, Result

Legs = tuple[Leg, ...]

_MOST: Final = 64
_TALKING: Final = frozenset({State.ANSWERED, State.HELD})


def has_legs(call: Call, event: CallEvent) -> bool:
    """Tell whether an event is to be read as one of several legs."""
    return (
        event.leg is not None
        or event.provider_id != call.provider_id
        or (call.life is not None and bool(call.life.legs))
    )


def moved_leg(call: Call, event: CallEvent, now: float) -> Call:
    """Apply what happened to a leg, or to all legs under the event's id."""
    before = legs_of(call)
    match event.happening:
        case Happening.OTHER:
            return call
        case Happening.ANSWERED:
            call = _answered(call, before, event, now)
        case Happening.VOICEMAIL:
            call = with_life(call, voicemail=True)
        case Happening.TRANSFERRED:
            call = handed_over(call, event)
    return settled(with_life(call, legs=_bounded(_after(before, event))), now)


def legs_of(call: Call) -> Legs:
    """Give a call's legs; of one that was told of as a whole, the one that it is."""
    if call.life is not None and call.life.legs:
        return call.life.legs
    return (Leg(call.provider_id, None, call.state, call.agents, call.result),)


def ids_of(call: Call) -> frozenset[str | None]:
    """Name the provider's ids that a call has been told of under."""
    return frozenset(leg.call for leg in legs_of(call)) | {call.provider_id}


def _after(legs: Legs, event: CallEvent) -> Legs:
    """Give the legs as they are after an event; one that was not heard of begins."""
    after = tuple(_changed(leg, event) for leg in legs)
    if any(leg.call == event.provider_id and leg.name == event.leg for leg in legs):
        return after
    over = any(
        leg.call == event.provider_id and leg.name is None and leg.state is State.ENDED for leg in legs
    )
    begun = Leg(event.provider_id, event.leg, State.ENDED if over else State.RINGING)
    return (*after, _changed(begun, event))


def _changed(leg: Leg, event: CallEvent) -> Leg:
    """Apply an event to a leg, if it tells of it."""
    if leg.call != event.provider_id or (event.leg is not None and leg.name != event.leg):
        return leg
    is_meant = leg.name == event.leg
    agents = leg.agents
    if is_meant and event.agents and event.happening is not Happening.TRANSFERRED:
        agents = tuple(dict.fromkeys((*agents, *event.agents)))
    match event.happening:
        case _ if leg.state is State.ENDED:
            return leg
        case Happening.ANSWERED if is_meant or leg.state is State.HELD:
            return replace(leg, state=State.ANSWERED, agents=agents)
        case Happening.HELD if leg.state is State.ANSWERED:
            return replace(leg, state=State.HELD, agents=agents)
        case Happening.ENDED:
            return replace(leg, state=State.ENDED, agents=agents, result=event.result)
    return leg if agents == leg.agents else replace(leg, agents=agents)


def _bounded(legs: Legs) -> Legs:
    """Let go of the oldest that has ended where there are too many, else of the oldest."""
    if len(legs) <= _MOST:
        return legs
    out = next((at for at, leg in enumerate(legs) if leg.state is State.ENDED and leg.name is not None), 0)
    return legs[:out] + legs[out + 1 :]


def _answered(call: Call, legs: Legs, event: CallEvent, now: float) -> Call:
    """Note who has it now: whoever answered first, until all who had answered are gone."""
    others = any(
        leg.state in _TALKING for leg in legs if (leg.call, leg.name) != (event.provider_id, event.leg)
    )
    by = who_answered(event)
    if by is None or (others and call.answered_by is not None):
        by = call.answered_by
    return replace(call, answered_at=now if call.answered_at is None else call.answered_at, answered_by=by)


def settled(call: Call, now: float) -> Call:
    """Conclude from its legs where a call is."""
    legs = legs_of(call)
    states = {leg.state for leg in _living(legs)}
    if not states:
        ended_at = now if call.ended_at is None else call.ended_at
        return replace(call, state=State.ENDED, ended_at=ended_at, result=_result(call, legs))
    state = State.RINGING if call.answered_at is None else State.ANSWERED
    if State.HELD in states and State.ANSWERED not in states:
        state = State.HELD
    by = _who_has_it(call.answered_by, legs)
    return replace(call, state=state, ended_at=None, result=None, answered_by=by)


def _who_has_it(by: str | None, legs: Legs) -> str | None:
    """Name who has the call now: whoever answered, until their legs are gone and another agent talks."""
    if by is None or all(leg.state is not State.ENDED for leg in legs if by in leg.agents):
        return by
    talking = [agent for leg in legs if leg.state in _TALKING for agent in leg.agents]
    return by if by in talking or not talking else talking[0]


def _living(legs: Legs) -> Iterator[Leg]:
    """Give the legs that have not ended. That an id rings says nothing where its telephones are known."""
    named = {leg.call for leg in legs if leg.name is not None}
    for leg in legs:
        is_shown_by_others = leg.name is None and leg.state is State.RINGING and leg.call in named
        if leg.state is not State.ENDED and not is_shown_by_others:
            yield leg


def _result(call: Call, legs: Legs) -> Result:
    """Say how it ended: as missed where its legs do not agree, as answered where one was answered elsewhere."""
    told = {leg.result or Result.MISSED for leg in legs if leg.name is not None}
    told |= {leg.result for leg in legs if leg.name is None and leg.result is not None}
    if call.answered_at is not None or Result.ANSWERED in told:
        return Result.ANSWERED
    if Result.VOICEMAIL in told or (call.life is not None and call.life.voicemail):
        return Result.VOICEMAIL
    whole = [leg.result for leg in legs if leg.name is None and leg.result is not None]
    if whole:
        return whole[-1]
    return told.pop() if len(told) == 1 else Result.MISSED


def joined(first: Call, second: Call, now: float) -> Call:
    """Make one call of two: a transfer. The first external caller stays, the agents are those of the second."""
    outside = outsider(first, second)
    ours, theirs = first.life, second.life
    answers = [at for at in (first.answered_at, second.answered_at) if at is not None]
    both = replace(
        first,
        caller=outside.caller,
        direction=outside.direction,
        callee=first.callee or second.callee,
        agents=second.agents or first.agents,
        queue=first.queue or second.queue,
        display_name=outside.display_name,
        attestation=outside.attestation,
        answered_at=min(answers, default=None),
        answered_by=second.answered_by if second.agents else second.answered_by or first.answered_by,
    )
    return settled(
        with_life(
            both,
            legs=_all_legs(first, second),
            keys=(ours.keys if ours else ()) + (theirs.keys if theirs else ()),
            voicemail=bool((ours and ours.voicemail) or (theirs and theirs.voicemail)),
            silent=False,
            base=None,
            entries=(),
        ),
        now,
    )


def _all_legs(first: Call, second: Call) -> Legs:
    legs = legs_of(first) + legs_of(second)
    while len(legs) > _MOST:
        legs = _bounded(legs)
    return legs


def agents_now(call: Call) -> tuple[str, ...]:
    """Name the agents whom a call rings or who have it now, as far as that is known; () where it has ended."""
    if call.state is State.ENDED:
        return ()
    if call.life is not None and any(leg.name is not None for leg in call.life.legs):
        living = list(_living(call.life.legs))
        talking = [leg for leg in living if leg.state in _TALKING]
        named = dict.fromkeys(agent for leg in talking or living for agent in leg.agents)
        return tuple(named) or call.agents
    return (call.answered_by,) if call.answered_by is not None else call.agents
