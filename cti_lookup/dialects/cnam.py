"""
A name as plain text, for PBXs that ask for one: FreeSWITCH's mod_cidlookup, FreePBX, Asterisk's `CURL()`.

Facts: mod_cidlookup ignores the status of an answer, and FreePBX and `CURL()` show whatever came, so that it
is always 200 and empty where there is no name; the name line leaves out what is syntax in one of them.
mod_cidlookup takes the sign off a number, so that `17139872967` may be Houston's or, with its zero left out,
Germany's. Sources: signalwire/freeswitch, mod_cidlookup.c; Sangoma, "CallerID Lookup Sources".
"""

from typing import Final

from cti_lookup.answers import name_line, people_of
from cti_lookup.dialects.dialect import Answered, Dialect, Facts, Request, Told
from cti_lookup.dialects.numbers import own_number, read_signless
from cti_lookup.dialects.phones import fields_of, filled, named
from cti_lookup.errors import Unreadable
from cti_lookup.events import CallEvent, Direction, Happening
from cti_lookup.telephone import E164, Caller, Dialled, Invalid, plan, read_caller

_TEXT: Final = "text/plain; charset=utf-8"
_NOTHING: Final = Answered(b"", _TEXT, headers={"Cache-Control": "no-store"})


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """
    Read a question for a name, which is also how a PBX tells that it rings; () where no number is asked for.

    A PBX may tell its id of the call as `call_id`; without one the call is not known again.
    """
    try:
        fields = fields_of(request)
    except Unreadable:
        return ()
    number = named(fields, "number", "callerid", "cid", "caller", "telephone", "phone", "from")
    if number is None:
        return ()
    told = CallEvent(
        source=facts.source,
        provider_id=filled(named(fields, "callid", "uuid", "uniqueid")),
        happening=Happening.RINGING,
        direction=Direction.INBOUND,
        caller=read_stripped(number, facts.region),
        callee=own_number(filled(named(fields, "did", "callee", "to")), facts.region),
    )
    return (told,)


def read_stripped(raw: str, region: str | None) -> Caller:
    """
    Read a number that may have lost its sign.

    Where national numbers begin with a zero, one without it is E.164 if some plan knows it; elsewhere, and
    else, it is the region's own, and E.164 if it is none there.
    """
    signed = read_signless(raw, region)
    if region is not None and plan.has_trunk_zero(region) and _is_assigned(signed):
        return signed
    caller = read_caller(raw, region)
    return signed if isinstance(caller, Invalid) and not isinstance(signed, Invalid) else caller


def _is_assigned(caller: Caller) -> bool:
    return isinstance(caller, Dialled) and isinstance(caller.number, E164) and plan.is_assigned(caller.number)


def answer(told: Told) -> Answered:
    """Give the name of whoever is calling; nothing where it is not known whose it is."""
    found = told.lookup.answer
    name = name_line(people_of(found)) if found else ""
    return Answered(name.encode(), _NOTHING.content_type, headers=_NOTHING.headers) if name else _NOTHING


CNAM: Final = Dialect("cnam", read, answer, nothing=_NOTHING, waits=True, tells_errors=False)
