"""Calls as telephone systems on the premises, and telephones themselves, tell of them."""

import json
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from cti_lookup.playing.scene import JSON, Act, Message, Player, Scene, Write, moment
from cti_lookup.playing.signing import in_base64, with_bearer, with_body_signed, with_key

_EXTENSION: Final = "1002"
_OTHER: Final = "1003"


def _of_yeastar(trunk: str, extension: str, kind: int = 30011) -> Write:
    def write(scene: Scene) -> Message:
        inbound = {"from": scene.caller, "to": scene.callee, "trunk_name": "example", "member_status": trunk}
        phone = {"number": _EXTENSION, "channel_id": "PJSIP/1002-00000001", "member_status": extension}
        told = {"call_id": _asterisk_id(scene), "members": [{"inbound": inbound}, {"extension": phone}]}
        return Message(
            json.dumps({"type": kind, "sn": "3631A0000000", "msg": json.dumps(told)}).encode(), JSON
        )

    return write


def _asterisk_id(scene: Scene) -> str:
    return f"{int(scene.began)}.{scene.number % 10**6}"


_YEASTAR: Final = (
    (Act.RING, _of_yeastar("ALERT", "RING")),
    (Act.ANSWER, _of_yeastar("ANSWERED", "ANSWER")),
    (Act.HOLD, _of_yeastar("ANSWERED", "HOLD")),
    (Act.HANG_UP, _of_yeastar("BYE", "BYE")),
)
YEASTAR: Final = Player("yeastar", _YEASTAR, with_body_signed("X-Signature", "sha256", in_base64))


def _contacts(scene: Scene) -> Message:
    return Message(query=urlencode({"number": scene.caller}), method="GET")


def _journal(scene: Scene) -> Message:
    fields = {
        "call_type": "Inbound",
        "number": scene.caller,
        "agent": _EXTENSION,
        "agent_email": "ada@desk.example",
        "duration": "00:00:01",
        "started_at_utc": moment(scene.began),
        "queue": "[QueueExtension]",
        "entity_id": "[EntityId]",
    }
    return Message(json.dumps(fields).encode(), JSON)


THREECX: Final = Player("3cx", ((Act.RING, _contacts), (Act.HANG_UP, _journal)), with_bearer)
"""3CX asks when it rings, and tells of a call when it is over."""


def _name(scene: Scene) -> Message:
    return Message(query=urlencode({"number": scene.caller, "call_id": scene.id}), method="GET")


CNAM: Final = Player("cnam", ((Act.RING, _name),), with_key)
"""Who only asks for a name tells of nothing else."""


def _of_action_url(event: str, **more: str) -> Write:
    def write(scene: Scene) -> Message:
        fields = {
            "event": event,
            "mac": "001565a0b1c2",
            "local": _EXTENSION,
            "remote": f"sip:{scene.caller}@192.0.2.10",
            "call_id": scene.id,
            **more,
        }
        return Message(query=urlencode(fields), method="GET")

    return write


_ACTION_URL: Final = (
    (Act.RING, _of_action_url("incoming")),
    (Act.ANSWER, _of_action_url("established")),
    (Act.HOLD, _of_action_url("held")),
    (Act.HANG_UP, _of_action_url("terminated")),
)
ACTION_URL: Final = Player("action-url", _ACTION_URL, with_key)


def _of_poly(state: str) -> Write:
    def write(scene: Scene) -> Message:
        line = _elements(LineKeyNum="1", LineDirNum=_EXTENSION)
        info = _elements(
            CallState=state,
            CallType="Incoming",
            CalledPartyDirNum=_EXTENSION,
            CallingPartyDirNum=scene.caller,
            CallReference=_reference(scene),
        )
        body = (
            f'<CallStateChangeEvent CallReference="{_reference(scene)}" CallState="{state}">'
            f"{_elements(PhoneIP='192.0.2.31', MACAddress='0004f2a0b1c2', TimeStamp=scene.time)}"
            f"<CallLineInfo>{line}<CallInfo>{info}</CallInfo></CallLineInfo></CallStateChangeEvent>"
        )
        return Message(body.encode(), "application/xml")

    return write


def _elements(**texts: Any) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())


def _reference(scene: Scene) -> str:
    return str(scene.number % 10**6)


_POLY: Final = (
    (Act.RING, _of_poly("Offering")),
    (Act.ANSWER, _of_poly("Connected")),
    (Act.HOLD, _of_poly("CallHold")),
    (Act.HANG_UP, _of_poly("Disconnected")),
)
POLY: Final = Player("poly", _POLY, with_key)
