"""
How phone systems prove that they sent a request: the senders' side of what the dialects verify.

Facts: where each scheme comes from stands in the dialect's module. A secret that a scheme cannot sign with is a
`SettingsError`.
"""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from cti_lookup.dialects.verifying import hmac_of, sha256_hex
from cti_lookup.errors import SettingsError
from cti_lookup.playing.scene import Message, Place, Sent, Sign

_KEY_BYTES: Final = 32


def unsigned(message: Message, place: Place) -> Sent:
    """Send a message as it is."""
    return _sent(message, place, {})


def with_bearer(message: Message, place: Place) -> Sent:
    """Show the secret as a machine key."""
    return _sent(message, place, {"Authorization": f"Bearer {_text(place)}"} if place.secret else {})


def with_key(message: Message, place: Place) -> Sent:
    """Show the secret in the query, as telephones do that can do no better."""
    key = f"key={quote(_text(place), safe='')}" if place.secret else ""
    query = "&".join(filter(None, (message.query, key)))
    return _sent(replace(message, query=query), place, {})


def with_path(message: Message, place: Place) -> Sent:
    """Show the secret as the last part of the path, unless the URL ends in it."""
    token = quote(_text(place), safe="")
    if not token or place.url.endswith(f"/{token}"):
        return unsigned(message, place)
    return _sent(message, place, {}, url=f"{place.url}/{token}")


def with_header(name: str) -> Sign:
    """Make what shows the secret in a header."""
    return lambda message, place: _sent(message, place, {name: _text(place)} if place.secret else {})


def with_body_signed(name: str, algorithm: str, encode: Callable[[bytes], str]) -> Sign:
    """Make what signs the body, and puts the signature into a header."""

    def sign(message: Message, place: Place) -> Sent:
        return _sent(message, place, {name: encode(hmac_of(algorithm, place.secret, message.body))})

    return sign


def in_hex(signature: bytes) -> str:
    """Write a signature in lower-case hexadecimal."""
    return signature.hex()


def in_base64(signature: bytes) -> str:
    """Write a signature in standard base64."""
    return base64.b64encode(signature).decode()


def as_zoom(message: Message, place: Place) -> Sent:
    """Sign version, time and body."""
    at = str(int(place.now))
    signature = hmac_of("sha256", place.secret, b":".join((b"v0", at.encode(), message.body)))
    return _sent(message, place, {"x-zm-request-timestamp": at, "x-zm-signature": f"v0={in_hex(signature)}"})


def as_aircall(message: Message, place: Place) -> Sent:
    """Put the webhook's token into the body."""
    fields = json.loads(message.body)
    body = json.dumps({**fields, "token": _text(place)}).encode()
    return _sent(replace(message, body=body), place, {})


def as_dialpad(message: Message, place: Place) -> Sent:
    """Send the body as a token; without a secret Dialpad sends it as it is."""
    if not place.secret:
        return unsigned(message, place)
    body = token(message.body, place.secret).encode()
    return _sent(replace(message, body=body, content_type="application/jwt"), place, {})


def as_vonage(message: Message, place: Place) -> Sent:
    """Sign the body's hash and the time in a token."""
    claims = {
        "iat": int(place.now),
        "jti": place.nonce,
        "iss": "Vonage",
        "payload_hash": sha256_hex(message.body),
        "api_key": "a1b2c3d4",
    }
    shown = token(json.dumps(claims).encode(), place.secret)
    return _sent(message, place, {"Authorization": f"Bearer {shown}"})


def token(claims: bytes, secret: bytes) -> str:
    """Make a JSON Web Token with HMAC-SHA256."""
    said = b".".join(map(_url_base64, (b'{"typ":"JWT","alg":"HS256"}', claims)))
    return b".".join((said, _url_base64(hmac_of("sha256", secret, said)))).decode()


def as_twilio(header: str) -> Sign:
    """Make what signs the public URL and the sorted fields of a form, with a shared key where the secret says so."""

    def sign(message: Message, place: Place) -> Sent:
        strong = place.secret.startswith(b"sha256:")
        algorithm, secret = ("sha256", place.secret[7:]) if strong else ("sha1", place.secret)
        signed = _public(message, place) + "".join(
            name + value for name, value in sorted(set(_fields(message.body)))
        )
        headers = {header: in_base64(hmac_of(algorithm, secret, signed.encode()))}
        if strong:
            headers["X-Twilio-Webhooks-Signature-Settings"] = "key=1,algorithm=HMAC_SHA256"
        return _sent(message, place, headers)

    return sign


def as_plivo(message: Message, place: Place) -> Sent:
    """Sign the public URL, the sorted fields and a nonce."""
    page, _, query = _public(message, place).partition("?")
    asked = "&".join(f"{name}={value}" for name, value in sorted(_fields(query.encode())))
    posted = "".join(name + value for name, value in sorted(_fields(message.body)))
    signed = f"{page}?{asked}.{posted}" if asked else page + posted
    signature = in_base64(hmac_of("sha256", place.secret, f"{signed}.{place.nonce}".encode()))
    return _sent(
        message, place, {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": place.nonce}
    )


def as_telnyx(message: Message, place: Place) -> Sent:
    """Sign time and body with a private key, which is 32 bytes in base64."""
    at = str(int(place.now))
    signature = _private_key(place.secret).sign(at.encode() + b"|" + message.body)
    return _sent(message, place, {"telnyx-timestamp": at, "telnyx-signature-ed25519": in_base64(signature)})


def public_key(secret: bytes) -> bytes:
    """Give the public half of a private key, both in base64. Raises `SettingsError`."""
    return base64.b64encode(_private_key(secret).public_key().public_bytes_raw())


def _private_key(secret: bytes) -> Ed25519PrivateKey:
    try:
        raw = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise SettingsError(("--secret: is to be an Ed25519 private key, 32 bytes in base64",))
    return Ed25519PrivateKey.from_private_bytes(raw)


def as_standard(message: Message, place: Place) -> Sent:
    """Sign id, time and body as Standard Webhooks says."""
    at, name = str(int(place.now)), f"msg_{place.nonce}"
    signed = f"{name}.{at}.".encode() + message.body
    signature = in_base64(hmac_of("sha256", _standard_key(place.secret), signed))
    return _sent(
        message,
        place,
        {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"},
    )


def _standard_key(secret: bytes) -> bytes:
    if not secret.startswith(b"whsec_"):
        return secret
    try:
        return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except binascii.Error:
        raise SettingsError(("--secret: is to be base64 after whsec_",)) from None


def _sent(message: Message, place: Place, headers: dict[str, str], url: str = "") -> Sent:
    shown = {"Content-Type": message.content_type} if message.content_type else {}
    return Sent(
        message.method,
        _with_query(url or place.url, message.query),
        {**shown, **message.headers, **headers},
        message.body,
    )


def _public(message: Message, place: Place) -> str:
    return _with_query(place.public, message.query)


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _fields(form: bytes) -> list[tuple[str, str]]:
    return parse_qsl(form.decode(), keep_blank_values=True)


def _text(place: Place) -> str:
    return place.secret.decode(errors="surrogateescape")


def _url_base64(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
