"""Events and calls, as the tests of a call's life write them."""

from collections.abc import Iterable
from typing import Any

from cti_lookup.calls import Call, follow
from cti_lookup.events import CallEvent, Direction, Happening
from cti_lookup.telephone import E164, Dialled, Internal

ADA = Dialled("+442079460958", E164("+442079460958"))
BOB = Dialled("+12025550143", E164("+12025550143"))
COLLEAGUE = Internal("101", "101")
RINGING, ANSWERED, HELD, VOICEMAIL, TRANSFERRED, ENDED, OTHER = Happening


def event(happening: Happening, provider_id: str | None = "7001", **more: Any) -> CallEvent:
    fields = {"provider_id": provider_id, "direction": Direction.INBOUND, "caller": ADA, **more}
    return CallEvent(source="front-desk", happening=happening, **fields)


def after(*events: CallEvent) -> Call:
    """Give the call after its events, the first at 100 s and each next one a second later."""
    return told(events)


def told(events: Iterable[CallEvent], call: Call | None = None) -> Call:
    """Tell a call its events."""
    for now, one in enumerate(events, 100):
        call = follow(call, one, now)
    assert call is not None
    return call
