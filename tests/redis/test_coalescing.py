"""Coalesced reads: what goes out together, how much at once, and who hears what."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from cti_lookup.cache.coalescing import MOST_KEYS, CoalescedReads, Values


@dataclass
class Store:
    """Answers every key with its own name, when it may."""

    batches: list[list[str]] = field(default_factory=list)
    deadlines: list[float] = field(default_factory=list)
    may: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    fault: BaseException | None = None

    async def fetch(self, keys: Sequence[str], deadline: float) -> list[bytes | None]:
        self.batches.append(list(keys))
        self.deadlines.append(deadline)
        self.begun.put_nowait(len(self.batches))
        await self.may.wait()
        if self.fault is not None:
            raise self.fault
        return [None if key == "nothing" else key.encode() for key in keys]


@pytest.fixture
def store() -> Store:
    store = Store()
    store.may.set()
    return store


@pytest.fixture
async def reads(store: Store) -> AsyncIterator[CoalescedReads]:
    reads = CoalescedReads(store.fetch, 1.0)
    yield reads
    await reads.close()


async def reading(reads: CoalescedReads, keys: tuple[str, ...]) -> Values:
    """Read values as they are."""
    return await reads.get(keys, lambda values: values)


async def test_a_reader_gets_its_values_in_the_order_of_its_keys(reads: CoalescedReads) -> None:
    assert await reading(reads, ("b", "nothing", "a")) == (b"b", None, b"a")


async def test_readers_of_one_turn_go_out_together(reads: CoalescedReads, store: Store) -> None:
    got = await asyncio.gather(*(reading(reads, (f"v{n}", f"g{n}")) for n in range(50)))
    assert got == [(f"v{n}".encode(), f"g{n}".encode()) for n in range(50)]
    assert len(store.batches) == 1


async def test_a_key_that_several_want_is_sent_once(reads: CoalescedReads, store: Store) -> None:
    got = await asyncio.gather(
        *(reading(reads, (f"v{n}", "g")) for n in range(3)), reading(reads, ("g", "g"))
    )
    assert got == [(b"v0", b"g"), (b"v1", b"g"), (b"v2", b"g"), (b"g", b"g")]
    assert store.batches == [["v0", "g", "v1", "v2"]]


async def test_a_batch_has_no_more_than_its_keys_and_never_parts_a_readers(
    reads: CoalescedReads, store: Store
) -> None:
    await asyncio.gather(*(reading(reads, (f"a{n}", f"b{n}", f"c{n}")) for n in range(100)))
    assert all(len(batch) <= MOST_KEYS for batch in store.batches)
    for n in range(100):
        assert sum({f"a{n}", f"b{n}", f"c{n}"} <= set(batch) for batch in store.batches) == 1


async def test_a_reader_of_many_keys_has_a_batch_of_its_own(reads: CoalescedReads, store: Store) -> None:
    many = tuple(f"k{n}" for n in range(MOST_KEYS + 5))
    await asyncio.gather(reading(reads, ("one",)), reading(reads, many), reading(reads, ("two",)))
    assert [len(batch) for batch in store.batches] == [1, len(many), 1]


async def test_two_batches_are_under_way_and_the_others_wait(reads: CoalescedReads, store: Store) -> None:
    store.may.clear()
    readers = []
    for n in range(2):
        readers.append(asyncio.create_task(reading(reads, (f"early{n}",))))
        await store.begun.get()
    readers += [asyncio.create_task(reading(reads, (f"late{n}",))) for n in range(9)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(store.batches) == 2
    store.may.set()
    await asyncio.gather(*readers)
    assert len(store.batches) == 3


async def test_a_batchs_time_is_that_of_its_first_reader(reads: CoalescedReads, store: Store) -> None:
    begun = asyncio.get_running_loop().time()
    await reading(reads, ("a",))
    assert begun + 1.0 <= store.deadlines[0] <= asyncio.get_running_loop().time() + 1.0


async def test_what_a_batch_raises_each_of_its_readers_is_told(reads: CoalescedReads, store: Store) -> None:
    store.fault = OSError("gone")
    got = await asyncio.gather(*(reading(reads, (key,)) for key in "abc"), return_exceptions=True)
    assert [str(one) for one in got] == ["gone"] * 3
    store.fault = None
    assert await reading(reads, ("a",)) == (b"a",)


async def test_too_few_values_are_a_fault_and_no_wrong_answer() -> None:
    async def fetch(keys: Sequence[str], _: float) -> list[bytes | None]:
        return [b"x"] * (len(keys) - 1)

    with pytest.raises(ValueError, match="not a value for each key"):
        await reading(CoalescedReads(fetch, 1.0), ("a", "b"))


async def test_a_reader_who_leaves_hurts_nobody(reads: CoalescedReads, store: Store) -> None:
    store.may.clear()
    leaver, stayer = (asyncio.create_task(reading(reads, (key,))) for key in ("a", "b"))
    await store.begun.get()
    leaver.cancel()
    await asyncio.wait([leaver])
    store.may.set()
    assert leaver.cancelled()
    assert await stayer == (b"b",)


async def test_who_left_before_the_batch_is_not_read_for(reads: CoalescedReads, store: Store) -> None:
    leaver, stayer = (asyncio.create_task(reading(reads, (key,))) for key in ("a", "b"))
    await asyncio.sleep(0)
    leaver.cancel()
    assert await stayer == (b"b",)
    assert leaver.cancelled()
    assert store.batches == [["b"]]


async def test_where_all_left_nothing_is_sent(reads: CoalescedReads, store: Store) -> None:
    reader = asyncio.create_task(reading(reads, ("a",)))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
    assert await reading(reads, ("b",)) == (b"b",)
    assert store.batches == [["b"]]


async def test_closing_tells_everybody_who_waits_and_nobody_hangs(
    reads: CoalescedReads, store: Store
) -> None:
    store.may.clear()
    readers = [asyncio.create_task(reading(reads, (f"k{n}",) * 100)) for n in range(2)]
    await store.begun.get()
    readers += [
        asyncio.create_task(reading(reads, (f"l{n}", *(f"l{n}{m}" for m in range(100))))) for n in range(5)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await reads.close()
    got = await asyncio.gather(*readers, return_exceptions=True)
    assert {type(one) for one in got} == {ConnectionAbortedError}
    with pytest.raises(ConnectionAbortedError):
        await reading(reads, ("a",))


async def test_a_reader_gets_what_is_made_of_its_own_values(reads: CoalescedReads) -> None:
    length, values = await asyncio.gather(reads.get(("a", "b"), len), reads.get(("a", "c"), list))
    assert (length, values) == (2, [b"a", b"c"])


async def test_what_cannot_be_made_is_that_readers_fault_only(reads: CoalescedReads) -> None:
    def fail(_: Values) -> None:
        raise KeyError("no value of mine")

    got = await asyncio.gather(reads.get(("a",), fail), reading(reads, ("b",)), return_exceptions=True)
    assert isinstance(got[0], KeyError)
    assert got[1] == (b"b",)


async def test_a_fetch_that_cannot_even_begin_is_told_to_its_readers() -> None:
    def fetch(_: Sequence[str], __: float) -> "asyncio.Future[list[bytes | None]]":
        raise RuntimeError("no line")

    reads = CoalescedReads(fetch, 1.0)
    got = await asyncio.gather(*(reading(reads, (key,)) for key in "ab"), return_exceptions=True)
    assert {type(one) for one in got} == {RuntimeError}
    await reads.close()


async def test_a_reader_may_make_something_of_what_went_wrong(reads: CoalescedReads, store: Store) -> None:
    store.fault = OSError("gone")
    assert await reads.get(("a",), len, lambda exc: len(str(exc))) == 4


async def test_what_came_of_a_batch_is_told_once_for_all_who_still_wait(store: Store) -> None:
    ended: list[tuple[int, str]] = []
    reads = CoalescedReads(store.fetch, 1.0, lambda readers, exc: ended.append((readers, repr(exc))))
    await asyncio.gather(*(reading(reads, (key,)) for key in "abc"))
    store.may.clear()
    leaver, stayer = (asyncio.create_task(reading(reads, (key,))) for key in "ab")
    await store.begun.get()
    await store.begun.get()
    leaver.cancel()
    await asyncio.wait([leaver])
    store.fault = OSError("gone")
    store.may.set()
    with pytest.raises(OSError, match="gone"):
        await stayer
    await reads.close()

    assert ended == [(3, "None"), (1, "OSError('gone')")]
