"""
Key pairs of webhook policies, and the signing of tokens; see `signing`.

Apart from it, and imported when a policy first needs it: what it stands on is 9 MiB, which most directories never use.
"""

from collections.abc import Mapping
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

_CURVES: Final[Mapping[str, ec.EllipticCurve]] = MappingProxyType(
    {"es256": ec.SECP256R1(), "es384": ec.SECP384R1(), "es512": ec.SECP521R1()}
)
_RSA_BITS: Final = 2048
_PUBLIC_EXPONENT: Final = 65537


def new_pair(algorithm: str) -> tuple[str, str]:
    """Make a private key for an algorithm; give it and its public half as PEM."""
    if algorithm in _CURVES:
        return _pems(ec.generate_private_key(_CURVES[algorithm]))
    return _pems(rsa.generate_private_key(_PUBLIC_EXPONENT, _RSA_BITS))


def signed(payload: bytes, algorithm: str, secret: str) -> str:
    """Return a token around some bytes, signed with a key that was made for the algorithm."""
    if algorithm == "none":
        return jwt.PyJWS().encode(payload, "", algorithm="none")
    return jwt.PyJWS().encode(payload, secret, algorithm=algorithm.upper())


def _pems(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[str, str]:
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private_pem.decode(), public_pem.decode()
