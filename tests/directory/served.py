"""A directory in a process of its own, as clients in other processes meet it."""

import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.directory.conftest import TOKEN

PATIENCE: Final = 30.0
_ADDRESS: Final = re.compile(r"http://\S+(?=/v1\s)")


@dataclass(frozen=True)
class Served:
    """A directory that listens: its address without a path, and its file."""

    address: str
    database: Path

    @property
    def api(self) -> str:
        """The address with the prefix of the API."""
        return f"{self.address}/v1"


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """Start a directory with a file in a folder; it ends with the context."""
    database = folder / "directory.sqlite3"
    command = [
        sys.executable,
        "-m",
        "cti_lookup.directory",
        "--token",
        TOKEN,
        "--db",
        str(database),
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield Served(_address(process), database)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _address(process: subprocess.Popen[bytes]) -> str:
    """Wait until the directory says where it listens."""
    assert process.stdout is not None
    deadline, said = time.monotonic() + PATIENCE, ""
    while not (found := _ADDRESS.search(said)):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, "the directory does not say where it listens"
        said += process.stdout.readline().decode()
        assert process.poll() is None, "the directory ended"
    return found[0]
