"""
Calls worth seeing, each told by another phone system.

Who they are about stands in the embedded directory's sample people, whose numbers are free for fiction where a country has such
numbers.
"""

from typing import Final

import msgspec

from cti_lookup.playing.scene import Act


class Sample(msgspec.Struct, frozen=True):
    """A call to play: what it `shows` in a sentence, who calls, in which dialect, and which parts of its life."""

    id: str
    title: str
    shows: str
    caller: str
    dialect: str
    system: str
    acts: frozenset[Act] = frozenset({Act.RING, Act.ANSWER, Act.HANG_UP})


SAMPLES: Final = (
    Sample(
        "one-person",
        "One person",
        "One person in the directory has this number.",
        "+17139872967",
        "twilio",
        "Twilio",
    ),
    Sample("vip", "A VIP", "Marked as very important, in London.", "+442079460110", "zoom", "Zoom"),
    Sample(
        "shared-number",
        "A shared number",
        "Four people have it. Choose who it is.",
        "+442079460100",
        "aircall",
        "Aircall",
    ),
    Sample(
        "switchboard",
        "A switchboard",
        "More than ten people have it. Ten are shown.",
        "+12125550100",
        "telnyx",
        "Telnyx",
    ),
    Sample(
        "nobody",
        "An unknown caller",
        "Nobody in the directory has this number.",
        "+12125550999",
        "ringcentral",
        "RingCentral",
    ),
    Sample(
        "broken-number",
        "A broken number",
        "What was sent is no telephone number.",
        "+4930",
        "placetel",
        "Placetel",
    ),
    Sample("withheld", "A withheld number", "The caller shows no number.", "anonymous", "vonage", "Vonage"),
    Sample("colleague", "A colleague", "An internal call, from an extension.", "1003", "generic", "Any PBX"),
    Sample(
        "transfer",
        "A transferred call",
        "Answered, then passed on to a colleague.",
        "+918055550190",
        "sipgate",
        "sipgate",
        frozenset(Act),
    ),
    Sample(
        "another-script",
        "Another alphabet",
        "A name in Devanagari, with its digits.",
        "+919845550191",
        "dialpad",
        "Dialpad",
    ),
    Sample(
        "hold",
        "A call on hold",
        "Answered, put on hold, and over.",
        "+33536491234",
        "action-url",
        "Desk phone",
        frozenset(Act),
    ),
    Sample(
        "missed",
        "A missed call",
        "Nobody answers. It stays until somebody has seen it.",
        "+493023125123",
        "yeastar",
        "Yeastar",
        frozenset({Act.RING, Act.HANG_UP}),
    ),
)
