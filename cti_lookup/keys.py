"""Secrets that callers show: compared as bytes, in constant time, all of them each time."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping


class Keys:
    """Some valid keys; none at all is valid too, and accepts nobody."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = tuple(key.encode() for key in keys)

    def __contains__(self, shown: str) -> bool:
        """Tell whether a shown key is one of these."""
        candidate = shown.encode(errors="surrogateescape")
        found = False
        for key in self._keys:
            found |= hmac.compare_digest(key, candidate)
        return found

    def __bool__(self) -> bool:
        """Tell whether there is any key."""
        return bool(self._keys)


def shown_key(headers: Mapping[str, str]) -> str:
    """Take the key out of a request's headers: Bearer, `X-API-Key`, or the password of Basic; '' if none."""
    authorization = headers.get("Authorization")
    if authorization is None:
        return headers.get("X-API-Key", "")
    if authorization.startswith("Bearer "):  # as nearly all write it
        return authorization[7:].strip()
    scheme, _, credentials = authorization.partition(" ")
    match scheme.casefold():
        case "bearer":
            return credentials.strip()
        case "basic":
            return _password(credentials)
    return headers.get("X-API-Key", "")


def _password(credentials: str) -> str:
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(b":")[2].decode(errors="surrogateescape")
