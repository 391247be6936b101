"""
Who saw whom: a line for each time that people were shown to somebody, with neither a number nor a name in it.

Who it was is told by a fingerprint, so that whoever has the log has no key and no agent's name; who has the secret can make the
fingerprint of a key or a name again. No line is left out, however many there are.
"""

import hmac
from collections.abc import Collection
from typing import Final, Protocol

import msgspec

from cti_lookup.logs import Log
from cti_lookup.request_ids import CURRENT
from cti_lookup.vocabulary import Word

FINGERPRINT: Final = 10
"""Hexadecimal digits: of a thousand names two are alike once in two million times."""


class How(Word):
    """On which way somebody was shown."""

    LOOKUP = "lookup"
    STREAM = "stream"
    LOG = "log"
    EXPLAIN = "explain"
    CNAM = "cnam"
    THREECX = "3cx"


class Audit(Protocol):
    """Takes down who saw whom."""

    def key(self, key: str) -> str:
        """Give the fingerprint of a machine key."""
        ...

    def agent(self, subject: str) -> str:
        """Give the fingerprint of an agent, by the host's name for them."""
        ...

    def saw(self, who: str, how: How, people: Collection[int]) -> None:
        """Note that somebody asked and was shown these people, by the ids of their records; perhaps nobody."""
        ...


class _Line(msgspec.Struct, gc=False):
    """The log's line of one look."""

    at: str
    request: str
    who: str
    how: How
    people: Collection[int]
    level: str = "info"
    event: str = "audit"


class LoggedAudit:
    """Writes it into the log; `secret` is what fingerprints are made with."""

    def __init__(self, log: Log, secret: bytes) -> None:
        self._log = log
        self._secret = secret

    def key(self, key: str) -> str:
        """Give the fingerprint of a machine key."""
        return self._fingerprint("key", key)

    def agent(self, subject: str) -> str:
        """Give the fingerprint of an agent."""
        return self._fingerprint("agent", subject)

    def _fingerprint(self, kind: str, text: str) -> str:
        told = f"cti-lookup audit {kind} {text}".encode(errors="surrogateescape")
        return hmac.digest(self._secret, told, "sha256").hex()[:FINGERPRINT]

    def saw(self, who: str, how: How, people: Collection[int]) -> None:
        """Write a line."""
        self._log.line(_Line(self._log.now(), CURRENT.get(), who, how, people))


class NoAudit:
    """Takes nothing down."""

    def key(self, key: str) -> str:  # noqa: ARG002  # the port's signature
        """Give nothing."""
        return ""

    def agent(self, subject: str) -> str:  # noqa: ARG002  # the port's signature
        """Give nothing."""
        return ""

    def saw(self, who: str, how: How, people: Collection[int]) -> None:
        """Note nothing."""
