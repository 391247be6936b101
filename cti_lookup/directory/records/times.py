"""
Times: as they are stored and shown, and as clients write them.

Facts (R-Service developer guide, "Data types"; the samples of "People"): a time is `yyyy-mm-ddThh:mm:ssZ` or carries a
numeric offset, `-06:00`. We store and show UTC in whole seconds, texts that sort as the times do.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_WRITTEN: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    # A raw plus sign in a URL reads as a blank.
    r"(?:[Zz]|(?P<sign>[ +-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2}))?)?"
)

_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time a text names: a second, or the whole day (UTC) when it is a date; `end` is outside."""

    start: str
    end: str


def timestamp(now: datetime) -> str:
    """Return a time as it is stored and shown."""
    return now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_span(text: str) -> Span | None:
    """Return the stretch of time a text names, or None when it names none; no offset means UTC."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    time = (written["time"] or "00:00")[:8]  # without the fraction of a second
    try:
        start = datetime.fromisoformat(f"{written['date']}T{time}{_offset(written)}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    length = timedelta(seconds=1) if written["time"] else timedelta(days=1)
    return Span(timestamp(start), timestamp(start + min(length, _LAST - start)))


def _offset(written: re.Match[str]) -> str:
    if written["hours"] is None:
        return "+00:00"
    return f"{'-' if written['sign'] == '-' else '+'}{written['hours']}:{written['minutes']}"
