"""
Ed25519 signatures, as Telnyx and Standard Webhooks make them.

Facts: RFC 8032; a public key is 32 bytes, a signature 64. Telnyx and Standard Webhooks write both in standard
base64. A secret of such a source is therefore a public key, which verifies and cannot sign.
"""

import base64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cti_lookup.dialects.dialect import Secrets
from cti_lookup.dialects.verifying import from_base64
from cti_lookup.errors import Unverified

_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


def check_ed25519(signature: str, secrets: Secrets, message: bytes) -> None:
    """
    Raise `Unverified` unless one of the public keys verifies a signature of the message.

    `signature` and each of `secrets` are standard base64. A secret that is no such key verifies nothing.
    """
    made = from_base64(signature)
    if len(made) != _SIGNATURE_BYTES or base64.b64encode(made).decode() != signature:
        raise Unverified("signature")  # base64 leaves bits unused; one signature has one spelling
    if not any(_is_made_by(secret, made, message) for secret in secrets):
        raise Unverified("signature")


def _is_made_by(secret: bytes, signature: bytes, message: bytes) -> bool:
    key = _public_key(secret)
    if key is None:
        return False
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _public_key(secret: bytes) -> Ed25519PublicKey | None:
    try:
        raw = from_base64(secret.decode())
    except (Unverified, UnicodeDecodeError):
        return None
    return Ed25519PublicKey.from_public_bytes(raw) if len(raw) == _KEY_BYTES else None
