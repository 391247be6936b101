"""
Clients for every kind of Redis, whose waits are bounded one by one.

Facts (redis-py 8.1, read in its source):

- Its defaults retry ten times with 5 s time-outs, so that one GET on a hung server fails after 58.8 s, and on a refused
  port after 4 s; with `Retry(NoBackoff(), 0)` and explicit time-outs, after 51 ms and at once.
- Sentinel: the master is asked for with each new connection, not with each command. The Sentinels are asked one after
  the other by clients of their own, which inherit time-outs but not the retries, so that each silent one costs a
  connection's time-out, and the third is never reached within our bound. A read-only answer of a master drops the
  connection and is raised as a `ConnectionError`.
- Cluster: a command tries `retry` times after a failure, by default three. The first command also asks for the slots and
  for the table of commands; if its caller is cancelled meanwhile, all that was learned is thrown away. CLUSTERDOWN
  sleeps for 0.25 s. Its own exception, `RedisClusterException`, is no `RedisError`.
- A TLS context reads all the certificates of the system, 30 ms of the loop's time, for each connection anew.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final, TypeAlias

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import RedisSSLContext, SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
)
from redis.backoff import NoBackoff

from cti_lookup.cache.waits import WAITS, Waits
from cti_lookup.redis_addresses import RedisNodes, read_redis_nodes

_CONNECTIONS: Final = 16
_PATIENT_READ: Final = 5.0
_PATIENT_CONNECTIONS: Final = 2


Client: TypeAlias = "Redis | RedisCluster"


def connect(url: str, *, patient: bool = False, waits: Waits = WAITS) -> Client:
    """
    Make a client for any kind of Redis; it connects when first used. A `patient` one waits for answers up to 5 s.

    RESP2, because its connection is made without a HELLO: one round trip fewer, and a right fewer to give.
    """
    limits = {
        "socket_timeout": _PATIENT_READ if patient else waits.read,
        "socket_connect_timeout": waits.connect,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": _PATIENT_CONNECTIONS if patient else _CONNECTIONS,
        "protocol": 2,
        "driver_info": None,  # says nothing of itself: another round trip and another right
    }
    if url.startswith("redis+sentinel:"):
        return _sentinel_client(read_redis_nodes(url), limits, waits)
    if url.startswith("redis+cluster:"):
        return _cluster_client(read_redis_nodes(url), limits, waits)
    options: dict[str, Any] = {**limits, **parse_url(url)}
    if options.get("connection_class") is SSLConnection:
        options["connection_class"] = _TlsConnection
        options["tls"] = _tls(options)
    return Redis.from_pool(BlockingConnectionPool(timeout=waits.pool, **options))


def _sentinel_client(address: RedisNodes, limits: dict[str, Any], waits: Waits) -> Client:
    asking = {**limits, "socket_timeout": waits.read, "max_connections": _CONNECTIONS}
    sentinels = _Sentinels(  # type: ignore[no-untyped-call]  # not typed there
        address.nodes, sentinel_kwargs={**asking, "ssl": address.tls, **address.sentinel_options}
    )
    options: dict[str, Any] = {**limits, **address.options}
    if address.tls:
        options |= {"connection_class": _TlsMasterConnection, "tls": _tls(options)}
    pool = _MasterPool(address.service, sentinels, timeout=waits.pool, **options)  # type: ignore[no-untyped-call]  # not typed there
    return Redis.from_pool(pool)


def _cluster_client(address: RedisNodes, limits: dict[str, Any], waits: Waits) -> Client:
    nodes = [ClusterNode(host, port) for host, port in address.nodes]
    cluster = _Cluster(startup_nodes=nodes, ssl=address.tls, **limits, **address.options)
    cluster.waits = waits
    return cluster


def _tls(options: dict[str, Any]) -> RedisSSLContext:
    """
    Make the one TLS context of a client, out of its options.

    Its certificates are read now: read with the first connection they would take a third of that one's time. If they
    cannot be read, each connection says so again.
    """
    probe = SSLConnection(**{name: value for name, value in options.items() if name.startswith("ssl_")})
    with suppress(OSError):  # also `ssl.SSLError`
        probe.ssl_context.get()
    return probe.ssl_context


class _TlsConnection(SSLConnection):
    """A connection that shares its TLS context with the others of its client."""

    def __init__(self, *, tls: RedisSSLContext, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context = tls


class _TlsMasterConnection(SentinelManagedConnection, _TlsConnection):
    """The same, to the master that Sentinels name."""


class _MasterPool(SentinelConnectionPool, BlockingConnectionPool):
    """A pool of connections to the master that is waited for as others are, and closes its Sentinels' clients too."""

    async def aclose(self) -> None:
        """Close all connections."""
        await super().aclose()
        await self.sentinel_manager.aclose()


class _Sentinels(Sentinel):
    """Sentinels that are asked all at once: one that is silent costs no time."""

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Give the master's address, as the first knows it who knows one that lives."""
        asked = {asyncio.create_task(_master(one, service_name)) for one in self.sentinels}
        try:
            return await self._first_address(asked, service_name)
        finally:
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _first_address(self, asked: "set[asyncio.Task[Any]]", service_name: str) -> tuple[str, int]:
        error: BaseException | None = None
        while asked:
            done, asked = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                if failure := one.exception():
                    error = failure
                elif self.check_master_state(state := one.result(), service_name):
                    return str(state["ip"]), int(state["port"])
        raise MasterNotFoundError("no Sentinel knows a master that lives") from error


async def _master(sentinel: Redis, service_name: str) -> Any:
    return await sentinel.sentinel_master(service_name)


class _Cluster(RedisCluster):
    """A Cluster that is learned by a task of its own: a caller who cannot wait that long does not spoil it."""

    waits = WAITS
    _starting: "asyncio.Task[Any] | None" = None

    async def initialize(self, *args: Any, **kwargs: Any) -> RedisCluster:
        """Learn the slots, once for all who wait."""
        if self._initialize:
            if self._starting is None or self._starting.done():
                self._starting = asyncio.create_task(self._start(*args, **kwargs))
                self._starting.add_done_callback(_heard)
            await asyncio.shield(self._starting)
        return self

    async def aclose(self) -> None:
        """Close all connections, also those over which the slots are being learned."""
        if self._starting is not None and self._starting is not asyncio.current_task():
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await super().aclose()

    async def _start(self, *args: Any, **kwargs: Any) -> None:
        async with asyncio.timeout(self.waits.slots):
            await super().initialize(*args, **kwargs)


def _heard(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()  # whoever waited may have left
