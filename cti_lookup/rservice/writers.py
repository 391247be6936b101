"""
Who wrote a message of the directory, where no webhook policy signs it; see `signatures` for those that are signed.

Apart from these, as only who sets a key needs what reads keys.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from cti_lookup.errors import BadKey
from cti_lookup.messages import read_object

LEEWAY: Final = 300.0
"""Seconds by which two clocks may differ, and for which a signature is taken after it was made."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A message whose writer is known as far as it was asked for; `jti` names a signature, None if it has no name."""

    message: dict[str, Any]
    jti: str | None = None


class Verifier(Protocol):
    """Says whether a body is the directory's own word."""

    def opened(self, body: bytes, now: float) -> Opened:
        """Give the message in a body; `now` in seconds since the epoch. Raises `Rejected`."""


class Unsigned:
    """Takes plain messages: with no policy at the directory, the token in the path is all there is."""

    def opened(self, body: bytes, now: float) -> Opened:  # noqa: ARG002  # nothing plain has a date
        """Give the message, which is the body. Raises `Rejected`."""
        message = read_object(body)
        if "jwt" in message:
            raise BadKey(
                "The message is signed, and there is no key to check it with: set CTI_UPSTREAM_JWT_KEYS."
            )
        return Opened(message)
