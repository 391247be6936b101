"""
Telnyx Call Control: JSON events, signed with Telnyx' private key.

Facts: developers.telnyx.com, "Receiving webhooks" and "Call Control"; telnyx-python 4.189.0, `webhooks.py`
and the types of its events. Ed25519 over the time in seconds, `|` and the raw body; the secret is the
account's public key. `call_session_id` groups the legs of a call; only `call.initiated` is sure to tell the
direction; answering machines are listened for in calls that go out. Events come more than once, with the same
`data.id`, and in any order; what is not answered with 2xx goes to the failover URL. Bodies of answers are
ignored: commands go over Telnyx' API. `call.answered` of a call that comes in also tells that a script took
it: Telnyx does not tell the two apart.
"""

from collections.abc import Mapping
from typing import Any, Final

from cti_lookup.dialects.bodies import at, object_of, text_of
from cti_lookup.dialects.dialect import QUIET, Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.ed25519 import check_ed25519
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.numbers import own_number
from cti_lookup.dialects.outside import ends_of, party_in
from cti_lookup.dialects.verifying import check_time, header, seconds
from cti_lookup.events import Attestation, CallEvent, Direction, Happening, Result

_HAPPENINGS: Final[Mapping[str, Happening]] = {
    "call.initiated": Happening.RINGING,
    "call.ringing": Happening.RINGING,
    "call.answered": Happening.ANSWERED,
    "call.bridged": Happening.ANSWERED,
    "call.hold": Happening.HELD,
    "call.unhold": Happening.ANSWERED,
    "call.hangup": Happening.ENDED,
}
_DETECTIONS: Final = frozenset({"call.machine.detection.ended", "call.machine.premium.detection.ended"})
_MACHINES: Final = frozenset({"machine", "fax_detected"})
_RESULTS: Final[Mapping[str | None, Result]] = {
    "call_rejected": Result.REJECTED,
    "user_busy": Result.REJECTED,
    "originator_cancel": Result.MISSED,
    "timeout": Result.MISSED,
    "no_answer": Result.MISSED,
    "not_found": Result.FAILED,
}
_OUTBOUND: Final[Mapping[str | None, bool]] = {"incoming": False, "outgoing": True}
_ATTESTATIONS: Final[Mapping[str | None, Attestation]] = {
    "A": Attestation.FULL,
    "B": Attestation.PARTIAL,
    "C": Attestation.GATEWAY,
}


def verify(request: Request, secrets: Secrets, now: float) -> None:
    """Raise `Unverified` unless one of the public keys signed the body, lately."""
    signature, sent_at = header(request, "telnyx-signature-ed25519"), header(request, "telnyx-timestamp")
    check_time(seconds(sent_at), now)
    check_ed25519(signature, secrets, sent_at.encode() + b"|" + request.body)


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event of a call; () for one of a conference, a message. Raises `Unreadable`."""
    data = at(object_of(request.body), "data")
    event, payload = text_of(at(data, "event_type")), at(data, "payload")
    if event is None or not event.startswith("call.") or not isinstance(payload, dict):
        return ()
    outbound = _OUTBOUND.get(text_of(at(payload, "direction")), True if event in _DETECTIONS else None)
    ends = ends_of(
        _from(payload, facts.region), party_in(payload, "to"), outbound=outbound, region=facts.region
    )
    happening, told_at = _happening(event, payload), rfc3339_seconds(at(data, "occurred_at"))
    leg = text_of(at(payload, "call_leg_id")) or text_of(at(payload, "call_control_id"))
    is_caller_told = outbound is False and ends.direction is Direction.INBOUND
    told = CallEvent(
        source=facts.source,
        provider_id=text_of(at(payload, "call_session_id")) or leg,
        happening=happening,
        direction=ends.direction,
        caller=ends.caller,
        callee=ends.callee,
        agents=(ends.agent,) if ends.agent else (),
        answered_by=ends.agent if happening is Happening.ANSWERED else None,
        queue=text_of(at(payload, "queue")),
        display_name=text_of(at(payload, "caller_id_name")) if is_caller_told else None,
        result=_RESULTS.get(text_of(at(payload, "hangup_cause"))) if happening is Happening.ENDED else None,
        leg=leg,
        key=text_of(at(data, "id")),
        order=told_at,
        occurred_at=told_at,
        attestation=_attestation(payload) if is_caller_told else None,
    )
    return (told,)


def _happening(event: str, payload: dict[str, Any]) -> Happening:
    if event in _DETECTIONS and text_of(at(payload, "result")) in _MACHINES:
        return Happening.VOICEMAIL
    return _HAPPENINGS.get(event, Happening.OTHER)


def _from(payload: dict[str, Any], region: str | None) -> str | None:
    """
    Give who calls, as it was sent.

    A forwarded call that shows our own line as its caller has come round: who forwarded it is in a header.
    """
    raw = party_in(payload, "from")
    ours = own_number(raw, region)
    if ours is not None and ours == own_number(at(payload, "to"), region):
        return _diversion(payload) or raw
    return raw


def _diversion(payload: dict[str, Any]) -> str | None:
    headers = at(payload, "sip_headers")
    for one in headers if isinstance(headers, list) else ():
        if (text_of(at(one, "name")) or "").casefold() == "diversion":
            return text_of(at(one, "value"))
    return None


def _attestation(payload: dict[str, Any]) -> Attestation | None:
    """Tell what the carrier says of the number; a level whose signature was not checked says nothing."""
    level = _ATTESTATIONS.get((text_of(at(payload, "shaken_stir_attestation")) or "").upper())
    validated = at(payload, "shaken_stir_validated")
    if level is not None and validated is False:
        return Attestation.FAILED
    return level if validated is True else None


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return QUIET


TELNYX: Final = Dialect("telnyx", read, answer, verify, nothing=QUIET)
