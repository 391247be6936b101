"""What a process that was killed leaves undone another one does; what one that stood still does too late overtakes nothing."""

import asyncio

import pytest

from cti_lookup.answers import Outcome
from cti_lookup.calls import State
from tests.feed.desk import Onlooker
from tests.feed.processes import ANSWERED, ENDED, OVERDUE, RINGING, Process, process
from tests.feed.replicas import ADAS_NUMBER, until
from tests.servers.redis_process import RedisProcess

FAR = 5.0
"""Seconds that clocks differ by."""

LONG = 60.0
"""Seconds after which a call counts as left behind, where that is not the subject."""


def told(screen: Onlooker) -> list[str]:
    """Give the states of calls that a screen was told, and why calls left it."""
    return [state if state != "left" else why for state, why in screen.told()]


async def shows(one: Process, *states: str) -> None:
    """Wait until the calls that a process shows are in some states."""
    await until(lambda: sorted(entry.state for entry in one.feed.board if not entry.gone) == sorted(states))


async def knows(one: Process, *states: str) -> None:
    """Wait until it shows also who calls: nothing more is told of these calls, and what is told next is told after it."""
    await shows(one, *states)
    await until(lambda: all(entry.outcome is Outcome.MATCHED for entry in one.feed.board if not entry.gone))


@pytest.mark.parametrize("ahead", [-FAR, 0.0, FAR])
async def test_what_a_killed_process_had_accepted_is_told_however_its_clock_went(
    redis: RedisProcess, ahead: float
) -> None:
    async with process(redis, "alive") as alive, process(redis, "killed", ahead=ahead, looks=False) as killed:
        rang = await alive.hear()
        await shows(alive, "ringing")
        killed.held.stands_still = True
        await killed.hear(ANSWERED)
        await shows(alive, "answered")
        assert await alive.logged() == [(rang.id, State.ANSWERED)]


@pytest.mark.parametrize("ahead", [-FAR, FAR])
async def test_what_is_heard_at_once_by_replicas_whose_clocks_differ_is_told_in_its_order(
    redis: RedisProcess, ahead: float
) -> None:
    async with process(redis, "one", ahead=ahead) as one, process(redis, "two") as two:
        for number in range(10):
            name = f"71{number:02}"
            await one.hear(RINGING, name)
            await two.hear(ANSWERED, name)
            await one.hear(ENDED, name)
        await shows(two, *["ended"] * 10)
        await shows(one, *["ended"] * 10)


async def test_a_process_that_stood_still_takes_no_call_back_and_lets_none_pop_up_twice(
    redis: RedisProcess,
) -> None:
    async with process(redis, "alive") as alive, process(redis, "stopped", looks=False) as stopped:
        screen = alive.look()
        stopped.held.stands_still = True
        rang = await stopped.hear()
        await shows(alive, "ringing")
        await alive.hear(ANSWERED)
        await knows(alive, "answered")
        stopped.held.go_on()
        await alive.hear(ENDED, "7002")  # whatever is told after that is told after it
        await shows(alive, "answered", "ended")
        await until(lambda: not alive.feed.board.live()[1:])
        await asyncio.sleep(2 * OVERDUE)

        assert told(screen) in (["answered", "ended"], ["ringing", "answered", "ended"])
        assert (rang.id, State.ANSWERED) in await alive.logged()


async def test_who_finds_a_call_and_stands_still_before_telling_it_overtakes_nothing(
    redis: RedisProcess,
) -> None:
    async with process(redis, "finder", looks=False) as finder, process(redis, "alive", looks=False) as alive:
        alive.held.stands_still = True
        await alive.hear()
        await asyncio.sleep(1.5 * OVERDUE)
        ((rang, at),) = await finder.outbox.left_behind()
        alive.held.go_on()
        await alive.hear(ENDED)
        await shows(alive, "ended")
        finder.publisher.changed(rang, at)
        await finder.hear(ANSWERED, "7002")
        await shows(alive, "answered", "ended")

        assert (rang.id, State.ENDED) in await alive.logged()


async def test_a_call_that_was_taken_off_before_anybody_was_told_does_not_come_back(
    redis: RedisProcess,
) -> None:
    async with process(redis, "alive") as alive, process(redis, "killed", looks=False) as killed:
        screen = alive.look()
        killed.held.stands_still = True
        await killed.hear()
        await alive.feed.calls.erase_number(ADAS_NUMBER)
        killed.held.go_on()
        await alive.hear(RINGING, "7002")
        await shows(alive, "ringing")
        await asyncio.sleep(2 * OVERDUE)

        assert told(screen) == ["ringing"]
        assert len(await alive.logged()) == 1


async def test_a_call_that_a_killed_process_joined_to_another_is_shown_as_one(redis: RedisProcess) -> None:
    async with process(redis, "alive") as alive, process(redis, "killed", looks=False) as killed:
        first = await alive.hear(ANSWERED)
        await alive.hear(ANSWERED, "7002", agents=("1002",))
        await shows(alive, "answered", "answered")
        killed.held.stands_still = True
        await killed.hear(ANSWERED, "7002", agents=("1002",), continues="7001")
        await shows(alive, "answered")

        assert await alive.logged() == [(first.id, State.ANSWERED)]


async def test_who_calls_is_found_out_though_the_process_that_looked_for_it_was_killed(
    redis: RedisProcess,
) -> None:
    async with (
        process(redis, "alive", overdue=LONG) as alive,
        process(redis, "killed", looks=False) as killed,
    ):
        killed.directory.holds = True
        rang = await killed.hear()
        await shows(alive, "ringing")
        assert [entry.outcome for entry in alive.feed.board.live()] == [Outcome.PENDING]
        await asyncio.sleep(2 * OVERDUE)
        assert alive.directory.asked == []
        alive.ahead[0] = 30.0  # it is long since anybody could be looking

        await until(lambda: [one.outcome for one in alive.feed.board.live()] == [Outcome.MATCHED])
        assert await alive.logged() == [(rang.id, State.RINGING)]


async def test_a_call_that_all_left_for_hours_is_over_and_pops_up_nowhere(redis: RedisProcess) -> None:
    async with process(redis, "killed", looks=False) as killed:
        killed.held.stands_still = True
        await killed.hear()
    async with process(redis, "begun", ahead=3600.0) as begun:
        screen = begun.look()
        await shows(begun, "ended")
        (event,) = screen.events()

        assert event.told["pops"] is False
        assert event.told["result"] == "missed"


async def test_a_call_that_only_a_killed_process_would_have_closed_is_closed(redis: RedisProcess) -> None:
    async with process(redis, "alive", looks=False) as alive:
        async with process(redis, "killed", looks=False) as killed:
            await killed.hear()
            await killed.hear(ANSWERED, "7002")
            await shows(alive, "answered", "ringing")
        alive.ahead[0] = 200.0
        await alive.taking.close_what_nobody_closes()
        await shows(alive, "answered", "ringing")
        alive.ahead[0] = 300.0
        await alive.taking.close_what_nobody_closes()
        await shows(alive, "answered", "ended")
        alive.ahead[0] = 9 * 3600.0
        await alive.taking.close_what_nobody_closes()
        await shows(alive, "ended", "ended")

        assert sorted(str(entry.result) for entry in await alive.feed.log()) == ["answered", "missed"]
        await alive.hear(ANSWERED)
        await shows(alive, "answered", "ended")


async def test_a_call_that_somebody_hears_of_is_not_closed_though_nothing_changes(
    redis: RedisProcess,
) -> None:
    async with process(redis, "alive", looks=False) as alive, process(redis, "other", looks=False) as other:
        await other.hear()
        await shows(alive, "ringing")
        alive.ahead[0] = other.ahead[0] = 300.0
        await other.hear()
        await alive.taking.close_what_nobody_closes()

        assert [state for _, state in await alive.logged()] == [State.RINGING]


async def test_a_call_that_may_turn_out_to_be_another_is_shown_here_and_told_to_others_when_it_is_known(
    redis: RedisProcess,
) -> None:
    async with process(redis, "one", looks=False) as one, process(redis, "other", looks=False) as other:
        here, there = one.look(), other.look()
        one.held.stands_still = True
        rang = await one.hear()
        one.outbox.could_not_note(rang.id)  # as if Redis had been away
        one.held.go_on()
        await knows(one, "ringing")
        await other.hear(ENDED, "7002")
        await knows(other, "ended")
        await knows(one, "ended", "ringing")
        assert (told(here), told(there)) == (["ringing", "ended"], ["ended"])

        one.outbox.goes_on(rang.id)
        await knows(other, "ended", "ringing")
        assert (told(here), told(there)) == ([], ["ringing"])
