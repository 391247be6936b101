"""
A directory that is slow, broken, short of breath or gone: what it is asked then, and what its callers are told.

Each protection has a twin here that goes without it, and shows the harm.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web

from cti_lookup.breaker import Breaker, BreakerLimits
from cti_lookup.errors import Unavailable
from cti_lookup.questions import IdentityKey, IdentityQuestion, Purpose
from cti_lookup.rservice.asking import Guards, make_guards
from cti_lookup.rservice.client import RemoteDirectory
from cti_lookup.rservice.concurrency import MOST, Slots
from cti_lookup.rservice.retries import RetryBudget
from tests.conftest import SettableClock
from tests.rservice.opening import ASHOK, PATIENCE, Counts, opened, patient, unlimited
from tests.servers.fake_directory import (
    ASHOK as ASHOKS_RECORD,
)
from tests.servers.fake_directory import (
    Behaviour,
    FakeDirectory,
    hanging,
    held,
    in_turn,
    replying,
    resetting,
)

RINGING, BACKGROUND = Purpose.RINGING, Purpose.BACKGROUND
PASSING = {
    "reset": resetting(),
    "502": replying(b"<html>", status=502),
    "503": replying(status=503),
    "504": replying(status=504),
}
LASTING = {
    "500": replying(status=500),
    "503 with a time": replying(status=503, headers={"Retry-After": "1"}),
    "429": replying(status=429),
    "401": replying(status=401),
    "403": replying(status=403),
    "page": replying(b"<html>"),
    "redirect": replying(status=302, headers={"Location": "/v1/sd"}),
}


class NoBudget:
    """Lets everybody try again."""

    def asked(self) -> None:
        pass

    def take(self) -> bool:
        return True


class NoBreaker(Breaker):
    """Is never open."""

    def failed(self, permit: object) -> None:
        pass


class ManyProbes(Breaker):
    """Admits whoever asks once its time has come, as the breakers do that are to be had."""

    def admit(self):  # type: ignore[no-untyped-def]  # as above it
        self._probing = False
        return super().admit()


async def results(remote: RemoteDirectory, callers: int, purpose: Purpose = RINGING) -> list[str]:
    """Ask at once for so many callers, and give what each was told."""
    told = await asyncio.gather(
        *(remote.people_with(ASHOK, purpose) for _ in range(callers)), return_exceptions=True
    )
    assert all(isinstance(one, tuple | Unavailable) for one in told)
    return [str(one) if isinstance(one, Unavailable) else "found" for one in told]


async def asked_in_turn(remote: RemoteDirectory, callers: int) -> list[str]:
    return [one for _ in range(callers) for one in await results(remote, 1)]


def taking(clock: SettableClock, seconds: float, then: Behaviour) -> Behaviour:
    """Answer after so many seconds of the test's clock."""

    async def behave(request: web.Request) -> web.StreamResponse:
        clock.pass_by(seconds)
        return await then(request)

    return behave


@pytest.mark.parametrize("passing", PASSING.values(), ids=PASSING.keys())
async def test_a_quick_failure_that_may_pass_is_tried_a_second_time(
    directory: FakeDirectory, clock: SettableClock, passing: Behaviour
) -> None:
    counts = Counts()
    directory.behaviour = in_turn(passing, directory.answer)
    async with opened(directory.url, counts=counts, clock=clock) as remote:
        assert await results(remote, 1) == ["found"]
    assert counts.requests == [counts.requests[0], "found"]
    assert len(directory.requests) == 2


@pytest.mark.parametrize("lasting", LASTING.values(), ids=LASTING.keys())
async def test_a_failure_that_will_not_pass_is_not_tried_again(
    directory: FakeDirectory, clock: SettableClock, lasting: Behaviour
) -> None:
    directory.behaviour = lasting
    async with opened(directory.url, make_guards(clock, clock), clock=clock) as remote:
        assert await results(remote, 1) != ["found"]
    assert len(directory.requests) == 1


async def test_a_503_that_names_a_time_costs_nothing_of_the_retry_budget(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    counts, budget = Counts(), RetryBudget(clock)
    directory.behaviour = LASTING["503 with a time"]
    guards = replace(make_guards(clock, clock), budget=budget)
    async with opened(directory.url, guards, counts=counts, clock=clock) as remote:
        assert await results(remote, 1) == ["status"]
    assert (counts.requests, budget.taken) == (["status"], 0)


async def test_a_phone_without_quota_does_not_wait_for_a_slot(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    guards = replace(make_guards(clock, clock), slots=Slots(1, patience=PATIENCE))
    async with opened(directory.url, guards, clock=clock) as remote:
        first = asyncio.create_task(results(remote, 1))
        await directory.asked.wait()
        guards.quota.learn(429, {"Retry-After": "5"})
        assert await results(remote, 1) == ["quota"]
        gate.set()
        assert await first == ["found"]


@pytest.mark.parametrize(("seconds", "requests"), [(0.39, 2), (0.41, 1)])
async def test_after_400_milliseconds_there_is_no_time_for_a_second_attempt(
    directory: FakeDirectory, clock: SettableClock, seconds: float, requests: int
) -> None:
    directory.behaviour = taking(clock, seconds, replying(status=502))
    async with opened(directory.url, clock=clock) as remote:
        assert await results(remote, 1) == ["status"]
    assert len(directory.requests) == requests


def with_budget(budget: object) -> Callable[[SettableClock], Guards]:
    def make(clock: SettableClock) -> Guards:
        chosen = RetryBudget(clock) if budget is None else budget
        return replace(unlimited(clock), budget=chosen, breaker=NoBreaker(clock))  # type: ignore[arg-type]  # either

    return make


@pytest.mark.parametrize(
    ("make", "least", "most"),
    [(with_budget(None), 101, 110), (with_budget(NoBudget()), 200, 200)],
    ids=["with", "without"],
)
async def test_fewer_than_a_tenth_are_second_attempts_and_without_a_budget_all_are(
    directory: FakeDirectory,
    clock: SettableClock,
    make: Callable[[SettableClock], Guards],
    least: int,
    most: int,
) -> None:
    directory.behaviour = replying(status=502)
    async with opened(directory.url, make(clock), clock=clock) as remote:
        await asked_in_turn(remote, 100)
    assert least <= len(directory.requests) <= most


def test_a_trickle_of_one_second_attempt_a_second_stays(clock: SettableClock) -> None:
    budget = RetryBudget(clock)
    budget.asked()
    assert [budget.take() for _ in range(3)] == [True, False, False]
    clock.pass_by(1)
    assert [budget.take() for _ in range(3)] == [True, False, False]
    assert budget.taken == 2


def test_requests_of_old_earn_no_second_attempts(clock: SettableClock) -> None:
    budget = RetryBudget(clock)
    for _ in range(1000):
        budget.asked()
    clock.pass_by(10)
    assert [budget.take() for _ in range(3)] == [True, False, False]


ILL = {"500": replying(status=500), "502": replying(status=502), "reset": resetting()}


@pytest.mark.parametrize("ill", ILL.values(), ids=ILL.keys())
@pytest.mark.parametrize("kind", [Breaker, NoBreaker])
async def test_an_ill_directory_is_left_alone_and_without_a_breaker_it_is_not(
    directory: FakeDirectory, clock: SettableClock, ill: Behaviour, kind: type[Breaker]
) -> None:
    directory.behaviour = ill
    guards = replace(unlimited(clock), breaker=kind(clock))
    async with opened(directory.url, guards, clock=clock) as remote:
        told = await asked_in_turn(remote, 30)
    if kind is Breaker:
        assert told[-20:] == ["open"] * 20
        assert len(directory.requests) <= 10
    else:
        assert "open" not in told
        assert len(directory.requests) >= 30


WELL_OR_UNKNOWN = {
    "429": replying(status=429),
    "401": replying(status=401),
    "403": replying(status=403),
    "malformed": replying(b"{"),
    "oversized": replying(b" " * (1 << 19)),
    "redirect": replying(status=302),
    "422": replying(status=422),
}


@pytest.mark.parametrize("behaviour", WELL_OR_UNKNOWN.values(), ids=WELL_OR_UNKNOWN.keys())
async def test_what_says_nothing_of_the_directorys_health_does_not_close_it(
    directory: FakeDirectory, clock: SettableClock, behaviour: Behaviour
) -> None:
    directory.behaviour = behaviour
    guards = unlimited(clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        for _ in range(30):
            await results(remote, 1)
            clock.pass_by(2)
    assert not guards.breaker.is_open


async def opened_breaker(
    directory: FakeDirectory, remote: RemoteDirectory, guards: Guards, clock: SettableClock
) -> None:
    """Make the directory fail until the breaker opens, and let its time come."""
    directory.behaviour = replying(status=500)
    while not guards.breaker.is_open:
        await results(remote, 1)
    directory.requests.clear()
    directory.asked.clear()
    clock.pass_by(2)


@pytest.mark.parametrize("kind", [Breaker, ManyProbes])
async def test_one_probe_is_sent_however_many_call_and_without_that_all_are(
    directory: FakeDirectory, clock: SettableClock, kind: type[Breaker]
) -> None:
    guards = replace(unlimited(clock), breaker=kind(clock))
    async with opened(directory.url, guards, clock=clock) as remote:
        await opened_breaker(directory, remote, guards, clock)
        gate = asyncio.Event()
        directory.behaviour = held(gate, directory.answer)
        asking = asyncio.create_task(results(remote, 10))
        await directory.asked.wait()
        gate.set()
        told = await asking
        assert sorted(told) == (["found"] + ["open"] * 9 if kind is Breaker else ["found"] * 10)
        assert len(directory.requests) == told.count("found")
        assert await results(remote, 10) == ["found"] * 10


async def test_a_probe_that_fails_is_not_followed_by_a_second_attempt(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    guards = unlimited(clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        await opened_breaker(directory, remote, guards, clock)
        directory.behaviour = replying(status=502)
        assert await results(remote, 1) == ["status"]
        assert len(directory.requests) == 1


async def test_a_probe_that_is_cancelled_leaves_the_next_to_probe(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    guards = unlimited(clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        await opened_breaker(directory, remote, guards, clock)
        directory.behaviour = hanging()
        probe = asyncio.create_task(remote.people_with(ASHOK, RINGING))
        await directory.asked.wait()
        assert await results(remote, 1) == ["open"]
        probe.cancel()
        await asyncio.wait((probe,))
        directory.behaviour = directory.answer
        assert await results(remote, 1) == ["found"]


async def test_a_probe_that_finds_no_quota_leaves_the_next_to_probe(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    guards = make_guards(clock, clock)
    async with opened(directory.url, guards, clock=clock) as remote:
        await opened_breaker(directory, remote, guards, clock)
        guards.quota.learn(429, {"Retry-After": "5"})
        assert await results(remote, 1) == ["quota"]
        clock.pass_by(5)
        directory.behaviour = directory.answer
        assert await results(remote, 1) == ["found"]


class Crowded:
    """Serves each for so many seconds, or until more come at the same time than may."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 0
        self.too_many = asyncio.Event()

    async def __call__(self, _: web.Request) -> web.StreamResponse:
        self.now += 1
        if self.now > MOST:
            self.too_many.set()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.too_many.wait(), self.seconds)
            return web.json_response([dict(ASHOKS_RECORD)])
        finally:
            self.now -= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slots", "callers", "seconds"), [(MOST, 1000, 0.1), (1000, 100, PATIENCE)], ids=["with", "without"]
)
async def test_a_thousand_callers_of_a_slow_directory_are_few_at_a_time_and_all_are_answered(
    directory: FakeDirectory, slots: int, callers: int, seconds: float
) -> None:
    crowded = Crowded(seconds)
    directory.behaviour = crowded
    guards = replace(unlimited(), slots=Slots(slots))
    async with opened(directory.url, guards) as remote:
        told = await results(remote, callers)
    assert crowded.too_many.is_set() is (slots > MOST)
    assert len(told) == callers
    assert "found" in told
    assert (guards.slots.under_way, guards.slots.waiting) == (0, 0)


@pytest.mark.parametrize(
    ("behaviour", "total", "limit"),
    [
        (replying(status=503), PATIENCE, 16 // 4),
        (replying(status=429), PATIENCE, 16 // 2),
        (replying(status=500), PATIENCE, 16),
        (replying(status=401), PATIENCE, 16),
        (hanging(), 0.2, 16 // 2),
    ],
    ids=["503 twice", "429", "500", "401", "silence"],
)
async def test_strain_halves_what_may_be_under_way(
    directory: FakeDirectory, clock: SettableClock, behaviour: Behaviour, total: float, limit: int
) -> None:
    directory.behaviour = behaviour
    guards = unlimited(clock)
    async with opened(directory.url, guards, clock=clock, total=total) as remote:
        await results(remote, 1)
    assert guards.slots.limit == limit


async def test_background_work_does_not_wait_for_a_slot(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    async with opened(
        directory.url, replace(unlimited(clock), slots=Slots(1, patience=PATIENCE)), clock=clock
    ) as remote:
        ringing = asyncio.create_task(results(remote, 2))
        await directory.asked.wait()
        assert await results(remote, 1, BACKGROUND) == ["busy"]
        gate.set()
        assert await ringing == ["found", "found"]


@pytest.mark.slow
async def test_a_thousand_callers_who_leave_leave_nothing_behind(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.behaviour = hanging()
    guards = patient(make_guards(clock, clock))
    async with opened(directory.url, guards, clock=clock) as remote:
        callers = [asyncio.create_task(remote.people_with(ASHOK, RINGING)) for _ in range(1000)]
        await directory.asked.wait()
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert (guards.slots.under_way, guards.slots.waiting) == (0, 0)
        assert guards.quota.remaining.burst <= 20 - 16  # what was sent the directory counts, sixteen at least
        assert not guards.breaker.is_open
        directory.behaviour = directory.answer
        clock.pass_by(3)
        assert await results(remote, 4) == ["found"] * 4


async def test_a_directory_that_hangs_is_a_timeout_after_the_total_and_opens_the_breaker(
    directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.behaviour = hanging()
    guards = replace(unlimited(clock), breaker=Breaker(clock, BreakerLimits(failures=3)))
    async with opened(directory.url, guards, clock=clock, total=0.1) as remote:
        assert await results(remote, 3) == ["timeout"] * 3
        assert await results(remote, 1) == ["open"]


@pytest.mark.slow
async def test_one_total_holds_for_all_requests_of_a_question(directory: FakeDirectory) -> None:
    async def slowly(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2)
        short = replying([{"id": 30, "name": "A"}])
        return await (short if request.path == "/v1/sd" else directory.answer)(request)

    directory.behaviour = slowly
    async with opened(directory.url, total=3.5) as remote:
        assert await results(remote, 1) == ["timeout"]
        assert len(directory.requests) == 2


@pytest.mark.parametrize("key", IdentityKey)
@pytest.mark.parametrize(
    "value", ["S-1", "a,b", "!x", ">1", "<=5", "\\x", "a b", "a+b", "100%", "ä&ö=#?", "!", ">=1<=2", "'"]
)
async def test_an_id_is_asked_for_letter_by_letter_and_its_owner_read_whole(
    directory: FakeDirectory, key: IdentityKey, value: str
) -> None:
    directory.people = [
        {**ASHOKS_RECORD, str(key): value},
        {**ASHOKS_RECORD, "id": 31, str(key): "another"},
        {**ASHOKS_RECORD, "id": 32},
    ]
    async with opened(directory.url) as remote:
        [owner] = await remote.people_with(IdentityQuestion(key, value), RINGING)
    assert (owner.id, owner.support_id or owner.employee_id) == (30, value)
    assert owner.contacts
    assert [seen.path for seen in directory.requests] == ["/v1/people", "/v1/people/30"]


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
async def test_a_blank_id_is_nobodys_and_not_that_of_all_who_have_none(
    directory: FakeDirectory, blank: str
) -> None:
    async with opened(directory.url) as remote:
        assert await remote.people_with(IdentityQuestion(IdentityKey.SUPPORT, blank), RINGING) == ()
    assert directory.requests == []


async def test_of_many_who_share_an_id_ten_are_read(directory: FakeDirectory) -> None:
    directory.people = [{**ASHOKS_RECORD, "id": number, "supportID": "S"} for number in range(1, 16)]
    async with opened(directory.url) as remote:
        people = await remote.people_with(IdentityQuestion(IdentityKey.SUPPORT, "s"), RINGING)
    assert len(people) == 10
    assert len(directory.requests) == 11
