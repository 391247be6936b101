"""
Who wrote a message of the directory: a webhook policy's signature, checked before anything in the message is read.

Facts (Xurrent developer pages, "Webhook policies"): a webhook tied to a policy sends `{"jwt": "…"}` and nothing else;
the message stands in the claim `data`; other claims are `jti`, `sub`, `iss` (the account's URL), `iat`, `nbf` and, if
chosen, `aud` and `exp`. Algorithms are `none` and hs, rs, es with 256, 384 and 512. Without a policy nothing is signed.
RFC 7518: section 3.3 wants RSA keys of 2048 bits or more, section 3.4 binds each ES algorithm to its one curve.
PyJWT reads the system's clock itself: only the signature is left to it, the claims are checked here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import HMACAlgorithm

from cti_lookup.errors import BadKey, WrongField
from cti_lookup.messages import read_object, shaped
from cti_lookup.rservice.writers import LEEWAY, Opened, Unsigned, Verifier

LONGEST_TOKEN: Final = 8 * 1024
SHORTEST_SECRET: Final = 32
"""Bytes: what RFC 7518, section 3.2, wants for HS256."""

_SMALLEST_RSA: Final = 2048
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_LONGEST_CLAIM: Final = 2048


@dataclass(frozen=True, slots=True)
class _Key:
    """A key and the algorithms it may be used with, which its kind decides and never the message."""

    key: Any
    algorithms: tuple[str, ...]


_Text = Annotated[str, msgspec.Meta(max_length=_LONGEST_CLAIM)]
_Time = Annotated[float, msgspec.Meta(ge=0, le=2**53)]


class _Claims(msgspec.Struct):
    data: dict[str, Any]
    iat: _Time
    nbf: _Time | None = None
    exp: _Time | None = None
    iss: _Text | None = None
    aud: _Text | list[_Text] | None = None
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None


class Signed:
    """Takes nothing but messages signed with one of some keys, for one audience, by one issuer, lately."""

    def __init__(self, keys: tuple[_Key, ...], issuer: str | None, audience: str | None) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def opened(self, body: bytes, now: float) -> Opened:
        """Give the message that was signed. Raises `Rejected`."""
        token = _token(read_object(body))
        claims = shaped(read_object(self._payload(token)), _Claims)
        self._check_parties(claims)
        _check_times(claims, now)
        return Opened(claims.data, claims.jti)

    def _payload(self, token: bytes) -> bytes:
        for one in self._keys:
            try:
                return bytes(_JWS.decode(token, one.key, algorithms=one.algorithms))
            except jwt.PyJWTError:  # its text may hold parts of the token
                continue
        raise BadKey("The signature is not of a key that is known here.")

    def _check_parties(self, claims: _Claims) -> None:
        if self._issuer is not None and claims.iss != self._issuer:
            raise BadKey("The signature names another issuer than CTI_UPSTREAM_ISSUER, or none.")
        audience = claims.aud if isinstance(claims.aud, list) else [claims.aud]
        if self._audience is not None and self._audience not in audience:
            raise BadKey("The signature is for another audience than CTI_UPSTREAM_AUDIENCE, or for none.")


def verifier_of(keys: Iterable[str], issuer: str | None = None, audience: str | None = None) -> Verifier:
    """
    Make the verifier of some keys: public keys as PEM, or secrets; several while one replaces another.

    With no keys, plain messages are taken. Raises `ValueError` with a sentence that holds no part of a key.
    """
    read = tuple(map(_key, keys))
    if read:
        return Signed(read, issuer, audience)
    if issuer is not None or audience is not None:
        raise ValueError(
            "an issuer or an audience is checked in signed messages only, and there is no key for them"
        )
    return Unsigned()


def _key(text: str) -> _Key:
    text = text.strip()
    if "-----BEGIN" in text:
        return _public_key(text)
    secret = text.encode()
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"holds a secret of less than {SHORTEST_SECRET} bytes")
    key = _Key(secret, ("HS256", "HS384", "HS512"))
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError:
        raise ValueError("holds a key that is no secret: public keys are written as PEM") from None
    return key


def _public_key(text: str) -> _Key:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds a PEM text that is no public key") from None
    if isinstance(key, RSAPublicKey):
        if key.key_size < _SMALLEST_RSA:
            raise ValueError(f"holds an RSA key of less than {_SMALLEST_RSA} bits")
        return _Key(key, ("RS256", "RS384", "RS512"))
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _Key(key, (_CURVES[key.curve.name],))
    raise ValueError("holds a public key that is neither RSA nor of the curves P-256, P-384 and P-521")


class _Hmac(HMACAlgorithm):
    """HMAC with a secret whose length was checked once; PyJWT would warn of it at each message."""

    def check_key_length(self, key: bytes) -> str | None:  # noqa: ARG002
        """Find nothing wrong: RFC 7518 wants 64 bytes for HS512, and 32 that are random cannot be guessed either."""
        return None


def _signatures() -> jwt.PyJWS:
    """Make a checker of signatures that knows no `none`."""
    made = jwt.PyJWS()
    made.unregister_algorithm("none")
    for name, digest in (
        ("HS256", HMACAlgorithm.SHA256),
        ("HS384", HMACAlgorithm.SHA384),
        ("HS512", HMACAlgorithm.SHA512),
    ):
        made.unregister_algorithm(name)
        made.register_algorithm(name, _Hmac(digest))
    return made


_JWS: Final = _signatures()


def _token(body: dict[str, Any]) -> bytes:
    if body.keys() != {"jwt"}:
        raise BadKey(
            "The message is not signed. Only signed ones are taken here, as CTI_UPSTREAM_JWT_KEYS is set."
        )
    token = body["jwt"]
    if not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
        raise WrongField("jwt", "'jwt' must be a token of at most 8 KiB.")
    return token.encode()


def _check_times(claims: _Claims, now: float) -> None:
    """Compare the claims with the time, which may differ by `LEEWAY`."""
    if abs(now - claims.iat) > LEEWAY:
        raise BadKey(
            "The signature was made more than five minutes ago, or in the future. Compare the clocks."
        )
    if claims.nbf is not None and claims.nbf > now + LEEWAY:
        raise BadKey("The signature is not valid yet.")
    if claims.exp is not None and claims.exp <= now - LEEWAY:
        raise BadKey("The signature is no longer valid.")
