"""Points in time as phone systems write them, in seconds since the epoch; what is none is None."""

import re
from datetime import UTC, datetime
from typing import Final

_LATEST: Final = 10**11
"""Seconds since the epoch; what is more is no time of a call."""

_DIGITS: Final = re.compile(r"[0-9]{1,16}")


def rfc3339_seconds(value: object) -> float | None:
    """Read a text such as `2026-11-21T20:15:03.120Z`; without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        found = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return _possible(found)


def seconds_of_milliseconds(value: object) -> float | None:
    """Read milliseconds: a number, or one that was written as text."""
    if isinstance(value, str):
        return _possible(int(value) / 1000) if _DIGITS.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LATEST * 1000:
        return None
    return value / 1000


def _possible(found: float) -> float | None:
    return found if 0 < found < _LATEST else None
