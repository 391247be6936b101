"""What playing a phone system is made of: a call, what is told of it, and how that is proven."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec

from cti_lookup.vocabulary import Word


class Act(Word):
    """A part of a call's life."""

    RING = "ring"
    ANSWER = "answer"
    HOLD = "hold"
    TRANSFER = "transfer"
    HANG_UP = "hang-up"


class Scene(msgspec.Struct, frozen=True):
    """
    A call at one moment of it.

    `id` is 32 hexadecimal digits that no other call has; `caller` and `callee` are numbers as the system would be given
    them; `began` and `now` are seconds since the epoch.
    """

    id: str
    caller: str
    callee: str
    began: float
    now: float

    @property
    def uuid(self) -> str:
        """Write the id as a UUID."""
        return "-".join((self.id[:8], self.id[8:12], self.id[12:16], self.id[16:20], self.id[20:]))

    @property
    def number(self) -> int:
        """Write the id as a number of 15 digits."""
        return int(self.id[:12], 16) % 10**15 + 10**14

    @property
    def time(self) -> str:
        """Write the moment as RFC 3339 does."""
        return moment(self.now)


class Message(msgspec.Struct, frozen=True):
    """A request before it is signed; `query` is what the sender adds to the URL."""

    body: bytes = b""
    content_type: str = ""
    query: str = ""
    method: str = "POST"
    headers: Mapping[str, str] = {}


class Place(msgspec.Struct, frozen=True):
    """
    Where a message goes, and what it is signed with.

    `url` is the URL that is called, `public` the same as the service is told by `CTI_PUBLIC_URL`. Without `secret` nothing
    is signed. `now` is in seconds since the epoch, `nonce` a text that is used once.
    """

    url: str
    public: str
    secret: bytes
    now: float
    nonce: str


class Sent(msgspec.Struct, frozen=True):
    """A request as it goes out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


Write: TypeAlias = Callable[[Scene], Message]
Sign: TypeAlias = Callable[[Message, Place], Sent]


@dataclass(frozen=True, slots=True)
class Player:
    """
    One phone system as it would send: `script` is what it tells of a call that is answered, in order.

    `sign` proves that the system sent it. `secret_of` gives what the source's `secrets` hold for a secret that signs: the same
    but where the system signs with a private key.
    """

    name: str
    script: tuple[tuple[Act, Write], ...]
    sign: Sign
    secret_of: Callable[[bytes], bytes] = lambda secret: secret


JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"


def moment(seconds: float) -> str:
    """Write a time as RFC 3339 does, in UTC, with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digits(number: str) -> str:
    """Write a number as systems do that leave its sign out."""
    return "".join(filter(str.isdigit, number)) or number
