"""Whom a call concerns: the agents whom it rings or who have it, and while nobody has it, its queue."""

from cti_lookup.calls import Call, State, agents_now
from cti_lookup.feed.agents import agent_key, queue_key

Audience = tuple[str, ...]


def audience(call: Call, before: Audience) -> Audience:
    """
    Give the keys of those whom a call concerns now; those whom it concerned last see how it ends.

    Where neither an agent nor a queue is known, it concerns whoever goes by the name of the called line.
    """
    if call.state is State.ENDED and before:
        return before
    names = agents_now(call) or _who_had_it(call)
    keys = [agent_key(name) for name in names]
    if call.queue and (not names or call.answered_at is None):
        keys.append(queue_key(call.queue))
    if not keys and call.callee:
        keys.append(agent_key(call.callee))
    return tuple(dict.fromkeys(keys))


def everybody(call: Call) -> Audience:
    """Give the keys of all whom a call ever concerned, as far as it tells itself: also of those who were faster than our telling."""
    queues = (queue_key(call.queue),) if call.queue else ()
    return (*map(agent_key, call.agents), *queues)


def _who_had_it(call: Call) -> tuple[str, ...]:
    return (call.answered_by,) if call.answered_by is not None else call.agents
