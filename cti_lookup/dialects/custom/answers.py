"""
How a custom source's sender is answered: one of a few documents, and handshakes.

Nothing that the sender wrote goes back out but a short plain word of a handshake; names of people go out as one line without anything
that is syntax on telephones, or as JSON.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from cti_lookup.answers import Outcome, PersonSummary, name_line, people_of
from cti_lookup.dialects.custom.reading import Reader
from cti_lookup.dialects.custom.transforms import as_text
from cti_lookup.dialects.custom.values import Message, Value, query_of
from cti_lookup.dialects.custom.words import is_true
from cti_lookup.dialects.dialect import Answered, Greet, Request, Secrets, Told, Verify
from cti_lookup.dialects.verifying import hmac_of
from cti_lookup.errors import Rejected, Unverified

Body: TypeAlias = Callable[[Told], bytes]

_PLAIN: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Document:
    """What an answer is: its body, what it is where there is no call, its type, and whether the sender waits for the person."""

    body: Body
    nothing: bytes
    content_type: str
    waits: bool = False
    status: int = 200


def _always(body: bytes) -> Body:
    return lambda _told: body


def people_in(told: Told) -> list[PersonSummary]:
    """Give who may be calling, best first."""
    answer = told.lookup.answer
    return people_of(answer) if answer is not None and told.lookup.outcome is Outcome.MATCHED else []


def _name(told: Told) -> bytes:
    return name_line(people_in(told)).encode()


class _Contact(msgspec.Struct):
    """The person who is calling, flat; all None where nobody or more than one may be."""

    outcome: str
    id: int | None = None
    name: str | None = None
    job_title: str | None = None
    organization: str | None = None
    email: str | None = None
    vip: bool | None = None
    url: str | None = None


def _contact(told: Told) -> bytes:
    people = people_in(told)
    if not people:
        return _encode(_Contact(told.lookup.outcome))
    one = people[0]
    organization = one.organization.name if one.organization else None
    return _encode(
        _Contact(
            told.lookup.outcome,
            one.id,
            one.name,
            one.job_title,
            organization,
            one.primary_email,
            one.vip,
            one.url,
        )
    )


def _lookup(told: Told) -> bytes:
    return b"".join((b'{"call":', told.call_json, b',"lookup":', told.lookup_json, b"}"))


_XML: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

DOCUMENTS: Final[Mapping[str, Document]] = {
    "empty": Document(_always(b""), b"", "text/plain", status=204),
    "json": Document(_always(b"{}"), b"{}", "application/json"),
    "list": Document(_always(b"[]"), b"[]", "application/json"),
    "xml": Document(_always(_XML), _XML, "application/xml"),
    "name": Document(_name, b"", "text/plain", waits=True),
    "contact": Document(_contact, b"{}", "application/json", waits=True),
    "lookup": Document(_lookup, b"{}", "application/json", waits=True),
}
"""What there is to answer with."""


def echo_header(name: str) -> Greet:
    """Send a header back that comes with a handshake; it is a short plain word, or no handshake."""

    def greet(request: Request, _secrets: Secrets, _now: float) -> Answered | None:
        word = request.headers.get(name, "")
        return Answered(headers={**_PLAIN, name: word}) if _WORD.fullmatch(word) else None

    return greet


def echo_query(name: str) -> Greet:
    """Send a part of the query back as text; it is a short plain word, or no handshake."""

    def greet(request: Request, _secrets: Secrets, _now: float) -> Answered | None:
        words = query_of(request).get(name, ())
        if len(words) != 1 or not _WORD.fullmatch(words[0]):
            return None
        return Answered(words[0].encode(), "text/plain", headers=_PLAIN)

    return greet


_WORD: Final = re.compile(r"[A-Za-z0-9._~+/=:-]{1,1000}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")
"""A word that is nothing a sender would sign for an event: neither JSON nor a form, nor with a time before it."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """
    A handshake in which we prove to know the secret: a word of the message comes back with its HMAC.

    It is answered only to whom `verify` lets pass: it would sign for anybody else.
    """

    when: Value
    word: Value
    algorithm: str
    write: Callable[[bytes], str]
    word_name: str
    hmac_name: str
    read: Reader
    verify: Verify | None

    def greet(self, request: Request, secrets: Secrets, now: float) -> Answered | None:
        """Answer a challenge; None for any other request. Raises `Unverified`."""
        word = self._word(request)
        if word is None:
            return None
        secret = self._secret(request, secrets, now)
        digest = self.write(hmac_of(self.algorithm, secret, word.encode()))
        return Answered(_encode({self.word_name: word, self.hmac_name: digest}), headers=_PLAIN)

    def _word(self, request: Request) -> str | None:
        try:
            whole = self.read(request)
        except Rejected:
            return None
        message = Message(whole, whole, request)
        word = as_text(self.word.of(message)) if is_true(self.when.of(message)) else None
        return word if word is not None and _NONCE.fullmatch(word) else None

    def _secret(self, request: Request, secrets: Secrets, now: float) -> bytes:
        """Give the secret that the sender used, the first where several serve together. Raises `Unverified`."""
        if self.verify is not None:
            self.verify(request, secrets, now)
        if not secrets:
            raise Unverified("missing")
        return next((one for one in secrets if self._serves(one, request, len(secrets), now)), secrets[0])

    def _serves(self, secret: bytes, request: Request, count: int, now: float) -> bool:
        """Tell whether a request is verified with one secret in the place of all of them."""
        try:
            if self.verify is not None:
                self.verify(request, (secret,) * count, now)
        except Unverified:
            return False
        return True


def first_of(greets: tuple[Greet, ...]) -> Greet:
    """Try handshakes in their order."""

    def greet(request: Request, secrets: Secrets, now: float) -> Answered | None:
        for one in greets:
            if (answered := one(request, secrets, now)) is not None:
                return answered
        return None

    return greet


def answered_with(document: Document, body: bytes) -> Answered:
    """Make an answer of a document."""
    return Answered(body, document.content_type, document.status, {"Cache-Control": "no-store"})


def answer_with(document: Document) -> Callable[[Told], Answered]:
    """Answer with a document."""
    return lambda told: answered_with(document, document.body(told))
