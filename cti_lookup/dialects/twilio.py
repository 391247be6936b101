"""
Twilio Voice: signed forms and JSON, answered with an empty TwiML document.

Facts: Twilio, "Webhooks security"; twilio-python 9.13.0, `request_validator.py`. The signature is HMAC-SHA1
over the full URL, and for a posted form over each distinct name, in order, with its distinct values, in
order; for a JSON body over the URL, which then holds the body's `bodySHA256`; for a GET over the URL. The
port is in it or not, whatever the URL says. A request signed with a shared key in place of the auth token
names HMAC_SHA256 in a header. No time is signed. One public project tells that `CallToken` and `StirVerstat`
are added after signing; others see them signed.
"""

import base64
import re
from collections.abc import Callable, Iterable
from typing import Final

from cti_lookup.dialects.bodies import Fields, first, form_of
from cti_lookup.dialects.dialect import Dialect, Facts, Request, Secrets
from cti_lookup.dialects.twilio_forms import (
    NOTHING,
    answer,
    attestation_of,
    fields_of,
    query_of,
    read_fields,
)
from cti_lookup.dialects.verifying import check_any, header, hmac_of, sha256_hex
from cti_lookup.errors import Rejected, Unverified
from cti_lookup.events import CallEvent

_SIGNATURE: Final = "X-Twilio-Signature"
_SETTINGS: Final = "X-Twilio-Webhooks-Signature-Settings"
_BODY_HASH: Final = "bodySHA256"
_ALGORITHMS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_STRONG: Final = b"sha256:"
"""Stands before a secret with which nothing weaker than HMAC-SHA256 is taken."""

_LATE: Final = frozenset({"CallToken", "StirVerstat"})


def verify(request: Request, secrets: Secrets, _now: float) -> None:
    """Check the signature over URL and fields. Raises `Unverified`."""
    _verify(request, secrets, covered(request))


def verify_but_late_fields(request: Request, secrets: Secrets, now: float) -> None:
    """Check the signature, and if it fails, without the fields that may have been added after signing."""
    try:
        verify(request, secrets, now)
    except Unverified:
        _verify(request, secrets, covered(request, without=_LATE))


def known_by(request: Request) -> bytes:
    """
    Give the signature, by which a replay is known.

    Fields in another order, twice, or encoded otherwise are signed alike; the signature has one spelling.
    """
    return header(request, _SIGNATURE).encode(errors="replace")


def _verify(request: Request, secrets: Secrets, covered_fields: str) -> None:
    shown = header(request, _SIGNATURE)
    algorithm = _algorithm(request)
    check_one(shown, signatures(request, _usable(secrets, algorithm), covered_fields, algorithm))


def check_one(shown: str, good: Iterable[bytes]) -> None:
    """Raise `Unverified` unless this is one of the signatures, to the letter: base64 has spare bits."""
    check_any([shown.encode(errors="replace")], tuple(good), lambda signature: signature)


def signatures(request: Request, secrets: Secrets, covered_fields: str, algorithm: str) -> Iterable[bytes]:
    """Give the signatures that are good, in base64: one for each secret and each way to write the URL."""
    for url in urls_of(request.url):
        text = bytes_of(url + covered_fields)
        for secret in secrets:
            yield base64.b64encode(hmac_of(algorithm, secret, text))


def bytes_of(text: str) -> bytes:
    """Encode a text as it came over the wire. Raises `Unverified` for half a character."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise Unverified("signature") from None


def covered(request: Request, without: frozenset[str] = frozenset()) -> str:
    """Give what is signed beside the URL. Raises `Unverified` if the URL holds the hash of another body."""
    if request.method == "GET":
        return ""
    try:
        expected = first(query_of(request), _BODY_HASH)
        fields = form_of(request.body) if expected is None else {}
    except Rejected:
        raise Unverified("signature") from None
    if expected is not None:
        check_one(expected, [sha256_hex(request.body).encode()])
    return joined(fields, without)


def joined(fields: Fields, without: frozenset[str] = frozenset()) -> str:
    """Write fields the way they are signed: each name with each of its values, once, in order."""
    names = sorted(fields.keys() - without)
    return "".join(name + value for name in names for value in sorted(set(fields[name])))


def urls_of(url: str) -> tuple[str, ...]:
    """Give a URL as it stands, and with the default port or without any: senders differ."""
    found = _AUTHORITY.match(url)
    if found is None:
        return (url,)
    host, rest = found[1], url[found.end() :]
    if found[3]:
        return url, host + rest
    return url, host + (":443" if found[2] == "https" else ":80") + rest


_AUTHORITY: Final = re.compile(r"((https?)://(?:[^/?#@]*@)?(?:\[[^\]/?#]*\]|[^/?#:@]+))(:[0-9]+)?(?=[/?#]|$)")


def _algorithm(request: Request) -> str:
    """Give the algorithm that the request names, HMAC-SHA1 if none. Raises `Unverified` for any other."""
    if not request.headers.get(_SETTINGS, "").strip():
        return "sha1"
    pairs = [part.partition("=") for part in header(request, _SETTINGS).split(",")]
    named = [
        value.strip().upper() for name, _, value in pairs if name.strip() == "algorithm" and value.strip()
    ]
    if any(name not in _ALGORITHMS for name in named) or len(named) > 1:
        raise Unverified("algorithm")
    return _ALGORITHMS[named[0]] if named else "sha1"


def _usable(secrets: Secrets, algorithm: str) -> Secrets:
    """Give the secrets that an algorithm is strong enough for; an empty one is none. Raises `Unverified` if there is none."""
    strong = tuple(
        key for secret in secrets if secret.startswith(_STRONG) and (key := secret[len(_STRONG) :])
    )
    plain = tuple(secret for secret in secrets if not secret.startswith(_STRONG))
    if algorithm == "sha256":
        return strong + plain
    if not plain:
        raise Unverified("algorithm")
    return plain


def _reader(without: frozenset[str]) -> Callable[[Request, Facts], tuple[CallEvent, ...]]:
    def read(request: Request, facts: Facts) -> tuple[CallEvent, ...]:
        fields = {name: values for name, values in fields_of(request).items() if name not in without}
        verstat = first(fields, "StirVerstat") or first(fields, "From")
        return read_fields(fields, facts, attestation_of(verstat), "CallerName")

    return read


TWILIO: Final = Dialect(
    "twilio",
    _reader(frozenset()),
    answer,
    verify,
    nothing=NOTHING,
    timeless=True,
    needs_public_url=True,
    known_by=known_by,
)
TWILIO_LATE_FIELDS: Final = Dialect(
    "twilio-late-fields",
    _reader(_LATE),
    answer,
    verify_but_late_fields,
    nothing=NOTHING,
    timeless=True,
    needs_public_url=True,
    known_by=known_by,
)
"""Twilio, where `CallToken` and `StirVerstat` are not signed: they are let through, and never read."""
