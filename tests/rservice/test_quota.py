"""What is left of the directory's quota, and who may have it; half of it is kept for ringing phones."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from cti_lookup.errors import Unavailable
from cti_lookup.questions import Purpose
from cti_lookup.rservice.asking import guards_with, make_guards
from cti_lookup.rservice.quota import (
    AnyQuota,
    News,
    NoQuota,
    NoSharedCount,
    Quota,
    Remaining,
    Verdict,
    Wish,
)
from cti_lookup.rservice.quota_windows import WINDOW_SECONDS, QuotaLimits
from cti_lookup.rservice.wire import Window
from tests.conftest import SettableClock
from tests.rservice.opening import ASHOK, Counts, opened, patient
from tests.servers.fake_directory import FakeDirectory, hanging, replying

RINGING, BACKGROUND = Purpose.RINGING, Purpose.BACKGROUND


@pytest.fixture
def quota(clock: SettableClock) -> Quota:
    return Quota(clock, clock)


async def taken(quota: AnyQuota, purpose: Purpose = RINGING) -> int:
    """Take until there is no more, and give how many there were."""
    count = 0
    with contextlib.suppress(Unavailable):
        while count < 10_000:
            await quota.take(purpose)
            count += 1
    return count


def told(
    clock: SettableClock, left: object, *, limit: object = 3600, ends_in: float = 1800
) -> dict[str, str]:
    """Write headers that say what is left."""
    return {
        "x-ratelimit-LIMIT": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RATELIMIT-RESET": str(int(clock.now + ends_in)),
    }


async def test_twenty_may_arrive_in_two_seconds_and_no_more(quota: Quota, clock: SettableClock) -> None:
    assert await taken(quota) == 20
    clock.pass_by(WINDOW_SECONDS - 0.001)
    assert await taken(quota) == 0
    clock.pass_by(0.002)
    assert await taken(quota) == 20


async def test_the_window_slides(quota: Quota, clock: SettableClock) -> None:
    for _ in range(10):
        await quota.take(RINGING)
    clock.pass_by(WINDOW_SECONDS / 2)
    assert await taken(quota) == 10
    clock.pass_by(WINDOW_SECONDS / 2 + 0.001)
    assert await taken(quota) == 10


async def test_half_of_the_two_seconds_is_kept_for_ringing_phones(quota: Quota) -> None:
    assert await taken(quota, BACKGROUND) == 10
    assert await taken(quota, RINGING) == 10


async def test_half_of_the_hour_is_kept_for_ringing_phones(quota: Quota, clock: SettableClock) -> None:
    quota.learn(200, told(clock, 1802))
    assert await taken(quota, BACKGROUND) == 2
    assert await taken(quota, RINGING) == 18
    clock.pass_by(2)
    assert await taken(quota, BACKGROUND) == 0


async def test_an_hour_has_3600_and_they_come_back_as_they_went(quota: Quota, clock: SettableClock) -> None:
    sent = 0
    for _ in range(200):
        sent += await taken(quota)
        clock.pass_by(3)
    assert sent == 3600
    assert quota.remaining.hour == 0
    clock.pass_by(3600 - 600)
    assert quota.remaining.hour == 20
    assert await taken(quota) == 20


async def test_what_the_directory_says_is_left_counts_more_than_what_was_counted_here(
    quota: Quota, clock: SettableClock
) -> None:
    quota.learn(200, told(clock, 3))
    assert await taken(quota) == 3
    clock.pass_by(1801)
    assert await taken(quota) == 20


async def test_answers_that_overtake_each_other_do_not_raise_what_is_left(
    quota: Quota, clock: SettableClock
) -> None:
    quota.learn(200, told(clock, 5))
    quota.learn(200, told(clock, 9))
    assert quota.remaining.hour == 5


async def test_a_new_hour_is_believed_at_once(quota: Quota, clock: SettableClock) -> None:
    quota.learn(200, told(clock, 0, ends_in=10))
    clock.pass_by(10)
    quota.learn(200, told(clock, 3599, ends_in=3600))
    assert quota.remaining.hour == 3599


async def test_a_tenants_own_limit_is_learned(quota: Quota, clock: SettableClock) -> None:
    quota.learn(200, told(clock, 7000, limit=7200))
    assert quota.remaining.hour == 7000


@pytest.mark.parametrize(
    ("left", "limit", "ends_in"),
    [
        ("many", 3600, 60),
        (-1, 3600, 60),
        ("1e3", 3600, 60),
        ("٣", 3600, 60),
        (5, 0, 60),
        (5, "9" * 30, 60),
        (4000, 3600, 60),
        (0, 3600, -60),
        (0, 3600, 7201),
        ("9" * 5000, 3600, 60),
        ("", "", 60),
    ],
)
async def test_nonsense_in_headers_is_no_news(
    quota: Quota, clock: SettableClock, left: object, limit: object, ends_in: float
) -> None:
    before = quota.remaining
    quota.learn(200, told(clock, left, limit=limit, ends_in=ends_in))
    assert quota.remaining == before
    assert quota.silence == float("inf")


PAUSES = {
    "seconds": ("7", 7),
    "blanks": (" 7 ", 7),
    "nought": ("0", 1),
    "too long": ("86400", 300),
    "absurd": ("9" * 18, 300),
    "date": (lambda now: format_datetime(datetime.fromtimestamp(now + 9, UTC), usegmt=True), 9),
    "date without a zone": (
        lambda now: f"{datetime.fromtimestamp(now + 9, UTC):%a, %d %b %Y %H:%M:%S} -0000",
        9,
    ),
    "date of old": ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
    "date far off": ("Wed, 21 Oct 2099 07:28:00 GMT", 300),
    "words": ("soon", 2),
    "negative": ("-5", 2),
    "fraction": ("1.5", 2),
    "digits without end": ("9" * 5000, 2),
    "a date that is none": ("Wed, 99 Oct 2015 77:28:00 GMT", 2),
    "nothing": ("", 2),
}


@pytest.mark.parametrize(("written", "seconds"), PAUSES.values(), ids=PAUSES.keys())
async def test_nobody_asks_before_the_time_that_a_429_names(
    quota: Quota, clock: SettableClock, written: str | Callable[[float], str], seconds: float
) -> None:
    quota.learn(429, {"retry-AFTER": written if isinstance(written, str) else written(clock.now)})
    assert quota.remaining.paused == seconds
    clock.pass_by(seconds - 0.01)
    assert await taken(quota) == 0
    clock.pass_by(0.02)
    assert await taken(quota) == 20


async def test_a_429_without_a_time_pauses_for_two_seconds(quota: Quota) -> None:
    quota.learn(429, {})
    assert quota.remaining.paused == 2


async def test_a_503_pauses_only_if_it_names_a_time(quota: Quota) -> None:
    quota.learn(503, {})
    assert quota.remaining.paused == 0
    quota.learn(503, {"Retry-After": "4"})
    assert quota.remaining.paused == 4


@dataclass
class Replicas:
    """A common count of a test's own."""

    verdict: Verdict | None = None
    gate: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    wishes: list[Wish] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    async def take(self, wish: Wish) -> Verdict | None:
        self.wishes.append(wish)
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        return self.verdict

    async def tell(self, news: News) -> None:
        self.news.append(news)


async def test_what_the_replicas_have_used_together_is_not_to_be_had(clock: SettableClock) -> None:
    replicas = Replicas(Verdict(granted=False))
    quota = Quota(clock, clock, shared=replicas)
    assert await taken(quota) == 0
    assert quota.remaining == Remaining(3600, 20, 0)
    assert replicas.wishes == [Wish(burst=20, hourly=3600, keep=0)]


async def test_the_replicas_keep_half_for_ringing_phones_too(clock: SettableClock) -> None:
    replicas = Replicas(Verdict(granted=True))
    await Quota(clock, clock, shared=replicas).take(BACKGROUND)
    assert replicas.wishes == [Wish(burst=10, hourly=3600, keep=1800)]


async def test_what_another_replica_was_told_is_left_is_known_here(clock: SettableClock) -> None:
    quota = Quota(clock, clock, shared=Replicas(Verdict(granted=True, news=News(left=7, ends_in=60))))
    await quota.take(RINGING)
    assert quota.remaining.hour == 7


async def test_an_hour_that_the_replicas_have_used_up_is_used_up_here(clock: SettableClock) -> None:
    quota = Quota(clock, clock, shared=Replicas(Verdict(granted=False, news=News(left=0, ends_in=60))))
    assert await taken(quota) == 0
    assert quota.remaining.hour == 0


async def test_a_pause_that_another_replica_was_told_of_is_kept(clock: SettableClock) -> None:
    quota = Quota(clock, clock, shared=Replicas(Verdict(granted=False, news=News(pause=9))))
    assert await taken(quota) == 0
    assert quota.remaining.paused == 9


@pytest.mark.parametrize("shared", [NoSharedCount(), Replicas(None)])
async def test_without_the_replicas_the_own_count_decides_alone(
    clock: SettableClock, shared: NoSharedCount | Replicas
) -> None:
    assert await taken(Quota(clock, clock, shared=shared)) == 20


async def test_a_common_count_that_hangs_holds_nobody_up(clock: SettableClock) -> None:
    quota = Quota(
        clock, clock, limits=QuotaLimits(burst=2, patience=0.01), shared=Replicas(gate=asyncio.Event())
    )
    async with asyncio.timeout(10):
        assert await taken(quota) == 2


async def test_whoever_leaves_while_the_replicas_decide_took_nothing(clock: SettableClock) -> None:
    replicas = Replicas(gate=asyncio.Event())
    quota = Quota(clock, clock, shared=replicas)
    taking = asyncio.create_task(quota.take(RINGING))
    await replicas.asked.wait()
    assert quota.remaining.burst == 19
    taking.cancel()
    await asyncio.wait((taking,))
    assert quota.remaining == Remaining(3600, 20, 0)


async def test_the_replicas_hear_what_the_directory_said(clock: SettableClock) -> None:
    replicas = Replicas()
    quota = Quota(clock, clock, shared=replicas)
    quota.learn(200, told(clock, 77))
    quota.learn(429, {"Retry-After": "5"})
    quota.learn(200, {})
    await asyncio.sleep(0)
    assert replicas.news == [News(left=77, ends_in=1800), News(pause=5)]
    await quota.close()


def windows(clock: SettableClock, burst: int, hour: int) -> object:
    """Write what `GET /rate_limit` answers."""
    return {
        "resources": [
            {"context": "core", "limit": 20, "remaining": burst, "reset": int(clock.now + 2)},
            {"context": "core", "limit": 3600, "remaining": hour, "reset": int(clock.now + 600)},
            {"context": "scim", "limit": 36000, "remaining": 1, "reset": int(clock.now + 600)},
        ]
    }


async def left_is(directory_quota: AnyQuota, expected: Remaining) -> None:
    async with asyncio.timeout(20):
        while directory_quota.remaining != expected:  # noqa: ASYNC110  # no event tells that it was learned
            await asyncio.sleep(0.005)


async def test_at_the_start_the_directory_is_asked_what_is_left(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.rate_limit = replying(windows(clock, burst=3, hour=40))
    guards = make_guards(clock, clock)
    async with opened(directory.url, guards, clock=clock):
        await left_is(guards.quota, Remaining(40, 3, 0))
        assert await taken(guards.quota) == 3


async def test_what_is_left_is_asked_again_after_a_silence_but_at_most_once_a_minute(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.rate_limit = replying(windows(clock, burst=20, hour=40))
    guards = make_guards(clock, clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        await left_is(guards.quota, Remaining(40, 20, 0))
        for _ in range(5):
            clock.pass_by(11)
            await remote.people_with(ASHOK, RINGING)
        assert len(directory.rate_limit_requests) == 1
        clock.pass_by(5)
        directory.rate_limit = replying(windows(clock, burst=20, hour=9))
        await remote.people_with(ASHOK, RINGING)
        await left_is(guards.quota, Remaining(9, 19, 0))
        await remote.people_with(ASHOK, RINGING)
        assert len(directory.rate_limit_requests) == 2


async def test_what_is_left_is_not_asked_while_a_phone_waits(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.behaviour = hanging()
    async with opened(directory.url, clock=clock) as remote:
        ringing = asyncio.create_task(remote.people_with(ASHOK, RINGING))
        await directory.asked.wait()
        asked = len(directory.rate_limit_requests)
        clock.pass_by(120)
        remote.ask_what_is_left()
        directory.behaviour = directory.answer
        await remote.person(30, BACKGROUND)
        assert len(directory.rate_limit_requests) == asked
        ringing.cancel()
        await asyncio.wait((ringing,))


@pytest.mark.parametrize(
    "answer",
    [replying(b"{"), replying({"resources": 5}), replying({"resources": []}), replying(status=500)],
)
async def test_nonsense_about_what_is_left_is_no_news(
    directory: FakeDirectory, clock: SettableClock, answer: Callable[..., object]
) -> None:
    directory.rate_limit = answer  # type: ignore[assignment]  # any of them is a behaviour
    guards = make_guards(clock, clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        assert len(await remote.people_with(ASHOK, RINGING)) == 1
        assert guards.quota.remaining == Remaining(3599, 19, 0)


async def test_without_quota_a_phone_is_told_so_at_once_and_nothing_is_sent(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    counts = Counts()
    guards = make_guards(clock, clock, limits=QuotaLimits(burst=3))
    async with opened(directory.url, guards, counts=counts, clock=clock) as remote:
        results = await asyncio.gather(
            *(remote.people_with(ASHOK, RINGING) for _ in range(10)), return_exceptions=True
        )
    assert [str(one) for one in results if isinstance(one, Unavailable)] == ["quota"] * 7
    assert len(directory.requests) == 3
    assert sorted(counts.requests) == ["found"] * 3 + ["quota"] * 7


@pytest.mark.parametrize(("kind", "sent"), [(Quota, 20), (None, 60)], ids=["with", "without"])
async def test_the_directory_gets_no_more_than_it_grants_and_without_a_quota_it_gets_all(
    directory: FakeDirectory, clock: SettableClock, kind: type[Quota] | None, sent: int
) -> None:
    quota = NoQuota() if kind is None else kind(clock, clock)
    async with opened(directory.url, patient(guards_with(quota, clock)), clock=clock) as remote:
        await asyncio.gather(*(remote.people_with(ASHOK, RINGING) for _ in range(60)), return_exceptions=True)
    assert len(directory.requests) == sent


class NoReserve(Quota):
    """Gives background work whatever it asks for."""

    def _wish(self, _: Purpose) -> Wish:
        return super()._wish(RINGING)


@pytest.mark.parametrize(("kind", "left"), [(Quota, 10), (NoReserve, 0)])
async def test_background_work_leaves_half_to_the_phones_and_without_a_reserve_nothing(
    directory: FakeDirectory, clock: SettableClock, kind: type[Quota], left: int
) -> None:
    async with opened(directory.url, patient(guards_with(kind(clock, clock), clock)), clock=clock) as remote:
        for _ in range(30):
            await asyncio.gather(remote.people_with(ASHOK, BACKGROUND), return_exceptions=True)
        assert len(directory.requests) == 20 - left
        for _ in range(30):
            await asyncio.gather(remote.people_with(ASHOK, RINGING), return_exceptions=True)
        assert len(directory.requests) == 20


async def test_after_a_429_nothing_is_sent_until_its_time_has_come(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.behaviour = replying(status=429, headers={"retry-after": "30"})
    async with opened(directory.url, make_guards(clock, clock), clock=clock) as remote:
        with pytest.raises(Unavailable, match="throttled"):
            await remote.people_with(ASHOK, RINGING)
        directory.behaviour = directory.answer
        with pytest.raises(Unavailable, match="quota"):
            await remote.people_with(ASHOK, RINGING)
        assert len(directory.requests) == 1
        clock.pass_by(30)
        assert len(await remote.people_with(ASHOK, RINGING)) == 1


async def test_an_oversized_answers_headers_count_too(directory: FakeDirectory, clock: SettableClock) -> None:
    directory.behaviour = replying(b" " * (1 << 20), headers=told(clock, 6))
    guards = make_guards(clock, clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        with pytest.raises(Unavailable, match="oversized"):
            await remote.people_with(ASHOK, RINGING)
    assert guards.quota.remaining.hour == 6


async def test_a_directory_that_answers_and_says_nothing_of_a_quota_has_none(quota: Quota) -> None:
    assert await taken(quota) == 20
    quota.learn(200, {})
    await asyncio.gather(*(quota.take(purpose) for purpose in (RINGING, BACKGROUND) for _ in range(100)))


async def test_a_directory_that_grants_more_than_anybody_could_ask_has_none_either(quota: Quota) -> None:
    assert await taken(quota) == 20
    endless = {"limit": "1000000000", "remaining": "1000000000", "reset": "2147483647"}
    quota.learn(200, {f"X-RateLimit-{name}": value for name, value in endless.items()})
    await asyncio.gather(*(quota.take(purpose) for purpose in (RINGING, BACKGROUND) for _ in range(100)))


async def test_windows_that_grant_more_than_anybody_could_ask_are_none(quota: Quota) -> None:
    quota.learn(200, {})
    boundless = Window("core", 10**9, 10**9, 2**31 - 1)
    quota.learn_windows([boundless, boundless])

    await asyncio.gather(*(quota.take(purpose) for purpose in (RINGING, BACKGROUND) for _ in range(100)))


@pytest.mark.parametrize("status", [301, 401, 403, 404, 500, 503])
async def test_what_is_no_answer_says_nothing_of_the_quota_either(quota: Quota, status: int) -> None:
    quota.learn(status, {})
    assert await taken(quota) == 20


async def test_a_directory_that_begins_to_speak_of_a_quota_has_one_from_then_on(
    quota: Quota, clock: SettableClock
) -> None:
    quota.learn(200, {})
    quota.learn(200, told(clock, 3))
    assert await taken(quota) == 3


async def test_too_many_requests_are_a_word_about_the_quota(quota: Quota, clock: SettableClock) -> None:
    quota.learn(200, {})
    quota.learn(429, {"Retry-After": "1"})
    clock.pass_by(2)
    assert await taken(quota) == 20
