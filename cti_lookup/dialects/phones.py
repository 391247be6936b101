"""
What desk phones have in common: parties are SIP addresses, and unknown variables stay as they are.

Facts: Yealink, Snom and Grandstream, "Action URL": `$remote` is a SIP address, its user, or what was dialled;
`$local` the phone's own. Polycom, "Web Application Developer's Guide": a party of a line that is not
registered is shown as an IP address, which has the look of a number with dots in it.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from cti_lookup.dialects.bodies import form_of, text_of
from cti_lookup.dialects.dialect import Request
from cti_lookup.dialects.numbers import own_number
from cti_lookup.telephone import Caller, Invalid, read_caller

Fields: TypeAlias = Mapping[str, str]
"""What a phone tells, by names without capitals and punctuation."""

_UNFILLED: Final = re.compile(r"\$\{?[\w.:-]+\}?\$?|\$\$\w+\$\$|\[\w+\]|\{\{?\s*[\w. ]+\s*\}?\}|%\w+%")
_ADDRESS: Final = re.compile(r'\s*(?:".*"|[^<]*)<([^<>]*)>?.*', re.DOTALL)
_USER: Final = re.compile(r"(?:sips?|tel):", re.IGNORECASE)
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
_IP: Final = re.compile(rf"(?:sips?:)?{_OCTET}(?:\.{_OCTET}){{3}}(?::[0-9]{{1,5}})?")


def filled(text: str | None) -> str | None:
    """Give a text that a phone has put in place of a variable; None for a variable that it left alone."""
    found = text_of(text)
    return None if found is None or _UNFILLED.fullmatch(found) else found


def read_party(text: str, region: str | None) -> Caller:
    """Read the other party of a phone; an IP address is no number, however much it looks like one."""
    if _IP.fullmatch(text.strip()):
        return Invalid(text, "text")
    return read_caller(text, region)


def own_line(text: str | None, region: str | None) -> str | None:
    """Give the phone's own line as E.164 or extension if it is one, else as it was written; no IP address."""
    return None if text is None or _IP.fullmatch(text.strip()) else own_number(text, region)


def user_of(party: str | None) -> str | None:
    """Give the user of a SIP address, which is how a phone's own extension is named; a plain name is one."""
    text = filled(party)
    if text is None:
        return None
    address = _ADDRESS.fullmatch(text)
    user = _USER.sub("", address[1] if address else text, count=1)
    return text_of(user.partition("@")[0].partition(";")[0])


def name_shown(name: str | None, *parties: str | None) -> str | None:
    """Give the name that a phone shows for a party; none if it only repeats the party's address."""
    text = text_of((filled(name) or "").strip('"'))
    addresses = {known for party in parties for known in (party, user_of(party))}
    return None if text is None or text in addresses or user_of(text) in addresses else text


def fields_of(request: Request) -> Fields:
    """Read a URL or a form, by plain names: of each the first value with content. Raises `Unreadable`."""
    form = form_of(request.body or request.query.encode(errors="surrogateescape"))
    fields: dict[str, str] = {}
    for name, values in form.items():
        if found := next(filter(str.strip, values), None):
            fields.setdefault(plain_name(name), found)
    return fields


def named(fields: Fields, *names: str) -> str | None:
    """Give the first of the fields with these names."""
    return next((fields[name] for name in names if name in fields), None)


def plain_name(name: str) -> str:
    """Reduce a name to its small letters and digits: `call-id`, `Call_ID` and `callId` are one."""
    return "".join(filter(str.isalnum, name.casefold()))
