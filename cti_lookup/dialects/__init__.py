"""How phone systems write, and how they expect to be answered: one file each, without I/O."""

from typing import Final

from cti_lookup.deferred import Shelf
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Secrets, Told

DIALECTS: Final[Shelf[Dialect]] = Shelf(
    {
        "generic": "cti_lookup.dialects.generic:GENERIC",
        "zammad": "cti_lookup.dialects.generic:ZAMMAD",
        "sipgate": "cti_lookup.dialects.sipgate:SIPGATE",
        "placetel": "cti_lookup.dialects.placetel:PLACETEL",
        "twilio": "cti_lookup.dialects.twilio:TWILIO",
        "twilio-late-fields": "cti_lookup.dialects.twilio:TWILIO_LATE_FIELDS",
        "signalwire": "cti_lookup.dialects.signalwire:SIGNALWIRE",
        "telnyx": "cti_lookup.dialects.telnyx:TELNYX",
        "texml": "cti_lookup.dialects.texml:TEXML",
        "vonage": "cti_lookup.dialects.vonage:VONAGE",
        "plivo": "cti_lookup.dialects.plivo:PLIVO",
        "aircall": "cti_lookup.dialects.aircall:AIRCALL",
        "ringcentral": "cti_lookup.dialects.ringcentral:RINGCENTRAL",
        "zoom": "cti_lookup.dialects.zoom:ZOOM",
        "dialpad": "cti_lookup.dialects.dialpad:DIALPAD",
        "yeastar": "cti_lookup.dialects.yeastar:YEASTAR",
        "webex": "cti_lookup.dialects.webex:WEBEX",
        "3cx": "cti_lookup.dialects.threecx:THREECX",
        "cnam": "cti_lookup.dialects.cnam:CNAM",
        "action-url": "cti_lookup.dialects.action_url:ACTION_URL",
        "poly": "cti_lookup.dialects.poly:POLY",
        "amazon-connect": "cti_lookup.dialects.amazon_connect:AMAZON_CONNECT",
        "standard-webhooks": "cti_lookup.dialects.standard_webhooks:STANDARD_WEBHOOKS",
        "cloudevents": "cti_lookup.dialects.cloudevents:CLOUDEVENTS",
    }
)
"""The named ones, each imported when a source speaks it; `custom` is described in the settings."""

__all__ = ["DIALECTS", "Answered", "Dialect", "Facts", "Request", "Secrets", "Told"]
