"""The life of a call: ringing, answered, held, ended, whatever order its events arrive in."""

from cti_lookup.calls.advancing import advance, closed, expired, follow, join, taken_up
from cti_lookup.calls.book import CallBook, later
from cti_lookup.calls.call import Call, Entry, Leg, Life, Name, State, new_call_id
from cti_lookup.calls.legs import agents_now, ids_of
from cti_lookup.calls.watching import LeftBehind, LiveCalls, NoLiveCalls

__all__ = [
    "Call",
    "CallBook",
    "Entry",
    "LeftBehind",
    "Leg",
    "Life",
    "LiveCalls",
    "Name",
    "NoLiveCalls",
    "State",
    "advance",
    "agents_now",
    "closed",
    "expired",
    "follow",
    "ids_of",
    "join",
    "later",
    "new_call_id",
    "taken_up",
]
