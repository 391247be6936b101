"""
A process that has imported the program, and becomes it as often as it is asked: to import takes longer than most of it lives.

Each that is started is a process of its own, with its own folder, environment, arguments and files, that runs from the
program's entry to the interpreter's end. It was forked from one that has done nothing but import; what is claimed of a
start from nothing is claimed of a program that is started from nothing.
"""

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cti_lookup import cli
from tests.replicas import patient

PROGRAMS: Final[Mapping[str, Callable[[], object]]] = {"cti-lookup": cli.main, "patient": patient.main}
LONGEST_ORDER: Final = 65536
FILES: Final = 3
"""Standard output, standard error, and where to tell of the process: its number and its exit status, each on a line."""


def main() -> object:
    """Take orders from the socket that is standard input until it is closed; in a new process return what the program does."""
    gc.freeze()  # no copy looks through what all of them have
    with socket.socket(fileno=0) as line:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who tell of processes
        while True:
            order, files, _, _ = socket.recv_fds(line, LONGEST_ORDER, FILES)
            if not order:
                return None
            if os.fork() == 0:
                break
            for file in files:
                os.close(file)
    _become_parent(*files)
    return _become(**json.loads(order))


def _become_parent(output: int, errors: int, told: int) -> None:
    """Return in a child that has the files; wait for it here, and tell of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(errors, 2)
    os.close(output)  # whoever reads sees the end of it when the child ends
    os.close(errors)
    if child:
        os.write(told, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(told)


def _become(name: str, arguments: Sequence[str], folder: str, variables: Mapping[str, str]) -> object:
    """Run the program as if it had been started so."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv[:] = [name, *arguments]
    return PROGRAMS[name]()
