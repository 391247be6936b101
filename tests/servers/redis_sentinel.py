"""A master with a replica, and a Sentinel that watches them; real processes with short times."""

import time
from pathlib import Path
from typing import Final

from tests.servers.ports import free_port
from tests.servers.redis_process import RedisProcess

SERVICE: Final = "cti-master"
_PATIENCE: Final = 30.0
_PAUSE: Final = 0.05
_DOWN_AFTER_MS: Final = (
    1500  # a machine that stands still for a moment is not to look like a master that is down
)
_AT_ONCE: Final = ("--repl-diskless-sync-delay", "0")  # a master waits 5 s for more replicas otherwise


class WatchedRedis:
    """Two servers on ports of loopback, the second a replica of the first; `sentinel_port` is where to ask."""

    def __init__(self, folder: Path) -> None:
        ports = free_port(), free_port()
        self.sentinel_port = free_port()
        self.master = RedisProcess(folder / "m", options=["--port", str(ports[0]), *_AT_ONCE])
        replica_of = ["--replicaof", "127.0.0.1", str(ports[0])]
        self.replica = RedisProcess(folder / "r", options=["--port", str(ports[1]), *replica_of])
        (folder / "s").mkdir()
        configuration = folder / "s" / "sentinel.conf"
        configuration.write_text(
            f"port {self.sentinel_port}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {ports[0]} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} {_DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {SERVICE} 2000\n"
        )
        self.sentinel = RedisProcess(folder / "s", options=[str(configuration), "--sentinel"])
        self.replica_port = ports[1]

    def start(self) -> None:
        """Start all, and wait until the Sentinel knows the replica, without which it could not fail over."""
        for process in (self.master, self.replica, self.sentinel):
            process.start()
        self._await("master_link_status:up", self.replica, "INFO", "replication")
        self._await(str(self.replica_port), self.sentinel, "SENTINEL", "REPLICAS", SERVICE)

    def await_copy(self, key: str) -> None:
        """Wait until the replica has a key."""
        self._await("1", self.replica, "EXISTS", key)

    def end(self) -> None:
        """End all."""
        for process in (self.sentinel, self.replica, self.master):
            process.end()

    def _await(self, words: str, process: RedisProcess, *command: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while words not in process.command(*command):
            assert time.monotonic() < deadline, f"{command} does not say {words}"
            time.sleep(_PAUSE)  # nothing can be waited for: a Sentinel tells when it is asked
