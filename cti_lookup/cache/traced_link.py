"""The line to Redis, with a span around whatever is said over it; no key and no value is told."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cti_lookup.breaker import Breaker
from cti_lookup.cache.coalescing import Values
from cti_lookup.cache.redis_clients import Client
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.waits import CALL_LIMIT
from cti_lookup.traces import Attribute, Traces

T = TypeVar("T")


class TracedLink(RedisLink):
    """A link whose reads and calls are seen; of a read that went out with others' the wait for them is part."""

    def __init__(
        self,
        traces: Traces,
        client: Client,
        *,
        breaker: Breaker,
        count: Callable[[str, str], None],
        within: float = CALL_LIMIT,
    ) -> None:
        super().__init__(client, breaker=breaker, count=count, within=within)
        self._traces = traces

    async def read_as(
        self, keys: tuple[str, ...], make: Callable[[Values], T], silent: Callable[[str], T]
    ) -> T:
        """Read keys."""
        with self._seen("read"):
            return await super().read_as(keys, make, silent)

    async def call(self, operation: str, command: Callable[[Client], Awaitable[T]]) -> T:
        """Do anything else."""
        with self._seen(operation):
            return await super().call(operation, command)

    @contextmanager
    def _seen(self, operation: str) -> Iterator[None]:
        with self._traces.outward(f"redis {operation}") as span:
            span.note(Attribute.DATABASE, "redis")
            span.note(Attribute.OPERATION, operation)
            yield
