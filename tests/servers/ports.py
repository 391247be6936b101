"""Ports for programs that cannot be told to take any that is free: each is given once, whoever else runs tests here."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_FIRST: Final = 15_000
_KERNELS_OWN: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """
    Give a port of loopback on which nobody listens, TCP or UDP, and which nobody else is given while this process lives.

    It is none of those that the kernel hands out for port 0 and for connections: one of another process, begun between
    this answer and the use that is made of it, could have it otherwise.
    """
    return next(port for port in _candidates() if _is_unused(port) and _reserve(port))


def _candidates() -> Iterator[int]:
    last = int(_KERNELS_OWN.read_text().split()[0])
    while True:
        yield _FIRST + secrets.randbelow(last - _FIRST)


def _is_unused(port: int) -> bool:
    """Tell whether it can be bound, as one can that only connections of before still linger on."""
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind is socket.SOCK_STREAM))
                probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _reserve(port: int) -> bool:
    """Reserve it by a name in the kernel that is given up when this process ends; tell whether nobody else had."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0cti-lookup-tests-port-{port}")
    except OSError:
        name.close()
        return False
    name.detach()  # it stays open: the port is not given twice
    return True
