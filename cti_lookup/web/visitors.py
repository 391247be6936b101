"""Who asks on a route of agents: the holder of a token, or whoever has a machine key and so sees all."""

from aiohttp import web

from cti_lookup.errors import BadKey, TokenRevoked
from cti_lookup.feed.agents import MACHINE, Agent
from cti_lookup.feed.tokens import is_token
from cti_lookup.keys import shown_key
from cti_lookup.web.access import asking, shown
from cti_lookup.web.keys import PARTS, WHO, Parts
from cti_lookup.web.origins import check_origin


async def visitor(request: web.Request) -> Agent:
    """
    Give who asks for calls. Raises `BadToken` and its kin, and `BadOrigin`.

    A token is taken from the `Authorization` header only: what stands in a URL is kept by proxies and histories.
    """
    parts, bearer = request.app[PARTS], _bearer(request)
    if not is_token(bearer) and (key := shown(request)) in parts.machine_keys:
        check_origin(request, parts, MACHINE)
        request[WHO] = parts.audit.key(key)
        return MACHINE
    return await _holder(request, parts, bearer)


async def machine_or_agent(request: web.Request) -> Parts:
    """Give what a machine route works with that agents may use too. Raises `BadKey`, `BadToken` and their kin, `BadOrigin`, `TooOften`."""
    parts, bearer = request.app[PARTS], _bearer(request)
    if not is_token(bearer):
        return asking(request)
    parts.allowances.take_from_agent((await _holder(request, parts, bearer)).subject)
    return parts


async def machine_or_supervisor(request: web.Request) -> Parts:
    """Give the same to those only who see all."""
    parts, bearer = request.app[PARTS], _bearer(request)
    if not is_token(bearer):
        return asking(request)
    agent = await _holder(request, parts, bearer)
    if not agent.sees_all:
        raise BadKey("The agent token is no supervisor's.")
    parts.allowances.take_from_agent(agent.subject)
    return parts


async def _holder(request: web.Request, parts: Parts, bearer: str) -> Agent:
    """Give the holder of a good token; nothing is answered before all is checked."""
    agent = parts.screen.tokens.read(bearer)
    check_origin(request, parts, agent)
    if await parts.screen.revocations.holds(agent):
        raise TokenRevoked("The agent token was taken back.")
    request[WHO] = parts.audit.agent(agent.subject)
    return agent


def _bearer(request: web.Request) -> str:
    return shown_key(request.headers) if "Authorization" in request.headers else ""
