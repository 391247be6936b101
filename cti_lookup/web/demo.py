"""
What the agent page of a demonstration asks: a token, the sample calls, and that one of them be played.

It gives whoever asks a token that shows all calls, so that it listens to browsers on this very machine only. A page elsewhere
whose name was made to lead here (DNS rebinding) is known by its `Host`, a proxy in front by the headers it adds.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import msgspec
from aiohttp import web

from cti_lookup.demonstration.stage import Stage
from cti_lookup.errors import BadOrigin, WrongField
from cti_lookup.feed.tokens import Grant
from cti_lookup.messages import read_object, shaped
from cti_lookup.times import rfc3339
from cti_lookup.web.answers import NO_STORE, json_answer
from cti_lookup.web.bodies import read_body
from cti_lookup.web.keys import PARTS
from cti_lookup.web.problems import expectation, guarded, problem
from cti_lookup.web.tracks import Handler

_STAGE: Final = web.AppKey("stage", Stage)

_GRANT: Final = Grant(
    subject="agent-1002",
    agents=("1002", "Ada Example", "ada@desk.example"),
    queues=("Service desk",),
    role="supervisor",
    expires_in=3600,
)
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OF_PROXIES: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def demonstrating(stage: Stage) -> Callable[[web.Application], None]:
    """Give what adds a demonstration to a service; its calls end before the service does."""

    async def end(_: web.Application) -> None:
        await stage.close()

    def extended(app: web.Application) -> None:
        app[_STAGE] = stage
        app.on_shutdown.append(end)
        _add_routes(app)

    return extended


def _add_routes(app: web.Application) -> None:
    for method, path, handler in (
        ("POST", "/demo/token", token),
        ("GET", "/demo/events", events),
        ("POST", "/demo/ring", ring),
    ):
        app.router.add_route(method, path, guarded(_on_this_machine(handler)), expect_handler=expectation)


def _on_this_machine(handler: Handler) -> Handler:
    """Put a handler behind the check that a page of this service asks, in a browser on this machine."""

    async def local_handler(request: web.Request) -> web.StreamResponse:
        if not _is_local(request) or not _is_own_page(request):
            raise BadOrigin("A demonstration is for pages of its own, on the machine it runs on.")
        return await handler(request)

    return local_handler


def _is_local(request: web.Request) -> bool:
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        peer = ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    return (getattr(peer, "ipv4_mapped", None) or peer).is_loopback


def _is_own_page(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return (
        request.url.host in _LOCAL_NAMES
        and origin in (None, f"{request.scheme}://{request.host}")
        and request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    )


async def token(request: web.Request) -> web.Response:
    """Make the token of an agent who sees all calls."""
    minted = request.app[PARTS].screen.tokens.mint(_GRANT)
    told = {"token": minted.token, "id": minted.id, "expires_at": rfc3339(minted.expires_at)}
    return web.Response(
        status=201, body=msgspec.json.encode(told), content_type="application/json", headers=NO_STORE
    )


async def events(request: web.Request) -> web.Response:
    """List the sample calls."""
    listed = [
        {
            "id": sample.id,
            "title": sample.title,
            "shows": sample.shows,
            "caller": sample.caller,
            "system": sample.system,
            "dialect": trunk.player.name,
            "source": trunk.source,
        }
        for sample, trunk in request.app[_STAGE].samples
    ]
    return json_answer(msgspec.json.encode({"events": listed}))


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    event: str


async def ring(request: web.Request) -> web.Response:
    """Begin to play a sample call: `{"event": id}`."""
    stage = request.app[_STAGE]
    wanted = shaped(read_object(await read_body(request)), _Wanted).event
    if not stage.knows(wanted):
        raise WrongField("event", "There is no such sample call.")
    if stage.is_full:
        return problem(429, "too_many_calls", "Enough telephones ring. Wait until some calls are over.")
    stage.ring(wanted, _here(request))
    return web.Response(status=202, headers=NO_STORE)


def _here(request: web.Request) -> str:
    """Give the service's own URL, as the connection knows it."""
    host, port = (request.get_extra_info("sockname") or ("127.0.0.1", 0))[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
