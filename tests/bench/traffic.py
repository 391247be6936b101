"""The requests that a variant sends, byte for byte the same from the load generator and from the checks."""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from tests.bench.errors import WrongAnswerError

SERIAL: Final = "##########"
"""Stands in a body where each request has a number of its own, of as many digits."""

_WAIT: Final = 5.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests that rotate through `bodies`."""

    path: str
    bodies: tuple[bytes, ...]
    headers: Mapping[str, str]

    def requests(self, path: str | None = None) -> list[bytes]:
        """Write each request out, `SERIAL` still in it; another `path` sends the same to the bare handler."""
        named = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        start = f"POST {path or self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{named}Content-Length: "
        return [start.encode() + b"%d\r\n\r\n" % len(body) + body for body in self.bodies]


@dataclass(frozen=True, slots=True)
class Questions:
    """Requests without a body that rotate through `queries`; the number of each is one more parameter."""

    path: str
    queries: tuple[str, ...]
    headers: Mapping[str, str]

    def requests(self, path: str | None = None) -> list[bytes]:
        """Write each request out, `SERIAL` still in it."""
        named = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        end = f"&per_page={SERIAL} HTTP/1.1\r\nHost: 127.0.0.1\r\n{named}\r\n"
        return [f"GET {path or self.path}?{query}{end}".encode() for query in self.queries]


class Asked(Protocol):
    """What a variant sends."""

    def requests(self, path: str | None = None) -> list[bytes]:
        """Write each request out, `SERIAL` still in it; another `path` sends the same to the bare handler."""


def numbered(request: bytes, serial: int) -> bytes:
    """Give a request its number."""
    return request.replace(SERIAL.encode(), b"%0*d" % (len(SERIAL), serial))


def json_bodies(events: Sequence[Mapping[str, object]]) -> tuple[bytes, ...]:
    """Write events as JSON bodies."""
    return tuple(json.dumps(event, separators=(",", ":")).encode() for event in events)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `size` counts all its bytes, head and body."""

    status: int
    head: bytes
    body: bytes

    @property
    def size(self) -> int:
        """Count the bytes on the wire."""
        return len(self.head) + len(self.body)


class Line:
    """One connection that stays open and sends bytes as they are."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_WAIT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, request: bytes) -> Reply:
        """Send a request and read its answer."""
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._more()
        end = self._rest.index(b"\r\n\r\n") + 4
        head = self._rest[:end]
        found = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)\r\n", head)
        length = int(found[1]) if found else 0
        while len(self._rest) < end + length:
            self._rest += self._more()
        body, self._rest = self._rest[end : end + length], self._rest[end + length :]
        return Reply(int(head.split(maxsplit=2)[1]), head, body)

    def get(self, path: str) -> bytes:
        """Get a page that must be there."""
        reply = self.ask(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        if reply.status != 200:
            raise WrongAnswerError(f"{path} answers {reply.status}")
        return reply.body

    def _more(self) -> bytes:
        more = self._socket.recv(1 << 18)
        if not more:
            raise WrongAnswerError("the server closed the connection instead of answering")
        return more

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
