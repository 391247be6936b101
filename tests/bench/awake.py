"""
Keeps the cores awake while single requests are measured.

A core of a virtual machine that has nothing to do is given away; to have it back takes some 50 µs at each of a request's hops, and
belongs to no program. A loop that only runs where nothing else wants to (SCHED_IDLE, sched(7)) keeps it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.bench.machine import Cores

_LOOP = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)); print(flush=True)\nwhile True: pass"


@contextmanager
def awake(cores: Cores) -> Iterator[Mapping[int, int]]:
    """Keep both cores awake; give the process that does so for each."""
    with ExitStack() as stack:
        yield {core: stack.enter_context(_looping(core)) for core in (cores.server, cores.load)}


@contextmanager
def staying_on(core: int) -> Iterator[None]:
    """Run this program on one core for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _looping(core: int) -> Iterator[int]:
    command = ("taskset", "--cpu-list", f"{core}", sys.executable, "-c", _LOOP)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()
