"""Work that nobody waits for ends with its owner."""

import asyncio

import pytest

from cti_lookup.background import DONE, Background, beside, together


class Work:
    """Work without an end, which can be seen to begin and to be cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = False

    async def run(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_all_works_run_beside_and_end_before_what_follows() -> None:
    one, other = Work(), Work()
    async with beside(one.run(), other.run()):
        await asyncio.gather(one.begun.wait(), other.begun.wait())
        assert not one.cancelled
    assert one.cancelled
    assert other.cancelled


async def test_works_end_where_what_they_run_beside_fails() -> None:
    work = Work()

    async def serve() -> None:
        async with beside(work.run()):
            await work.begun.wait()
            raise LookupError

    with pytest.raises(LookupError):
        await serve()
    assert work.cancelled


async def test_a_work_that_fails_disturbs_nobody() -> None:
    async def fail() -> None:
        raise LookupError

    work = Work()
    async with beside(fail(), work.run()):
        await work.begun.wait()
        assert not work.cancelled


async def test_what_comes_after_the_end_never_begins() -> None:
    background, work = Background(), Work()
    await background.close()
    background.spawn(work.run())
    await asyncio.sleep(0)
    assert not work.begun.is_set()


async def test_work_that_ends_within_the_grace_is_not_cut_short() -> None:
    background, ended = Background(), asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        ended.set()

    background.spawn(work())
    await background.close(grace=5)
    assert ended.is_set()


async def test_what_is_done_takes_no_task() -> None:
    tasks = asyncio.all_tasks()
    background = Background()
    background.spawn(DONE)
    assert asyncio.all_tasks() == tasks
    await DONE


async def test_of_works_that_run_together_all_end_with_the_first_whose_failure_is_told() -> None:
    work = Work()

    async def fail() -> None:
        await work.begun.wait()
        raise LookupError

    with pytest.raises(LookupError):
        await together(work.run(), fail())
    assert work.cancelled


async def test_a_work_that_overhears_a_cancellation_is_cancelled_again() -> None:
    work, overheard = Work(), asyncio.Event()

    async def overhear() -> None:
        try:
            await work.run()
        except asyncio.CancelledError:
            overheard.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(together(overhear()))
    await work.begun.wait()
    running.cancel()
    await asyncio.wait((running,))
    assert overheard.is_set()
    assert running.cancelled()
