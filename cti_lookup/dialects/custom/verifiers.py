"""
How a sender proves to be who it is: tokens, Basic, HMAC by a template, `t=…,v1=…`, JWT, named schemes, addresses.

Each is total and constant in time, and takes any of the source's secrets, or those of them that it is told to. Several together must
all be content.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

from cti_lookup.dialects.custom.jwts import Demands, check_jwt
from cti_lookup.dialects.custom.moments import moment
from cti_lookup.dialects.custom.reading import Reader
from cti_lookup.dialects.custom.templates import Signed, Template, encoded
from cti_lookup.dialects.custom.values import Message, Value, query_of
from cti_lookup.dialects.dialect import Request, Secrets, Verify
from cti_lookup.dialects.ed25519 import check_ed25519
from cti_lookup.dialects.verifying import check_any, check_time, check_token, header, hmac_of
from cti_lookup.errors import Rejected, Unverified

Network: TypeAlias = IPv4Network | IPv6Network
_MOST_SIGNATURES: Final = 20


@dataclass(frozen=True, slots=True)
class Proof:
    """
    A way to prove, and what follows from it.

    `signs`: it covers what is sent, and does not only show a secret. `timed`: it covers a time too, which is checked. `covers_url`: the URL is
    covered with its query. `proves` is False for what is no proof by itself. `secrets` are the numbers of those it takes, () for all.
    """

    verify: Verify
    signs: bool = False
    timed: bool = False
    covers_url: bool = False
    needs_url: bool = False
    proves: bool = True
    secrets: tuple[int, ...] = ()


def all_of(proofs: tuple[Proof, ...]) -> Verify:
    """Ask for every one of some proofs."""

    def verify(request: Request, secrets: Secrets, now: float) -> None:
        for proof in proofs:
            proof.verify(request, secrets, now)

    return verify


def chosen(verify: Verify, numbers: tuple[int, ...]) -> Verify:
    """Let a proof take some of the secrets only, by their numbers, counted from 1."""

    def verify_by_these(request: Request, secrets: Secrets, now: float) -> None:
        verify(request, tuple(secrets[one - 1] for one in numbers if one <= len(secrets)), now)

    return verify_by_these if numbers else verify


def path_token(request: Request, secrets: Secrets, _now: float) -> None:
    """Take a secret at the end of the path."""
    check_token(request.token, secrets)


def basic(request: Request, secrets: Secrets, _now: float) -> None:
    """Take `user:password` as HTTP Basic shows it; a secret is both."""
    scheme, _, credentials = header(request, "Authorization").partition(" ")
    if scheme.casefold() != "basic":
        raise Unverified("missing")
    try:
        shown = base64.b64decode(encoded(credentials.strip()), validate=True)
    except (binascii.Error, ValueError):
        raise Unverified("signature") from None
    check_any([shown], secrets, lambda secret: secret)


def header_token(name: str, prefix: str) -> Verify:
    """Take a secret in a header, after a prefix."""

    def verify(request: Request, secrets: Secrets, _now: float) -> None:
        check_token(_without(header(request, name), prefix), secrets)

    return verify


def query_token(name: str) -> Verify:
    """Take a secret in the URL's query."""

    def verify(request: Request, secrets: Secrets, _now: float) -> None:
        shown = query_of(request).get(name, ())
        check_token(shown[0] if len(shown) == 1 else "", secrets)

    return verify


def body_token(place: Value, read: Reader) -> Verify:
    """Take a secret that stands in the message."""

    def verify(request: Request, secrets: Secrets, _now: float) -> None:
        message = _message(request, read)
        shown = place.of(Message(message, message, request))
        check_token(shown if isinstance(shown, str) else "", secrets)

    return verify


def _message(request: Request, read: Reader) -> Any:
    try:
        return read(request)
    except Rejected:
        raise Unverified("missing") from None


def _without(text: str, prefix: str) -> str:
    """Take a prefix off. Raises `Unverified` where it is missing."""
    if not text.startswith(prefix):
        raise Unverified("signature")
    return text[len(prefix) :].strip()


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the time of a signature stands: a header, or '' for none; how it is written, and how far off it may be."""

    header: str
    unit: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Scheme:
    """
    An HMAC scheme. `key` makes the key's bytes of a secret, None of one that is none; `write` writes a digest as text.

    `separator` parts several signatures in the header, '' where there is one. `read` is what fields are signed of.
    """

    algorithm: str
    template: Template
    key: Callable[[bytes], bytes | None]
    write: Callable[[bytes], str]
    folds: bool
    header: str
    prefix: str
    separator: str
    clock: Clock | None
    read: Reader


def signature(scheme: Scheme) -> Verify:
    """Take an HMAC over a template."""

    def verify(request: Request, secrets: Secrets, now: float) -> None:
        shown = header(request, scheme.header)
        listed = shown.split(scheme.separator) if scheme.separator else [shown]
        bare = [one.strip()[len(scheme.prefix) :] for one in listed if one.strip().startswith(scheme.prefix)]
        time = _checked_time(request, scheme.clock, now)
        check_signatures(bare, request, secrets, scheme, time)

    return verify


def _checked_time(request: Request, clock: Clock | None, now: float) -> str:
    if clock is None:
        return ""
    time = header(request, clock.header)
    _check_moment(time, clock, now)
    return time


def _check_moment(time: str, clock: Clock, now: float) -> None:
    at = moment(time, clock.unit)
    if at is None:
        raise Unverified("stale")
    check_time(at, now, clock.tolerance)


def check_signatures(shown: list[str], request: Request, secrets: Secrets, scheme: Scheme, time: str) -> None:
    """Raise `Unverified` unless one of the signatures is one of the secrets', letter for letter: base64 has spare bits."""
    message = _message(request, scheme.read) if scheme.template.needs_message else None
    good = [
        scheme.write(
            hmac_of(scheme.algorithm, key, scheme.template.filled(Signed(request, secret, time, message)))
        ).encode()
        for secret in secrets
        if (key := scheme.key(secret))
    ]
    written = [one.casefold() if scheme.folds else one for one in shown[:_MOST_SIGNATURES]]
    check_any([encoded(one) for one in written], tuple(good), lambda one: one)


def key_values(scheme: Scheme, time_name: str, signature_name: str, clock: Clock) -> Verify:
    """Take `t=…,v1=…`: a header that holds the time and one signature or several."""

    def verify(request: Request, secrets: Secrets, now: float) -> None:
        pairs = [one.strip().partition("=") for one in header(request, scheme.header).split(scheme.separator)]
        times = [value for name, _, value in pairs if name == time_name]
        if len(times) != 1:
            raise Unverified("missing")
        _check_moment(times[0], clock, now)
        shown = [value for name, _, value in pairs if name == signature_name]
        check_signatures(shown, request, secrets, scheme, times[0])

    return verify


def ed25519(name: str, template: Template, clock: Clock | None) -> Verify:
    """Take an Ed25519 signature in base64; the secrets are public keys."""

    def verify(request: Request, secrets: Secrets, now: float) -> None:
        shown = header(request, name)
        time = _checked_time(request, clock, now)
        check_ed25519(shown, secrets, template.filled(Signed(request, time=time)))

    return verify


def token(where: str, prefix: str, demands: Demands) -> Verify:
    """Take a JWT in a header, or as the body where `where` is ''."""

    def verify(request: Request, secrets: Secrets, now: float) -> None:
        shown = _without(header(request, where), prefix) if where else _body_token(request)
        check_jwt(shown, request, secrets, demands, now)

    return verify


def _body_token(request: Request) -> str:
    if not request.body:
        raise Unverified("missing")
    return request.body.decode("latin-1").strip().strip('"')


def addresses(name: str, networks: tuple[Network, ...]) -> Verify:
    """
    Take a sender's address from a header that our own proxy writes; the last of a list, which is what it added.

    No proof by itself: whoever reaches the service past the proxy writes the header himself.
    """

    def verify(request: Request, _secrets: Secrets, _now: float) -> None:
        try:
            address = ip_address(header(request, name).rpartition(",")[2].strip())
        except ValueError:
            raise Unverified("signature") from None
        if not any(address in network for network in networks):
            raise Unverified("signature")

    return verify


def _raw(secret: bytes) -> bytes | None:
    return secret


def _from_hex(secret: bytes) -> bytes | None:
    try:
        return bytes.fromhex(secret.decode())
    except ValueError:
        return None


def _from_base64(secret: bytes) -> bytes | None:
    bare = secret.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None


KEYS: Final[Mapping[str, Callable[[bytes], bytes | None]]] = {
    "text": _raw,
    "hex": _from_hex,
    "base64": _from_base64,
}
"""How a secret is written."""

WRITTEN: Final[Mapping[str, Callable[[bytes], str]]] = {
    "hex": lambda digest: digest.hex(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
}
"""How a signature is written."""

DIGESTS: Final = {name: name for name in ("sha1", "sha256", "sha384", "sha512")}
