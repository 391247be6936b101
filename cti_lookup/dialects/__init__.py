"""How phone systems write, and how they expect to be answered: one file each, without I/O."""

from collections.abc import Mapping
from typing import Final

from cti_lookup.dialects.action_url import ACTION_URL
from cti_lookup.dialects.aircall import AIRCALL
from cti_lookup.dialects.amazon_connect import AMAZON_CONNECT
from cti_lookup.dialects.cloudevents import CLOUDEVENTS
from cti_lookup.dialects.cnam import CNAM
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.dialpad import DIALPAD
from cti_lookup.dialects.generic import GENERIC, ZAMMAD
from cti_lookup.dialects.placetel import PLACETEL
from cti_lookup.dialects.plivo import PLIVO
from cti_lookup.dialects.poly import POLY
from cti_lookup.dialects.ringcentral import RINGCENTRAL
from cti_lookup.dialects.signalwire import SIGNALWIRE
from cti_lookup.dialects.sipgate import SIPGATE
from cti_lookup.dialects.standard_webhooks import STANDARD_WEBHOOKS
from cti_lookup.dialects.telnyx import TELNYX
from cti_lookup.dialects.texml import TEXML
from cti_lookup.dialects.threecx import THREECX
from cti_lookup.dialects.twilio import TWILIO, TWILIO_LATE_FIELDS
from cti_lookup.dialects.vonage import VONAGE
from cti_lookup.dialects.webex import WEBEX
from cti_lookup.dialects.yeastar import YEASTAR
from cti_lookup.dialects.zoom import ZOOM

DIALECTS: Final[Mapping[str, Dialect]] = {
    one.name: one
    for one in (
        GENERIC,
        ZAMMAD,
        SIPGATE,
        PLACETEL,
        TWILIO,
        TWILIO_LATE_FIELDS,
        SIGNALWIRE,
        TELNYX,
        TEXML,
        VONAGE,
        PLIVO,
        AIRCALL,
        RINGCENTRAL,
        ZOOM,
        DIALPAD,
        YEASTAR,
        WEBEX,
        THREECX,
        CNAM,
        ACTION_URL,
        POLY,
        AMAZON_CONNECT,
        STANDARD_WEBHOOKS,
        CLOUDEVENTS,
    )
}
"""The named ones; `custom` is described in the settings."""

__all__ = ["DIALECTS", "Answered", "Dialect", "Facts", "Request", "Secrets", "Told"]
