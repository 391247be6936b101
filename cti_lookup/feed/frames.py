"""
What goes over a stream, as bytes.

Facts (HTML standard, "Server-sent events"): an event ends with an empty line; its `id` comes back as `Last-Event-ID` when the browser
connects again; a line that begins with a colon is passed over. Our JSON holds no line break.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from cti_lookup.feed.entry import Entry, encode_entry
from cti_lookup.times import rfc3339

HEARTBEAT: Final = 15
"""Seconds between two signs of life."""
REPLAY: Final = 120
"""Seconds for which what was missed is told again."""

BEAT: Final = ": ♥\n\n".encode()
_RETRY: Final = b"retry: 2000\n"


def hello(role: str, expires_at: float | None, now: float) -> bytes:
    """Write the greeting; `now` is for clients whose clock is wrong."""
    told = {
        "heartbeat": HEARTBEAT,
        "replay": REPLAY,
        "role": role,
        "expires_at": None if expires_at is None else rfc3339(expires_at),
        "now": rfc3339(now),
    }
    return _RETRY + _frame("hello", msgspec.json.encode(told))


def all_calls(entries: Iterable[Entry], event_id: str) -> bytes:
    """Write all calls there are for somebody."""
    calls = b",".join(encode_entry(one) for one in entries)
    return _frame("calls", b'{"calls":[%b]}' % calls, event_id)


def one_call(entry: Entry, event_id: str) -> bytes:
    """Write a call as it is now."""
    return _frame("call", encode_entry(entry), event_id)


def left(call_id: str, reason: str, event_id: str) -> bytes:
    """Write that a call concerns somebody no more."""
    return _frame("left", msgspec.json.encode({"id": call_id, "reason": reason}), event_id)


def reset(reason: str) -> bytes:
    """Write that something may have been missed."""
    return _frame("reset", msgspec.json.encode({"reason": reason}))


def bye(reason: str) -> bytes:
    """Write that the stream ends here."""
    return _frame("bye", msgspec.json.encode({"reason": reason}))


def _frame(event: str, data: bytes, event_id: str = "") -> bytes:
    named = b"id: %b\n" % event_id.encode() if event_id else b""
    return b"%bevent: %b\ndata: %b\n\n" % (named, event.encode(), data)
