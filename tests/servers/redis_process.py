"""A Redis of the test's own: a real process on a socket in the test's folder, nothing kept on disk."""

import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_PATIENCE: Final = 30.0
_PAUSE: Final = 0.01


class RedisProcess:
    """One redis-server; it is ended by the process that was started, so no other Redis is ever touched."""

    def __init__(
        self, folder: Path, *, password: str | None = None, options: Sequence[str] = ("--port", "0")
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.socket = folder / "redis.sock"
        self._folder = folder
        self._password = password
        self._options = tuple(options)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give the URL of the server, with its password."""
        return f"unix://{f':{self._password}@' if self._password else ''}{self.socket}"

    @property
    def url_without_password(self) -> str:
        """Give the URL as somebody writes it who does not know the password."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert self._process is None
        password = ["--requirepass", self._password] if self._password else []
        self._process = subprocess.Popen(
            [
                "redis-server",
                *self._options,
                *("--unixsocket", str(self.socket), "--dir", str(self._folder)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"),
                *password,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await_answer()

    def command(self, *words: str) -> str:
        """Say something to the server as its administrator, and give what it answers."""
        login = ["-a", self._password, "--no-auth-warning"] if self._password else []
        told = subprocess.run(
            ["redis-cli", "-s", str(self.socket), *login, *words],
            check=True,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
        return told.stdout.strip()

    def calls_of(self, command: str) -> int:
        """Count how often the server was asked a command."""
        for line in self.command("INFO", "commandstats").splitlines():
            if line.startswith(f"cmdstat_{command}:calls="):
                return int(line.partition("=")[2].partition(",")[0])
        return 0

    def pause(self) -> None:
        """Stop the process where it stands: connections open and stay silent."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process go on."""
        self._running.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process without a farewell; all that it remembered is gone."""
        self._running.kill()
        self._running.wait(_PATIENCE)
        self._process = None
        self.socket.unlink(missing_ok=True)

    def end(self) -> None:
        """End the process if it runs, paused or not."""
        if self._process is not None:
            self.kill()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "this Redis does not run"
        return self._process

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._running.poll() is None, "redis-server has ended"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(_PAUSE)  # nothing can be waited for: the socket is not there yet

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return bool(probe.recv(16))
            except OSError:
                return False
