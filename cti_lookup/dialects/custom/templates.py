r"""
What a sender signs, written as a template: literal text with names in braces; `{{` and `}}` are braces.

Names: `{method}`, `{url}` (the public one), `{url_encoded}`, `{path}`, `{query}`, `{body}`, `{sha256_body}` and `{md5_body}` (bytes, as hexadecimal
with `_hex`, as base64 with `_b64` in the middle: `{sha256_hex_body}`), `{secret}`, `{time}` (as it was sent), `{header:NAME}`, `{field:PATH}`.

Facts: what covers what is each vendor's own: Zoom `v0:{time}:{body}`, Webex `{body}`, SignalWire SWML `{url}{body}`, DIDWW
`{time}.{body}`, Bird `{time}\n{url}\n{sha256_body}`, Sinch `{method}\n{md5_b64_body}\n…`, JustCall `{secret}|{url_encoded}|{field:type}|{time}`.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from cti_lookup.dialects.custom.fields import PathError, compiled
from cti_lookup.dialects.custom.transforms import as_text
from cti_lookup.dialects.dialect import Request
from cti_lookup.errors import Unverified


@dataclass(frozen=True, slots=True)
class Signed:
    """What a template is filled from; `message` is None where no field is signed."""

    request: Request
    secret: bytes = b""
    time: str = ""
    message: Any = None


Part: TypeAlias = Callable[[Signed], bytes]


@dataclass(frozen=True, slots=True)
class Template:
    """Parts that make up what is signed, and what of a request they need."""

    parts: tuple[Part, ...]
    names: frozenset[str]

    @property
    def needs_url(self) -> bool:
        """Tell whether the public URL is signed."""
        return not self.names.isdisjoint({"url", "url_encoded"})

    @property
    def covers_query(self) -> bool:
        """Tell whether the URL's query is signed."""
        return self.needs_url or "query" in self.names

    @property
    def needs_message(self) -> bool:
        """Tell whether a field of the message is signed."""
        return any(name.startswith("field:") for name in self.names)

    def filled(self, signed: Signed) -> bytes:
        """Give what is signed."""
        return b"".join(part(signed) for part in self.parts)


class TemplateError(ValueError):
    """A template that is none; says why."""


def template_of(written: str) -> Template:
    """Read a template. Raises `TemplateError`."""
    pieces = tuple(_pieces(written))
    return Template(
        tuple(part for _, part in pieces), frozenset(name for name, _ in pieces if name is not None)
    )


def _pieces(written: str) -> Iterator[tuple[str | None, Part]]:
    end = 0
    for found in _BRACES.finditer(written):
        yield None, _literal(written[end : found.start()])
        end = found.end()
        if found[1] is None:
            yield None, _literal(found[0][0])
        else:
            yield found[1].casefold() if found[1].startswith("header:") else found[1], _part(found[1])
    rest = written[end:]
    if "{" in rest or "}" in rest:
        raise TemplateError("has a brace that nothing closes or opens; {{ and }} are braces")
    yield None, _literal(rest)


_BRACES: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def _literal(text: str) -> Part:
    encoded = text.encode()
    return lambda _signed: encoded


def _part(name: str) -> Part:
    if name in _PARTS:
        return _PARTS[name]
    kind, _, rest = name.partition(":")
    if kind == "header" and rest:
        return lambda signed: encoded(signed.request.headers.get(rest, ""))
    if kind == "field" and rest:
        return _field(rest)
    raise TemplateError(f"has a name that is none of {', '.join(_PARTS)}, header:NAME, field:PATH")


def _field(path: str) -> Part:
    try:
        find = compiled(path)
    except PathError as bad:
        raise TemplateError(f"has a path that {bad}") from None
    return lambda signed: encoded(as_text(find(signed.message)) or "")


def encoded(text: str) -> bytes:
    """Encode a text as it came over the wire. Raises `Unverified` for half a character."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise Unverified("signature") from None


def _path(request: Request) -> str:
    return _AUTHORITY.sub("", request.url).partition("?")[0]


_AUTHORITY: Final = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def _url_encoded(signed: Signed) -> bytes:
    """Encode the URL as JavaScript's `encodeURIComponent` does."""
    return quote(encoded(signed.request.url), safe="!'()*-._~").encode()


def _sha256(signed: Signed) -> bytes:
    return hashlib.sha256(signed.request.body).digest()


def _md5(signed: Signed) -> bytes:
    return hashlib.md5(signed.request.body, usedforsecurity=False).digest()


_PARTS: Final[Mapping[str, Part]] = {
    "method": lambda signed: encoded(signed.request.method),
    "url": lambda signed: encoded(signed.request.url),
    "url_encoded": _url_encoded,
    "path": lambda signed: encoded(_path(signed.request)),
    "query": lambda signed: encoded(signed.request.target.partition("?")[2]),
    "body": lambda signed: signed.request.body,
    "sha256_body": _sha256,
    "sha256_hex_body": lambda signed: _sha256(signed).hex().encode(),
    "sha256_b64_body": lambda signed: base64.b64encode(_sha256(signed)),
    "md5_body": _md5,
    "md5_hex_body": lambda signed: _md5(signed).hex().encode(),
    "md5_b64_body": lambda signed: base64.b64encode(_md5(signed)),
    "secret": lambda signed: signed.secret,
    "time": lambda signed: encoded(signed.time),
}
