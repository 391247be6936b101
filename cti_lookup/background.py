"""Work that nobody waits for, with an owner that ends it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager
from typing import Any, Final


class Done:
    """Work that is done: whoever waits for it goes on at once."""

    def __await__(self) -> Generator[None]:
        """Wait for nothing."""
        yield from ()


DONE: Final = Done()

Work = Coroutine[Any, Any, None] | Done


class Background:
    """Tasks that run on their own; `close` cancels what has not ended and waits for it. What comes later never begins."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def spawn(self, work: Work) -> None:
        """Begin work whose end nobody waits for; what is done takes no task."""
        if isinstance(work, Done):
            return
        if self._closed:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved here, as asyncio would log it with its values

    async def close(self, *, grace: float = 0.0) -> None:
        """Give what is still running `grace` seconds, then cancel it and wait until it has ended."""
        self._closed = True
        if grace and self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


_CANCEL_AGAIN: Final = 0.05


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """
    Run works until one of them ends, and then end the others; raises what it raised.

    Facts (redis-py 8.1): before it sends, it looks at the socket for 0 s, and takes a cancellation that arrives in that
    moment for the end of the 0 s; so one cancellation may not be enough.
    """
    tasks = {asyncio.create_task(work) for work in works}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        while tasks:
            for one in tasks:
                one.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=_CANCEL_AGAIN)


@asynccontextmanager
async def beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let work run on its own, for as long as this lasts."""
    background = Background()
    for work in works:
        background.spawn(work)
    try:
        yield
    finally:
        await background.close()
