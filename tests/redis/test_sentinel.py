"""Sentinel: the master is found, and found again after it failed, whatever other Sentinels do."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_lookup.cache.redis_link import RedisLink
from tests.redis.conftest import Links
from tests.redis.saying import becomes_readable, reason_for, store
from tests.servers.ports import free_port
from tests.servers.redis_sentinel import SERVICE, WatchedRedis
from tests.servers.redis_waits import BRIEF

pytestmark = pytest.mark.slow


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    watched = WatchedRedis(tmp_path)
    try:
        watched.start()
        yield watched
    finally:
        watched.end()


@pytest.fixture
async def link(links: Links, watched: WatchedRedis) -> RedisLink:
    return links.to(f"redis+sentinel://127.0.0.1:{watched.sentinel_port}/{SERVICE}")


async def test_a_master_that_was_killed_is_followed_by_another(
    link: RedisLink, watched: WatchedRedis
) -> None:
    await store(link, "cti:a", b"v")
    watched.await_copy("cti:a")
    asked = watched.sentinel.calls_of("sentinel|master")
    for _ in range(20):
        await link.read(("cti:a",))
    assert watched.sentinel.calls_of("sentinel|master") == asked, (
        "asked with each connection, not each command"
    )
    watched.master.kill()
    assert await becomes_readable(link, "cti:a") == b"v"
    assert await store(link, "cti:a", b"w") == b"OK"


async def test_a_master_that_hangs_is_followed_by_another(
    link: RedisLink, links: Links, watched: WatchedRedis
) -> None:
    await store(link, "cti:a", b"v")
    watched.await_copy("cti:a")
    brief = links.to(f"redis+sentinel://127.0.0.1:{watched.sentinel_port}/{SERVICE}", within=BRIEF)
    assert await becomes_readable(brief, "cti:a") == b"v"
    watched.master.pause()
    assert await becomes_readable(brief, "cti:a") == b"v"


async def test_a_master_that_became_a_replica_is_readonly_once_and_then_left(
    link: RedisLink, watched: WatchedRedis
) -> None:
    await store(link, "cti:a", b"v")
    watched.master.command("REPLICAOF", "127.0.0.1", str(watched.replica_port))
    assert await reason_for(store(link, "cti:a", b"w")) == "readonly"


async def test_sentinels_that_are_silent_or_gone_cost_nothing(links: Links, watched: WatchedRedis) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = [await asyncio.start_server(say_nothing, "127.0.0.1", 0) for _ in range(2)]
    ports = [*(one.sockets[0].getsockname()[1] for one in silent), free_port(), watched.sentinel_port]
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    link = links.to(f"redis+sentinel://{hosts}/{SERVICE}")
    assert await link.read(("cti:a",)) == (None,)
    await link.close()
    for one in silent:
        one.close()
        await one.wait_closed()


async def test_a_service_that_no_sentinel_knows_is_an_error(links: Links, watched: WatchedRedis) -> None:
    link = links.to(f"redis+sentinel://127.0.0.1:{watched.sentinel_port}/other")
    assert await reason_for(link.read(("cti:a",))) == "error"


async def test_a_sentinel_with_a_password_is_given_its_own(links: Links, watched: WatchedRedis) -> None:
    watched.sentinel.command("ACL", "SETUSER", "watcher", "on", ">seen", "-@all", "+sentinel|master")
    watched.sentinel.command("ACL", "SETUSER", "default", "resetpass")
    place = f"redis+sentinel://127.0.0.1:{watched.sentinel_port}/{SERVICE}?sentinel_username=watcher&sentinel_password"
    assert await links.to(f"{place}=seen").read(("cti:a",)) == (None,)
    assert await reason_for(links.to(f"{place}=unseen").read(("cti:a",))) == "auth"


async def test_a_line_to_a_master_that_another_has_followed_is_taken_anew(link: RedisLink) -> None:
    assert await link.read(("cti:a",)) == (None,)
    held = link._held
    assert held is not None
    line = held.ready
    held._pool.master_address = ("127.0.0.1", 1)  # type: ignore[attr-defined]  # as a new connection learns it
    assert held.ready is None
    assert await link.read(("cti:a",)) == (None,)
    assert line is not None
    assert line.ended
    assert held.ready not in (None, line)
