"""A call as a whole: what an event says of it where it has one leg, or none of its legs is meant."""

from typing import Final

from msgspec.structs import replace

from cti_lookup.calls.call import NO_LIFE, NOBODY_NAMED, Call, Life, State, new_call_id
from cti_lookup.events import CallEvent, Direction, Happening, Result
from cti_lookup.telephone import E164, Caller, Dialled, Internal

_RINGING: Final = Happening.RINGING  # a member named through its class costs 0.1 µs each time
_TRANSFERRED: Final = Happening.TRANSFERRED
_ENDED: Final = Happening.ENDED
UNANSWERED: Final = frozenset({Result.MISSED, Result.VOICEMAIL})
"""What a late answer proves wrong."""


def begun(event: CallEvent, now: float) -> Call:
    """Begin a call with what its first event says."""
    return Call(
        new_call_id(now),
        event.source,
        event.provider_id,
        event.direction,
        event.caller or NOBODY_NAMED,
        now,
        callee=event.callee,
        agents=event.agents,
        queue=event.queue,
        display_name=event.display_name,
        attestation=event.attestation,
        occurred_at=event.occurred_at,
    )


def completed(call: Call, event: CallEvent) -> Call:
    """Add what the event knows and the call did not; a repeated event adds nothing."""
    caller, direction = call.caller, call.direction
    is_theirs = event.caller is None or event.caller is caller
    if not is_theirs:
        caller, direction, is_theirs = _who_calls(call, event)
    callee = call.callee or event.callee
    queue = call.queue or event.queue
    name, attestation = call.display_name, call.attestation
    if caller is not call.caller and names_somebody(call.caller):
        name, attestation = event.display_name, event.attestation
    elif is_theirs:
        name, attestation = name or event.display_name, attestation or event.attestation
    agents = call.agents
    if event.agents and event.agents != agents and _adds_agents(call, event):
        agents = tuple(dict.fromkeys((*agents, *event.agents)))
    if (
        caller is call.caller
        and callee is call.callee
        and queue is call.queue
        and name is call.display_name
        and attestation is call.attestation
        and agents is call.agents
    ):
        return call
    return replace(
        call,
        caller=caller,
        direction=direction,
        callee=callee,
        queue=queue,
        display_name=name,
        attestation=attestation,
        agents=agents,
    )


def _who_calls(call: Call, event: CallEvent) -> tuple[Caller, Direction, bool]:
    """Tell who calls and which way, and whether what else the event says of a caller is said of them."""
    told = event.caller or NOBODY_NAMED
    if (_says_more(told, call.caller) and not _rings_an_agent(call, event)) or _called_in(call, event):
        return told, event.direction, True
    is_same = _number_of(told) == _number_of(call.caller)
    return call.caller, call.direction, is_same or not names_somebody(told)


def _adds_agents(call: Call, event: CallEvent) -> bool:
    """Tell whether an event adds agents: a transfer puts others in their place, and who hangs up had it before."""
    return event.happening is not _TRANSFERRED and (event.happening is not _ENDED or not call.agents)


def _rings_an_agent(call: Call, event: CallEvent) -> bool:
    """Tell whether a leg leads out to one of us: who called in and withheld the number is not the agent who is rung on a mobile."""
    outwards = event.direction is Direction.OUTBOUND and event.leg is not None
    return outwards and call.direction is Direction.INBOUND


def _called_in(call: Call, event: CallEvent) -> bool:
    """
    Tell whether an event names who called in, where only a leg was known that leads out to one of us.

    The mirror image of :func:`_rings_an_agent`, in case that leg's news came first. Our own line, which calls the agent, is nobody.
    """
    return (
        call.direction is Direction.OUTBOUND
        and event.direction is Direction.INBOUND
        and event.happening is _RINGING
        and event.continues is None
        and isinstance(event.caller, Dialled)
        and (event.leg is not None or (call.life is not None and bool(call.life.legs)))
        and _number_of(event.caller) != _number_of(call.caller)
        and event.caller.number != E164(call.callee or "")
    )


def _says_more(caller: Caller, known: Caller) -> bool:
    """Tell whether one is the caller rather than the other: whoever is outside, then a colleague, then nobody."""
    return not isinstance(known, Dialled) and (isinstance(caller, Dialled) or not isinstance(known, Internal))


def outsider(call: Call, other: Call) -> Call:
    """Give that of two calls whose caller is the caller of both."""
    return other if _says_more(other.caller, call.caller) and names_somebody(other.caller) else call


def names_somebody(caller: Caller) -> bool:
    """Tell whether it is known who calls."""
    return isinstance(caller, Dialled | Internal)


def is_another(call: Call, event: CallEvent) -> bool:
    """
    Tell whether an event begins another call under an id that was used before.

    Some phone systems count their ids from 1 again, and people try things out with one id. A ringing that names
    somebody else is another call; a ringing of the same caller is a repeated event, or a late one. Systems that tell of legs or
    transfers use no id twice, and name whom they like; a colleague who is consulted does not end the call.
    """
    if event.happening is not _RINGING or event.caller is None or event.caller is call.caller:
        return False  # a text that is read again gives the same caller, not only an equal one
    both_named = names_somebody(call.caller) and names_somebody(event.caller)
    return (
        both_named
        and _number_of(call.caller) != _number_of(event.caller)
        and event.leg is None
        and event.continues is None
        and event.provider_id == call.provider_id
        and (call.life is None or not call.life.legs)
        and (call.state is State.ENDED or not _consults(call, event))
    )


def _consults(call: Call, event: CallEvent) -> bool:
    inside = isinstance(event.caller, Internal) or event.direction is Direction.INTERNAL
    return inside and isinstance(call.caller, Dialled)


def _number_of(caller: Caller) -> object:
    match caller:
        case Dialled(number=number):
            return number
        case Internal(extension=extension):
            return extension
    return None


def moved(call: Call, event: CallEvent, now: float) -> Call:
    """Apply what happened to a call that has no legs. A late event never takes it back."""
    match event.happening:
        case Happening.ANSWERED:
            return _taken(call, event, now)
        case Happening.HELD if call.state is State.ANSWERED:
            return replace(call, state=State.HELD)
        case Happening.ENDED if call.state is not State.ENDED:
            return replace(call, state=State.ENDED, ended_at=now, result=_result(call, event))
        case Happening.VOICEMAIL:
            return _recorded(call)
        case Happening.TRANSFERRED:
            return handed_over(call, event)
    return call


def _taken(call: Call, event: CallEvent, now: float) -> Call:
    """Note that it was answered, also when the hang-up overtook the answer; or that it goes on after it was held."""
    if call.answered_at is None:
        state = State.ENDED if call.state is State.ENDED else State.ANSWERED
        result = Result.ANSWERED if call.result in UNANSWERED else call.result
        return replace(call, state=state, answered_at=now, answered_by=who_answered(event), result=result)
    by = call.answered_by or who_answered(event)
    if call.state is State.HELD:
        return replace(call, state=State.ANSWERED, answered_by=by)
    return call if by is call.answered_by else replace(call, answered_by=by)


def who_answered(event: CallEvent) -> str | None:
    """Name who answered: it is said, or there is one agent only."""
    return event.answered_by or (event.agents[0] if len(event.agents) == 1 else None)


def _recorded(call: Call) -> Call:
    """Note that a machine took it, which is no answer."""
    result = Result.VOICEMAIL if call.result is Result.MISSED else call.result
    return with_life(replace(call, result=result), voicemail=True)


def handed_over(call: Call, event: CallEvent) -> Call:
    """Move a call to other agents; who has answered has it no longer."""
    if not event.agents:
        return call
    state = State.ANSWERED if call.state is State.HELD else call.state
    return replace(call, state=state, agents=event.agents, answered_by=event.answered_by)


def _result(call: Call, event: CallEvent) -> Result:
    if call.answered_at is not None:
        return Result.ANSWERED
    if call.life is not None and call.life.voicemail:
        return Result.VOICEMAIL
    return event.result or Result.MISSED


def with_life(call: Call, **changes: object) -> Call:
    """Change what a simple call does not have."""
    life: Life = replace(call.life or NO_LIFE, **changes)
    return replace(call, life=life)
