"""A phone is answered within its budget; whoever is found later is known when it rings again."""

import asyncio

import pytest

from cti_lookup.answers import Lookup, Outcome, Tier, encode_caller
from cti_lookup.calls import CallBook
from cti_lookup.dialects import Request
from cti_lookup.dialects.generic import GENERIC
from cti_lookup.fetching import LONGEST_FLIGHT
from cti_lookup.keys import Keys
from cti_lookup.ringing import Ringing, Rung, Source
from tests.conftest import SettableClock
from tests.lookup.people import PeopleDirectory
from tests.lookup.replica import Replica, ids
from tests.lookup.timeless import settle

BUDGET = 0.5
SOURCE = Source("pbx", GENERIC, Keys(("a-long-key-of-this-test",)), "GB")
RINGING = Request({}, "", b'{"event":"newCall","from":"+442079460958","to":"100","callId":"1"}')
WITHHELD = Request({}, "", b'{"event":"newCall","from":"anonymous","to":"100","callId":"2"}')


@pytest.fixture
def ringing(service: Replica, clock: SettableClock) -> Ringing:
    return Ringing(calls=CallBook(clock), lookup=service.lookup, budget=BUDGET, clock=clock)


async def _rung(ringing: Ringing, request: Request = RINGING) -> Rung:
    return await ringing.hear(SOURCE, request)


def found_by(rung: Rung) -> Lookup:
    """Give what was found of the call that rung."""
    assert rung.lookup is not None
    return rung.lookup


async def test_an_answer_in_time_is_told_in_the_webhooks_own_answer(
    ringing: Ringing, directory: PeopleDirectory
) -> None:
    directory.seconds = 0.4
    found = found_by(await _rung(ringing))

    assert (found.outcome, ids(found)) == (Outcome.MATCHED, (1,))


async def test_who_is_not_known_within_the_budget_is_pending_and_known_at_the_next_ring(
    ringing: Ringing, directory: PeopleDirectory, clock: SettableClock
) -> None:
    directory.seconds = 1.0
    began = clock()
    rung = await _rung(ringing)

    assert found_by(rung).outcome is Outcome.PENDING
    assert b'"outcome":"pending"' in rung.answered.body
    assert clock() - began == pytest.approx(BUDGET, abs=0.01)
    await asyncio.sleep(LONGEST_FLIGHT)
    again = found_by(await _rung(ringing))
    assert (again.outcome, again.tier, ids(again)) == (Outcome.MATCHED, Tier.MEMORY, (1,))
    assert len(directory.asked) == 1


async def test_who_withholds_the_number_is_nobody_to_wait_for(
    ringing: Ringing, directory: PeopleDirectory
) -> None:
    directory.holds = True

    assert found_by(await _rung(ringing, WITHHELD)).outcome is Outcome.WITHHELD
    assert directory.asked == []


async def test_while_the_directory_is_asked_the_caller_is_written_as_the_answer_tells_them(
    ringing: Ringing, directory: PeopleDirectory
) -> None:
    encode_caller.cache_clear()
    directory.holds = True
    rings = asyncio.create_task(_rung(ringing))
    await settle()
    assert (len(directory.air), encode_caller.cache_info().currsize) == (1, 1)

    directory.heal()
    assert found_by(await rings).outcome is Outcome.MATCHED
    assert encode_caller.cache_info().misses == 1
