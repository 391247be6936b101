"""Points in time as text: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as `2026-11-21T20:15:03.120Z`."""
    return _millisecond(int(seconds * 1000 + 0.5))


@lru_cache(maxsize=64)  # a busy service has several calls in one
def _millisecond(milliseconds: int) -> str:
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=8)  # calls come in the same second
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
