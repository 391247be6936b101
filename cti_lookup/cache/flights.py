"""One flight per question: however many ask at once, the answer is fetched once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Flights(Generic[K, V]):
    """
    Tasks that are under way, by what they fetch.

    A flight is a task of its own: the caller who began it may be cancelled or run out of patience without
    hurting the others, and a late answer still arrives where its fetcher puts it.
    """

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[V]] = {}

    def join(self, key: K, fetch: Callable[[], Coroutine[Any, Any, V]]) -> asyncio.Task[V]:
        """
        Give the flight to `key`, beginning it if there is none.

        It is waited for with `asyncio.wait`, or behind `asyncio.shield`: to await it bare would cancel it for all.
        """
        task = self._under_way.get(key)
        if task is None or task.done():  # one that has just ended may tell what was forgotten since
            task = self._under_way[key] = asyncio.create_task(fetch())
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def _landed(self, key: K, task: asyncio.Task[V]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled():
            task.exception()  # retrieved here: everybody who waited may have left

    def __len__(self) -> int:
        """Count the flights that are under way."""
        return len(self._under_way)

    async def close(self) -> None:
        """Cancel what is still under way and wait until it has ended."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
