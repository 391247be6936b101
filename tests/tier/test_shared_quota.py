"""All replicas together send no more than the directory grants one token."""

import asyncio
import time

import pytest
from redis import Redis

from cti_lookup.cache.shared_quota import SharedQuota
from cti_lookup.rservice.quota import News, SharedCount, Verdict, Wish
from cti_lookup.rservice.quota_windows import WINDOW_SECONDS
from tests.servers.redis_process import RedisProcess
from tests.tier.replicas import Replica, StartReplica

RINGING = Wish(burst=20, hourly=3600, keep=0)
BACKGROUND = Wish(burst=10, hourly=3600, keep=1800)


@pytest.fixture
def two(start: StartReplica) -> tuple[SharedCount, SharedCount]:
    one, other = start(), start()
    return quota_of(one), quota_of(other)


def quota_of(replica: Replica, window: float = 600.0) -> SharedQuota:
    """Give a count whose bursts last longer than any test, unless it is to have their true length."""
    return SharedQuota(replica.link, replica.names, window=window)


async def granted(count: SharedCount, wish: Wish = RINGING) -> bool:
    verdict = await count.take(wish)
    assert verdict is not None
    return verdict.granted


async def test_of_many_requests_at_once_the_burst_is_granted(two: tuple[SharedCount, SharedCount]) -> None:
    verdicts = await asyncio.gather(*(two[at % 2].take(RINGING) for at in range(50)))
    grants = sum(one.granted for one in verdicts if one is not None)

    assert None not in verdicts
    assert grants == 20


@pytest.mark.slow
async def test_no_two_seconds_ever_hold_more_than_the_burst(start: StartReplica) -> None:
    two = [quota_of(start(), WINDOW_SECONDS) for _ in range(2)]
    grants: list[tuple[float, float]] = []  # asked for, and told: Redis counted it some time between
    async with asyncio.timeout(60):
        while len(grants) < 40:
            for count in two:
                began = time.monotonic()
                if await granted(count):
                    grants.append((began, time.monotonic()))
            await asyncio.sleep(0.02)

    surely_within = [
        sum(1 for _, told in grants[at:] if told - asked < WINDOW_SECONDS)
        for at, (asked, _) in enumerate(grants)
    ]
    assert max(surely_within) <= 20


async def test_what_nobody_waits_for_leaves_half_to_ringing_phones(
    two: tuple[SharedCount, SharedCount],
) -> None:
    background = [await granted(two[0], BACKGROUND) for _ in range(15)]
    ringing = [await granted(two[1]) for _ in range(15)]

    assert (sum(background), sum(ringing)) == (10, 10)


async def test_the_hour_is_counted_by_all(two: tuple[SharedCount, SharedCount]) -> None:
    wish = Wish(burst=1000, hourly=30, keep=10)

    assert sum([await granted(two[at % 2], wish) for at in range(40)]) == 20


async def test_what_the_directory_told_counts_more_than_what_was_counted_here(
    two: tuple[SharedCount, SharedCount],
) -> None:
    await two[0].tell(News(left=3, ends_in=600))

    verdict = await two[1].take(RINGING)
    assert verdict is not None
    assert verdict.granted
    assert verdict.news.left == 2
    assert 595 < verdict.news.ends_in <= 600
    assert [await granted(two[1]) for _ in range(3)] == [True, True, False]


async def test_within_one_hour_the_smallest_rest_is_believed(two: tuple[SharedCount, SharedCount]) -> None:
    await two[0].tell(News(left=5, ends_in=600))
    await two[1].tell(News(left=50, ends_in=600.5))

    verdict = await two[1].take(RINGING)
    assert verdict is not None
    assert verdict.news.left == 4


async def test_of_another_hour_the_told_rest_is_believed(two: tuple[SharedCount, SharedCount]) -> None:
    await two[0].tell(News(left=5, ends_in=600))
    await two[1].tell(News(left=3000, ends_in=3600))

    verdict = await two[1].take(RINGING)
    assert verdict is not None
    assert verdict.news.left == 2999


async def test_a_told_rest_ends_with_its_hour(two: tuple[SharedCount, SharedCount], replica: Replica) -> None:
    await two[0].tell(News(left=0, ends_in=2))
    assert not await granted(two[1])

    async with asyncio.timeout(20):
        while not await granted(two[1]):  # noqa: ASYNC110  # there is nothing to be told by
            await asyncio.sleep(0.05)  # Redis's own clock decides

    assert replica.counts == {}


async def test_a_pause_holds_for_all_and_the_longer_one_counts(two: tuple[SharedCount, SharedCount]) -> None:
    await two[0].tell(News(pause=30))
    await two[1].tell(News(pause=2))

    verdict = await two[1].take(RINGING)
    assert verdict is not None
    assert not verdict.granted
    assert 28 < verdict.news.pause <= 30


async def test_no_news_change_nothing(two: tuple[SharedCount, SharedCount]) -> None:
    await two[0].tell(News())

    assert await two[1].take(RINGING) == Verdict(granted=True, news=News())


async def test_what_was_sent_in_the_future_is_no_obstacle(replica: Replica, stored: Redis) -> None:
    stored.zadd(replica.names.quota("burst"), {str(at): 9e15 + at for at in range(20)})

    assert await granted(quota_of(replica))


async def test_everything_that_is_counted_expires(
    two: tuple[SharedCount, SharedCount], stored: Redis
) -> None:
    await two[0].take(RINGING)
    await two[0].tell(News(left=5, ends_in=600, pause=3))

    lives = [stored.pttl(key) for key in stored.scan_iter()]
    assert len(lives) == 4
    assert all(0 < life <= 3_600_000 for life in lives)


async def test_where_redis_is_silent_the_count_is_unknown(start: StartReplica, redis: RedisProcess) -> None:
    count = quota_of(start(within=0.15))
    redis.kill()

    assert await count.take(RINGING) is None
    await count.tell(News(left=5, ends_in=600))
