"""
Secrets that are made up here, and what is kept of them.

They are 32 random bytes. So much chance cannot be guessed however fast a guess is checked, which is what a slow hash is for;
one SHA-256 keeps them unreadable in a stolen file, and costs a request a microsecond.
"""

import base64
import binascii
import hashlib
import secrets
from enum import StrEnum
from typing import Final

_RANDOM_BYTES: Final = 32


class Prefix(StrEnum):
    """How a secret begins, so that who searches files and logs for lost secrets can find ours."""

    TOKEN = "rsd_"  # noqa: S105 - where secrets begin, and not one of them
    ACCESS_TOKEN = "rsda_"  # noqa: S105
    CLIENT_SECRET = "rsds_"  # noqa: S105


def new_secret(prefix: Prefix) -> str:
    """Make up a secret."""
    return f"{prefix.value}{secrets.token_urlsafe(_RANDOM_BYTES)}"


def new_client_id() -> str:
    """Make up the name by which an application is known; it is no secret."""
    return secrets.token_hex(16)


def hash_of(secret: bytes) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret).digest()


def as_bytes(text: str) -> bytes:
    """Return the bytes a client sent; a header may hold any, and aiohttp keeps them as surrogates."""
    return text.encode("utf-8", "surrogateescape")


def bearer_of(authorization: str) -> bytes:
    """
    Return the token in an `Authorization` header, empty if it holds none.

    Facts: `Bearer <token>`, the scheme in any letter case (RFC 9110, 11.1). API tokens of old come as the user name of
    `Basic`, with `x` for a password (code4me/4me-sdk-ruby).
    """
    scheme, _, credentials = authorization.partition(" ")
    kind = scheme.lower()
    if kind == "bearer":
        return as_bytes(credentials.strip())
    return basic_of(credentials)[0] if kind == "basic" else b""


def basic_of(credentials: str) -> tuple[bytes, bytes]:
    """Return the name and the password in the credentials of `Basic`, both empty if they are none."""
    try:
        decoded = base64.b64decode(as_bytes(credentials.strip()), validate=True)
    except binascii.Error:
        return b"", b""
    name, colon, password = decoded.partition(b":")
    return (name, password) if colon else (b"", b"")
