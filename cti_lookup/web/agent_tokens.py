"""The host desktop's backend gets tokens for its agents' browsers, and takes them back."""

import msgspec
from aiohttp import web

from cti_lookup.errors import WrongField
from cti_lookup.feed.revocations import Revoked
from cti_lookup.feed.tokens import Grant
from cti_lookup.messages import read_object, shaped
from cti_lookup.times import rfc3339
from cti_lookup.web.access import machine
from cti_lookup.web.answers import NO_STORE
from cti_lookup.web.bodies import read_body

_LONGEST_NAME = 128


async def mint(request: web.Request) -> web.Response:
    """Make a token: `{"subject": …, "agents": […]}`, and what else :class:`Grant` holds."""
    parts = machine(request)
    grant = shaped(read_object(await read_body(request)), Grant)
    minted = parts.screen.tokens.mint(grant)
    parts.log.info("token", token=minted.id, role=grant.role)
    told = {"token": minted.token, "id": minted.id, "expires_at": rfc3339(minted.expires_at)}
    return web.Response(
        status=201, body=msgspec.json.encode(told), content_type="application/json", headers=NO_STORE
    )


async def revoke(request: web.Request) -> web.Response:
    """Take one token back, known or not. Streams that were opened with it end."""
    parts = machine(request)
    token = request.match_info["id"]
    if len(token) > _LONGEST_NAME:
        raise WrongField("id", "No token has such an id.")
    await parts.screen.revocations.revoke(Revoked(parts.screen.clock.wall(), token=token))
    parts.log.info("token_revoked")
    return web.Response(status=204, headers=NO_STORE)


async def revoke_all(request: web.Request) -> web.Response:
    """Take back all tokens of a subject that were issued until now."""
    parts = machine(request)
    subject = request.query.get("subject", "")
    if not 0 < len(subject) <= _LONGEST_NAME:
        raise WrongField("subject", "'subject' is missing, or longer than 128 characters.")
    await parts.screen.revocations.revoke(Revoked(parts.screen.clock.wall(), subject=subject))
    parts.log.info("tokens_revoked")
    return web.Response(status=204, headers=NO_STORE)
