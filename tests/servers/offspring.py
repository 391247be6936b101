"""Processes that the nursery has started, used as those are that one has started oneself."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Final

_ROOT: Final = Path(__file__).parents[2]
_BECOMING: Final = "import sys; from tests.servers.nursery import main; sys.exit(main())"


class Offspring:
    """What tests use of `subprocess.Popen`, for a process whose parent is another; `stdout` is read by the test, or None."""

    def __init__(  # noqa: PLR0913  # all that makes a process, by name
        self,
        name: str,
        arguments: Sequence[str],
        *,
        folder: Path,
        variables: Mapping[str, str],
        errors: IO[bytes],
        output: IO[bytes] | None = None,
    ) -> None:
        self.stdout: IO[bytes] | None = None
        self.returncode: int | None = None
        tell, told = os.pipe()
        self._told = os.fdopen(tell, "rb", buffering=0)
        given = [told]
        if output is None:
            ours, theirs = os.pipe()
            self.stdout = os.fdopen(ours, "rb", buffering=0)
            given.append(theirs)
        order = {"name": name, "arguments": arguments, "folder": str(folder), "variables": dict(variables)}
        files = [given[-1] if output is None else output.fileno(), errors.fileno(), told]
        socket.send_fds(_nursery(), [json.dumps(order).encode()], files)
        for file in given:
            os.close(file)
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """Give the exit status, None while it runs."""
        return self._end(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and give the exit status."""
        status = self._end(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without asking."""
        self.send_signal(signal.SIGKILL)

    def _end(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode


@cache
def _nursery() -> socket.socket:
    """Start the nursery, once in a process of tests; it ends with that."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BECOMING],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
