"""A directory that takes time and grants a quota, as the real one does, and knows those who are said to be known."""

import asyncio
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Final

from cti_lookup.errors import Unavailable
from cti_lookup.people import Contact, Person
from cti_lookup.questions import AnyQuestion, Purpose, Question
from cti_lookup.rservice.concurrency import Slots
from cti_lookup.rservice.quota import Quota
from cti_lookup.rservice.quota_windows import QuotaLimits

_P99: Final = 2.326
"""Standard deviations from the median to the 99th of a hundred, of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the directory takes: seconds of its median and of its p99, log-normal as servers mostly are."""

    median: float
    p99: float

    def draw(self, random: Random) -> float:
        """Give the seconds of one answer."""
        if not self.median:
            return 0.0
        return random.lognormvariate(math.log(self.median), math.log(self.p99 / self.median) / _P99)


class SimulatedDirectory:
    """
    The directory of a replay, behind the service's own quota and limit of concurrent requests; `clock` gives seconds.

    `sent` are the times of its requests, `refused` those of questions for which no quota was left.
    """

    def __init__(
        self,
        known: Collection[AnyQuestion],
        latency: Latency,
        *,
        hourly: int,
        clock: Callable[[], float],
        random: Random,
    ) -> None:
        self._known = known
        self._latency = latency
        self._clock = clock
        self._random = random
        self._quota = Quota(clock, clock, limits=QuotaLimits(hourly=hourly))
        self._slots = Slots()
        self.sent: list[float] = []
        self.refused: list[float] = []

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        """Answer after a while. Raises `Unavailable` where the quota or the slots are used up."""
        async with self._slots.slot(purpose):
            try:
                await self._quota.take(purpose)
            except Unavailable:
                self.refused.append(self._clock())
                raise
            self.sent.append(self._clock())
            await asyncio.sleep(self._latency.draw(self._random))
        return (_somebody(question),) if isinstance(question, Question) and question in self._known else ()

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:  # noqa: ARG002  # the port's signature
        """Know nobody by an id: in a replay nobody changes."""
        return None

    async def close(self) -> None:
        """End what the quota still tells."""
        await self._quota.close()


def _somebody(question: Question) -> Person:
    text = question.text.partition(";")[0].removeprefix("local ")
    return Person(1, "Somebody", (Contact("work", text),))
