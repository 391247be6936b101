"""The load: a program on a core of its own that writes each request and tells its figures in one line."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

from tests.bench.errors import CannotMeasureError, WrongAnswerError
from tests.bench.figures import Slice
from tests.bench.openloop import write_requests
from tests.bench.traffic import SERIAL

_PROGRAMS: Final = ("wrk", "taskset", "redis-server", "redis-cli")
_MARK: Final = "figures "
_FAULTS: Final = ("connect", "read", "write", "status", "timeout")

_SCRIPT: Final = """
local starts = { %(starts)s }
local ends = { %(ends)s }
local many, turn, serial = #starts, 0, 0
local format = string.format

function init(arguments)
  serial = tonumber(arguments[1])
end

function request()
  turn = turn %% many + 1
  serial = serial + 1
  return starts[turn] .. format("%%0%(digits)dd", serial) .. ends[turn]
end

function done(summary, latency)
  local faults = summary.errors
  io.write(format(
    '\\n%(mark)s{"requests":%%d,"microseconds":%%d,"bytes":%%d,"p50":%%d,"p99":%%d,' ..
    '"connect":%%d,"read":%%d,"write":%%d,"status":%%d,"timeout":%%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    faults.connect, faults.read, faults.write, faults.status, faults.timeout))
end
"""


def need_programs() -> None:
    """Say what is missing here, before anything starts."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise CannotMeasureError(
            f"missing here: {' and '.join(missing)}; "
            "`make bench` installs wrk and redis-server, Debian's util-linux has taskset"
        )


def write_script(place: Path, requests: Sequence[bytes]) -> Path:
    """Write the script that sends these requests in turn, each with a number of its own."""
    halves = [request.partition(SERIAL.encode()) for request in requests]
    if any(not found for _, found, _ in halves):
        raise ValueError(f"every request holds {SERIAL} once, for its number")
    place.write_text(
        _SCRIPT
        % {
            "starts": ", ".join(_quoted(start) for start, _, _ in halves),
            "ends": ", ".join(_quoted(end) for _, _, end in halves),
            "digits": len(SERIAL),
            "mark": _MARK,
        }
    )
    return place


def _quoted(text: bytes) -> str:
    """Write bytes as a Lua string."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text) + '"'


@dataclass(frozen=True, slots=True)
class Requests:
    """One variant's requests as both load generators read them."""

    script: Path
    file: Path

    @classmethod
    def write(cls, folder: Path, name: str, requests: Sequence[bytes]) -> Self:
        """Write them into a folder."""
        return cls(
            write_script(folder / f"{name}.lua", requests), write_requests(folder / f"{name}.json", requests)
        )


class Drive(Protocol):
    """A way to load a server; `connections` is how many, and so how many requests may be left unanswered."""

    @property
    def connections(self) -> int:
        """Give the number of connections."""
        ...

    def __call__(self, requests: Requests, port: int, serial: int) -> Slice:
        """
        Send requests for a while, numbered from above `serial`.

        Raises `WrongAnswerError` if any did not end well.
        """
        ...


@dataclass(frozen=True, slots=True)
class AtMost:
    """wrk: as many requests as the connections carry, each sent when the one before it is answered."""

    connections: int
    core: int
    seconds: int = 1

    def __call__(self, requests: Requests, port: int, serial: int) -> Slice:
        """Send for whole seconds; wrk knows no less."""
        limits = ("--threads", "1", "--connections", f"{self.connections}", "--duration", f"{self.seconds}s")
        place = ("--script", f"{requests.script}", f"http://127.0.0.1:{port}/", "--", f"{serial}")
        return parse_wrk(_run("wrk", *limits, *place, core=self.core, seconds=self.seconds))


@dataclass(frozen=True, slots=True)
class AtRate:
    """Our own generator: so many requests in a second, whatever the server does."""

    connections: int
    core: int
    rate: float
    seconds: float

    def __call__(self, requests: Requests, port: int, serial: int) -> Slice:
        """Send until all are answered."""
        command = (sys.executable, "-m", "tests.bench.openloop", f"{port}", f"{self.rate}", f"{self.seconds}")
        place = (f"{self.connections}", f"{requests.file}", f"{serial}")
        return parse_wrk(_run(*command, *place, core=self.core, seconds=self.seconds))


def _run(*command: str, core: int, seconds: float) -> str:
    done = subprocess.run(
        ["taskset", "--cpu-list", str(core), *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 30,
    )
    if done.returncode != 0:
        raise CannotMeasureError(f"the load generator failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def parse_wrk(output: str) -> Slice:
    """Read the line that the script writes. Raises `WrongAnswerError` if it tells of errors, or of nothing."""
    lines = [line.removeprefix(_MARK) for line in output.splitlines() if line.startswith(_MARK)]
    if len(lines) != 1:
        raise CannotMeasureError(f"wrk told no figures:\n{output.strip()}")
    told = json.loads(lines[0])
    if faults := [f"{told[name]} × {name}" for name in _FAULTS if told[name]]:
        raise WrongAnswerError(f"of {told['requests']} requests some went wrong: {', '.join(faults)}")
    if not told["requests"]:
        raise WrongAnswerError("not one request was answered")
    return Slice(
        requests=told["requests"],
        seconds=told["microseconds"] / 1e6,
        bytes=told["bytes"],
        p50_ms=told["p50"] / 1000,
        p99_ms=told["p99"] / 1000,
    )
