"""A call that is sent to a service: each message in turn, or as a line for the shell."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from cti_lookup.playing.scene import Act, Place, Player, Scene, Sent

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15)

_APART: Final = 1.0
"""Seconds that lie between two events, by the sender's clock; several have no smaller unit."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a service answered to a part of a call."""

    act: Act
    status: int
    content_type: str
    body: bytes


def requests(
    player: Player, scene: Scene, place: Place, *, whole: bool, nonces: Callable[[], str]
) -> Iterator[tuple[Act, Sent]]:
    """
    Write the requests of a call, signed: its first if not `whole`.

    By the sender's clock each event is a second after the one before; all are signed as of `place.now`.
    """
    script = player.script if whole else player.script[:1]
    for number, (act, write) in enumerate(script):
        message = write(msgspec.structs.replace(scene, now=scene.began + number * _APART))
        yield act, player.sign(message, msgspec.structs.replace(place, nonce=nonces()))


def shell_line(sent: Sent) -> str:
    """Write a request as a line for the shell, which prints the answer and, on a line of its own, its status."""
    words = ["curl", "-sS", "-w", "\\n%{http_code}\\n", "-X", sent.method]
    for name, value in sent.headers.items():
        words += ["-H", f"{name}: {value}"]
    if sent.body:
        words += ["--data-binary", sent.body.decode()]
    return shlex.join([*words, sent.url])


async def play(parts: Iterator[tuple[Act, Sent]], *, pause: float) -> AsyncIterator[Played]:
    """Send the requests one after the other, `pause` seconds apart, and give what is answered."""
    async with sender() as session:
        for number, (act, sent) in enumerate(parts):
            if number:
                await asyncio.sleep(pause)
            async with answer_to(session, sent) as response:
                body = await response.read()
                yield Played(act, response.status, response.content_type, body)


def sender() -> aiohttp.ClientSession:
    """Make a session that waits for answers longer than any phone system does."""
    return aiohttp.ClientSession(timeout=_TIMEOUT)


def answer_to(
    session: aiohttp.ClientSession, sent: Sent
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    """Send a request as it is written and signed. Raises `aiohttp.ClientError` and `TimeoutError`."""
    return session.request(
        sent.method,
        URL(sent.url, encoded=True),
        headers=sent.headers,
        data=sent.body or None,
        allow_redirects=False,
    )
