"""What a dialect is: a record of how a phone system's events are verified, read and answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias, runtime_checkable

import msgspec

from cti_lookup.answers import Lookup
from cti_lookup.calls import Call
from cti_lookup.events import CallEvent


class Request(msgspec.Struct, frozen=True, gc=False):
    """
    A webhook as it came.

    `target` is the path with the raw query, as the sender wrote it; `base` the public URL of the service without a slash at its end, '' if
    none is set. `headers` look names up in any letter case. `token` is the secret that stands in the path, '' if none does.
    """

    headers: Mapping[str, str]
    query: str
    body: bytes
    method: str = "POST"
    target: str = ""
    base: str = ""
    token: str = ""

    @property
    def url(self) -> str:
        """The URL as the sender knows it; signatures are checked against it, never against `Host`."""
        return self.base + self.target


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What reading an event needs to know of its source, and of the time (seconds since the epoch)."""

    source: str
    region: str | None
    now: float = 0.0


class Told(msgspec.Struct, frozen=True, gc=False):
    """
    What an answer may be made of: the request, its event, the call as it now is, and who is calling.

    `call_json` and `lookup_json` are these two as the generic dialect shows them. `hook` is the URL under which the source is reached
    from outside, with its token if that stands in the path; '' if no public URL is set.
    """

    request: Request
    event: CallEvent
    call: Call
    lookup: Lookup
    call_json: bytes
    lookup_json: bytes
    hook: str = ""


class Answered(msgspec.Struct, frozen=True, gc=False):
    """An answer in a dialect."""

    body: bytes = b""
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = {}


Secrets: TypeAlias = tuple[bytes, ...]
"""The secrets of a source, any of which is good: several while one is changed."""

Verify: TypeAlias = Callable[[Request, Secrets, float], None]
"""
Given a request, the secrets and the time: raises `Unverified` unless one of the secrets made the request. Compares bytes, in constant
time; checks a time both ways; is total: any bytes whatever are verified or refused.
"""

Read: TypeAlias = Callable[[Request, Facts], tuple[CallEvent, ...]]
"""
Gives the events that a verified request tells of, the one to answer first; () if it tells of no call. Raises `Rejected` for what cannot be read.
"""

Answer: TypeAlias = Callable[[Told], Answered]
Greet: TypeAlias = Callable[[Request, Secrets, float], Answered | None]
"""Answers a handshake; None for any other request. Verifies what is signed itself, and reflects short plain text only."""


def no_greeting(_request: Request, _secrets: Secrets, _now: float) -> None:
    """Know no handshake."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    One phone system's way: pure, without I/O or clock.

    `verify` is None where a request shows one of the source's secrets as a machine key is shown: in a header, in the
    path, or as `?key=`. `nothing` answers a request that tells of no call, and one that is verified and makes no sense, so that the
    sender does not repeat it for ever; `nothing_to` chooses it by the request, where a sender speaks two languages. `waits` tells
    whether the sender waits for the person (a lookup), and not only for the receipt. `timeless`: what it signs holds no time, and the same request again is a replay. `known_by` gives what a verified
    request and its replay have in common, where the same can be written in more than one way and is signed in all of them; without
    it that is the body, and the target if the URL is signed. `rightly_after`: seconds after which the same body may rightly come again,
    where it tells of states alone, as a call may be held twice; 0 is never.
    """

    name: str
    read: Read
    answer: Answer
    verify: Verify | None = None
    greet: Greet = no_greeting
    nothing: Answered = field(default_factory=lambda: Answered(b"{}"))
    waits: bool = False
    timeless: bool = False
    needs_public_url: bool = False
    tells_errors: bool = True
    nothing_to: Callable[[Request], Answered] | None = None
    known_by: Callable[[Request], bytes] | None = None
    rightly_after: float = 0.0

    def nothing_for(self, request: Request) -> Answered:
        """Give the document that asks for nothing, in the language of a request."""
        return self.nothing if self.nothing_to is None else self.nothing_to(request)


CUSTOM: Final = "custom"
"""The name of the dialect that an administrator describes."""


@runtime_checkable
class Described(Protocol):
    """A description, compiled, to those who only use it: its dialect, and the highest number of a secret it asks for."""

    @property
    def dialect(self) -> Dialect:
        """The dialect that it makes."""

    @property
    def highest_secret(self) -> int:
        """The number of the last secret that it names; 0 if it names none by number."""


QUIET: Final = Answered(b"", "text/plain", 204)
"""The receipt of an event sender that ignores bodies."""
