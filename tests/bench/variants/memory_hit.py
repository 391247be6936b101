"""A known caller rings, and the memory tier knows the answer: the webhook's whole path, its event as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.bench.figures import Gate
from tests.bench.processes import free_port, running
from tests.bench.proof import Way
from tests.bench.stage import Stage
from tests.bench.variant import Variant
from tests.bench.variants.people import (
    ACCEPTED,
    ANSWERED,
    CALLERS,
    fill_directory,
    lookups,
    matched_from,
    ring_once,
    ringing,
    settings_of,
)

_GATES: Final = {64: Gate.least(0.90, goal=0.95)}
_WAY: Final = Way(frozenset({lookups("matched", "memory"), ACCEPTED, ANSWERED}))


@contextmanager
def memory_hit(stage: Stage) -> Iterator[tuple[Variant, ...]]:
    """
    One caller whose event comes again and again, two hundred who take turns, and calls nobody has heard of before.

    The last is the dearest: each request begins a call, and the oldest of ten thousand is forgotten for it.
    """
    directory_port = free_port()
    settings = settings_of(stage, "memory-hit") | {"CTI_DIRECTORY_PORT": str(directory_port)}
    command = ("-m", "cti_lookup", "serve", "--demo")
    with running(
        "memory-hit", command, core=stage.cores.server, scratch=stage.scratch, settings=settings
    ) as server:
        fill_directory(directory_port, samples=True)
        check, one = matched_from("memory", CALLERS), matched_from("memory", CALLERS[:1])
        mix = Variant("memory hit, 200 callers", server, ringing(CALLERS), check, _WAY)
        ring_once(server, mix.traffic)
        yield (
            Variant("memory hit, one caller", server, ringing(CALLERS[:1]), one, _WAY, _GATES),
            mix,
            Variant("memory hit, new calls", server, ringing(CALLERS, new_calls=True), check, _WAY),
        )


@contextmanager
def mixed_hits(stage: Stage) -> Iterator[tuple[Variant, ...]]:
    """Two hundred callers who take turns, alone."""
    with memory_hit(stage) as (_, mix, _):
        yield (mix,)
