"""Calls as telephone systems in the cloud tell of them."""

import json
from typing import Any, Final
from urllib.parse import urlencode

from cti_lookup.playing.scene import FORM, JSON, Act, Message, Player, Scene, Write, digits, moment
from cti_lookup.playing.signing import (
    as_aircall,
    as_dialpad,
    as_zoom,
    in_hex,
    with_bearer,
    with_body_signed,
    with_header,
    with_path,
)

_AGENT: Final = "Ada Example"
_OTHER: Final = "Ben Example"
_EMAIL: Final = "ada@desk.example"


def _of_sipgate(event: str, *users: str, moved: bool = False, **more: str) -> Write:
    def write(scene: Scene) -> Message:
        fields = [
            ("event", event),
            ("from", digits(scene.caller)),
            ("to", digits(scene.callee)),
            ("direction", "in"),
            ("callId", scene.id[::-1] if moved else scene.id),
            *(("user[]" if event == "newCall" else "user", user) for user in users),
            *more.items(),
            *((("origCallId", scene.id),) if moved and event == "newCall" else ()),
        ]
        return Message(urlencode(fields).encode(), FORM)

    return write


_SIPGATE: Final = (
    (Act.RING, _of_sipgate("newCall", _AGENT, _OTHER)),
    (Act.ANSWER, _of_sipgate("answer", _AGENT)),
    (Act.TRANSFER, _of_sipgate("newCall", _OTHER, moved=True)),
    (Act.TRANSFER, _of_sipgate("hangup", cause="forwarded")),
    (Act.ANSWER, _of_sipgate("answer", _OTHER, moved=True)),
    (Act.HANG_UP, _of_sipgate("hangup", moved=True, cause="normalClearing")),
)
SIPGATE: Final = Player("sipgate", _SIPGATE, with_path)


def _of_placetel(event: str, **more: str) -> Write:
    def write(scene: Scene) -> Message:
        fields = {
            "event": event,
            "from": scene.caller,
            "to": scene.callee,
            "call_id": f"{scene.id}-1",
            **more,
        }
        return Message(urlencode(fields).encode(), FORM)

    return write


_PLACETEL: Final = (
    (Act.RING, _of_placetel("IncomingCall")),
    (Act.ANSWER, _of_placetel("CallAccepted", direction="in", peer="7777example@fpbx.example")),
    (Act.HANG_UP, _of_placetel("HungUp", direction="in", type="accepted", duration="3")),
)
PLACETEL: Final = Player("placetel", _PLACETEL, with_body_signed("X-PLACETEL-SIGNATURE", "sha256", in_hex))


def _of_aircall(event: str, status: str, *, by: bool = True, answered: bool = True, **more: Any) -> Write:
    user = {"id": 731001, "name": _AGENT, "email": _EMAIL} if by else None

    def write(scene: Scene) -> Message:
        data = {
            "id": scene.number,
            "direction": "inbound",
            "status": status,
            "started_at": int(scene.began),
            "answered_at": int(scene.began) + 1 if answered else None,
            "raw_digits": scene.caller,
            "number": {"id": 4101, "name": "Front desk", "digits": scene.callee},
            "user": user,
            **more,
        }
        body = {"resource": "call", "event": f"call.{event}", "timestamp": int(scene.now), "data": data}
        return Message(json.dumps(body).encode(), JSON)

    return write


_AIRCALL: Final = (
    (Act.RING, _of_aircall("created", "initial", by=False, answered=False)),
    (Act.RING, _of_aircall("ringing_on_agent", "initial", answered=False)),
    (Act.ANSWER, _of_aircall("answered", "answered")),
    (Act.HOLD, _of_aircall("hold", "answered")),
    (Act.TRANSFER, _of_aircall("transferred", "answered", transferred_to={"id": 731002, "name": _OTHER})),
    (Act.HANG_UP, _of_aircall("hungup", "done")),
)
AIRCALL: Final = Player("aircall", _AIRCALL, as_aircall)


def _of_ringcentral(sequence: int, code: str, **status: str) -> Write:
    def write(scene: Scene) -> Message:
        party = {
            "extensionId": "400100301",
            "id": f"p-{scene.id}-2",
            "direction": "Inbound",
            "to": {"phoneNumber": scene.callee, "name": _AGENT, "extensionId": "400100301"},
            "from": {"phoneNumber": scene.caller},
            "status": {"code": code, "rcc": False, **status},
            "missedCall": False,
        }
        body = {
            "sequence": sequence,
            "telephonySessionId": f"s-{scene.id}",
            "eventTime": scene.time,
            "parties": [party],
            "origin": {"type": "Call"},
        }
        event = {
            "uuid": f"{scene.number}{sequence}",
            "event": "/restapi/v1.0/account/400100200/extension/400100301/telephony/sessions",
            "timestamp": scene.time,
            "ownerId": "400100301",
            "body": body,
        }
        return Message(json.dumps(event).encode(), JSON)

    return write


_RINGCENTRAL: Final = (
    (Act.RING, _of_ringcentral(3, "Setup")),
    (Act.RING, _of_ringcentral(4, "Proceeding")),
    (Act.ANSWER, _of_ringcentral(5, "Answered")),
    (Act.HOLD, _of_ringcentral(6, "Hold")),
    (Act.HANG_UP, _of_ringcentral(7, "Disconnected")),
)
RINGCENTRAL: Final = Player("ringcentral", _RINGCENTRAL, with_header("Verification-Token"))


def _of_zoom(event: str, **more: Any) -> Write:
    def write(scene: Scene) -> Message:
        call = {
            "call_id": f"{scene.number}",
            "caller": {"phone_number": scene.caller, "connection_type": "pstn_off_net"},
            "callee": {
                "extension_type": "user",
                "extension_number": 1002,
                "phone_number": scene.callee,
                "user_id": "UUUUexampleUUUU0000002",
                "device_type": "MAC_Client(6.1.0.1000)",
            },
            "ringing_start_time": moment(scene.began),
            **more,
        }
        return _zoom_event(scene, f"phone.{event}", call)

    return write


def _zoom_event(scene: Scene, event: str, call: dict[str, Any]) -> Message:
    payload = {"account_id": "AAAAexampleAAAA0000001", "object": call}
    body = {"event": event, "payload": payload, "event_ts": int(scene.now * 1000)}
    return Message(json.dumps(body).encode(), JSON)


def _zoom_transfer(scene: Scene) -> Message:
    call = {"call_id": f"{scene.number}", "transfer_phone_number": "1003", "failure_reason": ""}
    return _zoom_event(scene, "phone.blind_transfer_initiated", call)


_ZOOM: Final = (
    (Act.RING, _of_zoom("callee_ringing")),
    (Act.ANSWER, _of_zoom("callee_answered")),
    (Act.TRANSFER, _zoom_transfer),
    (Act.HANG_UP, _of_zoom("callee_ended", handup_result="Call connected")),
)
ZOOM: Final = Player("zoom", _ZOOM, as_zoom)


def _of_dialpad(state: str, *, answered: bool = True) -> Write:
    def write(scene: Scene) -> Message:
        began = int(scene.began * 1000)
        call = {
            "call_id": scene.number,
            "state": state,
            "direction": "inbound",
            "external_number": scene.caller,
            "internal_number": scene.callee,
            "target": {"type": "user", "name": _AGENT, "email": _EMAIL},
            "date_started": began,
            "date_connected": began + 1000 if answered else None,
            "event_timestamp": int(scene.now * 1000),
        }
        return Message(json.dumps(call).encode(), JSON)

    return write


_DIALPAD: Final = (
    (Act.RING, _of_dialpad("ringing", answered=False)),
    (Act.ANSWER, _of_dialpad("connected")),
    (Act.HOLD, _of_dialpad("hold")),
    (Act.HANG_UP, _of_dialpad("hangup")),
)
DIALPAD: Final = Player("dialpad", _DIALPAD, as_dialpad)


def _of_webex(event: str, kind: str, state: str) -> Write:
    def write(scene: Scene) -> Message:
        call = {
            "callId": f"{scene.id}:0",
            "callSessionId": scene.uuid,
            "personality": "terminator",
            "completedElsewhere": False,
            "eventType": kind,
            "state": state,
            "eventTimestamp": scene.time,
            **({} if state == "alerting" else {"answered": moment(scene.began + 1)}),
            "remoteParty": {"number": scene.caller, "privacyEnabled": False, "callType": "external"},
        }
        body = {
            "resource": "telephony_calls",
            "event": event,
            "actorId": "UEVPUExFMDAwMQ",
            "data": call,
        }
        return Message(json.dumps(body).encode(), JSON)

    return write


_WEBEX: Final = (
    (Act.RING, _of_webex("created", "received", "alerting")),
    (Act.ANSWER, _of_webex("updated", "answered", "connected")),
    (Act.HOLD, _of_webex("updated", "held", "held")),
    (Act.HANG_UP, _of_webex("deleted", "disconnected", "disconnected")),
)
WEBEX: Final = Player("webex", _WEBEX, with_body_signed("X-Spark-Signature", "sha1", in_hex))


def _flow(scene: Scene) -> Message:
    """Ask as a contact flow does, through a function."""
    contact = {
        "Channel": "VOICE",
        "ContactId": scene.uuid,
        "InitiationMethod": "INBOUND",
        "CustomerEndpoint": {"Address": scene.caller, "Type": "TELEPHONE_NUMBER"},
        "SystemEndpoint": {"Address": scene.callee, "Type": "TELEPHONE_NUMBER"},
        "Queue": {"Name": "Service desk"},
    }
    body = {"Details": {"ContactData": contact, "Parameters": {}}, "Name": "ContactFlowEvent"}
    return Message(json.dumps(body).encode(), JSON)


def _of_contact(event: str) -> Write:
    def write(scene: Scene) -> Message:
        agent = {
            "agentArn": "arn:aws:connect:eu-west-2:000000000000:instance/0/agent/7c4a",
            "connectedToAgentTimestamp": moment(scene.began + 1),
        }
        detail = {
            "contactId": scene.uuid,
            "channel": "VOICE",
            "initiationMethod": "INBOUND",
            "eventType": event,
            "agentInfo": agent,
        }
        body = {
            "id": f"{scene.uuid}-{event}",
            "detail-type": "Amazon Connect Contact Event",
            "source": "aws.connect",
            "time": scene.time,
            "detail": detail,
        }
        return Message(json.dumps(body).encode(), JSON)

    return write


_AMAZON: Final = (
    (Act.RING, _flow),
    (Act.ANSWER, _of_contact("CONNECTED_TO_AGENT")),
    (Act.HANG_UP, _of_contact("DISCONNECTED")),
)
AMAZON_CONNECT: Final = Player("amazon-connect", _AMAZON, with_bearer)
