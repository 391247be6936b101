"""
Standard Webhooks: an id, a time and signatures in headers, and an event in the generic dialect's words.

Facts: standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`; standardwebhooks 1.1.0. What is
signed is the id, the time in seconds and the raw body, with dots between. `webhook-signature` is a list with
blanks: `v1,` before HMAC-SHA256 in base64, `v1a,` before Ed25519; a list, because a sender signs with the old
secret and the new one for a while. A secret is `whsec_` and base64; a public key `whpk_` and base64. Without
such a beginning a secret is base64 to some senders, plain text to others: it is good as either. A public key
makes no HMAC: it is no secret. The id stays the same when a message comes again; the time is that of the
attempt. The recommended body is `{"type": "call.ringing", "timestamp": "…", "data": {…}}`.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from cti_lookup.dialects.bodies import object_of, text_of
from cti_lookup.dialects.dialect import QUIET, Answered, Dialect, Facts, Request, Secrets, Told
from cti_lookup.dialects.ed25519 import check_ed25519
from cti_lookup.dialects.envelopes import read_inside, tells_of_a_call
from cti_lookup.dialects.moments import rfc3339_seconds
from cti_lookup.dialects.verifying import check_any, check_time, header, hmac_of, seconds
from cti_lookup.errors import Unverified
from cti_lookup.events import CallEvent

_ID: Final = "webhook-id"
_SECRET: Final = b"whsec_"
_PUBLIC: Final = b"whpk_"
_PRIVATE: Final = b"whsk_"
_MOST_SIGNATURES: Final = 20


def verify(request: Request, secrets: Secrets, now: float) -> None:
    """Raise `Unverified` unless one of the signatures is of one of the secrets or keys, and was made lately."""
    name, sent_at = header(request, _ID), header(request, "webhook-timestamp")
    shown = header(request, "webhook-signature").split()
    check_time(seconds(sent_at), now)
    signed = f"{name}.{sent_at}.".encode(errors="surrogateescape") + request.body
    versions = [one.partition(",") for one in shown[:_MOST_SIGNATURES]]
    symmetric = [text for version, _, text in versions if version == "v1"]
    asymmetric = [text for version, _, text in versions if version == "v1a"]
    if not symmetric and not asymmetric:
        raise Unverified("algorithm")
    if not (_is_made_with(secrets, symmetric, signed) or _is_made_by(secrets, asymmetric, signed)):
        raise Unverified("signature")


def _is_made_with(secrets: Secrets, shown: list[str], signed: bytes) -> bool:
    """Tell whether one of the secrets made one of the signatures, letter for letter."""
    keys = tuple(key for secret in secrets for key in _keys(secret))
    try:
        check_any(
            [one.encode(errors="surrogateescape") for one in shown],
            keys,
            lambda key: base64.b64encode(hmac_of("sha256", key, signed)),
        )
    except Unverified:
        return False
    return True


def _keys(secret: bytes) -> Iterator[bytes]:
    """Give the keys that a secret stands for; an empty one is none."""
    if secret.startswith((_PUBLIC, _PRIVATE)):
        return
    if not secret.startswith(_SECRET) and secret:
        yield secret
    if decoded := _decoded(secret.removeprefix(_SECRET)):
        yield decoded


def _decoded(text: bytes) -> bytes:
    """Decode base64, with its padding or without; what is none is nothing."""
    try:
        return base64.b64decode(_padded(text), validate=True)
    except binascii.Error:
        return b""


def _padded(text: bytes) -> bytes:
    bare = text.rstrip(b"=")
    return bare + b"=" * (-len(bare) % 4)


def _is_made_by(secrets: Secrets, shown: list[str], signed: bytes) -> bool:
    """Tell whether the owner of one of the public keys made one of the signatures."""
    keys = tuple(_padded(secret.removeprefix(_PUBLIC)) for secret in secrets if secret.startswith(_PUBLIC))
    return any(_is_one_made_by(keys, one, signed) for one in shown)


def _is_one_made_by(keys: Secrets, signature: str, signed: bytes) -> bool:
    try:
        check_ed25519(signature, keys, signed)
    except Unverified:
        return False
    return True


def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
    """Read the event, at the top or under `data`; () if it tells of no call. Raises `Rejected`."""
    message = object_of(request.body)
    return read_inside(
        _fields(message),
        text_of(message.get("type")),
        facts,
        key=request.headers.get(_ID, ""),
        told_at=rfc3339_seconds(message.get("timestamp")),
    )


def _fields(message: dict[str, Any]) -> dict[str, Any]:
    data = message.get("data")
    return message if tells_of_a_call(message) or not isinstance(data, dict) else data


def answer(_told: Told) -> Answered:
    """Confirm the receipt."""
    return QUIET


STANDARD_WEBHOOKS: Final = Dialect("standard-webhooks", read, answer, verify, nothing=QUIET)
