"""A known caller rings, this process has forgotten the answer, and Redis knows it: as after a start, or on another replica."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from tests.bench.errors import CannotMeasureError, WrongAnswerError
from tests.bench.figures import Gate
from tests.bench.processes import free_port, running
from tests.bench.proof import Way
from tests.bench.stage import Stage
from tests.bench.variant import Confirm, Variant
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
from tests.servers.redis_process import RedisProcess

_GATES: Final = {64: Gate.least(0.80, goal=0.95), 8: Gate.least(0.65, goal=0.80)}
_MOST_IN_A_BATCH: Final = 64
"""Callers whose answers one MGET reads: as many as have two keys each among its 128."""

_PASSES: Final = 3
"""Redis is filled in the background, and may be too busy the first time."""

_STRANGER: Final = "+14155550100"
"""Somebody who takes the one place in memory, so that whoever is checked first does not have it by chance."""

_WAY: Final = Way(
    rises=frozenset(
        {
            lookups("matched", "redis"),
            ACCEPTED,
            ANSWERED,
            'cti_redis_operations_total{operation="get",result="ok"}',
            'cti_redis_operations_total{operation="read",result="ok"}',
        }
    ),
    alone=frozenset(
        {
            'cti_redis_operations_total{operation="beat",result="ok"}',
            'cti_redis_operations_total{operation="call",result="ok"}',  # each call is told to the replicas
            'cti_redis_operations_total{operation="erased",result="ok"}',
            'cti_redis_operations_total{operation="outbox",result="ok"}',  # what a killed process left is looked for
        }
    ),
)


@contextmanager
def redis_hit(stage: Stage) -> Iterator[tuple[Variant, ...]]:
    """
    Two hundred callers take turns, and the memory tier has room for one.

    So the answer of the next caller is never there, and each request goes to Redis, on TCP as in service.
    """
    redis_port, directory_port = free_port(), free_port()
    redis = RedisProcess(stage.scratch / "redis", options=("--port", str(redis_port), "--bind", "127.0.0.1"))
    settings = settings_of(stage, "redis-hit") | {
        "CTI_DIRECTORY_PORT": str(directory_port),
        "CTI_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "CTI_SECRET": "a-secret-of-the-benchmark-and-of-nothing-else",
    }
    command = ("-m", "tests.bench.service", "--no-memory")
    redis.start()
    try:
        with running(
            "redis-hit", command, core=stage.cores.server, scratch=stage.scratch, settings=settings
        ) as server:
            fill_directory(directory_port, samples=False)
            variant = Variant(
                "Redis hit, 200 callers",
                server,
                ringing(CALLERS),
                matched_from("redis", CALLERS),
                _WAY,
                _GATES,
                helpers=(int(_told(redis, "server", "process_id")),),
                witness=partial(_witness, redis),
                prepare=partial(ring_once, server, ringing((_STRANGER,))),
            )
            for _ in range(_PASSES):
                ring_once(server, variant.traffic)
            yield (variant,)
    finally:
        redis.end()


def _witness(redis: RedisProcess) -> Confirm:
    """Have Redis tell how often it was asked, and how often it knew."""
    asked, known = redis.calls_of("mget"), int(_told(redis, "stats", "keyspace_hits"))

    def confirm(requests: int) -> None:
        batches, found = redis.calls_of("mget") - asked, int(_told(redis, "stats", "keyspace_hits")) - known
        if batches < requests / _MOST_IN_A_BATCH or found < requests:
            raise WrongAnswerError(f"Redis counted {batches} MGETs and {found} keys in {requests} requests")

    return confirm


def _told(redis: RedisProcess, section: str, field: str) -> str:
    for line in redis.command("INFO", section).splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise CannotMeasureError(f"Redis tells no {field}")
