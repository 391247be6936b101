"""The line to one real Redis: reads together, scripts by name, and every fault bounded and named."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cti_lookup.breaker import Breaker, BreakerLimits
from cti_lookup.cache.redis_link import RedisLink, RedisSilent, Script
from cti_lookup.cache.waits import WAITS
from tests.conftest import SettableClock
from tests.redis.conftest import Links
from tests.redis.saying import BOUND, becomes_readable, reason_for, store
from tests.servers.fault_proxy import FaultProxy, Line
from tests.servers.ports import free_port
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import BRIEF, PATIENT, waits_of


@pytest.fixture
async def link(links: Links, redis: RedisProcess) -> RedisLink:
    return links.to(redis.url)


@pytest.fixture
async def proxy(redis: RedisProcess) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(redis.socket)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RedisProcess]:
    process = RedisProcess(tmp_path, password="right")
    process.start()
    yield process
    process.end()


async def test_a_value_is_read_and_nothing_is_none(link: RedisLink, links: Links) -> None:
    assert await store(link, "cti:a", b"\x00\xff") == b"OK"
    assert await link.read(("cti:a", "cti:b")) == (b"\x00\xff", None)
    assert links.counted == {("store", "ok"): 1, ("read", "ok"): 1}


async def test_readers_of_one_turn_are_one_command(link: RedisLink, redis: RedisProcess) -> None:
    await store(link, "cti:g", b"g")
    got = await asyncio.gather(*(link.read((f"cti:{n}", "cti:g")) for n in range(60)))
    assert got == [(None, b"g")] * 60
    assert redis.calls_of("mget") == 1


async def test_a_script_is_sent_once_and_then_named(link: RedisLink, redis: RedisProcess) -> None:
    for n in range(3):
        await store(link, f"cti:{n}", b"v")
    assert (redis.calls_of("eval"), redis.calls_of("evalsha")) == (1, 3)


async def test_a_redis_that_forgot_its_scripts_is_sent_them_again(
    link: RedisLink, redis: RedisProcess
) -> None:
    await store(link, "cti:a", b"1")
    redis.command("SCRIPT", "FLUSH")
    assert await store(link, "cti:a", b"2") == b"OK"


async def test_any_command_may_be_said(link: RedisLink, links: Links) -> None:
    assert await link.call("count", lambda client: client.execute_command("INCR", "cti:n")) == 1
    assert links.counted == {("count", "ok"): 1}


async def test_a_refused_command_is_an_error_and_a_life_sign(links: Links, redis: RedisProcess) -> None:
    breaker = Breaker(time.monotonic, BreakerLimits(failures=1))
    link = links.to(redis.url, breaker=breaker)
    script = Script("return redis.call('INCR', KEYS[1], 'too many')")
    assert await reason_for(link.run("broken", script, ("cti:a",), ())) == "error"
    assert not breaker.is_open
    assert links.counted == {("broken", "error"): 1}


@pytest.mark.parametrize("login", ["", ":wrong@", "nobody:right@"])
async def test_a_wrong_password_is_auth_and_opens_the_breaker(
    links: Links, guarded: RedisProcess, clock: SettableClock, login: str
) -> None:
    breaker = Breaker(clock)
    link = links.to(f"unix://{login}{guarded.socket}", breaker=breaker)
    for _ in range(5):
        assert await reason_for(link.read(("cti:a",))) == "auth"
    assert breaker.is_open
    assert await reason_for(link.read(("cti:a",))) == "skipped"


async def test_the_right_password_is_taken(links: Links, guarded: RedisProcess) -> None:
    assert await links.to(guarded.url).read(("cti:a",)) == (None,)


async def test_a_replica_is_readonly_and_still_read(
    links: Links, link: RedisLink, redis: RedisProcess
) -> None:
    await store(link, "cti:a", b"v")
    redis.command("REPLICAOF", "127.0.0.1", str(free_port()))
    assert await reason_for(store(link, "cti:a", b"w")) == "readonly"
    assert await reason_for(link.call("set", lambda client: client.set("cti:a", b"w"))) == "readonly"
    assert await link.read(("cti:a",)) == (b"v",)
    assert links.counted["store", "readonly"] == 1


async def test_a_full_redis_is_full_and_still_read(links: Links, redis: RedisProcess) -> None:
    breaker = Breaker(time.monotonic, BreakerLimits(failures=1))
    link = links.to(redis.url, breaker=breaker)
    await store(link, "cti:a", b"v")
    redis.command("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction")
    value = b"x" * 100_000
    for n in range(10):
        await reason_for(store(link, f"cti:{n}", value))
    assert await reason_for(store(link, "cti:b", value)) == "full"
    assert await reason_for(link.call("set", lambda client: client.set("cti:b", value))) == "full"
    assert await link.read(("cti:a",)) == (b"v",)
    assert not breaker.is_open


async def test_a_stopped_redis_is_a_timeout_then_skipped_and_asked_again_when_it_goes_on(
    links: Links, redis: RedisProcess, clock: SettableClock
) -> None:
    await store(links.to(redis.url), "cti:a", b"v")
    link = links.shipped(redis.url, breaker=Breaker(clock))
    redis.pause()
    for _ in range(5):
        assert await reason_for(link.read(("cti:a",))) == "timeout"
    assert await reason_for(link.read(("cti:a",))) == "skipped"
    redis.resume()
    assert await reason_for(link.read(("cti:a",))) == "skipped"
    assert links.counted["read", "timeout"] == 5
    assert links.counted["read", "skipped"] == 2
    clock.pass_by(1.01)
    assert await becomes_readable(link, "cti:a", silent=lambda: clock.pass_by(10.01)) == b"v"


async def test_a_thousand_readers_of_a_stopped_redis_all_hear_within_the_bound(
    links: Links, redis: RedisProcess
) -> None:
    link = links.to(redis.url, within=BRIEF)
    assert await link.read(("cti:a",)) == (None,)
    redis.pause()
    reasons = await asyncio.gather(*(reason_for(link.read((f"cti:{n}", f"cti:g{n}"))) for n in range(1000)))
    assert set(reasons) == {"timeout"}


async def test_a_killed_redis_is_an_error_and_is_used_again_once_it_is_back(
    link: RedisLink, redis: RedisProcess
) -> None:
    await store(link, "cti:a", b"v")
    redis.kill()
    assert await reason_for(link.read(("cti:a",))) == "error"
    assert await reason_for(store(link, "cti:a", b"v")) == "error"
    redis.start()
    assert await link.read(("cti:a",)) == (None,)


async def test_a_refused_port_is_an_error(links: Links) -> None:
    assert await reason_for(links.to(f"redis://127.0.0.1:{free_port()}").read(("cti:a",))) == "error"


async def test_a_line_that_hangs_is_a_timeout(links: Links, proxy: FaultProxy) -> None:
    link = links.shipped(f"redis://127.0.0.1:{proxy.port}")
    assert await becomes_readable(link, "cti:a") is None
    proxy.line = Line.HANG
    assert await reason_for(link.read(("cti:a",))) == "timeout"


async def test_a_line_that_is_reset_is_an_error(links: Links, proxy: FaultProxy) -> None:
    link = links.to(f"redis://127.0.0.1:{proxy.port}")
    proxy.line = Line.RESET
    assert await reason_for(link.read(("cti:a",))) == "error"


async def test_an_answer_that_is_cut_is_an_error_and_no_value(
    links: Links, proxy: FaultProxy, link: RedisLink
) -> None:
    await store(link, "cti:a", b"v" * 1000)
    far = links.to(f"redis://127.0.0.1:{proxy.port}")
    proxy.cut_after = 500
    assert await reason_for(far.read(("cti:a",))) == "error"


GARBAGE = [
    b"hello\r\n",
    b":5\r\n",
    b"+OK\r\n",
    b"*-1\r\n",
    b"$-1\r\n",
    b"*0\r\n",
    b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    b"*1\r\n:5\r\n",
    b"*1\r\n*1\r\n$1\r\na\r\n",
    b"*1\r\n-ERR inside\r\n",
    b"*1\r\n-LOADING inside\r\n",
    b"-MOVED\r\n",
    b"-MOVED 1 there:port\r\n",
    b"-ASK x\r\n",
    b"-\r\n",
    b"-ERR \xff\xfe\r\n",
    b"$99999999999999999999\r\n",
    b"*999999999999\r\n",
    b"*1\r\n" * 100,
    b"%1\r\n+a\r\n+b\r\n",
    b"\x00" * 100,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"",
]


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_is_an_error_and_nothing_else(links: Links, garbage: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(garbage)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        link = links.to(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert await reason_for(link.read(("cti:a",))) == "error"


async def test_an_answer_that_drips_is_cut_off(links: Links) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"*1\r\n$1000\r\n")
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        link = links.shipped(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert await reason_for(link.read(("cti:a",))) == "timeout"
        await link.close()


async def test_that_no_connection_comes_free_is_a_timeout_and_the_breaker_is_not_told(
    links: Links, redis: RedisProcess
) -> None:
    breaker = Breaker(time.monotonic, BreakerLimits(failures=1))
    link = links.to(redis.url, breaker=breaker, waits=replace(waits_of(PATIENT), pool=WAITS.pool))
    pool = link._client.connection_pool  # type: ignore[union-attr]  # no Cluster
    taken = [await pool.get_connection() for _ in range(pool.max_connections)]
    assert await reason_for(store(link, "cti:a", b"v")) == "timeout"
    assert not breaker.is_open
    for connection in taken:
        await pool.release(connection)
    assert await store(link, "cti:a", b"v") == b"OK"


async def test_a_cancelled_probe_is_given_back(
    links: Links, redis: RedisProcess, clock: SettableClock
) -> None:
    breaker = Breaker(clock, BreakerLimits(failures=1))
    link = links.to(redis.url, breaker=breaker, within=BRIEF)
    await link.read(("cti:a",))
    redis.pause()
    assert await reason_for(link.read(("cti:a",))) == "timeout"
    clock.pass_by(1.01)
    probe = asyncio.create_task(store(link, "cti:a", b"v"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.wait([probe])
    assert probe.cancelled()
    redis.resume()
    assert await link.read(("cti:a",)) == (None,)
    assert not breaker.is_open


async def test_who_is_cancelled_in_the_moment_of_an_answer_is_cancelled(link: RedisLink) -> None:
    answer, asked = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def as_redis_py_sends(_: object) -> None:
        asked.set()
        await asyncio.wait_for(answer, PATIENT)

    calling = asyncio.create_task(link.call("a call", as_redis_py_sends))
    await asked.wait()
    answer.set_result(None)
    calling.cancel()

    await asyncio.wait((calling,))
    assert calling.cancelled()


async def test_who_was_cancelled_before_and_tidies_up_is_answered(link: RedisLink) -> None:
    begun = asyncio.Event()

    async def tidy_up_at_the_end() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append(await store(link, "a-key", b"a value"))

    tidied: list[object] = []
    task = asyncio.create_task(tidy_up_at_the_end())
    await begun.wait()
    task.cancel()

    await asyncio.wait((task,))
    assert tidied == [b"OK"]


async def test_a_cancelled_reader_leaves_the_line_usable(link: RedisLink) -> None:
    await store(link, "cti:a", b"v")
    for turns in range(12):
        reader = asyncio.create_task(link.read(("cti:a",)))
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.wait([reader])
        assert await link.read(("cti:a",)) == (b"v",)


async def test_a_patient_client_waits_for_what_is_written_later(links: Links, redis: RedisProcess) -> None:
    async def wait(link: RedisLink, milliseconds: int) -> object:
        return await link.call("stream", lambda client: client.xread({"cti:s": "$"}, block=milliseconds))

    short = waits_of(1.0)
    assert await reason_for(wait(links.to(redis.url, waits=short), 10_000)) == "timeout"
    assert await wait(links.to(redis.url, waits=short, patient=True), 1_500) in (None, [], {})


async def test_closing_a_link_to_a_stopped_redis_is_bounded_and_ends_what_waits(
    link: RedisLink, redis: RedisProcess
) -> None:
    await store(link, "cti:a", b"v")
    redis.pause()
    reader = asyncio.create_task(reason_for(link.read(("cti:a",))))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    begun = time.monotonic()
    await link.close()
    assert time.monotonic() - begun < BOUND
    assert await reader == "error"
    assert await reason_for(link.read(("cti:a",))) == "error"


async def test_a_server_that_is_just_loading_is_waited_for(link: RedisLink, redis: RedisProcess) -> None:
    redis.kill()
    redis.start()
    assert await becomes_readable(link, "cti:a") is None


async def test_the_reason_is_all_that_is_told(links: Links) -> None:
    link = links.to(f"redis://:hunter2@127.0.0.1:{free_port()}")
    with pytest.raises(RedisSilent) as raised:
        await link.read(("cti:hunter3",))
    assert str(raised.value) == raised.value.reason == "error"
