"""
JSON Web Tokens by the algorithms that the administrator wrote down, and no other; what they say of body and URL is checked.

Facts: RFC 7515 sections 5.2 and 4.1, RFC 7519 section 4.1, RFC 8725 sections 3.1, 3.2 and 3.11. A public key must never serve as the secret of an
HMAC, so that secrets and public keys are never allowed together. `none` is no algorithm. Base64 leaves bits unused at the
end: one signature has one spelling. MessageBird: `url_hash` and `payload_hash` are SHA-256 in hexadecimal, the latter absent where there is no body.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt.algorithms import Algorithm, ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm

from cti_lookup.dialects.custom.templates import encoded
from cti_lookup.dialects.dialect import Request, Secrets
from cti_lookup.dialects.tokens import claims_of
from cti_lookup.dialects.verifying import check_time, sha256_hex
from cti_lookup.errors import Unreadable, Unverified
from cti_lookup.messages import read_object

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LATEST: Final = 10**11


class _Hmac(HMACAlgorithm):
    """HMAC with a secret that the phone system chose; PyJWT would warn of a short one at each message."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002
        """Find nothing wrong: a longer secret is not ours to choose."""
        return None


SHARED: Final[Mapping[str, Algorithm]] = {
    "HS256": _Hmac(HMACAlgorithm.SHA256),
    "HS384": _Hmac(HMACAlgorithm.SHA384),
    "HS512": _Hmac(HMACAlgorithm.SHA512),
}
"""Algorithms whose secret both sides know."""

PUBLIC: Final[Mapping[str, Algorithm]] = {
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "RS384": RSAAlgorithm(RSAAlgorithm.SHA384),
    "RS512": RSAAlgorithm(RSAAlgorithm.SHA512),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
    "ES384": ECAlgorithm(ECAlgorithm.SHA384),
    "EdDSA": OKPAlgorithm(),
}
"""Algorithms whose secret is the sender's; ours is a public key, as PEM."""


@dataclass(frozen=True, slots=True)
class Demands:
    """
    What a token must be and say.

    `body_hash` and `url_hash` name the claims that hold these; `timed` asks for `iat` or `exp`. `tolerance` is in seconds.
    """

    algorithms: tuple[str, ...]
    tolerance: float
    issuer: str | None = None
    body_hash: str | None = None
    url_hash: str | None = None
    timed: bool = False


def check_jwt(token: str, request: Request, secrets: Secrets, demands: Demands, now: float) -> None:
    """Raise `Unverified` unless one of the secrets signed a token, and it says what it must."""
    algorithm = _algorithm(token, demands)
    if not any(_is_made_with(secret, token, algorithm) for secret in secrets):
        raise Unverified("signature")
    try:
        claims = claims_of(token)
    except Unreadable:  # two readers could read it in two ways
        raise Unverified("claims") from None
    _check_times(claims, demands, now)
    _check_claims(claims, request, demands)


def _algorithm(token: str, demands: Demands) -> str:
    """Give the algorithm that a token asks for. Raises `Unverified` for one that is not allowed, and for anything unusual."""
    if not _TOKEN.fullmatch(token):
        raise Unverified("signature")
    head, _, signature = token.split(".")
    try:
        header = read_object(_decoded(head))
    except Unreadable:
        raise Unverified("signature") from None
    if base64.urlsafe_b64encode(_decoded(signature)).decode().rstrip("=") != signature:
        raise Unverified("signature")
    asked = header.get("alg")
    unusual = "crit" in header or "b64" in header or str(header.get("typ", "JWT")).upper() != "JWT"
    if asked not in demands.algorithms or unusual:
        raise Unverified("algorithm")
    return str(asked)


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Unverified("signature") from None


def _is_made_with(secret: bytes, token: str, algorithm: str) -> bool:
    """Tell whether a secret signed a token; no secret, and a key of another kind, sign nothing."""
    if not secret:
        return False
    checker = jwt.PyJWS(algorithms=[])
    checker.register_algorithm(algorithm, SHARED.get(algorithm) or PUBLIC[algorithm])
    try:
        checker.decode(token, secret, algorithms=[algorithm])
    except (
        jwt.PyJWTError,
        ValueError,
        TypeError,
    ):  # a key that is none raises either; its text may hold parts of it
        return False
    return True


def _check_times(claims: dict[str, Any], demands: Demands, now: float) -> None:
    issued, begins, expires = (_time(claims, name) for name in ("iat", "nbf", "exp"))
    if demands.timed and issued is None and expires is None:
        raise Unverified("claims")
    if issued is not None:
        check_time(issued, now, demands.tolerance)
    if begins is not None:
        check_time(min(begins, now), begins, demands.tolerance)
    if expires is not None:
        check_time(max(expires, now), expires, demands.tolerance)


def _time(claims: dict[str, Any], name: str) -> float | None:
    """Give a time in seconds since the epoch. Raises `Unverified` for anything else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST:
        raise Unverified("claims")
    return float(value)


def _check_claims(claims: dict[str, Any], request: Request, demands: Demands) -> None:
    if demands.issuer is not None:
        _check_claim(claims, "iss", demands.issuer)
    if demands.url_hash is not None:
        _check_claim(claims, demands.url_hash, sha256_hex(encoded(request.url)))
    if demands.body_hash is not None and (request.body or demands.body_hash in claims):
        _check_claim(claims, demands.body_hash, sha256_hex(request.body))


def _check_claim(claims: dict[str, Any], name: str, expected: str) -> None:
    value = claims.get(name)
    said = value.encode(errors="replace") if isinstance(value, str) else b""
    if not hmac.compare_digest(said, expected.encode(errors="replace")):
        raise Unverified("claims")
