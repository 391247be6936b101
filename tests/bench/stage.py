"""Where scenes play: the cores, a folder, how long it may take, and how progress is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Row
from tests.bench.machine import Cores


@dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly is measured; `wanted` rounds replace those of what is gated."""

    quick: bool
    wanted: int | None = None

    def rounds(self, full: int, quick: int) -> int:
        """Say how many rounds there are."""
        return self.wanted or (quick if self.quick else full)

    @property
    def attempts(self) -> int:
        """Say how often gated figures are measured until they can be believed."""
        return 1 if self.quick else 2


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scene is given; `scratch` is a folder of its own, `say` tells the terminal a line."""

    cores: Cores
    scratch: Path
    plan: Plan
    say: Callable[[str], None]


Scene = Callable[[Stage], Iterator[Row]]
"""Measures something, and gives its rows of the table."""
