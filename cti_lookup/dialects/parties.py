"""
Who is who in a call of a programmable carrier, which tells `from`, `to` and a direction, one leg at a time.

Facts: Twilio, "TwiML Voice: Dial" and "Call resource"; Plivo, "Call"; SignalWire, "Calls". An inbound call
that rings an agent has a second leg, outbound, to the agent's phone; a call that an agent's browser or desk
phone starts is inbound to the carrier. A party is a number, `client:name` (a browser) or `sip:name@host`.
What has a name in place of a number there is an agent's phone as a rule: no directory knows it.
"""

import re
from typing import Final
from urllib.parse import unquote

import msgspec

from cti_lookup.dialects.bodies import text_of
from cti_lookup.dialects.numbers import own_number
from cti_lookup.events import Direction
from cti_lookup.telephone import Dialled, Withheld, read_caller


class Parties(msgspec.Struct, frozen=True, gc=False):
    """
    The external party and our own, as they were sent; None where the event names none.

    `agent` is whose phone it is, as the carrier names it.
    """

    direction: Direction
    theirs: str | None
    ours: str | None
    agent: str | None = None


def parties_of(from_: str | None, to: str | None, *, outbound: bool, is_leg: bool) -> Parties:
    """
    Tell the external party from our own: who calls if it comes in, who is called if it goes out.

    A leg to an agent's phone belongs to a call that came in, and its `from` is the caller; a call that came
    in from an agent's browser or desk phone, and goes to a number, goes out.
    """
    called = agent_of(to)
    if outbound and is_leg and called:
        return Parties(Direction.INBOUND, from_, None, called)
    if outbound:
        return Parties(Direction.OUTBOUND, to, from_, called or agent_of(from_))
    calling = agent_of(from_) if _is_client(from_) or _are_neighbours(from_, to) else None
    if calling and to is not None and isinstance(read_caller(to, None), Dialled):
        return Parties(Direction.OUTBOUND, to, None, calling)
    return Parties(Direction.INBOUND, from_, to, called)


def agent_of(party: str | None) -> str | None:
    """Give the name of an agent's phone: `client:ada`, `sip:100@example.com`; None for a number."""
    address = _ADDRESS.match(party.strip()) if party else None
    if address is None or isinstance(read_caller(party, None), Dialled | Withheld):
        return None
    return text_of(unquote(address[1]))


def callee_of(parties: Parties, region: str | None) -> str | None:
    """Give our own line; the name of an agent's phone is none."""
    if parties.ours is None:
        return None
    line = own_number(parties.ours, region)
    return None if line == text_of(parties.ours) and agent_of(parties.ours) else line


_HOST: Final = re.compile(r"sips?:[^@?;<>]+@([^:?;<>]+)", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?:client|sips?):([^@?;<>]+)", re.IGNORECASE)


def _is_client(party: str | None) -> bool:
    return party is not None and party.strip().casefold().startswith("client:")


def _are_neighbours(from_: str | None, to: str | None) -> bool:
    """Tell whether both are addresses of one SIP domain: a desk phone that is registered there writes so what was dialled."""
    hosts = [found[1].casefold() for party in (from_, to) if party and (found := _HOST.match(party.strip()))]
    return len(hosts) > 1 and hosts[0] == hosts[1]
