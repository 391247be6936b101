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
    """
    What an event says has happened.

    `answered` also tells that a held call goes on. `voicemail`: a machine took it, which is no answer. `transferred`: it was
    moved to `agents`. `other` changes nothing: a digit was pressed, a recording began.
    """

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    VOICEMAIL = "voicemail"
    TRANSFERRED = "transferred"
    ENDED = "ended"
    OTHER = "other"


class Attestation(Word):
    """What the carrier says of the caller's number (STIR/SHAKEN, RFC 8588): it is shown, and proves nothing."""

    FULL = "A"
    PARTIAL = "B"
    GATEWAY = "C"
    FAILED = "failed"


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

    `provider_id` is the phone system's own name for the call, always text, None if it has none. `caller` is the external
    party, None if the event names none (a hang-up often does not). `agents` are whom it rings, as the system names them:
    extension, user id, e-mail or name. `result` is what an end says of itself.

    `leg` names the part of the call that the event tells of, where a system tells of several (a phone of a hunt group, a party);
    None is the call as a whole. `continues` is the provider's id of the call that this one goes on from: a transfer, a second
    session. `key` is the same for a repeated event, and for no other of the source. `order` grows with each event of the call (of the leg, where there
    is one), whatever order they arrive in. `occurred_at` is the sender's clock, in seconds since the epoch.
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
    leg: str | None = None
    continues: str | None = None
    key: str | None = None
    order: float | None = None
    occurred_at: float | None = None
    attestation: Attestation | None = None
