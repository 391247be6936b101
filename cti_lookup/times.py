"""Points in time as text: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as `2026-11-21T20:15:03.120Z`."""
    milliseconds = int(seconds * 1000 + 0.5)
    return _second(milliseconds // 1000) + _MILLISECONDS[milliseconds % 1000]


_MILLISECONDS: Final = tuple(f".{milliseconds:03d}Z" for milliseconds in range(1000))


@lru_cache(maxsize=8)  # calls come in the same second
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
