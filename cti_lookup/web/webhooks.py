"""The phone systems' side: an event comes in, the call rings, the dialect answers."""

from collections.abc import Awaitable, Callable
from time import perf_counter

import msgspec
from aiohttp import web

from cti_lookup.answers import Lookup
from cti_lookup.calls import Call
from cti_lookup.dialects import Answered, Request
from cti_lookup.errors import BadKey, Rejected, UnknownSource
from cti_lookup.logs import masked
from cti_lookup.rates import NO_TIER
from cti_lookup.request_ids import CURRENT
from cti_lookup.ringing import Source
from cti_lookup.web.access import shown
from cti_lookup.web.answers import json_answer
from cti_lookup.web.bodies import read_body
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.one_piece import response
from cti_lookup.web.tracks import Handler


class _WebhookLine(msgspec.Struct, gc=False):
    """The log's line of one webhook; a record of known shape is written in a third of the time."""

    at: str
    request: str
    source: str
    call: str
    state: str
    caller: str
    outcome: str
    tier: str
    us: int
    level: str = "info"
    event: str = "webhook"


def note_webhook(parts: Parts, source: Source, call: Call, found: Lookup, seconds: float) -> None:
    """Count and log a webhook that told of a call; one line, and no other."""
    tier = found.tier or NO_TIER
    parts.tallies.count_lookup(found.outcome, tier, seconds)
    parts.tallies.count_source(source.name, found.outcome, seconds)
    parts.shapes.note(source.name, found.caller.raw, found.outcome)
    parts.log.line(
        _WebhookLine(
            parts.log.now(),
            CURRENT.get(),
            source.name,
            call.id,
            call.state,
            masked(found.caller),
            found.outcome,
            tier,
            int(seconds * 1_000_000),
        )
    )


Note = Callable[[Parts, Source, Call, Lookup, float], None]


async def webhook(request: web.Request) -> web.Response:
    """Take in an event of a source; its key is in a header, the query or the path, or signs it."""
    parts = request.app[PARTS]
    source = parts.sources.get(request.match_info["source"])
    if source is None:
        parts.tallies.count_webhook("unknown", UnknownSource.reason)
        raise UnknownSource("No source of this name is configured.")
    return await hear(request, parts, source, token=request.match_info.get("token", ""))


def webhook_of(name: str) -> Handler:
    """Give the handler of one source's own path: a plain path is found 7 µs sooner than a pattern."""

    def own_webhook(request: web.Request) -> Awaitable[web.StreamResponse]:
        parts = request.app[PARTS]
        return hear(request, parts, parts.sources[name])

    return own_webhook


async def zammad(request: web.Request) -> web.Response:
    """Take in an event of anything that can talk to Zammad's generic CTI; the token says which source it is."""
    parts = request.app[PARTS]
    token = request.match_info["token"]
    for source in parts.sources.values():
        if token in source.keys and source.dialect.name in ("generic", "zammad"):
            await hear(request, parts, source, token=token)
            return json_answer(b"{}")
    parts.tallies.count_webhook("unknown", BadKey.reason)
    raise BadKey("Invalid token.")


async def hear(  # a request, where it goes, and what it leaves behind
    request: web.Request,
    parts: Parts,
    source: Source,
    *,
    token: str = "",
    note: Note = note_webhook,
) -> web.Response:
    """Take in one event: size, raw bytes, key or signature, decoding, use case, answer; in that order."""
    began = perf_counter()
    try:
        body = await read_body(request)
        if not source.opens_to(token or shown(request)):
            raise BadKey("The key is missing or not known.")
        heard = Request(
            request.headers,
            "" if body else request.rel_url.raw_query_string,  # an event stands in one of them
            body,
            request.method,
            request.raw_path,
            parts.public_url,
            token,
        )
        answered = await take_in(parts, source, heard, began, note)
    except Rejected as rejected:
        parts.tallies.count_webhook(source.name, rejected.reason)
        if source.dialect.tells_errors:
            raise
        return response(source.dialect.nothing)
    return response(answered)


async def take_in(
    parts: Parts, source: Source, heard: Request, began: float, note: Note = note_webhook
) -> Answered:
    """Take in what was posted with a key that is known."""
    rung = await parts.ringing.hear(source, heard)
    parts.tallies.count_webhook(source.name, rung.result)
    if rung.call is not None and rung.lookup is not None:
        note(parts, source, rung.call, rung.lookup, perf_counter() - began)
    return rung.answered
