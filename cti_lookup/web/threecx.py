"""3CX asks for contacts, tells of calls, and is given the template by which it does both."""

import re
from typing import Final

from aiohttp import web

from cti_lookup.answers import Lookup
from cti_lookup.audit import How
from cti_lookup.calls import Call
from cti_lookup.dialects.threecx import THREECX
from cti_lookup.dialects.threecx_template import template
from cti_lookup.ringing import Source
from cti_lookup.web.access import asking, machine, region_asked
from cti_lookup.web.answers import NO_STORE
from cti_lookup.web.keys import WHO, Parts
from cti_lookup.web.webhooks import hear, note_webhook

_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
_PASSED_ON: Final = ("source", "region")


async def lookup(request: web.Request) -> web.StreamResponse:
    """Give the contacts of a number; nobody found is an empty list."""
    parts = asking(request)
    source = _source(request, parts)
    who = request[WHO]

    def note(parts: Parts, source: Source, call: Call, found: Lookup, seconds: float) -> None:
        note_webhook(parts, source, call, found, seconds)
        parts.audit.saw(who, How.THREECX, found.answer.ids if found.answer else ())

    return await hear(request, parts, source, note=note)


async def journal(request: web.Request) -> web.StreamResponse:
    """Take in a call that is over."""
    parts = machine(request)
    return await hear(request, parts, _source(request, parts))


async def template_file(request: web.Request) -> web.Response:
    """Give the template to upload; the key is asked for when it is set up, and stands nowhere in it."""
    parts = machine(request)
    source = _source(request, parts)
    query = {name: value for name in _PASSED_ON if (value := request.query.get(name))}
    return web.Response(
        body=template(parts.public_url or _asked_at(request), country=source.region or "US", query=query),
        content_type="application/xml",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="cti-lookup-3cx.xml"', **NO_STORE},
    )


def _source(request: web.Request, parts: Parts) -> Source:
    """Make the source that is meant: the one that is named, else the only one of 3CX's, else its own."""
    own = [name for name, source in parts.sources.items() if source.dialect is THREECX]
    name = request.query.get("source") or (own[0] if len(own) == 1 else THREECX.name)
    region = region_asked(request, parts)
    if "region" not in request.query and name in parts.sources:
        region = parts.sources[name].region
    return Source(name, THREECX, parts.machine_keys, region)


def _asked_at(request: web.Request) -> str:
    """Give the address under which we were asked: where no public URL is set nothing else is known."""
    host = request.headers.get("Host", "")
    return f"{request.scheme}://{host}" if _HOST.fullmatch(host) else ""
