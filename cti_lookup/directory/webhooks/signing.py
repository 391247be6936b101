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
from importlib import import_module
from types import MappingProxyType
from typing import Final

SHORTEST_SECRETS: Final = MappingProxyType({"hs256": 32, "hs384": 48, "hs512": 64})
"""Bytes."""

CURVES: Final = ("es256", "es384", "es512")
ALGORITHMS: Final = ("none", *SHORTEST_SECRETS, "rs256", "rs384", "rs512", *CURVES)

_SECRET_BYTES: Final = 48  # 64 characters, enough for each algorithm
_KEY_PAIRS: Final = "cti_lookup.directory.webhooks.key_pairs"


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
    return Key(*import_module(_KEY_PAIRS).new_pair(algorithm))


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
    return str(import_module(_KEY_PAIRS).signed(payload, algorithm, secret))
