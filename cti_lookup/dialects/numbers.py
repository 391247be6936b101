"""
Numbers as phone systems write them: our own lines, and E.164 that lost its sign on purpose.

Facts: sipgate.io, Vonage, Plivo and JustCall send E.164 without `+` (sipgate/sipgate.io README; the
vendors' reference pages). A region would read some of these as national numbers, so the sign is
given back before they are read. What is no such number is left alone: an extension, a word for a
withheld number, a SIP address.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from cti_lookup.dialects.bodies import text_of
from cti_lookup.telephone import E164, Caller, Dialled, Internal, read_caller

_SIGNLESS: Final = re.compile(r"[1-9][0-9]{6,14}")


def own_number(value: object, region: str | None) -> str | None:
    """Give the called line as E.164 or extension if it is one, else as it was written; None for no text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return _own_text(str(value), region)


def e164_without_sign(text: str) -> str:
    """Put the sign before 7 to 15 digits that are E.164 without it; anything else is given back."""
    digits = text.strip()
    return f"+{digits}" if _SIGNLESS.fullmatch(digits) else text


@lru_cache(maxsize=2048)
def read_signless(raw: str, region: str | None) -> Caller:
    """Read a caller who is E.164 without sign, so that no region matters; `raw` stays as it was sent."""
    signed = e164_without_sign(raw)
    caller = read_caller(signed, region)
    return caller if signed is raw else replace(caller, raw=raw)


@lru_cache(maxsize=2048)
def _own_text(text: str, region: str | None) -> str | None:
    match read_caller(text, region):
        case Dialled(number=E164(number)):
            return number
        case Internal(extension=extension):
            return extension
    return text_of(text)
