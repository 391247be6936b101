"""
JSON Web Tokens that phone systems sign: what holds for each of them, and those signed with HMAC-SHA256 and nothing else.

Facts: RFC 7515 section 5.2, RFC 7519 section 4.1, RFC 8725 sections 3.1 and 3.11. The header comes from the
sender: it may ask for no algorithm but those that are pinned here, name no other kind of token, and demand
no extension. Base64 leaves bits unused at the end: one signature has one spelling. PyJWT reads the system's
clock itself, so that only the signature is left to it.
"""

import base64
import binascii
import re
from typing import Any, Final

import jwt
from jwt.algorithms import HMACAlgorithm

from cti_lookup.dialects.dialect import Secrets
from cti_lookup.dialects.verifying import TOLERANCE, check_time
from cti_lookup.errors import Unreadable, Unverified
from cti_lookup.messages import read_object

_ALGORITHM: Final = "HS256"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LATEST: Final = 10**11


class Hmac(HMACAlgorithm):
    """HMAC with a secret that the phone system chose; PyJWT would warn of a short one at each message."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002
        """Find nothing wrong: a longer secret is not ours to choose."""
        return None


def _signatures() -> jwt.PyJWS:
    """Make a checker of signatures that knows one algorithm."""
    made = jwt.PyJWS(algorithms=[])
    made.register_algorithm(_ALGORITHM, Hmac(HMACAlgorithm.SHA256))
    return made


_JWS: Final = _signatures()


def verified_claims(token: str, secrets: Secrets, now: float) -> dict[str, Any]:
    """
    Give what a token says if one of the secrets signed it, and if its times fit `now`. Raises `Unverified`.

    Of `iat`, `nbf` and `exp` those are checked that are there.
    """
    if asked_algorithm(token) != _ALGORITHM:
        raise Unverified("algorithm")
    if not any(_is_made_with(secret, token) for secret in secrets):
        raise Unverified("signature")
    try:
        claims = claims_of(token)
    except Unreadable:  # two readers could read it in two ways
        raise Unverified("claims") from None
    check_times(claims, now)
    return claims


def claims_of(token: str) -> dict[str, Any]:
    """Give what a token says, whoever made it. Raises `Unreadable`."""
    if not _TOKEN.fullmatch(token):
        raise Unreadable("The body is no token.")
    return read_object(_part(token, 1))


def _part(token: str, place: int) -> bytes:
    """Decode a part of a token. Raises `Unreadable`."""
    text = token.split(".")[place]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Unreadable("A part of the token is no base64.") from None


def asked_algorithm(token: str) -> str:
    """Give the algorithm that a token asks for. Raises `Unverified` for what is no token, and for one that asks for anything unusual."""
    if not _TOKEN.fullmatch(token):
        raise Unverified("signature")
    try:
        header, signature = read_object(_part(token, 0)), _part(token, 2)
    except Unreadable:
        raise Unverified("signature") from None
    if base64.urlsafe_b64encode(signature).decode().rstrip("=") != token.split(".")[2]:
        raise Unverified("signature")
    if "crit" in header or "b64" in header or str(header.get("typ", "JWT")).upper() != "JWT":
        raise Unverified("algorithm")
    return str(header.get("alg"))


def _is_made_with(secret: bytes, token: str) -> bool:
    """Tell whether a secret signed a token; no secret, and a public key, sign nothing."""
    if not secret:
        return False
    try:
        _JWS.decode(token, secret, algorithms=[_ALGORITHM])
    except jwt.PyJWTError:  # its text may hold parts of the token
        return False
    return True


def check_times(claims: dict[str, Any], now: float, tolerance: float = TOLERANCE) -> None:
    """Raise `Unverified` unless the times that a token states, of `iat`, `nbf` and `exp`, fit `now` within `tolerance` seconds."""
    issued, begins, expires = (_time(claims, name) for name in ("iat", "nbf", "exp"))
    if issued is not None:
        check_time(issued, now, tolerance)
    if begins is not None:
        check_time(min(begins, now), begins, tolerance)
    if expires is not None:
        check_time(max(expires, now), expires, tolerance)


def _time(claims: dict[str, Any], name: str) -> float | None:
    """Give a time in seconds since the epoch. Raises `Unverified` for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST:
        raise Unverified("claims")
    return float(value)
