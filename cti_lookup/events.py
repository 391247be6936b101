"""What phone systems tell, in one vocabulary: a call event, whatever dialect it came in."""

import msgspec

from cti_lookup.telephone import Caller
from cti_lookup.vocabulary import Word


class Direction(Word):
    """Seen from the service desk."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Happening(Word):
    """What an event says has happened. `other` changes nothing: a digit was pressed, a recording began."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    ENDED = "ended"
    OTHER = "other"


class Result(Word):
    """How a call ended."""

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
