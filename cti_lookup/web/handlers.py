"""The handlers: HTTP in, a use case, HTTP out. No decision about callers is taken here."""

from collections.abc import Awaitable
from time import perf_counter
from typing import Final

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from cti_lookup.answers import Lookup, Outcome, encode_lookup, name_line, people_of
from cti_lookup.dialects import Request
from cti_lookup.errors import BadKey, Rejected, UnknownSource, WrongField
from cti_lookup.keys import shown_key
from cti_lookup.logs import masked
from cti_lookup.ringing import Rung, Source
from cti_lookup.telephone import is_region, read_caller
from cti_lookup.web.bodies import read_body
from cti_lookup.web.keys import PARTS, Parts
from cti_lookup.web.one_piece import answer
from cti_lookup.web.problems import Handler

LOOKUP_PATIENCE: Final = 1.5
"""Seconds that `GET /v1/lookup` may take: a person or a script waits, not a ringing phone."""

_NO_TIER: Final = "none"
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def webhook(request: web.Request) -> web.StreamResponse:
    """Take in an event of a source; its key is in a header, the query or the path."""
    parts = request.app[PARTS]
    source = parts.sources.get(request.match_info["source"])
    if source is None:
        parts.tallies.count_webhook("unknown", UnknownSource.reason)
        raise UnknownSource("No source of this name is configured.")
    shown = request.match_info.get("token") or _shown(request)
    return await _hear(request, parts, source, allowed=shown in source.keys)


def webhook_of(name: str) -> Handler:
    """Give the handler of one source's own path: a plain path is found 7 µs sooner than a pattern."""

    def own_webhook(request: web.Request) -> Awaitable[web.StreamResponse]:
        parts = request.app[PARTS]
        source = parts.sources[name]
        return _hear(request, parts, source, allowed=_shown(request) in source.keys)

    return own_webhook


async def zammad(request: web.Request) -> web.Response:
    """Take in an event of anything that can talk to Zammad's generic CTI; the token says which source it is."""
    parts = request.app[PARTS]
    token = request.match_info["token"]
    for source in parts.sources.values():
        if token in source.keys and source.dialect.name in ("generic", "zammad"):
            await _hear(request, parts, source, allowed=True)
            return web.Response(body=b"{}", content_type="application/json", headers=_NO_STORE)
    parts.tallies.count_webhook("unknown", BadKey.reason)
    raise BadKey("Invalid token.")


async def _hear(request: web.Request, parts: Parts, source: Source, *, allowed: bool) -> web.StreamResponse:
    """Take in one event: size, raw bytes, key, decoding, use case, answer; in that order."""
    began = perf_counter()
    try:
        body = await read_body(request)
        if not allowed:
            raise BadKey("The key is missing or not known.")
        query = "" if body else request.rel_url.raw_query_string  # an event stands in one of them
        rung = await parts.ringing.hear(source, Request(request.headers, query, body))
    except Rejected as rejected:
        parts.tallies.count_webhook(source.name, rejected.reason)
        raise
    _note_webhook(parts, source, rung, perf_counter() - began)
    return answer(request, rung.body, source.dialect.content_type)


class _WebhookLine(msgspec.Struct, gc=False):
    """The log's line of one webhook; a record of known shape is written in a third of the time."""

    at: str
    source: str
    call: str
    state: str
    caller: str
    outcome: str
    tier: str
    us: int
    level: str = "info"
    event: str = "webhook"


def _note_webhook(parts: Parts, source: Source, rung: Rung, seconds: float) -> None:
    found = rung.lookup
    tier = found.tier or _NO_TIER
    parts.tallies.count_webhook(source.name, "accepted")
    parts.tallies.count_lookup(found.outcome, tier, seconds)
    parts.log.line(
        _WebhookLine(
            parts.log.now(),
            source.name,
            rung.call.id,
            rung.call.state,
            masked(found.caller),
            found.outcome,
            tier,
            int(seconds * 1_000_000),
        )
    )


async def lookup(request: web.Request) -> web.Response:
    """Look a caller up for a script or a desktop."""
    parts = _machine(request)
    telephone = request.query.get("telephone")
    if telephone is None:
        raise WrongField("telephone", "'telephone' is missing.")
    found = await _find(
        parts,
        telephone,
        _region(request, parts),
        late=Outcome.UNAVAILABLE,
        refresh=request.query.get("refresh") == "true",
    )
    return web.Response(body=encode_lookup(found), content_type="application/json", headers=_NO_STORE)


async def cnam(request: web.Request) -> web.Response:
    """Give a name for a telephone's display, always 200: FreeSWITCH ignores the status and shows whatever came."""
    try:
        name = await _name(request)
    except Rejected:
        name = ""  # an error's text would be shown as the caller's name
    except Exception as exc:  # noqa: BLE001  # the same for what nobody expected
        request.app[PARTS].log.failure(exc)
        name = ""
    return web.Response(text=name, content_type="text/plain", charset="utf-8", headers=_NO_STORE)


async def _name(request: web.Request) -> str:
    parts = _machine(request)
    found = await _find(parts, request.query.get("number", ""), _region(request, parts), late=Outcome.PENDING)
    return name_line(people_of(found.answer)) if found.answer else ""


async def _find(
    parts: Parts, raw: str, region: str | None, *, late: Outcome, refresh: bool = False
) -> Lookup:
    began = perf_counter()
    found = await parts.lookup.find(
        read_caller(raw, region), patience=LOOKUP_PATIENCE, late=late, refresh=refresh
    )
    seconds = perf_counter() - began
    tier = found.tier or _NO_TIER
    parts.tallies.count_lookup(found.outcome, tier, seconds)
    parts.log.info(
        "lookup",
        caller=masked(found.caller),
        outcome=found.outcome.value,
        tier=tier,
        us=int(seconds * 1_000_000),
    )
    return found


def _machine(request: web.Request) -> Parts:
    parts = request.app[PARTS]
    if _shown(request) not in parts.machine_keys:
        raise BadKey("The key is missing or not known.")
    return parts


def _shown(request: web.Request) -> str:
    return shown_key(request.headers) or request.query.get("key", "")


def _region(request: web.Request, parts: Parts) -> str | None:
    """Choose the region that national numbers are read in: as asked, else the source's, else the service's."""
    if asked := request.query.get("region"):
        if not is_region(asked.upper()):
            raise WrongField("region", "'region' is no ISO 3166 region with a numbering plan.")
        return asked.upper()
    if name := request.query.get("source"):
        if name not in parts.sources:
            raise WrongField("source", "No source of this name is configured.")
        return parts.sources[name].region
    return parts.region


async def metrics(request: web.Request) -> web.Response:
    """Tell Prometheus what was counted."""
    return web.Response(
        body=generate_latest(request.app[PARTS].registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


async def live(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.Response(text="alive\n")


async def ready(_: web.Request) -> web.Response:
    """Say that calls may be sent here."""
    return web.json_response({"ready": True}, headers=_NO_STORE)
