"""
The directory's wire format, without I/O: status and body in, people or a typed error out.

Facts: the documentation leaves open whether `GET /sd` answers an array or one object, and whether "nobody" is
`200 []`, `204` or `404`; all are taken for what they are. Nothing else is an answer: a failure is never "nobody".
Sources: R-Service developer guide, People API, "Using a phone number to get a person"; People Contacts API.
"""

import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from cti_lookup.errors import Unavailable
from cti_lookup.people import Contact, Named, Person

LARGEST_ANSWER: Final = 256 * 1024
"""Bytes after decompression. Ten full people are some 20 KiB."""


MOST_READ: Final = 100
"""People read of one answer; the documentation allows ten."""


class _Reference(msgspec.Struct):
    id: int | None = None
    name: str | None = None


class _Contact(msgspec.Struct):
    label: str | None = None
    telephone: str | None = None


class _Person(msgspec.Struct):
    id: int
    name: str
    contacts: list[_Contact] | msgspec.UnsetType | None = msgspec.UNSET
    disabled: bool | None = None
    vip: bool | None = None
    job_title: str | None = None
    organization: _Reference | None = None
    site: _Reference | None = None
    manager: _Reference | None = None
    primary_email: str | None = None
    location: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    picture_uri: str | None = None


_OK: Final = 200
_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
_FAILED: Final = {401: "unauthorized", 403: "forbidden", 429: "throttled"}
_EMPTY: Final = frozenset({b"", b"[]", b"{}", b"null"})
_people: Final = msgspec.json.Decoder(list[_Person])
_one_person: Final = msgspec.json.Decoder(_Person)


def decipher(status: int, body: bytes) -> tuple[Person, ...]:
    """
    Read an answer to `GET /sd`, or to `GET /people/:id`; () is "nobody". Raises `Unavailable`.

    A person of whom the answer tells no contacts has `contacts` None: the rest must be asked for.
    """
    body = body.strip()
    if status == _NO_CONTENT or (status == _NOT_FOUND and _is_api_answer(body)):
        return ()
    if status != _OK:
        raise Unavailable("redirect" if 300 <= status < 400 else _FAILED.get(status, "status"))  # noqa: PLR2004  # HTTP's own class of codes
    if body in _EMPTY:
        return ()
    try:
        people = _people.decode(body) if body.startswith(b"[") else [_one_person.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Unavailable("malformed") from exc
    return tuple(map(_read_person, people[:MOST_READ]))


def _is_api_answer(body: bytes) -> bool:
    """Tell a 404 of the API, JSON or empty, from that of a proxy or of a wrong base URL, which is a page or text."""
    return not body or body.startswith((b"{", b"["))


def inflate(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Undo an answer's compression, never making more than the largest answer of it. Raises `Unavailable`."""
    encoding = headers.get("Content-Encoding", "identity").casefold()
    if encoding in ("gzip", "x-gzip", "deflate"):
        body = _inflate(body)
    elif encoding not in ("", "identity"):
        raise Unavailable("malformed")
    if len(body) > LARGEST_ANSWER:
        raise Unavailable("oversized")
    return body


def _inflate(body: bytes) -> bytes:
    if not body:
        return body
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        inflated = inflater.decompress(body, LARGEST_ANSWER + 1)
    except zlib.error as exc:
        raise Unavailable("malformed") from exc
    if len(inflated) <= LARGEST_ANSWER and not inflater.eof:
        raise Unavailable("malformed")  # cut short: what came might read as nobody
    return inflated


def _read_person(person: _Person) -> Person:
    return Person(
        id=person.id,
        name=person.name,
        contacts=None if person.contacts is msgspec.UNSET else _read_contacts(person.contacts or []),
        disabled=bool(person.disabled),
        vip=bool(person.vip),
        job_title=person.job_title,
        organization=_named(person.organization),
        site=_named(person.site),
        manager=_named(person.manager),
        primary_email=person.primary_email,
        location=person.location,
        locale=person.locale,
        time_zone=person.time_zone,
        picture_uri=person.picture_uri,
    )


def _read_contacts(contacts: list[_Contact]) -> tuple[Contact, ...]:
    return tuple(Contact(one.label or "", one.telephone) for one in contacts if one.telephone)


def _named(reference: _Reference | None) -> Named | None:
    if reference is None or reference.id is None or reference.name is None:
        return None
    return Named(reference.id, reference.name)
