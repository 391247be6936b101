"""
Agent tokens: JSON Web Tokens that this service makes for itself, HMAC-SHA256 and nothing else.

Facts: RFC 7515 section 5.1, RFC 7519 section 4.1, RFC 8725 sections 3.1 and 3.11. The header is the same text in every token, and
what begins with another is refused before anything of it is read: no algorithm can be asked for, and no token of another kind
passes. Base64 leaves bits unused at the end, so signatures are compared as text: each has one spelling. Plain HMAC here saves the
50 ms in which PyJWT is imported; that PyJWT reads these tokens is tested.
"""

import base64
import binascii
import hmac
import math
import secrets
from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec

from cti_lookup.errors import BadToken, TokenExpired, WrongField
from cti_lookup.feed.agents import Agent, Role, keys_of

ISSUER: Final = "cti-lookup"
DEFAULT_LIFE: Final = 900
LONGEST_LIFE: Final = 43_200
"""Seconds."""

_PURPOSE: Final = b"cti-lookup agent tokens"
_LONGEST_TOKEN: Final = 8000
"""Letters; aiohttp takes a header line of 8,190."""

_EARLY: Final = 60.0
"""Seconds by which the clock of another replica may be ahead."""

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
_Names = Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1, max_length=16)]
_Queues = Annotated[tuple[_Name, ...], msgspec.Meta(max_length=64)]
_Origins = Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1, max_length=16)]


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token is to say; `expires_in` is in seconds."""

    subject: _Name
    agents: _Names
    queues: _Queues = ()
    sources: Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1, max_length=64)] | None = None
    role: Literal["agent", "supervisor"] = "agent"
    origins: _Origins | None = None
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_LIFE)] = DEFAULT_LIFE


class Minted(msgspec.Struct, frozen=True):
    """A token, its id, and when it ends in wall seconds."""

    token: str
    id: str
    expires_at: float


class _Claims(msgspec.Struct, frozen=True, omit_defaults=True):
    iss: Literal["cti-lookup"]
    sub: str
    agents: tuple[str, ...]
    role: Literal["agent", "supervisor"]
    jti: str
    iat: float
    exp: float
    queues: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    origins: tuple[str, ...] | None = None


def _written(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


_HEADER: Final = _written(b'{"alg":"HS256","typ":"cti-agent+jwt"}')
_BEGINNING: Final = f"{_HEADER.decode()}."
_read: Final = msgspec.json.Decoder(_Claims).decode


def is_token(shown: str) -> bool:
    """Tell whether something was made to be a token of this kind; whether it is good is another question."""
    return shown.startswith(_BEGINNING)


def token_key(secret: bytes) -> bytes:
    """Derive the key of tokens from the service's secret, so that neither tells of the other."""
    return hmac.digest(secret, _PURPOSE, "sha256")


class AgentTokens:
    """
    Makes tokens and reads them; `clock` gives wall seconds.

    `other` is the key of a secret that is on its way in or out: what it signed is read too, as another replica may have made it.
    """

    def __init__(self, key: bytes, clock: Callable[[], float], *, other: bytes | None = None) -> None:
        self._key = key
        self._keys = (key,) if other is None else (key, other)
        self._clock = clock

    def mint(self, grant: Grant) -> Minted:
        """Make a token. Raises `WrongField` for one that no request could carry."""
        now = math.floor(self._clock() * 1000) / 1000  # never later than a revocation of this moment
        claims = _Claims(
            iss=ISSUER,
            sub=grant.subject,
            agents=grant.agents,
            role=grant.role,
            jti=secrets.token_urlsafe(16),
            iat=now,
            exp=now + grant.expires_in,
            queues=grant.queues,
            sources=grant.sources,
            origins=grant.origins,
        )
        signed = _HEADER + b"." + _written(msgspec.json.encode(claims))
        token = signed + b"." + _signature(self._key, signed)
        if len(token) > _LONGEST_TOKEN:
            raise WrongField("queues", "So many long names are more than a token holds; give fewer of them.")
        return Minted(token.decode(), claims.jti, claims.exp)

    def read(self, token: str) -> Agent:
        """Give whose token it is. Raises `BadToken` and `TokenExpired`."""
        if not is_token(token) or len(token) > _LONGEST_TOKEN or not token.isascii():
            raise BadToken("There is no agent token, or it is none of this service.")
        signed, _, signature = token.encode().rpartition(b".")
        if not any(hmac.compare_digest(_signature(key, signed), signature) for key in self._keys):
            raise BadToken("The agent token is none of this service.")
        claims = _claims(signed[len(_BEGINNING) :])
        now = self._clock()
        if now >= claims.exp:
            raise TokenExpired("The agent token has expired.")
        if claims.iat > now + _EARLY:
            raise BadToken("The agent token is of a later time.")
        return _agent(claims)


def _signature(key: bytes, signed: bytes) -> bytes:
    return _written(hmac.digest(key, signed, "sha256"))


def _claims(part: bytes) -> _Claims:
    try:
        return _read(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, msgspec.MsgspecError, ValueError):  # another version signed it
        raise BadToken("The agent token cannot be read.") from None


def _agent(claims: _Claims) -> Agent:
    return Agent(
        id=claims.jti,
        subject=claims.sub,
        role=Role(claims.role),
        keys=keys_of(claims.agents, claims.queues),
        sources=None if claims.sources is None else frozenset(claims.sources),
        origins=None if claims.origins is None else frozenset(claims.origins),
        issued_at=claims.iat,
        expires_at=claims.exp,
    )
