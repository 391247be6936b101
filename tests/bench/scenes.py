"""All that is measured, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.bench.beside import beside_bare
from tests.bench.dialects import dialects
from tests.bench.directory import directory
from tests.bench.footprint import footprint
from tests.bench.overhead import overhead
from tests.bench.screen import screen
from tests.bench.stage import Scene
from tests.bench.steady import steady
from tests.bench.streams import streams
from tests.bench.variants.cold_lookup import cold_lookup
from tests.bench.variants.memory_hit import memory_hit, mixed_hits
from tests.bench.variants.redis_hit import redis_hit

SCENES: Final[Mapping[str, Scene]] = MappingProxyType(
    {
        "memory-hit": beside_bare(memory_hit, rounds={64: 14, 8: 4, 1: 4}, quick={64: 3}),
        "redis-hit": beside_bare(redis_hit, rounds={64: 10, 8: 8, 1: 3}, quick={64: 2, 8: 2}),
        "cold-lookup": beside_bare(cold_lookup, rounds={64: 8, 8: 6, 1: 3}, quick={64: 2, 8: 2}),
        "overhead": overhead,
        "steady": steady(mixed_hits),
        "footprint": footprint,
        "directory": directory,
        "dialects": dialects,
        "streams": streams,
        "screen": screen,
    }
)
"""In the order in which they are played; rounds by connections."""
