"""
What an answer's headers say of the quota, without I/O; nonsense in them is no news.

Facts: `X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch seconds) speak of the hour, and their letter case has changed
before (developer guide, Rate limits). `Retry-After` is in whole seconds by the documentation; by HTTP it may be a date
(RFC 9110 section 10.2.3), and proxies write their own.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from cti_lookup.rservice.wire import Window

MOST_GRANTED: Final = 10_000_000
"""Requests an hour; a directory that grants more only says so because clients insist on being told a limit."""

LONGEST_PAUSE: Final = 300.0
_SHORTEST_PAUSE: Final = 1.0
_UNREADABLE_PAUSE: Final = 2.0
_WHOLE: Final = re.compile(r"[0-9]{1,18}")


def read_hour(headers: Mapping[str, str]) -> Window | None:
    """Read what is left of the hour, None if nothing is said or none is meant; the names of `headers` are in small letters."""
    limit, left, reset = (
        _whole(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")
    )
    if limit is None or left is None or reset is None or limit > MOST_GRANTED:
        return None
    return Window("core", limit, left, reset)


def seconds_of(retry_after: str | None, now: float) -> float:
    """Read `Retry-After`, as seconds or as a date; from 1 s to 300 s, and 2 s where it cannot be read."""
    text = (retry_after or "").strip()
    seconds = float(text) if _WHOLE.fullmatch(text) else _until(text, now)
    return min(max(seconds, _SHORTEST_PAUSE), LONGEST_PAUSE)


def _until(date: str, now: float) -> float:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return _UNREADABLE_PAUSE


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and _WHOLE.fullmatch(text.strip()) else None
