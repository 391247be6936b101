"""Calls are swept again and again, for as long as the service runs."""

import asyncio

from cti_lookup.calls import Call, CallBook
from cti_lookup.sweeping import sweeping
from tests.conftest import SettableClock


class _Counted(CallBook):
    """A book that says when it was swept for the third time."""

    def __init__(self) -> None:
        super().__init__(SettableClock())
        self.sweeps = 0
        self.third = asyncio.Event()

    async def sweep(self) -> tuple[Call, ...]:
        self.sweeps += 1
        if self.sweeps == 3:
            self.third.set()
        return await super().sweep()


async def test_a_book_is_swept_until_the_service_ends() -> None:
    book = _Counted()
    async with sweeping(book, every=0.001):
        await asyncio.wait_for(book.third.wait(), 30)
    swept = book.sweeps
    await asyncio.sleep(0)

    assert book.sweeps == swept
