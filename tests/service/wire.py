"""HTTP as bytes, for requests that no client library would send."""

import asyncio

PATIENCE = 20.0


async def exchange(port: int, request: bytes) -> bytes:
    """Send bytes, then no more, and give all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()
        await writer.wait_closed()


def request_line(method: bytes, target: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """Write a request that closes its connection."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: service.example", b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", body])


def status_of(answer: bytes) -> int:
    """Give the status of an answer, 0 if there was none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0
