"""
Telnyx TeXML: Twilio's form fields under Telnyx' signature, answered with an empty TeXML document.

Facts: Telnyx, "TeXML webhooks" and "Receiving webhooks". Ed25519 over the time, `|` and the raw body, in
`telnyx-timestamp` and `telnyx-signature-ed25519`. The URL is not signed, so that nothing is read out of a
query. Reports of a state tell no direction. `CallerId` is a name; `ShakenStirAttestation` is A, B or C, and
`ShakenStirValidated` tells whether its signature held.
"""

from typing import Final

from cti_lookup.dialects.bodies import Fields, first, form_of
from cti_lookup.dialects.dialect import Dialect, Facts, Request
from cti_lookup.dialects.telnyx import verify
from cti_lookup.dialects.twilio_forms import NOTHING, answer, read_fields
from cti_lookup.events import Attestation, CallEvent

_LEVELS: Final = {"A": Attestation.FULL, "B": Attestation.PARTIAL, "C": Attestation.GATEWAY}


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read an event, out of the body alone. Raises `Unreadable`."""
    fields = form_of(request.body)
    return read_fields(fields, facts, _attestation(fields), "CallerName", "CallerId")


def _attestation(fields: Fields) -> Attestation | None:
    level = _LEVELS.get((first(fields, "ShakenStirAttestation") or "").strip().upper())
    match (first(fields, "ShakenStirValidated") or "").strip().casefold():
        case "true":
            return level
        case "false" if level:
            return Attestation.FAILED
    return None


TEXML: Final = Dialect("texml", read, answer, verify, nothing=NOTHING)
