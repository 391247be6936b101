"""Why somebody is listed and another is not; and nothing is changed by telling."""

from typing import Any

import pytest

from cti_lookup.explain import Explanation
from cti_lookup.people import Contact, Person
from cti_lookup.questions import Forgotten, Purpose
from cti_lookup.telephone import Caller, Internal, Invalid, Withheld
from tests.conftest import SettableClock
from tests.lookup.conftest import Start
from tests.lookup.peers import PeerTier, SharedMemory
from tests.lookup.people import BERLIN, HOUSTON, LONDON, PeopleDirectory, caller, person, question
from tests.lookup.replica import BESIDE_REDIS, Replica
from tests.lookup.timeless import settle

LOOKALIKE = "+442039460958"
EXPIRED = 400.0


async def explained(
    service: Replica, number: str = LONDON, *, ask: bool | None = None, of: Caller | None = None
) -> Explanation:
    return await service.explainer.explain(of or caller(number), 0.001, ask=ask)


def states(explanation: Explanation) -> list[tuple[str, str]]:
    return [(step.tier, step.state) for step in explanation.tiers]


@pytest.mark.parametrize(
    ("of", "read_as", "reason"),
    [
        (Withheld(""), "withheld", None),
        (Internal("201", "201"), "extension", None),
        (Invalid("?", "no_digits"), "invalid", "no_digits"),
    ],
)
async def test_a_caller_without_a_number_is_told_as_what_it_was_read(
    service: Replica, directory: PeopleDirectory, of: Caller, read_as: str, reason: str | None
) -> None:
    explanation = await explained(service, of=of)

    assert (explanation.read_as, explanation.reason) == (read_as, reason)
    assert (explanation.tiers, explanation.candidates, directory.asked) == ((), None, [])


async def test_every_form_of_the_number_is_told_and_which_of_them_is_sent(service: Replica) -> None:
    explanation = await explained(service)

    assert explanation.forms == {"national": "2079460958", "e164": LONDON, "digits": "442079460958"}
    assert explanation.sent == "2079460958"
    assert (explanation.read_as, explanation.read_seconds) == ("number", 0.001)


async def test_where_no_tier_knows_the_directory_is_asked_with_what_ringing_phones_can_spare(
    service: Replica, directory: PeopleDirectory
) -> None:
    explanation = await explained(service)

    assert states(explanation) == [("memory", "unknown"), ("redis", "unknown"), ("directory", "asked")]
    assert directory.asked == [(question(), Purpose.BACKGROUND)]


async def test_nothing_is_asked_where_memory_is_fresh(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(10.0)
    explanation = await explained(service)
    memory = explanation.tiers[0]

    assert states(explanation) == [("memory", "fresh"), ("redis", "unknown"), ("directory", "not_asked")]
    assert (memory.outcome, memory.age_seconds) == ("matched", 10.0)
    assert memory.fresh_for_seconds is not None
    assert 260 <= memory.fresh_for_seconds <= 320
    assert (explanation.candidates, len(directory.asked)) == (None, 1)
    assert explanation.matches is not None
    assert [(one.id, one.rule) for one in explanation.matches] == [(1, "e164")]


async def test_the_directory_is_asked_though_memory_is_fresh_where_that_is_wanted(
    service: Replica, directory: PeopleDirectory
) -> None:
    await service.find()
    explanation = await explained(service, ask=True)

    assert states(explanation)[::2] == [("memory", "fresh"), ("directory", "asked")]
    assert explanation.candidates is not None
    assert len(directory.asked) == 2


async def test_nothing_is_asked_where_redis_is_fresh(
    start: Start, directory: PeopleDirectory, clock: SettableClock
) -> None:
    store = SharedMemory(clock)
    await start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS).find()
    await settle()
    clock.pass_by(1.0)
    await settle()
    explanation = await explained(start(directory, shared=PeerTier(store), freshness=BESIDE_REDIS))

    assert states(explanation) == [("memory", "unknown"), ("redis", "fresh"), ("directory", "not_asked")]
    assert len(directory.asked) == 1


async def test_what_is_old_is_told_as_old_and_the_directory_is_asked(
    service: Replica, directory: PeopleDirectory, clock: SettableClock
) -> None:
    await service.find()
    clock.pass_by(EXPIRED)
    explanation = await explained(service)

    assert states(explanation)[0] == ("memory", "old")
    assert explanation.tiers[0].fresh_for_seconds is None
    assert states(explanation)[2] == ("directory", "asked")
    assert directory.purposes == [Purpose.RINGING, Purpose.BACKGROUND]


async def test_nothing_is_asked_where_nobody_wants_it(service: Replica, directory: PeopleDirectory) -> None:
    explanation = await explained(service, ask=False)

    assert states(explanation)[2] == ("directory", "not_asked")
    assert (explanation.candidates, directory.asked) == (None, [])


@pytest.mark.parametrize("reason", ["timeout", "quota", "open"])
async def test_why_the_directory_could_not_be_asked_is_told(
    service: Replica, directory: PeopleDirectory, reason: str
) -> None:
    directory.failing = reason
    explanation = await explained(service)

    assert states(explanation)[2] == ("directory", reason)
    assert explanation.candidates is None


async def test_each_candidate_is_told_with_the_rule_that_lists_them_or_without(
    service: Replica, directory: PeopleDirectory
) -> None:
    directory.put(person(2, "020 7946 0958"), person(3, LOOKALIKE))
    explanation = await explained(service)

    assert [(one.id, one.position, one.rule) for one in explanation.candidates or ()] == [
        (1, 1, "e164"),
        (2, 2, "e164"),
        (3, None, None),
    ]


async def test_each_reading_of_a_stored_text_is_told_and_none_of_a_fax(
    service: Replica, directory: PeopleDirectory
) -> None:
    contacts = (Contact("work", LONDON), Contact("fax", LONDON), Contact("home", "by the door"))
    directory.put(Person(1, "Person 1", contacts))
    (one,) = (await explained(service)).candidates or ()
    work, fax, home = one.contacts

    assert [(reading.digits, reading.rule) for reading in work.readings] == [("442079460958", "e164")]
    assert (fax.label, fax.telephone, fax.readings) == ("fax", LONDON, ())
    assert home.readings == ()


async def test_who_was_erased_is_no_candidate(service: Replica) -> None:
    service.memory.forget(Forgotten(person=1, erased=True))

    assert (await explained(service)).candidates == ()


def _traces(service: Replica) -> Any:
    memory = service.memory
    return (
        list(memory._held._LRUCache__order),  # type: ignore[attr-defined]  # the order of use, which nobody tells
        [memory.peek(one) for one in memory._held],
        memory.fence.count,
        dict(service.lookup._fetching._failures._held),
        service.lookup.under_way,
        dict(service.counted),
    )


@pytest.mark.parametrize("number", [LONDON, HOUSTON, BERLIN])
@pytest.mark.parametrize("failing", [None, "status"])
async def test_an_explanation_leaves_no_trace(
    service: Replica, directory: PeopleDirectory, clock: SettableClock, number: str, failing: str | None
) -> None:
    await service.find(LONDON)
    await service.find(HOUSTON)
    clock.pass_by(290.0)
    before = _traces(service)
    directory.failing = failing
    await explained(service, number)
    await settle()

    assert _traces(service) == before
