"""A phone is answered within its budget; whoever is found later is told to those who watch the call."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cti_lookup.answers import Lookup, Outcome, Tier
from cti_lookup.calls import Call, CallBook
from cti_lookup.dialects import Request
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.keys import Keys
from cti_lookup.ringing import Ringing, Rung, Source
from tests.conftest import SettableClock
from tests.lookup.people import PeopleDirectory
from tests.lookup.replica import Replica, ids

BUDGET = 0.5
SOURCE = Source("pbx", GENERIC, Keys(("a-long-key-of-this-test",)), "GB")
RINGING = Request({}, "", b'{"event":"newCall","from":"+442079460958","to":"100","callId":"1"}')
WITHHELD = Request({}, "", b'{"event":"newCall","from":"anonymous","to":"100","callId":"2"}')


class _Watching:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Call, Lookup]] = []
        self.heard = asyncio.Event()

    async def found(self, call: Call, lookup: Lookup) -> None:
        self.told.append((call, lookup))
        self.heard.set()


@pytest.fixture
def watching() -> _Watching:
    return _Watching()


@pytest.fixture
async def ringing(service: Replica, clock: SettableClock, watching: _Watching) -> AsyncIterator[Ringing]:
    ringing = Ringing(calls=CallBook(clock), lookup=service.lookup, live=watching, budget=BUDGET, clock=clock)
    yield ringing
    await ringing.close()


async def _rung(ringing: Ringing, request: Request = RINGING) -> Rung:
    return await ringing.hear(SOURCE, request)


def found_by(rung: Rung) -> Lookup:
    """Give what was found of the call that rung."""
    assert rung.lookup is not None
    return rung.lookup


async def test_an_answer_in_time_is_told_in_the_webhooks_own_answer_alone(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching
) -> None:
    directory.seconds = 0.4
    rung = await _rung(ringing)
    await asyncio.sleep(LONGEST_FLIGHT)

    assert (found_by(rung).outcome, ids(found_by(rung))) == (Outcome.MATCHED, (1,))
    assert watching.told == []


async def test_who_is_not_known_within_the_budget_is_pending_and_told_once_when_found(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching, clock: SettableClock
) -> None:
    directory.seconds = 1.0
    began = clock()
    rung = await _rung(ringing)

    assert found_by(rung).outcome is Outcome.PENDING
    assert b'"outcome":"pending"' in rung.answered.body
    assert clock() - began == pytest.approx(BUDGET, abs=0.01)
    await asyncio.sleep(LONGEST_FLIGHT)
    ((call, lookup),) = watching.told
    assert (call, lookup.outcome, lookup.tier) == (rung.call, Outcome.MATCHED, Tier.DIRECTORY)
    assert ids(lookup) == (1,)
    assert len(directory.asked) == 1


async def test_it_is_told_as_soon_as_it_is_known(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching
) -> None:
    directory.seconds = 1.0
    await _rung(ringing)
    await asyncio.sleep(0.49)
    assert watching.told == []
    await asyncio.sleep(0.02)

    assert len(watching.told) == 1


async def test_that_nobody_is_known_is_told_too(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching
) -> None:
    directory.people.clear()
    directory.seconds = 1.0
    await _rung(ringing)
    await asyncio.sleep(LONGEST_FLIGHT)

    assert [lookup.outcome for _, lookup in watching.told] == [Outcome.NOBODY]


async def test_that_the_directory_could_not_be_asked_is_told_too(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching
) -> None:
    directory.seconds, directory.failing = 1.0, "status"
    await _rung(ringing)
    await asyncio.sleep(LONGEST_FLIGHT)

    assert [lookup.outcome for _, lookup in watching.told] == [Outcome.UNAVAILABLE]


async def test_a_directory_that_never_answers_is_told_as_unavailable_in_the_end(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching, clock: SettableClock
) -> None:
    directory.holds = True
    began = clock()
    await _rung(ringing)
    await watching.heard.wait()

    assert [lookup.outcome for _, lookup in watching.told] == [Outcome.UNAVAILABLE]
    assert clock() - began <= LONGEST_FLIGHT + BUDGET


async def test_who_withholds_the_number_is_nobody_to_wait_for(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching
) -> None:
    directory.holds = True

    assert found_by(await _rung(ringing, WITHHELD)).outcome is Outcome.WITHHELD
    await asyncio.sleep(LONGEST_FLIGHT)
    assert (watching.told, directory.asked) == ([], [])


async def test_closing_ends_what_was_to_be_told(
    ringing: Ringing, directory: PeopleDirectory, watching: _Watching
) -> None:
    directory.seconds = 1.0
    await _rung(ringing)
    await ringing.close()
    await asyncio.sleep(LONGEST_FLIGHT)

    assert watching.told == []
