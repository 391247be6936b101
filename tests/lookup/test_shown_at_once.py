"""A phone is answered within its budget; whoever looks at a screen sees the call at once, and who it is when that is known."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from cti_lookup.answers import Outcome
from cti_lookup.calls import Call, CallBook, State
from cti_lookup.dialects import Request
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.events import Direction
from cti_lookup.feed.publishing import LINGER, publishing
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.keys import Keys
from cti_lookup.ringing import Ringing, Rung, Source
from cti_lookup.telephone import Withheld
from tests.conftest import SettableClock
from tests.feed.desk import Desk, Onlooker
from tests.lookup.people import PeopleDirectory
from tests.lookup.replica import Replica, ids

BUDGET = 0.5
SOURCE = Source("pbx", GENERIC, Keys(("a-long-key-of-this-test",)), "GB")
RINGING = Request({}, "", b'{"event":"newCall","from":"+442079460958","to":"100","callId":"1"}')
HANGUP = Request({}, "", b'{"event":"hangup","from":"+442079460958","to":"100","callId":"1"}')
WITHHELD = Request({}, "", b'{"event":"newCall","from":"anonymous","to":"100","callId":"2"}')
EARLY = 2 * LINGER
NOBODY = Withheld("")
NEXT = Call("next", "pbx", "2", Direction.INBOUND, NOBODY, 0.0)


@pytest.fixture
async def desk(service: Replica, clock: SettableClock) -> AsyncIterator[Desk]:
    desk = Desk(service.lookup, clock)
    async with publishing(desk.publisher):
        yield desk


@pytest.fixture
def screen(desk: Desk) -> Onlooker:
    return desk.look()


@pytest.fixture
def ringing(service: Replica, clock: SettableClock, desk: Desk) -> Ringing:
    calls = CallBook(clock, live=desk.publisher)
    return Ringing(calls=calls, lookup=service.lookup, budget=BUDGET, clock=clock)


async def _rung(ringing: Ringing, request: Request = RINGING) -> Rung:
    return await ringing.hear(SOURCE, request)


def found_by(rung: Rung) -> Outcome:
    """Give what was found of the call that rung."""
    assert rung.lookup is not None
    return rung.lookup.outcome


async def test_a_call_is_shown_before_it_is_known_who_calls(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker
) -> None:
    directory.seconds = 0.4
    waiting = asyncio.create_task(_rung(ringing))
    await asyncio.sleep(EARLY)
    assert screen.told() == [("ringing", "pending")]

    rung = await waiting
    await asyncio.sleep(EARLY)
    assert found_by(rung) is Outcome.MATCHED
    assert rung.lookup is not None
    assert ids(rung.lookup) == (1,)
    assert screen.told() == [("ringing", "matched")]
    assert len(directory.asked) == 1


async def test_who_is_not_known_within_the_budget_is_pending_and_shown_when_found(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker, clock: SettableClock
) -> None:
    directory.seconds = 1.0
    began = clock()
    rung = await _rung(ringing)

    assert found_by(rung) is Outcome.PENDING
    assert b'"outcome":"pending"' in rung.answered.body
    assert clock() - began == pytest.approx(BUDGET, abs=0.01)
    assert screen.told() == [("ringing", "pending")]
    await asyncio.sleep(0.49)
    assert screen.told() == []
    await asyncio.sleep(0.02)
    assert screen.told() == [("ringing", "matched")]
    await asyncio.sleep(LONGEST_FLIGHT)
    assert screen.told() == []
    assert len(directory.asked) == 1


async def test_who_is_known_is_shown_at_once_and_once(ringing: Ringing, screen: Onlooker) -> None:
    await _rung(ringing)
    await asyncio.sleep(EARLY)
    screen.events()
    await _rung(ringing, Request({}, "", RINGING.body.replace(b'"1"', b'"9"')))
    await asyncio.sleep(LONGEST_FLIGHT)

    assert screen.told() == [("ringing", "matched")]


async def test_an_end_that_another_replica_tells_before_us_is_not_overtaken_by_what_came_before_it(
    ringing: Ringing, desk: Desk, clock: SettableClock
) -> None:
    call = (await _rung(ringing)).call
    assert call is not None
    await asyncio.sleep(EARLY)
    await _rung(ringing, Request({}, "", RINGING.body.replace(b"newCall", b"answer")))
    shown = desk.board.get(call.id)
    assert shown is not None
    end = replace(shown, state=State.ENDED, noted_at=clock() + 0.001, revision=shown.revision + 1)
    desk.live.show(end, "another replica's")
    await asyncio.sleep(EARLY)

    assert desk.board.get(call.id) == end


async def test_that_nobody_is_known_is_shown_too(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker
) -> None:
    directory.people.clear()
    directory.seconds = 1.0
    await _rung(ringing)
    screen.events()
    await asyncio.sleep(LONGEST_FLIGHT)

    assert screen.told() == [("ringing", "nobody")]


async def test_a_directory_that_cannot_be_asked_is_asked_again_while_the_call_goes_on(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker
) -> None:
    directory.failing = "status"
    await _rung(ringing)
    await asyncio.sleep(0.5)
    assert screen.told() == [("ringing", "unavailable")]
    await asyncio.sleep(10)
    assert screen.told() == []
    asked = len(directory.asked)
    assert asked >= 3

    directory.failing = None
    await asyncio.sleep(60)
    assert screen.told() == [("ringing", "matched")]


async def test_when_the_call_is_over_nobody_asks_any_more(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker
) -> None:
    directory.failing = "status"
    await _rung(ringing)
    await _rung(ringing, HANGUP)
    await asyncio.sleep(60)
    asked = len(directory.asked)
    await asyncio.sleep(600)

    assert len(directory.asked) == asked
    assert screen.told()[-1] == ("ended", "unavailable")


async def test_a_directory_that_never_answers_is_told_as_unavailable_in_the_end(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker
) -> None:
    directory.holds = True
    await _rung(ringing)
    screen.events()
    await asyncio.sleep(LONGEST_FLIGHT + BUDGET)

    assert screen.told() == [("ringing", "unavailable")]


async def test_who_withholds_the_number_is_nobody_to_wait_for(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker
) -> None:
    directory.holds = True

    assert found_by(await _rung(ringing, WITHHELD)) is Outcome.WITHHELD
    await asyncio.sleep(LONGEST_FLIGHT)
    assert screen.told() == [("ringing", "withheld")]
    assert directory.asked == []


async def test_two_calls_that_a_transfer_joins_are_one_on_the_screen(
    ringing: Ringing, desk: Desk, screen: Onlooker
) -> None:
    await _rung(ringing)
    await asyncio.sleep(EARLY)
    (call,) = desk.board.live()
    screen.events()
    desk.publisher.merged(Call(call.id, "pbx", "1", Direction.INBOUND, NOBODY, 0.0), into=NEXT)
    await asyncio.sleep(EARLY)

    assert screen.told() == [("left", "merged")]
    assert desk.board.live() == []


async def test_closing_ends_what_was_to_be_told(
    ringing: Ringing, directory: PeopleDirectory, screen: Onlooker, desk: Desk
) -> None:
    directory.seconds = 1.0
    await _rung(ringing)
    screen.events()
    await desk.publisher.close()
    await asyncio.sleep(LONGEST_FLIGHT)

    assert screen.told() == []
