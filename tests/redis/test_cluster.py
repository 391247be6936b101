"""Cluster: each tenant's keys on one node, found again when slots move, and a lost node costs only its own slots."""

from collections.abc import Iterator

import pytest

from cti_lookup.cache.redis_link import RedisLink
from tests.redis.conftest import Links
from tests.redis.saying import becomes_readable, reason_for, store
from tests.redis.test_acl import words_of_the_document
from tests.servers.redis_cluster import RedisClusterProcesses
from tests.servers.redis_waits import BRIEF

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisClusterProcesses]:
    cluster = RedisClusterProcesses(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


@pytest.fixture
def cluster(started: RedisClusterProcesses) -> RedisClusterProcesses:
    for node in started.nodes:
        node.resume()
        node.command("FLUSHALL")
    started.await_complete()
    return started


@pytest.fixture
async def link(links: Links, cluster: RedisClusterProcesses) -> RedisLink:
    link = links.to(cluster.url)
    assert (
        await becomes_readable(link, "cti:a") is None
    )  # learns the slots, for which a busy machine takes its time
    return link


def key_on(cluster: RedisClusterProcesses, number: int) -> str:
    """Give a key that the node with this number owns."""
    keys = (f"cti:2:{{tenant{n}}}:a" for n in range(100))
    return next(key for key in keys if cluster.number_of_owner(key) == number)


async def test_the_keys_of_a_tenant_are_read_together_on_every_node(
    link: RedisLink, cluster: RedisClusterProcesses
) -> None:
    for number in range(3):
        key = key_on(cluster, number)
        await store(link, key, b"v")
        assert await link.read((key, f"{key}b")) == (b"v", None)
        assert cluster.nodes[number].command("GET", key) == "v"


async def test_keys_of_different_nodes_are_no_one_read(
    link: RedisLink, cluster: RedisClusterProcesses
) -> None:
    assert await reason_for(link.read((key_on(cluster, 0), key_on(cluster, 1)))) == "error"


async def test_a_slot_that_moved_is_followed(link: RedisLink, cluster: RedisClusterProcesses) -> None:
    key = "cti:2:{moving}:a"
    owner = cluster.number_of_owner(key)
    assert await link.read((key,)) == (None,)
    cluster.move_slot(cluster.slot_of(key), (owner + 1) % 3)
    assert await store(link, key, b"v") == b"OK"
    assert await link.read((key,)) == (b"v",)
    assert cluster.nodes[(owner + 1) % 3].command("GET", key) == "v"
    cluster.nodes[(owner + 1) % 3].command("DEL", key)
    cluster.move_slot(cluster.slot_of(key), owner)


async def test_a_node_that_hangs_is_a_timeout_for_its_slots_only(
    link: RedisLink, links: Links, cluster: RedisClusterProcesses
) -> None:
    mine, other = key_on(cluster, 0), key_on(cluster, 1)
    await store(link, other, b"v")
    link = links.to(cluster.url, within=BRIEF)
    assert await becomes_readable(link, mine) is None
    cluster.nodes[0].pause()
    assert await reason_for(link.read((mine,))) == "timeout"
    assert await becomes_readable(link, other) == b"v"
    cluster.nodes[0].resume()
    assert await becomes_readable(link, mine) is None


async def test_the_rights_of_the_document_are_enough(links: Links, cluster: RedisClusterProcesses) -> None:
    for node in cluster.nodes:
        node.command(*words_of_the_document(), "+cluster|slots", "+command", "+asking")
    link = links.to(cluster.url.replace("://", "://cti:right@"))
    assert await becomes_readable(link, "cti:a") is None
    await store(link, key_on(cluster, 1), b"v")
    assert await link.read((key_on(cluster, 1),)) == (b"v",)
    wrong = links.to(cluster.url.replace("://", "://cti:wrong@"))
    assert await reason_for(wrong.read((key_on(cluster, 1),))) == "auth"


async def test_no_node_at_all_is_an_error(links: Links) -> None:
    assert await reason_for(links.to("redis+cluster://127.0.0.1:1,127.0.0.1:2").read(("cti:a",))) == "error"


async def test_a_patient_client_reads_a_stream(links: Links, cluster: RedisClusterProcesses) -> None:
    key = key_on(cluster, 2)
    link = links.to(cluster.url, patient=True)
    await link.read((key,))
    await link.call("xadd", lambda client: client.xadd(key, {"a": "1"}))
    assert await link.call("xread", lambda client: client.xread({key: "0"}, block=1000))
