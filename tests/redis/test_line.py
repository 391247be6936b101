"""The line that is held for reads: answers in the order of questions, and an end for good at the first that does not fit."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from redis.exceptions import NoPermissionError, RedisError

from cti_lookup.breaker import Breaker, BreakerLimits
from cti_lookup.cache.redis_line import Line
from tests.redis.conftest import Links
from tests.redis.saying import becomes_readable, reason_for, store
from tests.servers.fault_proxy import FaultProxy
from tests.servers.redis_process import RedisProcess

PATIENCE = 0.05
SECONDS = 1.5
LONG = 30.0


class Former(asyncio.Protocol):
    """Whose transport it was: hears of the end only."""

    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        raise AssertionError(f"not told {data!r}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


@dataclass
class Server:
    """A Redis that says what a test wants, when it wants; it has one connection at a time."""

    far: asyncio.StreamWriter | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.far = writer
        self.came.set()
        try:
            while question := await reader.read(65536):
                self.asked.put_nowait(question)
        finally:
            writer.transport.abort()

    def say(self, answer: bytes) -> None:
        assert self.far is not None
        self.far.write(answer)


Opened = tuple[Line, Server, Former]


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[float], "asyncio.Future[Opened]"]]:
    server = Server()
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    lines: list[Line] = []

    async def open_line(patience: float) -> Opened:
        loop = asyncio.get_running_loop()
        port = listening.sockets[0].getsockname()[1]
        transport, former = await loop.create_connection(Former, "127.0.0.1", port)
        lines.append(Line(transport, patience))
        await server.came.wait()
        return lines[-1], server, former

    async with listening:
        yield lambda patience: asyncio.ensure_future(open_line(patience))
        for line in lines:
            line.end(ConnectionError("the test has ended"))


Opening = Callable[[float], "asyncio.Future[Opened]"]


def in_a_while() -> float:
    return asyncio.get_running_loop().time() + LONG


def answer_of(*values: bytes) -> bytes:
    return b"*%d\r\n" % len(values) + b"".join(b"$%d\r\n%b\r\n" % (len(one), one) for one in values)


async def test_each_question_is_told_its_own_answer_in_the_order_of_asking(opened: Opening) -> None:
    line, server, _ = await opened(LONG)
    first, second = line.read(("a",), in_a_while()), line.read(("b", "c"), in_a_while())
    server.say(answer_of(b"1") + b"*2\r\n$1\r\n2\r\n$-1\r\n")
    assert (await first, await second) == ([b"1"], [b"2", None])


async def test_an_answer_may_come_in_pieces_of_any_length(opened: Opening) -> None:
    line, _, _ = await opened(LONG)
    reading = line.read(("a", "b"), in_a_while())
    for byte in answer_of(b"one", b"two"):
        assert not reading.done()
        line.data_received(bytes([byte]))
    assert await reading == [b"one", b"two"]


async def test_an_answer_that_nobody_asked_for_ends_the_line(opened: Opening) -> None:
    line, server, former = await opened(LONG)
    reading = line.read(("a",), in_a_while())
    server.say(answer_of(b"1") + answer_of(b"of nobody"))
    assert await reading == [b"1"]
    await former.lost
    assert line.ended


async def test_an_answer_of_another_length_ends_the_line_and_all_who_wait_are_told(opened: Opening) -> None:
    line, server, _ = await opened(LONG)
    first, second = line.read(("a",), in_a_while()), line.read(("b", "c"), in_a_while())
    server.say(answer_of(b"2", b"3") + answer_of(b"1"))
    got = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(one) for one in got] == [ValueError, ValueError]
    assert line.ended


async def test_a_late_answer_is_nobodys(opened: Opening) -> None:
    line, server, former = await opened(PATIENCE)
    reading = line.read(("a",), in_a_while())
    await server.asked.get()
    with pytest.raises(RedisError, match="no answer in time"):
        await reading
    assert line.ended
    await former.lost
    line.data_received(answer_of(b"too late"))  # some transports still deliver what they had


async def test_a_deadline_that_comes_before_patience_ends_holds(opened: Opening) -> None:
    line, _, _ = await opened(LONG)
    with pytest.raises(RedisError, match="no answer in time"):
        await line.read(("a",), asyncio.get_running_loop().time() + PATIENCE)


async def test_every_question_is_bounded_though_there_is_one_timer(opened: Opening) -> None:
    line, server, _ = await opened(SECONDS)
    for _ in range(3):
        reading = line.read(("a",), in_a_while())
        server.say(answer_of(b"1"))
        assert await reading == [b"1"]
    await asyncio.sleep(SECONDS / 2)  # the timer is the first question's
    reading, loop = line.read(("b",), in_a_while()), asyncio.get_running_loop()
    ended = loop.create_future()
    # a timer of ours that comes after the line's, however late both are looked at
    loop.call_at(loop.time() + 1.25 * SECONDS, lambda: ended.set_result(reading.done()))
    assert await ended
    with pytest.raises(RedisError, match="no answer in time"):
        await reading


async def test_who_leaves_takes_its_answer_with_it(opened: Opening) -> None:
    line, server, _ = await opened(LONG)
    leaver, stayer = line.read(("a",), in_a_while()), line.read(("b",), in_a_while())
    leaver.cancel()
    server.say(answer_of(b"the leaver's") + answer_of(b"the stayer's"))
    assert await stayer == [b"the stayer's"]


async def test_a_refusal_is_told_to_its_question_only(opened: Opening) -> None:
    line, server, _ = await opened(LONG)
    first, second = line.read(("a",), in_a_while()), line.read(("b",), in_a_while())
    server.say(b"-NOPERM no permissions\r\n" + answer_of(b"2"))
    with pytest.raises(NoPermissionError):
        await first
    assert await second == [b"2"]
    assert not line.ended


@pytest.mark.parametrize("left", [b"", answer_of(b"1")[:-1]])
async def test_a_line_that_breaks_tells_all_who_wait(opened: Opening, left: bytes) -> None:
    line, server, former = await opened(LONG)
    readings = [line.read((key,), in_a_while()) for key in "ab"]
    await server.asked.get()
    assert server.far is not None
    server.say(left)
    server.far.close()
    got = await asyncio.gather(*readings, return_exceptions=True)
    assert all(isinstance(one, RedisError) for one in got)
    assert line.ended
    await former.lost


async def test_a_line_that_was_cut_in_the_middle_of_an_answer_is_replaced_and_never_read_again(
    links: Links, redis: RedisProcess
) -> None:
    near = links.to(redis.url)
    for key in "abcd":
        await store(near, f"cti:{key}", key.encode() * 1000)
    proxy = FaultProxy(redis.socket)
    await proxy.start()
    link = links.to(f"redis://127.0.0.1:{proxy.port}")
    assert await link.read(("cti:none",)) == (None,)
    proxy.cut_after = 1500
    for key in "ab":
        assert await reason_for(link.read((f"cti:{key}", f"cti:{key}"))) in (
            "not silent: " + repr((key.encode() * 1000,) * 2),
            "error",
        )
    proxy.cut_after = None
    for key in "cd":
        assert await link.read((f"cti:{key}",)) == (key.encode() * 1000,)
    await link.close()
    await proxy.stop()


async def test_answers_of_a_stopped_redis_that_goes_on_are_never_taken_for_others(
    links: Links, redis: RedisProcess
) -> None:
    near, link = links.to(redis.url), links.shipped(redis.url)
    for n in range(20):
        await store(near, f"cti:{n}", b"%d" % n)
    for n in range(0, 20, 2):
        assert await becomes_readable(link, f"cti:{n}") == b"%d" % n
        redis.pause()
        assert await reason_for(link.read((f"cti:{n}",))) == "timeout"
        redis.resume()
        assert await becomes_readable(link, f"cti:{n + 1}") == b"%d" % (n + 1)


async def test_readers_who_come_while_the_line_is_taken_share_it(links: Links, redis: RedisProcess) -> None:
    link = links.to(redis.url)
    before = redis.calls_of("mget")
    many = [tuple(f"cti:{n}:{m}" for m in range(100)) for n in range(4)]
    got = await asyncio.gather(*(link.read(keys) for keys in many))
    assert got == [(None,) * 100] * 4
    assert redis.calls_of("mget") - before == len(many)
    assert len(redis.command("CLIENT", "LIST", "TYPE", "normal").splitlines()) == 2, "the link's and this one"


async def test_a_line_whose_client_was_killed_while_idle_is_replaced_unnoticed(
    links: Links, redis: RedisProcess
) -> None:
    link = links.to(redis.url, breaker=Breaker(time.monotonic, BreakerLimits(failures=1)))
    assert await link.read(("cti:a",)) == (None,)
    redis.command("CLIENT", "KILL", "TYPE", "normal")
    assert link._held is not None
    async with asyncio.timeout(LONG):
        while link._held.ready:  # noqa: ASYNC110  # only a test waits for this
            await asyncio.sleep(0)
    assert await link.read(("cti:a",)) == (None,)
    assert links.counted == {("read", "ok"): 2}
