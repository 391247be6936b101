"""Calls in the generic dialect's words: bare, and in the envelopes of standards."""

import json
from typing import Any, Final

from cti_lookup.playing.scene import JSON, Act, Message, Player, Scene, Write, digits
from cti_lookup.playing.signing import as_standard, with_bearer, with_path

_AGENT: Final = "Ada Example"
_OTHER: Final = "Ben Example"


def _fields(scene: Scene, event: str, **more: Any) -> dict[str, Any]:
    return {
        "event": event,
        "from": scene.caller,
        "to": scene.callee,
        "direction": "in",
        "callId": scene.uuid,
        **more,
    }


def _bare(event: str, **more: Any) -> Write:
    return lambda scene: Message(json.dumps(_fields(scene, event, **more)).encode(), JSON)


_GENERIC: Final = (
    (Act.RING, _bare("newCall", user=[_AGENT, _OTHER])),
    (Act.ANSWER, _bare("answer", answeringNumber=_AGENT, user=_AGENT)),
    (Act.HOLD, _bare("hold")),
    (Act.TRANSFER, _bare("transfer", user=_OTHER)),
    (Act.HANG_UP, _bare("hangup", cause="normalClearing")),
)
GENERIC: Final = Player("generic", _GENERIC, with_bearer)


def _of_zammad(event: str, **more: Any) -> Write:
    def write(scene: Scene) -> Message:
        numbers = {"from": digits(scene.caller), "to": digits(scene.callee)}
        return Message(json.dumps({**_fields(scene, event), **numbers, **more}).encode(), JSON)

    return write


_ZAMMAD: Final = (
    (Act.RING, _of_zammad("newCall", user=[_AGENT, _OTHER])),
    (Act.ANSWER, _of_zammad("answer", answeringNumber="ada@desk.example", user=[_AGENT])),
    (Act.HANG_UP, _of_zammad("hangup", cause="normalClearing", answeringNumber="ada@desk.example")),
)
ZAMMAD: Final = Player("zammad", _ZAMMAD, with_path)


def _standard(kind: str, **more: Any) -> Write:
    def write(scene: Scene) -> Message:
        data = {name: value for name, value in _fields(scene, "", **more).items() if name != "event"}
        body = {"type": f"call.{kind}", "timestamp": scene.time, "data": data}
        return Message(json.dumps(body).encode(), JSON)

    return write


_STANDARD: Final = (
    (Act.RING, _standard("ringing", user=[_AGENT])),
    (Act.ANSWER, _standard("answered", user=[_AGENT])),
    (Act.HANG_UP, _standard("hangup", cause="normalClearing")),
)
STANDARD_WEBHOOKS: Final = Player("standard-webhooks", _STANDARD, as_standard)


def _cloud(kind: str, **more: Any) -> Write:
    def write(scene: Scene) -> Message:
        data = {name: value for name, value in _fields(scene, "", **more).items() if name != "event"}
        body = {
            "specversion": "1.0",
            "id": f"{scene.uuid}-{kind}",
            "source": "https://pbx.example/trunk/1",
            "type": f"com.example.call.{kind}",
            "time": scene.time,
            "datacontenttype": JSON,
            "data": data,
        }
        return Message(json.dumps(body).encode(), "application/cloudevents+json")

    return write


_CLOUD: Final = (
    (Act.RING, _cloud("ringing", user=[_AGENT])),
    (Act.ANSWER, _cloud("answered", user=[_AGENT])),
    (Act.HANG_UP, _cloud("hangup", cause="normalClearing")),
)
CLOUDEVENTS: Final = Player("cloudevents", _CLOUD, with_path)

CUSTOM: Final = Player("custom", _GENERIC, with_path)
"""What a described system sends is known to its description alone: this one sends the generic dialect's words."""
