"""
Requests that were taken in, so that one which comes again is known.

They are kept by the half hour and let go of together, as digests of 16 bytes: a set takes 90 bytes for each, where an entry with a time of
its own takes 330.
"""

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final

REQUESTS_REMEMBERED: Final = 3600.0
"""Seconds for which a request is known again, at least; at most half as long again."""

MOST_REQUESTS: Final = 60_000
"""Requests that are remembered at most; where more come in that time, the oldest are forgotten sooner."""

_PARTS: Final = 3
_EACH: Final = REQUESTS_REMEMBERED / (_PARTS - 1)
_DIGEST: Final = 16


class Repeats:
    """The requests of the last hour; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], *, most: int = MOST_REQUESTS) -> None:
        self._clock = clock
        self._most = most // _PARTS
        self._since = clock()
        self._parts: deque[set[bytes]] = deque([set()], maxlen=_PARTS)

    def __len__(self) -> int:
        """Count the requests that are remembered."""
        return sum(map(len, self._parts))

    def is_new(self, source: str, fingerprint: bytes) -> bool:
        """Tell whether a request of a source comes for the first time, and remember it; `fingerprint` is of one length."""
        self._let_go()
        digest = hashlib.blake2b(fingerprint + source.encode(), digest_size=_DIGEST).digest()
        if any(digest in part for part in self._parts):
            return False
        self._parts[-1].add(digest)
        return True

    def _let_go(self) -> None:
        """Begin another part for each half hour that has passed, and where the last one is full."""
        now = self._clock()
        passed = int((now - self._since) // _EACH)
        if passed > 0:
            self._since += passed * _EACH
            self._parts.extend(set() for _ in range(min(passed, _PARTS)))
        elif len(self._parts[-1]) >= self._most:
            self._since = now
            self._parts.append(set())
