"""Points in time as a description says they are written, in seconds since the epoch; what is none is None."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

from cti_lookup.dialects.moments import rfc3339_seconds, seconds_of_milliseconds

_LATEST: Final = 10**11
_DECIMAL: Final = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,9})?")
_LOOSE_ZONE: Final = re.compile(r"([+-][0-9]{2})([0-9]{2})\Z")


def _seconds(value: Any) -> float | None:
    number = decimal(value)
    return number if number is not None and 0 < number < _LATEST else None


def decimal(value: Any) -> float | None:
    """Read a number that is not negative, or one that was written as text."""
    if isinstance(value, str):
        return float(value) if _DECIMAL.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _HIGHEST:
        return None
    return float(value)


_HIGHEST: Final = 2.0**63


def _iso(value: Any) -> float | None:
    """Read ISO 8601; without a zone it is UTC, and the zone may lack its colon as Asterisk's does."""
    return rfc3339_seconds(_LOOSE_ZONE.sub(r"\1:\2", value.strip())) if isinstance(value, str) else None


def _rfc2822(value: Any) -> float | None:
    """Read `Mon, 01 Jun 2026 10:00:00 +0000`; without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        at = parsedate_to_datetime(value)
        found = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if 0 < found < _LATEST else None


UNITS: Final[Mapping[str, Callable[[Any], float | None]]] = {
    "s": _seconds,
    "ms": seconds_of_milliseconds,
    "iso": _iso,
    "rfc2822": _rfc2822,
    "number": decimal,
}
"""How a time may be written; `number` is a counter, which orders events and is no time."""


def moment(value: Any, unit: str) -> float | None:
    """Read a time in a unit."""
    return UNITS[unit](value)
