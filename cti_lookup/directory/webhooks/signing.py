"""
The signatures of webhook policies, without I/O: keys made, and claims signed.

Facts (Xurrent developer pages, "Webhook policies"; RFC 7518, 3.1 to 3.4): algorithms are `none` and hs, rs, es with 256, 384 and
512, written in small letters in the API and in capitals in a token. A shared secret has as many bytes as its hash or more, an RSA
key 2,048 bits or more, and each ES algorithm its one curve. `none` signs nothing: anybody can write such a token.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

SHORTEST_SECRETS: Final = MappingProxyType({"hs256": 32, "hs384": 48, "hs512": 64})
"""Bytes."""

CURVES: Final[Mapping[str, ec.EllipticCurve]] = MappingProxyType(
    {"es256": ec.SECP256R1(), "es384": ec.SECP384R1(), "es512": ec.SECP521R1()}
)
ALGORITHMS: Final = ("none", *SHORTEST_SECRETS, "rs256", "rs384", "rs512", *CURVES)

_SECRET_BYTES: Final = 48  # 64 characters, enough for each algorithm
_RSA_BITS: Final = 2048
_PUBLIC_EXPONENT: Final = 65537


@dataclass(frozen=True, slots=True)
class Key:
    """What signs: a private key as PEM, or a shared secret, or nothing; and the public half as PEM, None if it has none."""

    secret: str = field(repr=False)
    public_pem: str | None = None


def new_key(algorithm: str) -> Key:
    """Make a key for an algorithm; one for RSA takes a tenth of a second, and belongs into a thread."""
    if algorithm == "none":
        return Key("")
    if algorithm in SHORTEST_SECRETS:
        return Key(secrets.token_urlsafe(_SECRET_BYTES))
    if algorithm in CURVES:
        return _key_of(ec.generate_private_key(CURVES[algorithm]))
    return _key_of(rsa.generate_private_key(_PUBLIC_EXPONENT, _RSA_BITS))


def fits(algorithm: str, former: str, secret: str) -> bool:
    """Tell whether a key that was made for the former algorithm can be used with another one."""
    if algorithm in SHORTEST_SECRETS:
        return former in SHORTEST_SECRETS and len(secret.encode()) >= SHORTEST_SECRETS[algorithm]
    if algorithm.startswith("rs"):
        return former.startswith("rs")
    return algorithm == former


def sign(claims: Mapping[str, object], algorithm: str, secret: str) -> str:
    """Return a token with some claims, signed with a key that was made for the algorithm."""
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    if algorithm == "none":
        return jwt.PyJWS().encode(payload, "", algorithm="none")
    return jwt.PyJWS().encode(payload, secret, algorithm=algorithm.upper())


def _key_of(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Key:
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Key(private_pem.decode(), public_pem.decode())
