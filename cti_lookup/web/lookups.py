"""Scripts and desktops ask who is calling."""

from time import perf_counter
from typing import Final

from aiohttp import web

from cti_lookup.answers import Lookup, Outcome, encode_lookup, encode_lookup_by, name_line, people_of
from cti_lookup.audit import How
from cti_lookup.errors import Rejected, WrongField
from cti_lookup.feed.choices import ranked
from cti_lookup.logs import masked
from cti_lookup.questions import IdentityKey, IdentityQuestion
from cti_lookup.rates import NO_TIER
from cti_lookup.telephone import Caller, read_caller
from cti_lookup.web.access import asking, region_asked
from cti_lookup.web.answers import NO_STORE, json_answer
from cti_lookup.web.keys import PARTS, WHO, Parts
from cti_lookup.web.visitors import machine_or_agent

PATIENCE: Final = 1.5
"""Seconds that a lookup may take: a person or a script waits, not a ringing phone."""

_LONGEST_ID: Final = 128


async def lookup(request: web.Request) -> web.Response:
    """Look a caller up for a script, a desktop or an agent: by ids if any are given, then by telephone."""
    parts = await machine_or_agent(request)
    identities = _identities(request)
    telephone = request.query.get("telephone")
    if telephone is None and not identities:
        raise WrongField("telephone", "'telephone' is missing.")
    caller = read_caller(telephone or "", region_asked(request, parts))
    refresh = request.query.get("refresh") == "true"
    began = perf_counter()
    if identities:
        found, key = await _by_keys(parts, caller, identities, refresh=refresh, by_telephone=telephone)
        body = encode_lookup_by(found, key)
    else:
        found = await parts.lookup.find(caller, patience=PATIENCE, late=Outcome.UNAVAILABLE, refresh=refresh)
        found = await ranked(found, parts.screen.choices)
        body = encode_lookup(found)
    _note(parts, found, perf_counter() - began)
    parts.audit.saw(request[WHO], How.LOOKUP, found.answer.ids if found.answer else ())
    return json_answer(body)


async def _by_keys(
    parts: Parts,
    caller: Caller,
    identities: tuple[IdentityQuestion, ...],
    *,
    refresh: bool,
    by_telephone: str | None,
) -> tuple[Lookup, str | None]:
    """Try each key until one finds somebody; where one could not be tried, nobody is not the answer."""
    ends_at = perf_counter() + PATIENCE
    tried = []
    for question in identities:
        patience = max(0.0, ends_at - perf_counter())
        tried.append(
            await parts.lookup.answer(
                caller, question, patience=patience, late=Outcome.UNAVAILABLE, refresh=refresh
            )
        )
        if tried[-1].outcome is Outcome.MATCHED:
            return tried[-1], question.key
    if by_telephone is not None:
        patience = max(0.0, ends_at - perf_counter())
        tried.append(
            await parts.lookup.find(caller, patience=patience, late=Outcome.UNAVAILABLE, refresh=refresh)
        )
        if tried[-1].outcome is Outcome.MATCHED:
            return tried[-1], "telephone"
    untried = [one for one in tried if one.outcome is Outcome.UNAVAILABLE]
    return (untried or tried)[-1], None


def _identities(request: web.Request) -> tuple[IdentityQuestion, ...]:
    """Give the ids that are asked for, in the order in which the directory's own screen tries them."""
    given = [(key, request.query.get(key, "").strip()) for key in (IdentityKey.EMPLOYEE, IdentityKey.SUPPORT)]
    for key, value in given:
        if len(value) > _LONGEST_ID or not value.isprintable():
            raise WrongField(key, f"'{key}' is a text of at most {_LONGEST_ID} printable characters.")
    return tuple(IdentityQuestion(key, value) for key, value in given if value)


async def cnam(request: web.Request) -> web.Response:
    """Give a name for a telephone's display, always 200: FreeSWITCH ignores the status and shows whatever came."""
    try:
        name = await _name(request)
    except Rejected:
        name = ""  # an error's text would be shown as the caller's name
    except Exception as exc:  # noqa: BLE001  # the same for what nobody expected
        request.app[PARTS].log.failure(exc)
        name = ""
    return web.Response(text=name, content_type="text/plain", charset="utf-8", headers=NO_STORE)


async def _name(request: web.Request) -> str:
    parts = asking(request)
    caller = read_caller(request.query.get("number", ""), region_asked(request, parts))
    began = perf_counter()
    found = await parts.lookup.find(caller, patience=PATIENCE)
    _note(parts, found, perf_counter() - began)
    people = people_of(found.answer) if found.answer else []
    name = name_line(people)
    # of several people only what they have in common is shown
    parts.audit.saw(request[WHO], How.CNAM, (people[0].id,) if name and len(people) == 1 else ())
    return name


def _note(parts: Parts, found: Lookup, seconds: float) -> None:
    tier = found.tier or NO_TIER
    parts.tallies.count_lookup(found.outcome, tier, seconds)
    parts.log.info(
        "lookup",
        caller=masked(found.caller),
        outcome=found.outcome.value,
        tier=tier,
        us=int(seconds * 1_000_000),
    )
