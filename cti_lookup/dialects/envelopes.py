"""
A call event in the generic dialect's words, inside an envelope of a standard: Standard Webhooks, CloudEvents.

The envelope may say what happened by its type (`call.ringing`, `com.example.call.hangup`): the last word
counts, and only where the data says nothing itself. What names neither a party nor a call tells of no call.
"""

import json
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.dialects.dialect import Facts, Request
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.events import CallEvent, Happening

_OF_A_CALL: Final = frozenset({"from", "to", "callId", "call_id"})


def tells_of_a_call(fields: dict[str, Any]) -> bool:
    """Tell whether these are the fields of a call event."""
    return not fields.keys().isdisjoint(_OF_A_CALL)


def read_inside(
    fields: dict[str, Any], kind: str | None, facts: Facts, *, key: str, told_at: float | None
) -> tuple[CallEvent, ...]:
    """
    Read the event that is in an envelope; () if it tells of no call. Raises `WrongField`.

    An event that comes again has the same `key`. `kind` is the envelope's type; one whose word is not known
    tells of something else than calls.
    """
    if not tells_of_a_call(fields):
        return ()
    word = None if fields.get("event") else _word(kind)
    worded = fields if word is None else {**fields, "event": word}
    events = GENERIC.read(Request({}, "", json.dumps(worded).encode()), facts)
    return tuple(
        replace(event, key=key, order=told_at, occurred_at=told_at)
        for event in events
        if word is None or event.happening is not Happening.OTHER
    )


def _word(kind: str | None) -> str | None:
    """Give the last word of a type, written as the generic dialect writes it."""
    if kind is None:
        return None
    return kind.rpartition(".")[2].replace("_", "").replace("-", "").strip() or None
