"""What phone systems tell, in one vocabulary: a call event, whatever dialect it came in."""

from enum import StrEnum

import msgspec

from cti_lookup.telephone import Caller


class Direction(StrEnum):
    """Seen from the service desk."""

    __hash__ = str.__hash__  # an Enum's own is Python, and three times as slow

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Happening(StrEnum):
    """What an event says has happened. `other` changes nothing: a digit was pressed, a recording began."""

    __hash__ = str.__hash__  # an Enum's own is Python, and three times as slow

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    ENDED = "ended"
    OTHER = "other"


class Result(StrEnum):
    """How a call ended."""

    __hash__ = str.__hash__  # an Enum's own is Python, and three times as slow

    ANSWERED = "answered"
    MISSED = "missed"
    VOICEMAIL = "voicemail"
    REJECTED = "rejected"
    FAILED = "failed"


class CallEvent(msgspec.Struct, frozen=True, gc=False):
    """
    One thing that happened to one call.

    `provider_id` is the phone system's own name for the call, None if it has none. `caller` is the external
    party, None if the event names none (a hang-up often does not). `result` is what an end says of itself.
    """

    source: str
    provider_id: str | None
    happening: Happening
    direction: Direction
    caller: Caller | None
    callee: str | None = None
    agents: tuple[str, ...] = ()
    answered_by: str | None = None
    queue: str | None = None
    display_name: str | None = None
    result: Result | None = None
