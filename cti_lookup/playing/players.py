"""All phone systems that can be played, by the name of their dialect."""

from collections.abc import Mapping
from typing import Final

from cti_lookup.playing import carriers, clouds, pbxes, words
from cti_lookup.playing.scene import Player

PLAYERS: Final[Mapping[str, Player]] = {
    one.name: one
    for one in (
        words.GENERIC,
        words.ZAMMAD,
        clouds.SIPGATE,
        clouds.PLACETEL,
        carriers.TWILIO,
        carriers.TWILIO_LATE_FIELDS,
        carriers.SIGNALWIRE,
        carriers.TELNYX,
        carriers.TEXML,
        carriers.VONAGE,
        carriers.PLIVO,
        clouds.AIRCALL,
        clouds.RINGCENTRAL,
        clouds.ZOOM,
        clouds.DIALPAD,
        pbxes.YEASTAR,
        clouds.WEBEX,
        pbxes.THREECX,
        pbxes.CNAM,
        pbxes.ACTION_URL,
        pbxes.POLY,
        clouds.AMAZON_CONNECT,
        words.STANDARD_WEBHOOKS,
        words.CLOUDEVENTS,
        words.CUSTOM,
    )
}
