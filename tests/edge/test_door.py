"""Who says nothing, or says it too slowly, is shown out; there is room for so many and no more."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from cti_lookup.web.door import Door

WITHIN = 0.3
Opened = Callable[[int], Awaitable[None]]


@asynccontextmanager
async def _opened(counts: Counter[str], *, most: int = 1000, within: float = WITHIN) -> AsyncIterator[int]:
    """Serve one answer behind a door, and give the port."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="here")

    async def repeat(request: web.Request) -> web.Response:
        return web.Response(text=f"here: {await request.text()}")

    async def answer_late(_: web.Request) -> web.Response:
        await asyncio.sleep(3 * within)
        return web.Response(text="late")

    app = web.Application()
    app.router.add_get("/", answer)
    app.router.add_post("/", repeat)
    app.router.add_get("/late", answer_late)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    door = Door(runner.server, most=most, within=within, count=lambda result: counts.update([result]))
    listener = await asyncio.get_running_loop().create_server(door, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        door.close()
        await runner.cleanup()


async def _ask(session: ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/") as response:
        return await response.text()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_who_does_not_come_to_the_end_of_the_headers_is_shown_out(said: bytes) -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        async with asyncio.timeout(30):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    assert counts == {"slow": 1}


async def test_who_spoke_while_the_process_stood_still_is_heard() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port, ClientSession() as session:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await _ask(session, port) == "here"  # the one before is let in by now
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(3 * WITHIN)  # noqa: ASYNC251  # which is what is claimed
        async with asyncio.timeout(30):
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()

    assert counts == {}


async def test_who_drips_is_shown_out_all_the_same() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")
        while not reader.at_eof():
            writer.write(b"X")
            try:
                assert await asyncio.wait_for(reader.read(1), 0.02) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                break
        writer.close()

    assert counts == {"slow": 1}


async def test_who_has_asked_once_may_stay_and_ask_again() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port, ClientSession() as session:
        assert await _ask(session, port) == "here"
        await asyncio.sleep(3 * WITHIN)
        assert await _ask(session, port) == "here"

    assert counts == {}


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("said", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_who_asks_again_and_does_not_come_to_the_end_of_the_headers_is_shown_out(said: bytes) -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        assert (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
        writer.write(said)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    assert counts == {"slow": 1}


async def test_a_body_in_pieces_of_its_own_is_no_request_that_begins() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
            for piece in (b"o", b"k"):
                await asyncio.sleep(0.02)
                writer.write(piece)
            assert (await reader.readuntil(b"here: ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(3 * WITHIN)
        writer.close()
        await writer.wait_closed()

    assert counts == {}


async def test_what_takes_long_to_answer_is_not_cut_off_by_what_is_said_meanwhile() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(WITHIN / 2)
        writer.write(REQUEST)
        assert await reader.readuntil(b"late")
        assert await reader.readuntil(b"here")
        writer.close()
        await writer.wait_closed()

    assert counts == {}


async def test_those_who_come_at_the_same_moment_are_not_more_than_there_is_room_for() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts, most=3, within=60.0) as port, asyncio.timeout(30):
        sockets = [
            socket.create_connection(("127.0.0.1", port)) for _ in range(20)
        ]  # all wait in the backlog
        lines = [await asyncio.open_connection(sock=one) for one in sockets]
        told = [asyncio.ensure_future(reader.read(12)) for reader, _ in lines]
        while counts["full"] < 17:  # noqa: ASYNC110  # told by the count alone
            await asyncio.sleep(0.01)
        for _, writer in lines:
            writer.write(REQUEST)
        answers = Counter(await asyncio.gather(*told, return_exceptions=True))
        for _, writer in lines:
            writer.close()

    assert answers[b"HTTP/1.1 200"] == 3
    assert counts == {"full": 17}


async def test_a_connection_too_many_is_told_so_and_later_there_is_room_again() -> None:
    counts: Counter[str] = Counter()
    async with _opened(counts, most=3, within=60.0) as port:
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(30):
            told = await reader.read()
        assert told.startswith(b"HTTP/1.1 503 ")
        head, _, body = told.partition(b"\r\n\r\n")
        assert b"Retry-After: 1" in head
        assert b"Content-Length: %d" % len(body) in head
        for _, one in [*waiting, (reader, writer)]:
            one.close()
            await one.wait_closed()
        async with ClientSession() as session, asyncio.timeout(30):
            while True:
                try:
                    assert await _ask(session, port) == "here"
                    break
                except AssertionError:
                    await asyncio.sleep(0.01)

    assert counts["full"] >= 1
