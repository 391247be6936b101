"""How long tests wait for Redis, whose process and whose reader may each stand still for half a second."""

from typing import Final

from cti_lookup.cache.waits import RedisLimits, Waits

PATIENT: Final = 15.0
"""Seconds for a call, in tests of what is said."""

BRIEF: Final = 1.5
"""Seconds for a call, in tests of time that runs out after something was answered."""


def waits_of(seconds: float) -> Waits:
    """Let a client wait equally long for everything."""
    return Waits(pool=seconds, connect=seconds, read=seconds, slots=seconds)


LASTING: Final = 5.0
"""Seconds that a lock lasts in such tests: its owner may stand still for some of them, and nobody else asks."""

LIMITS: Final = RedisLimits(call=PATIENT, begin=PATIENT, waits=waits_of(PATIENT), lock=LASTING)
"""What a service is given in such tests, instead of what it ships with."""

SHIPPED: Final = RedisLimits()
