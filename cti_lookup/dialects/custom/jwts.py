"""
JSON Web Tokens by the algorithms that the administrator wrote down, and no other; what they say of body and URL is checked.

Facts: RFC 8725 sections 3.1 and 3.2. A public key must never serve as the secret of an HMAC, so that secrets and public keys are
never allowed together. `none` is no algorithm. MessageBird: `url_hash` and `payload_hash` are SHA-256 in hexadecimal, the latter absent where there is no body.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt.algorithms import Algorithm, ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm

from cti_lookup.dialects.custom.templates import encoded
from cti_lookup.dialects.dialect import Request, Secrets
from cti_lookup.dialects.tokens import Hmac, asked_algorithm, check_times, claims_of
from cti_lookup.dialects.verifying import sha256_hex
from cti_lookup.errors import Unreadable, Unverified

SHARED: Final[Mapping[str, Algorithm]] = {
    "HS256": Hmac(HMACAlgorithm.SHA256),
    "HS384": Hmac(HMACAlgorithm.SHA384),
    "HS512": Hmac(HMACAlgorithm.SHA512),
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
    algorithm = asked_algorithm(token)
    if algorithm not in demands.algorithms:
        raise Unverified("algorithm")
    if not any(_is_made_with(secret, token, algorithm) for secret in secrets):
        raise Unverified("signature")
    try:
        claims = claims_of(token)
    except Unreadable:  # two readers could read it in two ways
        raise Unverified("claims") from None
    if demands.timed and claims.get("iat") is None and claims.get("exp") is None:
        raise Unverified("claims")
    check_times(claims, now, demands.tolerance)
    _check_claims(claims, request, demands)


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
