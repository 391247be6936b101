"""Servers as processes of their own on the core that is theirs."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import IO, Final

from tests.bench.errors import CannotMeasureError

_START: Final = 20.0
"""Seconds that a server has to say where it listens."""

_STOP: Final = 15.0
_PLACE: Final = re.compile(rb"http://127\.0\.0\.1:([0-9]+)")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens: its process, its port on loopback, and the file of what it writes to standard error."""

    pid: int
    port: int
    log: Path

    def empty_log(self) -> None:
        """Forget what was logged, so that minutes of load do not fill the disk; it is appended to all the same."""
        os.truncate(self.log, 0)


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    core: int,
    scratch: Path,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a server that prints its URL, on one core; `settings` are all of the service's that it sees."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CTI_", "PYTHON"))}
    log = scratch / f"{name}.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", f"{core}", sys.executable, *command],
            env={**kept, **(settings or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        assert process.stdout is not None
        port = _port(process.stdout)
        if port is None:
            tail = log.read_text(errors="replace")[-2000:].strip()
            raise CannotMeasureError(f"the server '{name}' did not start" + (f":\n{tail}" if tail else ""))
        yield Server(process.pid, port, log)
    finally:
        _stop(process)


def _port(output: IO[bytes]) -> int | None:
    """Read the port out of what a server prints, or nothing if it ends or says nothing in time."""
    said, until = b"", monotonic() + _START
    with DefaultSelector() as selector:
        selector.register(output, EVENT_READ)
        while selector.select(max(0.0, until - monotonic())):
            more = os.read(output.fileno(), 65536)
            if not more:
                return None
            said += more
            if b"\n" in said and (found := _PLACE.search(said)):
                return int(found[1])
    return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
