"""The paths that are measured, one file for each scene."""

from typing import Final

from tests.bench.variant import Scene
from tests.bench.variants.memory_hit import memory_hit

SCENES: Final[tuple[Scene, ...]] = (memory_hit,)
