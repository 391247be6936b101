"""The call log, and what agents say of its calls."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web

from cti_lookup.audit import How
from cti_lookup.calls import State
from cti_lookup.errors import UnknownCall, WrongField
from cti_lookup.events import Result
from cti_lookup.feed.agents import Agent
from cti_lookup.feed.changes import Chosen, Seen, number_of
from cti_lookup.feed.choices import NONE_OF_THESE
from cti_lookup.feed.entry import Entry, encode_entry, people_in, shown_in
from cti_lookup.feed.log import Wanted
from cti_lookup.messages import read_object, shaped
from cti_lookup.telephone import read_caller
from cti_lookup.vocabulary import Word
from cti_lookup.web.access import machine, region_asked
from cti_lookup.web.answers import NO_STORE, json_answer
from cti_lookup.web.bodies import read_body
from cti_lookup.web.keys import PARTS, WHO
from cti_lookup.web.visitors import visitor

MOST_GIVEN: Final = 500
_USUALLY_GIVEN: Final = "50"
_LARGEST_ID: Final = 2**53
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_SECONDS: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,6})?")
_OneWord = TypeVar("_OneWord", bound=Word)


async def calls(request: web.Request) -> web.Response:
    """Give calls, the newest first: those that concern or concerned an agent, to others all."""
    agent = await visitor(request)
    wanted = _wanted(request, agent)
    parts = request.app[PARTS]
    entries = await parts.screen.calls.newest(wanted)
    parts.audit.saw(request[WHO], How.LOG, people_in(entries))
    return json_answer(_encoded(entries))


def _encoded(entries: Iterable[Entry]) -> bytes:
    return b'{"calls":[%b]}' % b",".join(encode_entry(one) for one in entries)


def _wanted(request: web.Request, agent: Agent) -> Wanted:
    """Read what is asked for. Raises `WrongField`."""
    query = request.query
    source = query.get("source")
    if source is not None and source not in request.app[PARTS].sources:
        raise WrongField("source", "No source of this name is configured.")
    return Wanted(
        agent,
        _word(request, "state", State),
        _word(request, "result", Result),
        source,
        _moment(query["since"]) if "since" in query else None,
        _limit(query.get("limit", _USUALLY_GIVEN)),
    )


def _word(request: web.Request, field: str, words: type[_OneWord]) -> _OneWord | None:
    text = request.query.get(field)
    if text is None:
        return None
    try:
        return words(text)
    except ValueError:
        known = ", ".join(one.value for one in words)
        raise WrongField(field, f"'{field}' is one of {known}.") from None


def _limit(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_GIVEN:
        raise WrongField("limit", f"'limit' is a number from 1 to {MOST_GIVEN}.")
    return int(text)


def _moment(text: str) -> float:
    """Read RFC 3339, or seconds since the epoch."""
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + of a zone
    except ValueError:
        raise WrongField("since", "'since' is a time as in 2026-11-21T20:15:03Z.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


async def seen(request: web.Request) -> web.Response:
    """Note that a call was seen in the log."""
    entry = await _own(request)
    screen = request.app[PARTS].screen
    await screen.calls.change({entry.id: Seen(screen.clock.wall())})
    return web.Response(status=204, headers=NO_STORE)


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    person_id: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_ID)] | None


async def choose(request: web.Request) -> web.Response:
    """Note who it was: `{"person_id": 30}`, or null for none of those who were shown; they come first next time."""
    entry = await _own(request)
    parts = request.app[PARTS]
    told = shaped(read_object(await read_body(request)), _Choice).person_id
    if told is not None and told not in shown_in(entry):
        raise WrongField("person_id", "'person_id' is nobody who was shown for this call.")
    person = NONE_OF_THESE if told is None else told
    screen = parts.screen
    await screen.calls.change({entry.id: Chosen(person, screen.clock.wall())})
    if entry.number is not None:
        await screen.choices.choose(entry.number, person)
    parts.tallies.count_choice("none" if told is None else "person")
    return web.Response(status=204, headers=NO_STORE)


async def _own(request: web.Request) -> Entry:
    """Give the call that is meant. Raises `UnknownCall` also where it is nothing to whoever asks."""
    agent = await visitor(request)
    entry = await request.app[PARTS].screen.calls.find(request.match_info["id"])
    if entry is None or entry.gone or not agent.is_concerned(entry.source, entry.was):
        raise UnknownCall("There is no such call.")
    return entry


async def erase(request: web.Request) -> web.Response:
    """Take all calls of a number off the log, on every replica."""
    parts = machine(request)
    number = number_of(read_caller(request.query.get("telephone", ""), region_asked(request, parts)))
    if number is None:
        raise WrongField("telephone", "'telephone' is missing, or no number.")
    await parts.screen.choices.forget_number(number)
    await parts.screen.calls.erase_number(number)
    parts.log.info("calls_erased")
    return web.Response(status=204, headers=NO_STORE)
