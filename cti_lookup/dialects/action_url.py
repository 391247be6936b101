"""
Action URLs of desk phones: Yealink, Snom, Grandstream, Akuvox and their kin fetch one when something happens.

Facts: the administrator writes one URL for each event, and in it variables that the phone fills in:
`$remote`, `$local`, `$display_remote`, `$active_user`, `$mac`, and `$call_id` (Yealink, Akuvox) or `$call-id`
(Snom); Grandstream has none for the call, and without it each event stands by itself. A variable that the
phone does not know stays as it was written. Sources: Yealink, "Administrator's Guide", Action URL; Snom,
"Action URLs"; Grandstream, "Action URL Guide".

The names of the events are the administrator's, who takes them from the phone's menu or from its settings:
`incoming`, `Incoming Call`, `action_incoming_url`, `action_url.call_established`. On and off hook are the
receiver's, not a call's.

Yealink counts its calls, so that two phones may use one number; the call that rings under it last is the one
that is meant. Snom's is the `Call-ID` of SIP, which telephones that ring together may share, so that there
each is a leg of the call.
"""

from collections.abc import Mapping
from typing import Final

from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.phones import (
    Fields,
    fields_of,
    filled,
    name_shown,
    named,
    own_line,
    plain_name,
    read_party,
    user_of,
)
from cti_lookup.errors import Unreadable
from cti_lookup.events import CallEvent, Direction, Happening, Result

_WORDS: Final[Mapping[Happening, str]] = {
    Happening.RINGING: """
        incoming in ringing ring receive received new newin outgoing out dial dialing dialling calling make
    """,
    Happening.ANSWERED: """
        established establish connected answered answer answernewin answernewincoming accepted accept pickup
        unhold unheld resume resumed offhold retrieve retrieved
    """,
    Happening.HELD: "hold held",
    Happening.TRANSFERRED: """
        transfer transferred transferfinished transfercompleted
        blindtransfer blindtransferring attendedtransfer attendedtransferring
    """,
    Happening.ENDED: """
        terminated terminate termination disconnected disconnect hangup hungup ended end finished finish
        released missed miss noanswer rejected reject rejectincoming declined busy
        forward forwarded forwardincoming cancel canceled cancelled cancelout remotecanceled failed
    """,
}
"""What the names of the events come down to: see `_word`."""

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    word: happening for happening, words in _WORDS.items() for word in words.split()
}
_OUTGOING: Final = frozenset(
    ["outgoing", "out", "dial", "dialing", "dialling", "calling", "make", "cancelout"]
)
_RESULTS: Final[Mapping[str, Result]] = {
    "missed": Result.MISSED,
    "miss": Result.MISSED,
    "noanswer": Result.MISSED,
    "cancel": Result.MISSED,
    "canceled": Result.MISSED,
    "cancelled": Result.MISSED,
    "cancelout": Result.MISSED,
    "remotecanceled": Result.MISSED,
    "rejected": Result.REJECTED,
    "reject": Result.REJECTED,
    "rejectincoming": Result.REJECTED,
    "declined": Result.REJECTED,
    "busy": Result.REJECTED,
    "failed": Result.FAILED,
}
_NOTHING: Final = Answered(b"", "text/plain", headers={"Cache-Control": "no-store"})


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """
    Read an event out of the URL; () if it tells of no call.

    Where no event is named the phone rings. Who transfers a call is not whom it is moved to, which phones do
    not tell.
    """
    try:
        fields = fields_of(request)
    except Unreadable:
        return ()
    remote = named(fields, "remote", "remotenumber", "number", "callerid", "caller", "from")
    call_id = filled(named(fields, "callid"))
    word = _word(named(fields, "event", "action", "state", "type"))
    happening = _HAPPENINGS.get(word or "ringing")
    if happening is None or not (word or remote):
        return ()
    local = filled(named(fields, "local", "activeuser", "user", "extension", "line"))
    agent = user_of(local)
    told = CallEvent(
        source=facts.source,
        provider_id=call_id,
        happening=happening,
        direction=_direction(word, fields),
        caller=None if remote is None else read_party(remote, facts.region),
        callee=own_line(local, facts.region),
        agents=(agent,) if agent and happening is not Happening.TRANSFERRED else (),
        answered_by=agent if happening is Happening.ANSWERED else None,
        display_name=name_shown(named(fields, "displayremote", "displayname", "remotename", "name"), remote),
        result=_RESULTS.get(word),
        leg=_leg(call_id, fields, agent),
    )
    return (told,)


def _word(event: str | None) -> str:
    """Reduce an event's name to the word that tells it: `action_url.incoming_call` to `incoming`."""
    word = plain_name(event or "").removeprefix("actionurl").removeprefix("action").removesuffix("url")
    word = word.replace("call", "")
    return word.removeprefix("on") if word.removeprefix("on") in _HAPPENINGS else word


def _direction(word: str, fields: Fields) -> Direction:
    told = plain_name(named(fields, "direction", "calldirection") or "")
    return Direction.OUTBOUND if word in _OUTGOING or told.startswith("out") else Direction.INBOUND


def _leg(call_id: str | None, fields: Fields, agent: str | None) -> str | None:
    """Name the phone where the call's id may be known to others too, which a mere number is not."""
    if call_id is None or call_id.isdigit():
        return None
    return filled(named(fields, "mac")) or agent


def answer(_told: Told) -> Answered:
    """Say nothing: phones do not read it."""
    return _NOTHING


ACTION_URL: Final = Dialect("action-url", read, answer, nothing=_NOTHING)
