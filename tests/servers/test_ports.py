"""A port that is given is free for who got it, and for nobody else."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]


def test_a_port_that_is_given_can_be_bound_and_is_none_that_the_kernel_gives() -> None:
    port = free_port()
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    with socket.socket() as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        one.bind(("127.0.0.1", port))
        other.bind(("127.0.0.1", port))

    assert not first <= port <= last


def test_a_port_is_given_once() -> None:
    given = [free_port() for _ in range(50)]

    assert len(set(given)) == 50


def test_another_process_is_not_given_a_port_of_ours() -> None:
    port = free_port()
    script = f"from tests.servers.ports import _reserve; print(_reserve({port}))"

    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert said.stdout == "False\n"
