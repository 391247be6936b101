"""A Cluster of three masters without replicas; real processes on ports of loopback."""

import time
from pathlib import Path
from typing import Final

from tests.servers.ports import free_port
from tests.servers.redis_process import RedisProcess

SLOTS: Final = ((0, 5460), (5461, 10922), (10923, 16383))
_PATIENCE: Final = 40.0
_PAUSE: Final = 0.05


class RedisClusterProcesses:
    """Three servers, each with a third of the slots."""

    def __init__(self, folder: Path) -> None:
        self.ports = [free_port() for _ in SLOTS]
        self._buses = [free_port() for _ in SLOTS]
        self.nodes = [
            RedisProcess(folder / f"n{number}", options=_options(port, bus))
            for number, (port, bus) in enumerate(zip(self.ports, self._buses, strict=True))
        ]

    @property
    def url(self) -> str:
        """Give the URL of all nodes."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self) -> None:
        """Start all nodes and wait until each calls the Cluster complete."""
        for node in self.nodes:
            node.start()
        for node, (first, last) in zip(self.nodes, SLOTS, strict=True):
            node.command("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
            for port, bus in zip(self.ports, self._buses, strict=True):
                node.command("CLUSTER", "MEET", "127.0.0.1", str(port), str(bus))
        self.await_complete()

    def await_complete(self) -> None:
        """Wait until each node calls the Cluster complete, also after one has stood still for long."""
        deadline = time.monotonic() + _PATIENCE
        while not all("cluster_state:ok" in node.command("CLUSTER", "INFO") for node in self.nodes):
            assert time.monotonic() < deadline, "the Cluster does not come together"
            time.sleep(_PAUSE)  # nothing can be waited for: nodes gossip

    def number_of_owner(self, key: str) -> int:
        """Say which node owns a key, while the slots are as they were at the start."""
        slot = self.slot_of(key)
        return next(number for number, (first, last) in enumerate(SLOTS) if first <= slot <= last)

    def slot_of(self, key: str) -> int:
        """Give the slot of a key."""
        return int(self.nodes[0].command("CLUSTER", "KEYSLOT", key))

    def move_slot(self, slot: int, new_owner: int) -> None:
        """
        Give an empty slot to another node; the old owner knows at once and redirects.

        The new one takes the highest epoch first: what a node has said of the slot before, and others read late, would
        take it back otherwise.
        """
        self.nodes[new_owner].command("CLUSTER", "BUMPEPOCH")
        name = self.nodes[new_owner].command("CLUSTER", "MYID")
        for node in self.nodes:
            node.command("CLUSTER", "SETSLOT", str(slot), "NODE", name)

    def end(self) -> None:
        """End all nodes."""
        for node in self.nodes:
            node.end()


def _options(port: int, bus: int) -> list[str]:
    return [
        *("--port", str(port), "--cluster-enabled", "yes", "--cluster-port", str(bus)),
        *("--cluster-require-full-coverage", "no", "--cluster-node-timeout", "2000"),
    ]
