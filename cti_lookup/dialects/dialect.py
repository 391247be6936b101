"""What a dialect is: a record of how to read an event and how to answer it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from cti_lookup.events import CallEvent


class Request(msgspec.Struct, frozen=True, gc=False):
    """A webhook as it came: its headers, its raw body, and its raw query string where it has no body."""

    headers: Mapping[str, str]
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    One phone system's way.

    `read` is given the request, the source's name and its region, and raises `Rejected`; `answer` makes a body of
    the call and the lookup, both given as JSON bytes.
    """

    name: str
    read: Callable[[Request, str, str | None], CallEvent]
    answer: Callable[[bytes, bytes], bytes]
    content_type: str = "application/json"
