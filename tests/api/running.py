"""The service as a program, with the embedded directory and its sample people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers.program import Program

KEY: Final = "a-machine-key"
BEARER: Final = {"Authorization": f"Bearer {KEY}"}
UPSTREAM_TOKEN: Final = "an-upstream-token"


@dataclass(frozen=True)
class Running:
    """A service that listens."""

    url: str
    program: Program


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Start the service; it ends with the context."""
    variables = {
        "CTI_PORT": "0",
        "CTI_API_KEYS": KEY,
        "CTI_UPSTREAM_TOKENS": UPSTREAM_TOKEN,
        "CTI_KEY_RATE": "10000",
        "CTI_TRUSTED_PROXIES": "127.0.0.0/8",  # so that each request may come from an address of its own
    }
    program = Program(folder, "serve", "--demo", variables=variables)
    try:
        yield Running(program.await_said(r"listens at (http://\S+)")[1], program)
    finally:
        program.kill()
