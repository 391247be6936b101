"""How many requests may be under way, who waits for a slot, and that none is lost."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from cti_lookup.rservice.concurrency import MOST_WAITING, Slot, Slots
from tests.lookup.timeless import TimelessLoop, clock_of_this_loop

RINGING, BACKGROUND = Purpose.RINGING, Purpose.BACKGROUND


class Holder:
    """One request under way, that a test ends."""

    def __init__(self, slots: Slots, purpose: Purpose = RINGING) -> None:
        self.has_it = asyncio.Event()
        self.ends = asyncio.Event()
        self.slot: Slot | None = None
        self.task = asyncio.create_task(self._hold(slots, purpose))

    async def _hold(self, slots: Slots, purpose: Purpose) -> None:
        async with slots.slot(purpose) as self.slot:
            self.has_it.set()
            await self.ends.wait()

    async def end(self) -> None:
        self.ends.set()
        await self.task


async def settled() -> None:
    """Let all that can run run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def strained(slots: Slots) -> None:
    async with slots.slot(RINGING) as slot:
        slot.showed_strain()


async def test_the_limit_halves_at_each_strain_down_to_one() -> None:
    slots = Slots()
    limits = []
    for _ in range(6):
        await strained(slots)
        limits.append(slots.limit)
    assert limits == [8, 4, 2, 1, 1, 1]


async def test_the_limit_grows_by_one_for_each_window_of_successes_up_to_sixteen() -> None:
    slots = Slots()
    for _ in range(4):
        await strained(slots)
    needed = []
    async with slots.slot(RINGING) as slot:
        while slots.limit < 16:
            before, count = slots.limit, 0
            while slots.limit == before:
                slot.went_well()
                count += 1
            needed.append(count)
        for _ in range(100):
            slot.went_well()
    assert needed == list(range(1, 16))
    assert slots.limit == 16


async def test_many_that_fail_together_halve_the_limit_once() -> None:
    slots = Slots()
    async with AsyncExitStack() as stack:
        for slot in [await stack.enter_async_context(slots.slot(RINGING)) for _ in range(16)]:
            slot.showed_strain()
    assert slots.limit == 8


async def test_phones_wait_in_order_and_background_work_does_not_overtake_them() -> None:
    slots = Slots(1, patience=60)
    first = Holder(slots)
    await first.has_it.wait()
    second, third = Holder(slots), Holder(slots)
    await settled()
    with pytest.raises(Unavailable, match="busy"):
        async with slots.slot(BACKGROUND):
            pass
    await first.end()
    await second.has_it.wait()
    assert not third.has_it.is_set()
    await second.end()
    await third.has_it.wait()
    await third.end()
    assert (slots.under_way, slots.waiting) == (0, 0)


def test_a_phone_waits_half_a_second_and_no_longer() -> None:
    async def wait_in_vain() -> None:
        slots = Slots(1)
        holder = Holder(slots)
        await holder.has_it.wait()
        clock = clock_of_this_loop()
        started = clock()
        with pytest.raises(Unavailable, match="busy"):
            async with slots.slot(RINGING):
                pass
        assert clock() - started == pytest.approx(0.5)
        await holder.end()
        assert (slots.under_way, slots.waiting) == (0, 0)

    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        runner.run(wait_in_vain())


async def test_no_more_than_256_wait() -> None:
    slots = Slots(1, patience=60)
    holders = [Holder(slots) for _ in range(1 + MOST_WAITING)]
    await settled()
    assert slots.waiting == MOST_WAITING
    with pytest.raises(Unavailable, match="busy"):
        async with slots.slot(RINGING):
            pass
    for holder in holders:
        await holder.end()
    assert (slots.under_way, slots.waiting) == (0, 0)


async def test_whoever_leaves_while_waiting_leaves_no_gap() -> None:
    slots = Slots(1, patience=60)
    first = Holder(slots)
    await first.has_it.wait()
    leaver, next_one = Holder(slots), Holder(slots)
    await settled()
    leaver.task.cancel()
    await settled()
    await first.end()
    await next_one.has_it.wait()
    await next_one.end()
    assert (slots.under_way, slots.waiting) == (0, 0)


@pytest.mark.parametrize("slot_first", [True, False])
async def test_whoever_leaves_in_the_moment_of_getting_a_slot_passes_it_on(slot_first: bool) -> None:
    slots = Slots(1, patience=60)
    first = Holder(slots)
    await first.has_it.wait()
    leaver, next_one = Holder(slots), Holder(slots)
    await settled()
    if slot_first:
        slots.free()
        leaver.task.cancel()
    else:
        leaver.task.cancel()
        slots.free()
    await settled()
    assert next_one.has_it.is_set()
    slots._taken += 1  # what was freed by hand above
    await first.end()
    await next_one.end()
    assert (slots.under_way, slots.waiting) == (0, 0)


async def test_whoever_is_cancelled_while_under_way_gives_the_slot_back() -> None:
    slots = Slots(1, patience=60)
    holder = Holder(slots)
    await holder.has_it.wait()
    holder.task.cancel()
    await asyncio.wait((holder.task,))
    assert slots.under_way == 0


async def test_a_lower_limit_lets_those_under_way_finish_and_nobody_in_before() -> None:
    slots = Slots(2, patience=60)
    first, second = Holder(slots), Holder(slots)
    await settled()
    assert first.slot is not None
    first.slot.showed_strain()
    third = Holder(slots)
    await first.end()
    await settled()
    assert not third.has_it.is_set()
    await second.end()
    await third.has_it.wait()
    await third.end()
