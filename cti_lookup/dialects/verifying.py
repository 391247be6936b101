"""
Parts of signature schemes: total on any bytes, constant in time, strict about times.

Facts: `hmac.compare_digest` refuses text that is not ASCII, so bytes are compared; `int()` takes `1_0`, blanks and Arabic
digits, so times are matched by a pattern first.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Final

from cti_lookup.dialects.dialect import Request, Secrets
from cti_lookup.errors import Unverified

TOLERANCE: Final = 300.0
"""Seconds that a signed time may lie in the past or the future."""

_INTEGER: Final = re.compile(r"[0-9]{1,16}")


def header(request: Request, name: str) -> str:
    """Give a header that a scheme needs; raise `Unverified` if it is missing, blank, or there more than once."""
    values = (
        request.headers.getall(name, [])
        if hasattr(request.headers, "getall")
        else [request.headers.get(name, "")]
    )
    if len(values) != 1 or not values[0].strip():
        raise Unverified("missing")
    return values[0].strip()


def hmac_of(algorithm: str, secret: bytes, message: bytes) -> bytes:
    """Compute an HMAC; `algorithm` is a name of hashlib's."""
    return hmac.new(secret, message, algorithm).digest()


def check_any(shown: Iterable[bytes], secrets: Secrets, expected: Callable[[bytes], bytes]) -> None:
    """Raise `Unverified` unless one of the shown signatures is what one of the secrets gives; all are compared."""
    good = False
    wanted = [expected(secret) for secret in secrets]
    for one in shown:
        for other in wanted:
            good |= hmac.compare_digest(one, other)
    if not good:
        raise Unverified("signature")


def check_token(shown: str, secrets: Secrets) -> None:
    """Raise `Unverified` unless a shown token is one of the secrets."""
    if not shown:
        raise Unverified("missing")
    check_any([shown.encode(errors="surrogateescape")], secrets, lambda secret: secret)


def from_hex(text: str) -> bytes:
    """Decode lower-case hexadecimal; what is none is no signature."""
    if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
        raise Unverified("signature")
    return bytes.fromhex(text)


def from_base64(text: str) -> bytes:
    """Decode standard base64, strictly."""
    try:
        return base64.b64decode(text.encode(errors="surrogateescape"), validate=True)
    except (binascii.Error, ValueError):
        raise Unverified("signature") from None


def seconds(text: str, *, per_second: int = 1) -> float:
    """Read a time since the epoch in plain digits; `per_second` is 1000 for milliseconds."""
    if not _INTEGER.fullmatch(text):
        raise Unverified("stale")
    return int(text) / per_second


def check_time(at: float, now: float, tolerance: float = TOLERANCE) -> None:
    """Raise `Unverified` for a time that lies too far in the past or the future."""
    if not abs(now - at) <= tolerance:
        raise Unverified("stale")


def sha256_hex(data: bytes) -> str:
    """Give the SHA-256 of some bytes in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()
