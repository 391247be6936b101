"""Keys and signatures as a directory with a webhook policy makes them."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conftest import SettableClock

NOW: Final = SettableClock().now
SECRET: Final = "a-secret-of-the-tests-that-is-as-long-as-sixty-four-bytes-or-more"
ISSUER: Final = "https://wdc.r-service.example"
CHANGED: Final[Mapping[str, Any]] = {
    "webhook_id": 2,
    "account_id": "wdc",
    "name": "Cache bust",
    "event": "person.update",
    "object_id": 30,
    "person_id": 6,
    "person_name": "Hal Turner",
    "payload": {"audit_line_id": 71960, "source": "AD", "sourceID": "S-1-5"},
}


@cache
def rsa_key(bits: int = 2048, name: str = "") -> rsa.RSAPrivateKey:  # noqa: ARG001 - each name is another key
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(curve: str = "secp256r1") -> ec.EllipticCurvePrivateKey:
    curves = {"secp256r1": ec.SECP256R1(), "secp384r1": ec.SECP384R1(), "secp521r1": ec.SECP521R1()}
    return ec.generate_private_key(curves.get(curve, ec.SECP256K1()))


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Give the public half as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a message that has just been signed; None takes a claim out."""
    made = {
        "data": CHANGED,
        "iss": ISSUER,
        "sub": "2",
        "iat": int(NOW),
        "nbf": int(NOW),
        "jti": "one",
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> bytes:
    """Give a body that is signed."""
    payload = json.dumps(claims(**changes)).encode()
    return json.dumps({"jwt": jwt.PyJWS().encode(payload, key, algorithm=algorithm)}).encode()


def plain(**changes: Any) -> bytes:
    """Give a body that is not signed."""
    return json.dumps({**CHANGED, **changes}).encode()
