"""The path of a lookup: memory, Redis, the directory asked once, and old answers while it is silent."""

import asyncio
import json
from typing import Any

import pytest

from cti_lookup.answers import Answer, encode_lookup
from cti_lookup.cache.memory import Freshness, MemoryTier
from cti_lookup.questions import Question
from cti_lookup.telephone import E164, read_caller
from tests.conftest import SettableClock
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, hanging, held, person, replying
from tests.service.conftest import Service, StartService, lookup_of

UNKNOWN = "+442079460999"
PATIENCE = 5.0
LONG = 20.0


async def until_asked(directory: FakeDirectory) -> None:
    """Wait until a request has reached the directory."""
    await asyncio.wait_for(directory.asked.wait(), LONG)


async def until_landed(service: Service) -> None:
    """Wait until nothing is being fetched any more."""
    if flights := list(lookup_of(service)._flights._under_way.values()):
        await asyncio.wait(flights, timeout=LONG)
    assert all(flight.done() for flight in flights)


async def told_at_last(service: Service) -> Any:
    """Look up again until there is an answer: a busy machine may take too long for a hundred at once."""
    async with asyncio.timeout(LONG):
        while (answer := await service.lookup())["outcome"] == "unavailable":
            pass
    return answer


def told(lookup: Any) -> tuple[str, str | None, list[str]]:
    """Give what matters of an answer: outcome, tier, names."""
    return lookup["outcome"], lookup.get("tier"), [one["name"] for one in lookup["people"]]


MATCHED = ["Ashok Kumar"]


async def test_the_first_answer_is_the_directorys_and_the_second_comes_from_memory(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    assert told(await service.lookup()) == ("matched", "directory", MATCHED)
    clock.pass_by(12.4)
    second = await service.lookup()
    assert told(second) == ("matched", "memory", MATCHED)
    assert second["age_seconds"] == 12.4
    assert len(directory.requests) == 1


async def test_the_directory_is_asked_with_the_national_number_the_token_and_the_account(
    start: StartService, directory: FakeDirectory
) -> None:
    service = await start(directory_account="widget")
    await service.lookup()
    (asked,) = directory.requests
    assert (asked.path, asked.query) == ("/v1/sd", {"telephone": "7139872967"})
    assert asked.headers["Authorization"] == "Bearer a-directory-token"
    assert asked.headers["X-4me-Account"] == "widget"


@pytest.mark.parametrize(
    ("query", "sent"),
    [("national", "7139872967"), ("e164", "+17139872967"), ("digits", "17139872967"), ("7", "9872967")],
)
async def test_what_is_sent_as_telephone_is_a_setting(
    start: StartService, directory: FakeDirectory, query: str, sent: str
) -> None:
    service = await start(directory_query=query)
    assert (await service.lookup())["outcome"] == "matched"
    assert directory.requests[0].query == {"telephone": sent}


async def test_a_hundred_lookups_of_one_new_number_at_once_are_one_request_and_a_hundred_answers(
    service: Service, directory: FakeDirectory
) -> None:
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    caller = read_caller(ASHOKS_NUMBER, "US")
    asked = [asyncio.create_task(lookup_of(service).find(caller, patience=PATIENCE)) for _ in range(100)]
    await until_asked(directory)
    gate.set()
    answers = [json.loads(encode_lookup(answer)) for answer in await asyncio.gather(*asked)]
    assert [told(answer) for answer in answers] == [("matched", "directory", MATCHED)] * 100
    assert len(directory.requests) == 1


async def test_a_hundred_requests_for_one_new_number_at_once_are_one_request_to_the_directory(
    service: Service, directory: FakeDirectory
) -> None:
    answers = await asyncio.gather(*(told_at_last(service) for _ in range(100)))
    assert {(answer["outcome"], answer["people"][0]["id"]) for answer in answers} == {("matched", 30)}
    assert len(directory.requests) == 1


async def test_fifty_lookups_of_an_unknown_number_one_after_another_are_one_request(
    service: Service, directory: FakeDirectory
) -> None:
    answers = [await service.lookup(UNKNOWN) for _ in range(50)]
    assert {answer["outcome"] for answer in answers} == {"nobody"}
    assert len(directory.requests) == 1


async def test_fifty_lookups_of_an_unknown_number_at_once_are_one_request(
    service: Service, directory: FakeDirectory
) -> None:
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    caller = read_caller(UNKNOWN, "US")
    asked = [asyncio.create_task(lookup_of(service).find(caller, patience=PATIENCE)) for _ in range(50)]
    await until_asked(directory)
    gate.set()
    assert [(one.outcome, one.tier) for one in await asyncio.gather(*asked)] == [("nobody", "directory")] * 50
    assert len(directory.requests) == 1


async def test_one_number_written_in_many_ways_is_one_question(
    service: Service, directory: FakeDirectory
) -> None:
    for written in ("+1 713 987 2967", "(713) 987-2967", "0017139872967", "tel:+1-713-987-2967"):
        assert (await service.lookup(written))["outcome"] == "matched"
    assert len(directory.requests) == 1


async def test_nobody_is_remembered_for_its_own_short_time(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    await service.lookup(UNKNOWN)
    clock.pass_by(60 * 0.85)
    assert told(await service.lookup(UNKNOWN))[:2] == ("nobody", "memory")
    clock.pass_by(60 * 0.3)
    directory.people.append(person(UNKNOWN, name="Ada Example"))
    assert told(await service.lookup(UNKNOWN)) == ("matched", "directory", ["Ada Example"])


async def test_a_match_is_remembered_for_its_own_longer_time(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    await service.lookup()
    clock.pass_by(900 * 0.7)
    assert told(await service.lookup())[:2] == ("matched", "memory")
    clock.pass_by(900 * 0.45)
    assert told(await service.lookup())[:2] == ("matched", "directory")
    assert len(directory.requests) == 2


async def test_an_old_answer_is_given_as_stale_with_its_age_while_the_directory_is_down(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    await service.lookup()
    clock.pass_by(5000)
    await directory.stop()
    answer = await service.lookup()
    assert told(answer) == ("matched", "stale", MATCHED)
    assert answer["age_seconds"] == 5000.0
    await directory.start()
    clock.pass_by(1)
    assert told(await service.lookup())[:2] == ("matched", "directory")


async def test_an_answer_too_old_to_be_shown_is_not_shown(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    await service.lookup()
    clock.pass_by(86400 + 1)
    await directory.stop()
    answer = await service.lookup()
    assert told(answer) == ("unavailable", None, [])


async def test_old_news_of_nobody_is_not_given_while_the_directory_is_down(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    await service.lookup(UNKNOWN)
    clock.pass_by(61 * 1.1)
    await directory.stop()
    assert told(await service.lookup(UNKNOWN)) == ("unavailable", None, [])


async def test_a_number_never_known_is_unavailable_while_the_directory_is_down_and_never_nobody(
    service: Service, directory: FakeDirectory
) -> None:
    await directory.stop()
    assert await service.lookup(UNKNOWN) == {
        "outcome": "unavailable",
        "caller": {
            "raw": UNKNOWN,
            "e164": UNKNOWN,
            "national": "020 7946 0999",
            "region": "GB",
            "time_zones": ["Europe/London"],
        },
        "people": [],
        "truncated": False,
    }


async def test_a_failure_is_remembered_for_a_moment_and_never_as_an_answer(
    service: Service, directory: FakeDirectory, clock: SettableClock
) -> None:
    directory.behaviour = replying(b"", status=500)
    assert (await service.lookup())["outcome"] == "unavailable"
    directory.behaviour = directory.answer
    assert (await service.lookup())["outcome"] == "unavailable"
    assert len(directory.requests) == 1
    clock.pass_by(1)
    assert told(await service.lookup()) == ("matched", "directory", MATCHED)


async def test_a_webhook_out_of_budget_is_answered_pending_and_the_next_call_is_a_memory_hit(
    start: StartService, directory: FakeDirectory
) -> None:
    service = await start(lookup_budget=0.05)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    first = await service.ring()
    assert told(first["lookup"]) == ("pending", None, [])
    gate.set()
    await until_landed(service)
    assert told((await service.ring())["lookup"]) == ("matched", "memory", MATCHED)
    assert len(directory.requests) == 1


async def test_a_webhook_out_of_budget_gives_an_old_answer_if_there_is_one(
    start: StartService, directory: FakeDirectory, clock: SettableClock
) -> None:
    service = await start(lookup_budget=0.05)
    await service.lookup()
    clock.pass_by(5000)
    directory.behaviour = hanging()
    assert told((await service.ring())["lookup"]) == ("matched", "stale", MATCHED)


@pytest.mark.slow
async def test_a_synchronous_lookup_is_answered_unavailable_after_its_hard_limit(
    service: Service, directory: FakeDirectory
) -> None:
    directory.behaviour = hanging()
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert told(await service.lookup()) == ("unavailable", None, [])
    assert loop.time() - began < 4.5, "a flight lasts 5 s"


async def test_whoever_leaves_early_hurts_nobody_else(service: Service, directory: FakeDirectory) -> None:
    lookup = lookup_of(service)
    caller = read_caller(ASHOKS_NUMBER, "US")
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    waiters = [asyncio.create_task(lookup.find(caller, patience=PATIENCE)) for _ in range(10)]
    await until_asked(directory)
    for leaver in waiters[:5]:
        leaver.cancel()
    gate.set()
    found = await asyncio.gather(*waiters, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in found[:5])
    assert [getattr(one, "outcome", one) for one in found[5:]] == ["matched"] * 5
    assert len(directory.requests) == 1


async def test_when_all_have_left_the_answer_still_warms_the_memory(
    service: Service, directory: FakeDirectory
) -> None:
    lookup = lookup_of(service)
    gate = asyncio.Event()
    directory.behaviour = held(gate, directory.answer)
    waiter = asyncio.create_task(lookup.find(read_caller(ASHOKS_NUMBER, "US"), patience=PATIENCE))
    await until_asked(directory)
    waiter.cancel()
    gate.set()
    await until_landed(service)
    directory.behaviour = hanging()
    assert told(await service.lookup())[:2] == ("matched", "memory")


async def test_the_seven_outcomes_are_seven_answers(start: StartService, directory: FakeDirectory) -> None:
    service = await start()
    outcomes = [
        (await service.ring(number))["lookup"]["outcome"]
        for number in (ASHOKS_NUMBER, UNKNOWN, "anonymous", "nonsense", "1234")
    ]
    hasty = await start(lookup_budget=0.05)
    directory.behaviour = hanging()
    outcomes.append((await hasty.ring("+442079460998"))["lookup"]["outcome"])
    await directory.stop()
    outcomes.append((await service.ring("+442079460997"))["lookup"]["outcome"])
    assert outcomes == ["matched", "nobody", "withheld", "invalid", "internal", "pending", "unavailable"]


@pytest.mark.parametrize("number", ["anonymous", "nonsense", "1234", "", "[CALLERID]", "+1", "0"])
async def test_what_is_no_number_never_reaches_the_directory(
    service: Service, directory: FakeDirectory, number: str
) -> None:
    answer = await service.lookup(number)
    assert told(answer)[1:] == (None, [])
    assert directory.requests == []


async def test_a_refresh_asks_the_directory_though_the_answer_is_fresh(
    service: Service, directory: FakeDirectory
) -> None:
    await service.lookup()
    directory.people[0]["name"] = "Ashok K. Kumar"
    assert told(await service.lookup()) == ("matched", "memory", MATCHED)
    assert told(await service.lookup(refresh="true")) == ("matched", "directory", ["Ashok K. Kumar"])
    assert told(await service.lookup()) == ("matched", "memory", ["Ashok K. Kumar"])


async def test_a_refresh_while_the_directory_is_down_loses_nothing(
    service: Service, directory: FakeDirectory
) -> None:
    await service.lookup()
    await directory.stop()
    assert told(await service.lookup(refresh="true")) == ("matched", "stale", MATCHED)
    assert told(await service.lookup()) == ("matched", "stale", MATCHED)


async def test_look_alikes_of_the_directory_are_dropped_and_counted(
    service: Service, directory: FakeDirectory
) -> None:
    directory.behaviour = replying([person("+44 713 987 2967"), person("+1 713 987 2968", id=31)])
    assert told(await service.lookup()) == ("nobody", "directory", [])
    assert await service.counted("cti_people_dropped_total") == 2


async def test_no_more_than_ten_people_are_given_and_the_rest_is_admitted(
    service: Service, directory: FakeDirectory
) -> None:
    directory.people = [person(ASHOKS_NUMBER, id=number) for number in range(1, 13)]
    answer = await service.lookup()
    assert [one["id"] for one in answer["people"]] == list(range(1, 11))
    assert answer["truncated"] is True


async def test_stopping_does_not_wait_for_a_directory_that_hangs(
    service: Service, directory: FakeDirectory
) -> None:
    lookup = lookup_of(service)
    directory.behaviour = hanging()
    await lookup.find(read_caller(ASHOKS_NUMBER, "US"), patience=0.05)
    assert lookup.under_way == 1
    async with asyncio.timeout(4):  # a flight lasts 5 s
        await service.stop()


async def test_nobody_is_never_said_where_nobody_could_be_asked(
    service: Service, directory: FakeDirectory
) -> None:
    directory.people = []
    assert told(await service.lookup())[:2] == ("nobody", "directory")
    await directory.stop()
    assert (await service.lookup(refresh="true"))["outcome"] == "unavailable"


async def test_one_id_with_two_callers_is_two_calls_and_each_shows_its_own(service: Service) -> None:
    first = await service.ring(callId="1")
    second = await service.ring("+44 20 7946 0110", callId="1")
    assert first["lookup"]["caller"]["e164"] == "+17139872967"
    assert second["lookup"]["caller"]["e164"] == "+442079460110"
    assert second["lookup"]["outcome"] == "nobody"
    assert first["call"]["id"] != second["call"]["id"]


async def test_what_redis_remembers_never_takes_the_place_of_something_newer() -> None:
    newer, older = (Answer(b'[{"id":1}]', truncated=False, asked_at=at, ids=(1,)) for at in (900.0, 100.0))
    memory = MemoryTier(Freshness(positive=900, negative=60, stale=86400), lambda: 1000.0)
    question = Question(E164("+17139872967"))
    memory.put(question, newer, memory.fence.count)
    memory.put(question, older, memory.fence.count)
    assert memory.old(question) is newer
