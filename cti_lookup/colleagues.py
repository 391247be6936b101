"""Calls between colleagues: nobody is looked up, whatever their numbers look like."""

from typing import Final

from cti_lookup.answers import Lookup, Outcome
from cti_lookup.calls import Call
from cti_lookup.events import Direction
from cti_lookup.telephone import Dialled

_INTERNAL: Final = Direction.INTERNAL  # a member named through its class costs 0.1 µs each time


def of_colleagues(call: Call) -> Lookup | None:
    """Say that a call is between colleagues, also where their numbers are such as the directory knows; None for any other."""
    if call.direction is not _INTERNAL or not isinstance(call.caller, Dialled):
        return None
    return Lookup(Outcome.INTERNAL, call.caller)
