"""
Names and seals for what leaves this process: nothing personal can be read in the shared tier.

Facts:
- A plain SHA-256 of a telephone number is reversed in seconds on one core; an HMAC needs the secret.
- AES-GCM binds the key's name to its value as associated data: a value that Redis gives for another key, or one that
  somebody moved, does not open. Fernet cannot do that, and takes ten times as long.
- With random nonces of 96 bits a key may seal 2^32 values (NIST SP 800-38D, section 8.3): at one lookup a second, the
  quota of the directory, that is more than a century.
"""

import hmac
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12
_MOST_NAMES: Final = 8192


class Seal:
    """One secret's names and seals; the two keys are derived from it, so that neither tells of the other."""

    def __init__(self, secret: bytes) -> None:
        self._name_key = _derived(secret, b"cti-lookup names")
        self._cipher = AESGCM(_derived(secret, b"cti-lookup seals"))
        # remembered in this process only: the busiest callers' names are needed at each of their calls
        self._names = lru_cache(maxsize=_MOST_NAMES)(self._new_name)

    def name(self, text: str) -> str:
        """Give the name that stands for a text where the text may not stand: 64 hex digits."""
        return self._names(text)

    def _new_name(self, text: str) -> str:
        return hmac.digest(self._name_key, text.encode(errors="surrogatepass"), "sha256").hex()

    def close(self, key: str, value: bytes) -> bytes:
        """Seal a value for its key."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value, key.encode())

    def open(self, key: str, sealed: bytes) -> bytes | None:
        """Open a value; None if it was not sealed for this key with this secret."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], key.encode())
        except (InvalidTag, ValueError):
            return None


class Seals:
    """The current secret's seal, which writes, and those of secrets that are only read while they are being changed."""

    def __init__(self, current: Seal, others: Iterable[Seal] = ()) -> None:
        self.current = current
        self._all = (current, *others)

    def __iter__(self) -> Iterator[Seal]:
        """Give all of them, the current one first."""
        return iter(self._all)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose, "sha256")
