"""The machine: which core is whose, and how much of them other programs took."""

import os
import re
import resource
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.bench.errors import CannotMeasureError

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the server that is measured, one for all else: the load, and this program."""

    server: int
    load: int


def take_cores() -> Cores:
    """Choose two of the cores that this program may use, and move this program to the one for the load."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise CannotMeasureError("two cores are needed: one for the server and one for the load")
    cores = Cores(server=allowed[-1], load=allowed[0])
    os.sched_setaffinity(0, {cores.load})
    return cores


@dataclass(frozen=True, slots=True)
class Use:
    """What a core did since the machine started, in seconds; `stolen` is what the hypervisor gave to others."""

    busy: float
    stolen: float


def parse_stat(text: str) -> dict[int, Use]:
    """Read /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal for each core."""
    cores = {}
    for line in text.splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, _, _, irq, softirq, steal = (int(field) * _TICK for field in fields[:8])
            cores[int(name[3:])] = Use(user + nice + system + irq + softirq, steal)
    return cores


def parse_process(text: str) -> float:
    """Read /proc/PID/stat: the seconds of CPU that a process used. Its name may hold blanks and brackets."""
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _used(process: int) -> float:
    return parse_process(Path(f"/proc/{process}/stat").read_text())


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What a process has in memory, in MiB; of what it shares with others, `pss` counts only its part.

    `own` is what it has written itself, and no file of a program or a library.
    """

    rss: float
    pss: float
    own: float = 0.0


def parse_memory(text: str) -> Memory:
    """Read /proc/PID/smaps_rollup."""
    found = re.findall(r"^(Rss|Pss|Anonymous): +([0-9]+) kB$", text, re.MULTILINE)
    fields = {name: int(kib) / 1024 for name, kib in found}
    return Memory(fields["Rss"], fields["Pss"], fields.get("Anonymous", 0.0))


def memory_of(process: int) -> Memory:
    """Say what a process has in memory now."""
    return parse_memory(Path(f"/proc/{process}/smaps_rollup").read_text())


@dataclass(frozen=True, slots=True)
class Moment:
    """What the two cores, the server, the load and what keeps each core awake had used at a moment."""

    at: float
    cores: dict[int, Use]
    server: float
    load: float
    awake: dict[int, float] = field(default_factory=dict)

    @classmethod
    def now(cls, server: int, helpers: Iterable[int] = (), awake: Mapping[int, int] | None = None) -> Self:
        """
        Read the clocks; `server` is the process that is measured, the load this program and its ended children.

        `helpers` are processes on the load's core that belong to the measurement, and count as load; `awake` are those that keep
        a core awake.
        """
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(
            at=time.monotonic(),
            cores=parse_stat(Path("/proc/stat").read_text()),
            server=_used(server),
            load=time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_used, helpers)),
            awake={core: _used(process) for core, process in (awake or {}).items()},
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """What happened between two moments; `used` is how many seconds of its core the server used."""

    busy: float
    disturbed: float
    used: float = 0.0


def between(before: Moment, after: Moment, cores: Cores) -> Stretch:
    """
    Say how much of its core the server used, and how much of either core went to programs that are not ours.

    Time that the hypervisor gave to other machines counts as theirs.
    """
    seconds = after.at - before.at
    ours = {cores.server: after.server - before.server, cores.load: after.load - before.load}
    others = [
        after.cores[core].busy
        - before.cores[core].busy
        - used
        - after.awake.get(core, 0.0)
        + before.awake.get(core, 0.0)
        + after.cores[core].stolen
        - before.cores[core].stolen
        for core, used in ours.items()
    ]
    used = ours[cores.server]
    return Stretch(used / seconds, max(0.0, *others) / seconds, used)
