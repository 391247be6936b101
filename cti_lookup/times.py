"""The two clocks of a process, and points in time as text: RFC 3339, UTC, milliseconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Clock:
    """
    What time it is, and how much has passed.

    `wall` gives seconds since the epoch, for what people and other machines are told, and may be set at any time;
    `steady` gives seconds since some moment of this process's own, for whatever is waited for or grows old.
    """

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as `2026-11-21T20:15:03.120Z`."""
    return _millisecond(int(seconds * 1000 + 0.5))


@lru_cache(
    maxsize=4096
)  # a busy service has several calls in one, and tells each event of a call when it began
def _millisecond(milliseconds: int) -> str:
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=8)  # calls come in the same second
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
