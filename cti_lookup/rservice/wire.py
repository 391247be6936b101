"""
The directory's wire format, without I/O: a question in, path and query out; status and body in, people or a typed error out.

Facts: the documentation leaves open whether `GET /sd` answers an array or one object, and whether "nobody" is
`200 []`, `204` or `404`; all are taken for what they are. Nothing else is an answer: a failure is never "nobody".
Sources: R-Service developer guide, People API, "Using a phone number to get a person"; People Contacts API.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from cti_lookup.errors import Unavailable
from cti_lookup.people import Contact, Named, Person
from cti_lookup.questions import AnyQuestion, IdentityQuestion, QueryForm, query_text
from cti_lookup.strict_json import read_json

LARGEST_ANSWER: Final = 256 * 1024
"""Bytes after decompression. Ten full people are some 20 KiB."""


MOST_READ: Final = 100
"""People read of one answer; the documentation allows ten."""


class BadStatus(Unavailable):
    """The directory answered with a status that is no answer."""

    def __init__(self, status: int) -> None:
        super().__init__("redirect" if 300 <= status < 400 else _FAILED.get(status, "status"))  # noqa: PLR2004  # HTTP's own class of codes
        self.status = status


class Window(msgspec.Struct, frozen=True):
    """One of the windows that `GET /rate_limit` tells of; `reset` is in seconds since the epoch."""

    context: str
    limit: int
    remaining: int
    reset: int


class _Windows(msgspec.Struct):
    resources: list[Window]


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
    support_id: str | int | None = msgspec.field(name="supportID", default=None)
    employee_id: str | int | None = msgspec.field(name="employeeID", default=None)


_T = TypeVar("_T")
_OK: Final = 200
_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
_FAILED: Final = {401: "unauthorized", 403: "forbidden", 429: "throttled"}


PATHS: Final = ("sd", "people")
"""The resources that answer questions."""


def question_path(question: AnyQuestion, form: QueryForm | int) -> tuple[str, dict[str, str]] | None:
    r"""
    Say which resource answers a question, and with what query; None if nobody can be meant.

    Facts: a string filter reads its operator from the start of the value: `!` is "not" and `\!` a mere `!`; commas and
    comparisons are for numbers and dates; an empty value asks for everybody who has none (developer guide, Filtering).
    """
    if not isinstance(question, IdentityQuestion):
        return "sd", {"telephone": query_text(question.number, form)}
    if not question.value.strip():
        return None
    literal = f"\\{question.value}" if question.value.startswith("!") else question.value
    return "people", {str(question.key): literal}


def decipher(status: int, body: bytes) -> tuple[Person, ...]:
    """
    Read an answer to `GET /sd`, `GET /people` or `GET /people/:id`; () is "nobody". Raises `Unavailable`.

    A person of whom the answer tells no contacts has `contacts` None: the rest must be asked for.
    """
    body = body.strip()
    if status == _NO_CONTENT or (status == _NOT_FOUND and _is_api_answer(body)):
        return ()
    if status != _OK:
        raise BadStatus(status)
    told = read_object(body) if body else None
    if told is None or told in ({}, []):
        return ()
    people = _typed(told if isinstance(told, list) else [told], list[_Person])
    return tuple(map(_read_person, people[:MOST_READ]))


def read_windows(body: bytes) -> tuple[Window, ...]:
    """Read what `GET /rate_limit` says of ordinary requests. Raises `Unavailable`."""
    windows = _typed(read_object(body), _Windows).resources
    return tuple(one for one in windows if one.context == "core")


def read_object(body: bytes) -> Any:
    """Read a body strictly as JSON. Raises `Unavailable`."""
    try:
        return read_json(body)
    except (ValueError, RecursionError) as exc:
        raise Unavailable("malformed") from exc


def _typed(told: Any, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as exc:
        raise Unavailable("malformed") from exc


def _is_api_answer(body: bytes) -> bool:
    """Tell a 404 of the API, JSON or empty, from that of a proxy or of a wrong base URL, which is a page or text."""
    try:
        return not body or isinstance(read_json(body), dict | list)
    except (ValueError, RecursionError):
        return False


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
    if inflater.unused_data:
        raise Unavailable("malformed")  # more than one, of which the first might read as nobody
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
        support_id=_text(person.support_id),
        employee_id=_text(person.employee_id),
    )


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _read_contacts(contacts: list[_Contact]) -> tuple[Contact, ...]:
    return tuple(Contact(one.label or "", one.telephone) for one in contacts if one.telephone)


def _named(reference: _Reference | None) -> Named | None:
    if reference is None or reference.id is None or reference.name is None:
        return None
    return Named(reference.id, reference.name)
