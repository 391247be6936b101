"""A TCP proxy that lets a test break the line: pass, delay, hang, reset, cut after so many bytes, refuse."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path


class Line(Enum):
    """What the line does with bytes."""

    PASS = auto()
    HANG = auto()
    RESET = auto()


@dataclass
class FaultProxy:
    """
    A proxy on a free port of loopback, in front of a port of loopback or a socket in a folder.

    `line`, `delay` and `cut_after` may be changed at any time and count for the next bytes from the server;
    `cut_after` is in bytes of the server's on each connection.
    """

    target: int | Path
    line: Line = Line.PASS
    delay: float = 0.0
    cut_after: int | None = None
    port: int = 0

    def __post_init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; after a refusal on the same port again."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def stop(self) -> None:
        """End the proxy."""
        await self.refuse()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # a broken line is what this is for
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.line is Line.RESET:
            _reset(writer)
            return
        far_reader, far_writer = await self._connect()
        sending = asyncio.create_task(_copy(reader, far_writer))
        try:
            await self._answer(far_reader, writer)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            far_writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed = 0
        while content := await reader.read(65536):
            await asyncio.sleep(self.delay)
            if self.line is Line.HANG:
                await asyncio.Event().wait()
            if self.line is Line.RESET:
                _reset(writer)
                return
            if self.cut_after is not None:
                content = content[: max(0, self.cut_after - passed)]
            writer.write(content)
            await writer.drain()
            passed += len(content)
            if self.cut_after is not None and passed >= self.cut_after:
                return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while content := await reader.read(65536):
        writer.write(content)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a farewell: SO_LINGER of zero seconds."""
    line: socket.socket = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
