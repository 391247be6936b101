"""
The command line as a real process, with an environment that holds nothing but what the test gives it.

It is a copy of one that has imported everything; where the start itself is the subject, it is started `afresh`;
a `module` of the tests that serves as it does always is.
"""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from tests.servers.offspring import Offspring

COMMAND: Final = "cti-lookup"
PROGRAM: Final = str(Path(sys.executable).with_name(COMMAND))
_ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 60.0
"""Seconds for a start or an end; on a busy machine a start takes ten times as long as otherwise."""


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the test's variables and what any program needs."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}


def run(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end in a folder of the test's."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = Offspring(
            COMMAND,
            arguments,
            folder=folder,
            variables=environment(variables or {}),
            output=output,
            errors=errors,
        )
        try:
            status = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
        said, complained = _read(output), _read(errors)
    return subprocess.CompletedProcess([COMMAND, *arguments], status, said, complained)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


class Program:
    """The program while it serves; its standard error goes to a file, its standard output is read as it comes."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        name: str = COMMAND,
        afresh: bool = False,
        module: str = "",
    ) -> None:
        self.said = ""
        self._errors = folder / f"{arguments[0]}.stderr"
        chosen = environment(variables or {})
        program = [PROGRAM]
        if module:  # of the tests, which stand beside the package
            program, chosen["PYTHONPATH"] = [sys.executable, "-m", module], str(_ROOT)
        with self._errors.open("ab") as errors:
            self.process: subprocess.Popen[bytes] | Offspring = (
                subprocess.Popen(
                    [*program, *arguments], cwd=folder, env=chosen, stdout=subprocess.PIPE, stderr=errors
                )
                if afresh or module
                else Offspring(name, arguments, folder=folder, variables=chosen, errors=errors)
            )

    @property
    def complained(self) -> str:
        """Give all that was written to standard error."""
        return self._errors.read_text()

    def await_said(self, pattern: str) -> re.Match[str]:
        """Wait until standard output holds the pattern, and give the match."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.said)):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            content = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert content, f"no {pattern!r} in {self.said!r}; {self.complained!r}"
            self.said += content.decode()
        return found

    def terminate(self) -> int:
        """Ask the program to end, as an orchestrator does, and give its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End the program without asking."""
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
