"""
Who is outside in one leg of a programmable carrier's call, where the leg may not say which way it goes.

Facts: Telnyx and Vonage tell of each leg by itself, with `from` and `to`, under an id that the legs of one
call share; which of them is an agent's is not said. A leg to a SIP address with a name in place of a number
goes to an agent's phone, and names nobody outside: neither the agent nor our own line that calls it. Reports
of a state may hold no direction; the first event of the leg does.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from cti_lookup.dialects.numbers import e164_without_sign, read_signless
from cti_lookup.dialects.parties import agent_of, callee_of, parties_of
from cti_lookup.events import Direction
from cti_lookup.telephone import Caller, read_caller


class Ends(msgspec.Struct, frozen=True, gc=False):
    """Both ends of a leg; `caller` is None where nobody outside is named, `agent` names whose phone it is."""

    direction: Direction
    caller: Caller | None
    callee: str | None
    agent: str | None


def ends_of(
    from_: str | None,
    to: str | None,
    *,
    outbound: bool | None,
    region: str | None,
    signless: bool = False,
) -> Ends:
    """
    Tell both ends of a leg.

    `outbound` is None where it does not say. `signless`: numbers are E.164 without `+`.
    """
    parties = parties_of(from_, to, outbound=bool(outbound), is_leg=False)
    to_agent = outbound is not False and agent_of(to) is not None
    theirs = None if to_agent else parties.theirs
    reader = read_signless if signless else read_caller
    if signless and parties.ours is not None:
        parties = replace(parties, ours=e164_without_sign(parties.ours))
    return Ends(
        parties.direction,
        None if theirs is None else reader(theirs, region),
        callee_of(parties, region),
        parties.agent,
    )


def party_in(fields: dict[str, Any], name: str) -> str | None:
    """Give a party as it was sent: '' if it was sent as null, None if it was not sent, or is no text."""
    if name not in fields:
        return None
    value = fields[name]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else value if isinstance(value, str) else None
