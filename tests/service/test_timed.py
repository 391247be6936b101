"""What the directory takes, and how late the loop is, are told as they were."""

import asyncio
import time

import pytest

from cti_lookup.errors import Unavailable
from cti_lookup.lag import noticing_lag
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, IdentityKey, IdentityQuestion, Purpose
from cti_lookup.timed import TimedDirectory
from tests.conftest import SettableClock

QUESTION = IdentityQuestion(IdentityKey.SUPPORT, "1")
ADA = Person(1, "Ada")


class SlowDirectory:
    """A directory that takes three seconds of the test's clock, and may fail then."""

    def __init__(self, clock: SettableClock, failure: str | None = None) -> None:
        self._clock = clock
        self._failure = failure

    async def people_with(self, _: AnyQuestion, __: Purpose) -> tuple[Person, ...]:
        self._clock.pass_by(3.0)
        if self._failure:
            raise Unavailable(self._failure)
        return (ADA,)

    async def person(self, _: int, __: Purpose) -> Person | None:
        return ADA


async def test_an_answer_is_given_as_it_came_and_its_time_is_noted(clock: SettableClock) -> None:
    noted: list[float] = []
    directory = TimedDirectory(SlowDirectory(clock), clock=clock, note=noted.append)

    assert await directory.people_with(QUESTION, Purpose.RINGING) == (ADA,)
    assert await directory.person(1, Purpose.RINGING) == ADA
    assert noted == [3.0]


@pytest.mark.parametrize(
    ("reason", "times"), [("timeout", [3.0]), ("status", [3.0]), ("quota", []), ("open", [])]
)
async def test_a_failure_is_timed_if_the_directory_was_asked(
    clock: SettableClock, reason: str, times: list[float]
) -> None:
    noted: list[float] = []
    directory = TimedDirectory(SlowDirectory(clock, reason), clock=clock, note=noted.append)

    with pytest.raises(Unavailable):
        await directory.people_with(QUESTION, Purpose.RINGING)
    assert noted == times


async def test_a_directory_that_is_silent_to_the_end_of_a_flight_is_timed_until_then(
    clock: SettableClock,
) -> None:
    class Silent(SlowDirectory):
        async def people_with(self, _: AnyQuestion, __: Purpose) -> tuple[Person, ...]:
            clock.pass_by(5.0)
            await asyncio.Event().wait()
            return ()

    noted: list[float] = []
    directory = TimedDirectory(Silent(clock), clock=clock, note=noted.append)
    flight = asyncio.create_task(directory.people_with(QUESTION, Purpose.RINGING))
    await asyncio.sleep(0)
    flight.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flight
    assert noted == [5.0]


async def test_a_loop_that_stands_still_is_noticed_with_how_long_it_did() -> None:
    lags: asyncio.Queue[float] = asyncio.Queue()
    async with asyncio.timeout(60), noticing_lag(lags.put_nowait, every=0.01):
        await lags.get()
        time.sleep(0.2)  # noqa: ASYNC251  # the very fault that is to be noticed
        while await lags.get() < 0.15:
            pass
