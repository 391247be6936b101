"""Calls as programmable carriers tell of them: one leg for the call, one for the agent's telephone."""

import json
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import urlencode

from cti_lookup.playing.scene import FORM, JSON, Act, Message, Player, Scene, Sign, Write, digits
from cti_lookup.playing.signing import as_plivo, as_telnyx, as_twilio, as_vonage, public_key

_AGENT: Final = "client:ada"


def _form(fields: dict[str, Any]) -> Message:
    return Message(urlencode(fields).encode(), FORM)


def _of_twilio(status: str, number: int, *, leg: bool = False) -> Write:
    def write(scene: Scene) -> Message:
        call, agents = f"CA{scene.id}", f"CA{scene.id[::-1]}"
        parties = {"From": scene.caller, "To": _AGENT if leg else scene.callee}
        return _form(
            {
                "AccountSid": "AC00000000000000000000000000000001",
                "ApiVersion": "2010-04-01",
                "CallSid": agents if leg else call,
                **({"ParentCallSid": call} if leg else {}),
                "CallStatus": status,
                **parties,
                "Direction": "outbound-dial" if leg else "inbound",
                "CallbackSource": "call-progress-events",
                "SequenceNumber": number,
                "Timestamp": formatdate(scene.now),
            }
        )

    return write


_TWILIO: Final = (
    (Act.RING, _of_twilio("ringing", 0)),
    (Act.ANSWER, _of_twilio("in-progress", 2, leg=True)),
    (Act.HANG_UP, _of_twilio("completed", 3, leg=True)),
    (Act.HANG_UP, _of_twilio("completed", 1)),
)


def _twilio(name: str, sign: Sign) -> Player:
    return Player(name, _TWILIO, sign)


TWILIO: Final = _twilio("twilio", as_twilio("X-Twilio-Signature"))
TWILIO_LATE_FIELDS: Final = _twilio("twilio-late-fields", as_twilio("X-Twilio-Signature"))
SIGNALWIRE: Final = _twilio("signalwire", as_twilio("X-SignalWire-Signature"))
TEXML: Final = Player("texml", _TWILIO, as_telnyx, public_key)


def _of_telnyx(event: str, number: int, **more: Any) -> Write:
    def write(scene: Scene) -> Message:
        payload = {
            "call_control_id": f"v3:{scene.uuid}",
            "call_leg_id": scene.uuid,
            "call_session_id": scene.uuid,
            "connection_id": "1494404757140276705",
            "from": scene.caller,
            "to": scene.callee,
            **more,
        }
        data = {
            "event_type": f"call.{event}",
            "id": f"{scene.uuid}-{number}",
            "occurred_at": scene.time,
            "payload": payload,
            "record_type": "event",
        }
        return Message(json.dumps({"data": data, "meta": {"attempt": 1}}).encode(), JSON)

    return write


_TELNYX: Final = (
    (Act.RING, _of_telnyx("initiated", 1, direction="incoming", state="parked")),
    (Act.ANSWER, _of_telnyx("answered", 2, state="answered")),
    (Act.HOLD, _of_telnyx("hold", 3)),
    (Act.HANG_UP, _of_telnyx("hangup", 4, state="hangup", hangup_cause="normal_clearing")),
)
TELNYX: Final = Player("telnyx", _TELNYX, as_telnyx, public_key)


def _of_plivo(event: str, status: str, *, leg: bool = False) -> Write:
    def write(scene: Scene) -> Message:
        agents = "-".join(scene.uuid.split("-")[::-1])
        return _form(
            {
                "ALegUUID": scene.uuid,
                **({"ParentCallUUID": scene.uuid} if leg else {}),
                "CallStatus": status,
                "CallUUID": agents if leg else scene.uuid,
                "Direction": "outbound" if leg else "inbound",
                "Event": event,
                "From": digits(scene.caller),
                "To": "sip:ada@phone.example" if leg else digits(scene.callee),
            }
        )

    return write


_PLIVO: Final = (
    (Act.RING, _of_plivo("StartApp", "ringing")),
    (Act.ANSWER, _of_plivo("Answer", "in-progress", leg=True)),
    (Act.HANG_UP, _of_plivo("Hangup", "completed", leg=True)),
    (Act.HANG_UP, _of_plivo("Hangup", "completed")),
)
PLIVO: Final = Player("plivo", _PLIVO, as_plivo)


def _of_vonage(status: str, **more: Any) -> Write:
    def write(scene: Scene) -> Message:
        fields = {
            "from": digits(scene.caller),
            "to": digits(scene.callee),
            "uuid": scene.uuid,
            "conversation_uuid": f"CON-{scene.uuid}",
            "status": status,
            "direction": "inbound",
            "timestamp": scene.time,
            **more,
        }
        return Message(json.dumps(fields, separators=(",", ":")).encode(), JSON)

    return write


_VONAGE: Final = (
    (Act.RING, _of_vonage("ringing")),
    (Act.ANSWER, _of_vonage("answered", rate=None, network=None)),
    (Act.HANG_UP, _of_vonage("completed", duration="3", network="GB-FIXED")),
)
VONAGE: Final = Player("vonage", _VONAGE, as_vonage)
