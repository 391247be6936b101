"""
Load at a fixed rate, whatever the server does: a request that is late in being sent is charged for its wait.

wrk sends the next request when the last is answered, so a server that stands still is spared the requests that would
have come meanwhile. Here each request has a moment when it is due, and its time is counted from then (G. Tene's
"coordinated omission").

`python -m tests.bench.openloop PORT RATE SECONDS CONNECTIONS REQUESTS SERIAL` writes its figures as wrk's script does.
"""

import gc
import json
import re
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final

from tests.bench.figures import percentile
from tests.bench.traffic import SERIAL

_PATIENCE: Final = 15.0
"""Seconds after the last request was due until all must be answered."""

_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)\r\n")


class OpenLoop:
    """
    Who is due, on which connection, and how long it took: `total` requests, `rate` of them in a second.

    A connection has one request at a time. Moments are seconds since the start.
    """

    def __init__(self, rate: float, total: int, connections: int) -> None:
        self._rate = rate
        self._total = total
        self._begun = 0
        self._idle = deque(range(connections))
        self._due: dict[int, float] = {}
        self.seconds: list[float] = []

    def next(self, now: float) -> int | None:
        """Give the connection on which a request has to be sent now, if there is one that is due and one that is idle."""
        due = self._begun / self._rate
        if self._begun == self._total or now < due or not self._idle:
            return None
        connection = self._idle.popleft()
        self._due[connection] = due
        self._begun += 1
        return connection

    def answered(self, connection: int, now: float) -> None:
        """Note that a connection's request is answered: its time began when it was due, not when it was sent."""
        self.seconds.append(now - self._due.pop(connection))
        self._idle.append(connection)

    @property
    def ends(self) -> float:
        """Give the moment when the last request is due."""
        return self._total / self._rate

    @property
    def done(self) -> bool:
        """Tell whether all were sent and answered."""
        return len(self.seconds) == self._total


class _Connection:
    """One connection that does not wait; it counts what it read, and which answers were no good."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)  # its only argument
        self.bytes = self.wrong = 0
        self._rest = b""

    def answered(self) -> bool:
        """Read what is there; tell whether that ends an answer. Raises `ConnectionError` if nothing will come."""
        more = self.socket.recv(1 << 18)
        if not more:
            raise ConnectionError("the server closed a connection instead of answering")
        self.bytes += len(more)
        self._rest += more
        end = self._rest.find(b"\r\n\r\n") + 4
        found = _LENGTH.search(self._rest, 0, end) if end >= 4 else None
        if found is None or len(self._rest) < end + int(found[1]):
            return False
        self.wrong += not self._rest.startswith(b"HTTP/1.1 200 ")
        self._rest = b""
        return True


def write_requests(place: Path, requests: Sequence[bytes]) -> Path:
    """Write requests to a file, `SERIAL` still in them."""
    place.write_text(json.dumps([request.decode() for request in requests]))
    return place


def _drive(
    loop: OpenLoop, connections: Sequence[_Connection], requests: Sequence[bytes], serial: int
) -> None:
    """Send and read until all are answered, or patience ends; this never sleeps, as a sleeper wakes up late."""
    poll = select.epoll()
    by_file = {one.socket.fileno(): number for number, one in enumerate(connections)}
    for file in by_file:
        poll.register(file, select.EPOLLIN)
    halves = [request.partition(SERIAL.encode()) for request in requests]
    serials, digits, clock = count(serial + 1), len(SERIAL), time.perf_counter
    start = clock()
    while not loop.done:
        while (number := loop.next(clock() - start)) is not None:
            own = next(serials)
            before, _, after = halves[own % len(halves)]
            connections[number].socket.send(before + b"%0*d" % (digits, own) + after)
        for file, _ in poll.poll(0):
            number = by_file[file]
            if connections[number].answered():
                loop.answered(number, clock() - start)
        if clock() - start > loop.ends + _PATIENCE:
            break
    poll.close()


def main(arguments: Sequence[str]) -> None:
    """Load a server, and write the figures in one line."""
    port, rate, seconds, many = int(arguments[0]), float(arguments[1]), float(arguments[2]), int(arguments[3])
    requests = [text.encode() for text in json.loads(Path(arguments[4]).read_text())]
    connections = [_Connection(port) for _ in range(many)]
    total = max(1, int(rate * seconds))
    loop = OpenLoop(rate, total, many)
    gc.disable()  # a collection here would look like a slow server
    start = time.perf_counter()
    _drive(loop, connections, requests, int(arguments[5]))
    told = loop.seconds or [0.0]
    figures = {
        "requests": len(loop.seconds),
        "microseconds": int((time.perf_counter() - start) * 1e6),
        "bytes": sum(one.bytes for one in connections),
        "p50": percentile(told, 0.50) * 1e6,
        "p99": percentile(told, 0.99) * 1e6,
        "status": sum(one.wrong for one in connections),
        "timeout": total - len(loop.seconds),
        **dict.fromkeys(("connect", "read", "write"), 0),
    }
    print(f"figures {json.dumps(figures)}")  # noqa: T201  # whoever started it reads them here


if __name__ == "__main__":
    main(sys.argv[1:])
