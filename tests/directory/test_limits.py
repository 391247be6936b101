"""How often one may ask, and what is told about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cti_lookup.directory.access.limits import CountedLimits
from cti_lookup.directory.errors import TooManyRequestsError
from tests.directory.conftest import Api, StartDirectory

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EPOCH = int(START.timestamp())


@dataclass
class SetClock:
    """A clock that shows what it is set to."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def taken(limits: CountedLimits, owner: int, times: int) -> int:
    """Ask so many times, and count the requests that were let pass."""
    passed = 0
    for _ in range(times):
        try:
            limits.take(owner)
        except TooManyRequestsError:
            continue
        passed += 1
    return passed


def refusal(act: Callable[[], object]) -> int:
    """Return the seconds to wait that a refusal names."""
    with pytest.raises(TooManyRequestsError) as refused:
        act()
    return refused.value.retry_after


class TestCountedLimits:
    def test_twenty_requests_pass_in_two_seconds(self) -> None:
        clock = SetClock()
        limits = CountedLimits(clock)
        assert taken(limits, 1, 30) == 20
        clock.wait(1.9)
        assert taken(limits, 1, 30) == 0
        clock.wait(0.1)
        assert taken(limits, 1, 30) == 20

    def test_thirty_six_hundred_requests_pass_in_an_hour(self) -> None:
        clock = SetClock()
        limits = CountedLimits(clock)
        passed = 0
        for _ in range(200):
            passed += taken(limits, 1, 20)
            clock.wait(2)
        assert passed == 3600
        clock.wait(3600)
        assert taken(limits, 1, 1) == 1

    def test_each_owner_has_windows_of_their_own(self) -> None:
        limits = CountedLimits(SetClock())
        assert (taken(limits, 1, 30), taken(limits, 2, 30)) == (20, 20)

    def test_a_refused_request_takes_nothing(self) -> None:
        limits = CountedLimits(SetClock())
        taken(limits, 1, 500)
        assert [one.remaining for one in limits.ask(1)] == [0, 3580]

    @pytest.mark.parametrize(("waited", "seconds"), [(0, 2), (0.5, 2), (1.0, 1), (1.999, 1)])
    def test_the_wait_is_in_whole_seconds_and_long_enough(self, waited: float, seconds: int) -> None:
        clock = SetClock()
        limits = CountedLimits(clock)
        taken(limits, 1, 20)
        clock.wait(waited)
        assert refusal(lambda: limits.take(1)) == seconds
        clock.wait(seconds)
        limits.take(1)

    def test_who_has_used_up_the_hour_waits_for_its_end(self) -> None:
        clock = SetClock()
        limits = CountedLimits(clock)
        for _ in range(180):
            taken(limits, 1, 20)
            clock.wait(2)
        assert refusal(lambda: limits.take(1)) == 3600 - 360

    def test_a_clock_that_is_set_back_locks_nobody_out(self) -> None:
        clock = SetClock()
        limits = CountedLimits(clock)
        taken(limits, 1, 20)
        clock.wait(-86_400)
        limits.take(1)

    def test_the_limits_may_be_asked_for_once_a_second(self) -> None:
        clock = SetClock()
        limits = CountedLimits(clock)
        limits.ask(1)
        assert refusal(lambda: limits.ask(1)) == 1
        clock.wait(1)
        limits.ask(1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def limited(start: StartDirectory, clock: SetClock) -> Api:
    """Return a directory with limits."""
    return await start(limits=True, clock=clock)


async def standing(api: Api, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Return the status of an answer, and what its headers say of limits."""
    async with api.client.get(path, headers=headers) as response:
        names = ("Limit", "Remaining", "Reset")
        told = {name: response.headers.get(f"X-RateLimit-{name}", "") for name in names}
        return response.status, told | {"Retry-After": response.headers.get("Retry-After", "")}


async def test_every_answer_to_a_token_tells_of_the_hour(limited: Api) -> None:
    for count, path in enumerate(("/v1/sd?telephone=0", "/v1/nothing", "/v1/sd"), start=1):
        _, told = await standing(limited, path)
        assert told == {
            "Limit": "3600",
            "Remaining": str(3600 - count),
            "Reset": str(EPOCH + 3600),
            "Retry-After": "",
        }


async def test_a_request_too_many_is_refused_and_told_when_to_come_again(
    limited: Api, clock: SetClock
) -> None:
    for _ in range(20):
        assert (await standing(limited, "/v1/nothing"))[0] == 404
    assert await limited.call("GET", "/nothing") == (429, {"message": "Too Many Requests"})
    status, told = await standing(limited, "/v1/nothing")
    assert (status, told["Retry-After"], told["Remaining"]) == (429, "2", "3580")
    clock.wait(2)
    assert (await standing(limited, "/v1/nothing"))[0] == 404


async def test_the_limits_are_told_for_free_once_a_second(limited: Api, clock: SetClock) -> None:
    await limited.call("GET", "/nothing")
    expected: Any = [
        {"context": "core", "limit": 20, "remaining": 19, "reset": EPOCH + 2},
        {"context": "core", "limit": 3600, "remaining": 3599, "reset": EPOCH + 3600},
    ]
    assert await limited.get("/rate_limit") == {"resources": expected}
    status, told = await standing(limited, "/v1/rate_limit")
    assert (status, told["Retry-After"]) == (429, "1")
    clock.wait(1)
    assert await limited.get("/rate_limit") == {"resources": expected}


async def test_who_is_not_let_in_is_told_nothing_of_limits(limited: Api) -> None:
    for path, status in (("/v1/sd", 401), ("/v1", 200), ("/nothing", 404)):
        answered, told = await standing(limited, path, Authorization="Bearer wrong")
        assert (answered, set(told.values())) == (status, {""})


async def test_without_limits_the_headers_tell_of_one_that_never_shrinks(api: Api) -> None:
    for _ in range(30):
        _, told = await standing(api, "/v1/nothing")
        assert (told["Limit"], told["Remaining"]) == ("1000000000", "1000000000")
        assert told["Reset"].isdecimal()


async def test_without_limits_both_windows_are_told_all_the_same_and_as_often_as_one_likes(api: Api) -> None:
    for _ in range(2):
        burst, hour = (await api.get("/rate_limit"))["resources"]
        assert burst == hour
        assert (burst["context"], burst["limit"], burst["remaining"]) == ("core", 10**9, 10**9)
