"""Tokens for tests: signed with any secret, of any length, with any header."""

import base64
import hashlib
import hmac
import json
from typing import Any

HEADER = {"typ": "JWT", "alg": "HS256"}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def signed(
    claims: dict[str, Any] | bytes,
    secret: bytes,
    header: dict[str, Any] | bytes = HEADER,
    algorithm: str = "sha256",
) -> str:
    """Make a token of claims, or of the bytes that shall stand for them."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (header, claims)]
    said = ".".join(map(encoded, parts))
    return f"{said}.{encoded(hmac.new(secret, said.encode(), algorithm).digest())}"


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
