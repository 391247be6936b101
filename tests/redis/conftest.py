"""What the tests of the line to Redis share: links that are closed at the end, and what was counted."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from cti_lookup.breaker import Breaker, BreakerLimits
from cti_lookup.cache.redis_clients import connect
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.waits import CALL_LIMIT, WAITS, Waits
from tests.servers.redis_waits import PATIENT, waits_of

NEVER_OPENS = BreakerLimits(failures=10**6, share=2.0)


@dataclass
class Links:
    """Makes links, and remembers what they counted."""

    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    made: list[RedisLink] = field(default_factory=list)

    def to(
        self,
        url: str,
        *,
        breaker: Breaker | None = None,
        patient: bool = False,
        within: float = PATIENT,
        waits: Waits | None = None,
    ) -> RedisLink:
        """Make a link; unless it is told otherwise its breaker never opens, and each wait may be as long as a call."""
        link = RedisLink(
            connect(url, patient=patient, waits=waits or waits_of(within)),
            breaker=breaker or Breaker(time.monotonic, NEVER_OPENS),
            count=lambda operation, result: self.counted.update([(operation, result)]),
            within=within,
        )
        self.made.append(link)
        return link

    def shipped(self, url: str, *, breaker: Breaker | None = None) -> RedisLink:
        """Make a link that waits as the service does; what it asks a busy machine may not be answered in time."""
        return self.to(url, breaker=breaker, within=CALL_LIMIT, waits=WAITS)


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    links = Links()
    yield links
    for link in links.made:
        await link.close()
