"""
What a request is called in the log, in its answer and at the directory: one name that leads from one to the other.

Facts: a `traceparent` is a version, a trace's id, the id of the sender's span, and flags, all in hexadecimal; later versions may append
more; ids of zeros are none (W3C Trace Context, section 3.2). nginx's `$request_id` has 32 hexadecimal digits, Envoy's is a UUID.

Only such names are taken. A text of the sender's own choice may be a call's number or somebody's name, and would stand in the log.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from random import getrandbits
from typing import Final, NamedTuple

from multidict import istr

REQUEST_ID: Final = istr("X-Request-Id")
_TRACEPARENT: Final = istr("traceparent")

CURRENT: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The name of the request that is being answered; '' where there is none. A flight has the name of whoever began it."""

# A letter at least: what is all digits might be a telephone number with zeros before it.
_NAME: Final = re.compile(r"(?=.*[A-Fa-f])[0-9A-Fa-f]{8}(-?)(?:[0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}")
_PARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?=[0-9]*[a-f])([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)


class Parent(NamedTuple):
    """The span of a sender's that a request belongs to."""

    trace: str
    span: str
    sampled: bool


def name_request(headers: Mapping[str, str]) -> str:
    """Name a request as its sender does, by `X-Request-Id` or by its trace; else with 128 random bits, which guard nothing."""
    told = headers.get(REQUEST_ID)
    if told is not None and _NAME.fullmatch(told):
        name = told
    elif _TRACEPARENT in headers and (parent := parent_of(headers)) is not None:
        name = parent.trace
    else:
        name = f"{getrandbits(128):032x}"  # tells requests apart, keeps nobody out
    CURRENT.set(name)
    return name


def parent_of(headers: Mapping[str, str]) -> Parent | None:
    """Read `traceparent`; None where there is none that makes sense."""
    told = _PARENT.fullmatch(headers.get(_TRACEPARENT, ""))
    return Parent(told[1], told[2], bool(int(told[3], 16) & 1)) if told else None


def passed_on() -> dict[str, str]:
    """Give the header that names the request to whom it is passed on."""
    name = CURRENT.get()
    return {REQUEST_ID: name} if name else {}
