"""
Twilio's form fields, which SignalWire's cXML and Telnyx's TeXML share, and the XML that answers them.

Facts: Twilio, "Twilio's request to your application", "Track the status of a call" and "TwiML Voice: Dial";
Telnyx, "TeXML webhooks". A leg that `<Dial>` makes has a `CallSid` of its own and names the call's as
`ParentCallSid`. An inbound call is `in-progress` as soon as a script has taken it, which is nobody's answer;
its `completed` says no more. `DialCallStatus` tells a script how its `<Dial>` ended. A voice URL is answered
with what to do next: an empty `<Response/>` hangs up, as there is nothing to do.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from cti_lookup.dialects.bodies import Fields, first, form_of, object_of, text_of
from cti_lookup.dialects.dialect import Answered, Facts, Request, Told
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.parties import Parties, callee_of, parties_of
from cti_lookup.errors import Unreadable
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result
from cti_lookup.telephone import Caller, read_caller

NOTHING: Final = Answered(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
"""The document that tells a carrier to do nothing; where only the status is reported, nobody reads it."""

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "queued": Happening.RINGING,
    "initiated": Happening.RINGING,
    "ringing": Happening.RINGING,
    "in-progress": Happening.ANSWERED,
    "answered": Happening.ANSWERED,
    "completed": Happening.ENDED,
    "busy": Happening.ENDED,
    "failed": Happening.ENDED,
    "no-answer": Happening.ENDED,
    "canceled": Happening.ENDED,
    "cancelled": Happening.ENDED,
}
_RESULTS: Final[Mapping[str, Result]] = {
    "busy": Result.REJECTED,
    "failed": Result.FAILED,
    "no-answer": Result.MISSED,
    "canceled": Result.MISSED,
    "cancelled": Result.MISSED,
}
_TAKEN: Final = frozenset({"completed", "answered"})
_ASIDE: Final = (
    "Digits",
    "SpeechResult",
    "RecordingSid",
    "RecordingUrl",
    "TranscriptionSid",
    "ConferenceSid",
)
"""Fields of requests in the middle of a call; with no status among them, they do not say that it rings."""


def fields_of(request: Request) -> Fields:
    """Give the fields: of the query for a GET, else of a form or flat JSON. Raises `Unreadable`."""
    if request.method == "GET":
        return query_of(request)
    if request.body.lstrip()[:1] == b"{":
        return flat(object_of(request.body))
    return form_of(request.body)


def query_of(request: Request) -> Fields:
    """Give the fields of the URL's own query, whether or not there is a body. Raises `Unreadable`."""
    query = request.target.partition("?")[2] or request.query
    try:
        return form_of(query.encode(errors="surrogateescape"))
    except UnicodeEncodeError:
        raise Unreadable("The query holds half a character.") from None


def flat(fields: Mapping[str, object]) -> Fields:
    """Give those fields of a JSON object that are texts or integers, as a form would hold them."""
    return {name: (str(value),) for name, value in fields.items() if isinstance(value, str | int)}


def read_fields(
    fields: Fields, facts: Facts, attestation: Attestation | None, *names: str
) -> tuple[CallEvent, ...]:
    """Read an event; () if the fields tell of no call. The caller's name stands in one of `names`."""
    sid = text_of(first(fields, "CallSid"))
    happening = _happening(fields)
    if sid is None or happening is None:
        return ()
    parent = text_of(first(fields, "ParentCallSid"))
    parties = _parties(fields)
    agents = (parties.agent,) if parties.agent else ()
    event = CallEvent(
        source=facts.source,
        provider_id=parent or sid,
        happening=happening,
        direction=parties.direction,
        caller=_caller(fields, parties, facts.region),
        callee=callee_of(parties, facts.region),
        agents=agents,
        answered_by=parties.agent if happening is Happening.ANSWERED else None,
        display_name=text_of(first(fields, *names)),
        result=_result(fields) if happening is Happening.ENDED else None,
        leg=sid if parent else None,
        key=_key(sid, fields),
        order=order_of(first(fields, "SequenceNumber")),
        occurred_at=moment_of(first(fields, "Timestamp")),
        attestation=attestation if parties.direction is Direction.INBOUND else None,
    )
    return (event,)


def _word(fields: Fields, name: str) -> str:
    return (first(fields, name) or "").strip().casefold().replace("_", "-")


def _happening(fields: Fields) -> Happening | None:
    """Tell what happened; None if this is about something else than the state of a call."""
    status, machine = _word(fields, "CallStatus"), _is_machine(fields)
    if not status and not machine:
        return _without_status(fields)
    happening = _HAPPENINGS.get(status, Happening.OTHER)
    if happening is Happening.ENDED:
        return happening
    if machine:
        return Happening.VOICEMAIL
    if _word(fields, "DialCallStatus") in _TAKEN:
        return Happening.ANSWERED
    if happening is Happening.ANSWERED and _is_scripted(fields):
        return Happening.OTHER
    return happening


def _without_status(fields: Fields) -> Happening | None:
    if first(fields, "From", "Caller") is None:
        return None
    return Happening.OTHER if first(fields, *_ASIDE) else Happening.RINGING


def _is_machine(fields: Fields) -> bool:
    """Tell whether the carrier heard an answering machine; `AnsweredBy` is also `human` or `unknown`."""
    by = _word(fields, "AnsweredBy")
    return by.startswith("machine") or by == "fax"


def _is_scripted(fields: Fields) -> bool:
    """Tell whether a script took this leg, and nobody yet."""
    return _word(fields, "Direction") == "inbound" and first(fields, "ParentCallSid") is None


def _result(fields: Fields) -> Result | None:
    status = _word(fields, "CallStatus")
    if status != "completed":
        return _RESULTS.get(status)
    if _is_machine(fields):
        return Result.VOICEMAIL
    taken = not _is_scripted(fields) or _word(fields, "DialCallStatus") in _TAKEN
    return Result.ANSWERED if taken else None


def _parties(fields: Fields) -> Parties:
    direction = _word(fields, "Direction")
    return parties_of(
        party_of(fields, "From", "Caller"),
        party_of(fields, "To", "Called"),
        outbound=direction.startswith("outbound"),
        is_leg=direction == "outbound-dial" or first(fields, "ParentCallSid") is not None,
    )


def party_of(fields: Fields, *names: str) -> str | None:
    """Give a party as it was sent; blank if it was sent blank, None if it was not sent."""
    return first(fields, *names) or ("" if any(name in fields for name in names) else None)


def _caller(fields: Fields, parties: Parties, region: str | None) -> Caller | None:
    """
    Read the external party.

    A forwarded call that shows our own line as its caller has come round: who forwarded it stands in
    `ForwardedFrom`.
    """
    if parties.theirs is None:
        return None
    forwarded = first(fields, "ForwardedFrom")
    came_round = own_number(parties.theirs, region) == own_number(parties.ours, region)
    if forwarded and parties.theirs.strip() and parties.direction is Direction.INBOUND and came_round:
        return read_caller(forwarded, region)
    return read_caller(parties.theirs, region)


def _key(sid: str, fields: Fields) -> str:
    """Tell repeated events apart from new ones: nothing signed holds a time."""
    told = (first(fields, name) for name in ("CallStatus", "SequenceNumber", "DialCallStatus", "AnsweredBy"))
    return ":".join((sid, *(word.strip() for word in told if word)))


def attestation_of(verstat: str | None) -> Attestation | None:
    """
    Read what a carrier says of the caller's number; a bare `TN-Validation-Passed` is full attestation.

    Facts: `TN-Validation-Passed`, `-Failed`, each also with `-A`, `-B` or `-C`, and `No-TN-Validation`
    (Twilio, "Trusted calling with SHAKEN/STIR"; Telnyx, "STIR/SHAKEN").
    """
    found = _VERSTAT.search(verstat or "")
    if found is None:
        return None
    return Attestation.FAILED if found[1].casefold() == "failed" else Attestation((found[2] or "A").upper())


_VERSTAT: Final = re.compile(r"(?<!No-)TN-Validation-(Passed|Failed)(?:-([ABC]))?(?![\w-])", re.IGNORECASE)


def order_of(text: str | None) -> float | None:
    """Read the number of an event within its leg."""
    return float(text) if text is not None and _ORDER.fullmatch(text) else None


_ORDER: Final = re.compile(r"[0-9]{1,9}")


def moment_of(text: str | None) -> float | None:
    """Read a time as RFC 2822 or RFC 3339 write it, in seconds since the epoch; without a zone it is UTC."""
    if text is None:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def answer(_told: Told) -> Answered:
    """Tell the carrier to do nothing: what is done with the call is decided elsewhere."""
    return NOTHING
