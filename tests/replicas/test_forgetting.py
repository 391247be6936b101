"""What one process is told to forget, the other shows no longer than moments later, whatever happens in between."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tests.replicas.fleet import PROMISED, Fleet, Replica, names, until
from tests.servers.fake_directory import ASHOKS_NUMBER, FakeDirectory, person
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

ELSEWHERE = "+442079460110"
GWEN = {"id": 31, "name": "Gwen Boss", "manager": None, "primary_email": "gwen@people.example"}


@pytest.fixture
async def two(fleet: Fleet, redis: RedisProcess) -> tuple[Replica, Replica]:
    """Give two that hear each other."""
    one, other = await fleet.start_patient(2, redis_url=redis.url)
    return one, other


async def know(replicas: tuple[Replica, ...], *numbers: str) -> None:
    """Have each replica know the numbers by heart."""
    for number in numbers:
        for replica in replicas:
            await until(partial(replica.remembers, number))


def shows(replica: Replica, *expected: str, number: str = ASHOKS_NUMBER) -> Callable[[], Awaitable[bool]]:
    """Make the question whether a number's people are these."""

    async def do_they() -> bool:
        return names(await replica.answer(number)) == list(expected)

    return do_they


async def test_a_changed_person_is_new_on_the_other_process_within_two_seconds(
    two: tuple[Replica, Replica], directory: FakeDirectory
) -> None:
    one, other = two
    await know(two, ASHOKS_NUMBER)
    directory.people[0]["name"] = "Ashok K. Kumar"
    assert await one.changed() == 200
    assert names(await one.answer()) == ["Ashok K. Kumar"]
    await until(shows(other, "Ashok K. Kumar"), within=PROMISED)


async def test_a_number_that_moves_to_another_person_is_theirs_on_both_processes(
    two: tuple[Replica, Replica], directory: FakeDirectory
) -> None:
    one, other = two
    directory.people.append(person(ELSEWHERE, **GWEN))
    await know(two, ASHOKS_NUMBER, ELSEWHERE)
    directory.people[:] = [person("+44 20 7946 0199"), person(ASHOKS_NUMBER, **GWEN)]
    assert [await one.changed(30), await other.changed(31)] == [200, 200]
    for replica in two:
        await until(shows(replica, "Gwen Boss"), within=PROMISED)
        await until(shows(replica, number=ELSEWHERE), within=PROMISED)
        await until(shows(replica, "Ashok Kumar", number="+442079460199"), within=PROMISED)


async def test_a_new_number_whose_nobody_the_other_process_remembers_is_found_there(
    two: tuple[Replica, Replica], directory: FakeDirectory
) -> None:
    one, other = two
    await know(two, ELSEWHERE)
    assert (await other.answer(ELSEWHERE))["outcome"] == "nobody"
    directory.people.append(person(ELSEWHERE, **GWEN))
    assert await one.changed(31, "person.create") == 200
    for replica in two:
        await until(shows(replica, "Gwen Boss", number=ELSEWHERE), within=PROMISED)


async def test_a_number_forgotten_by_hand_is_asked_anew_by_both_processes(
    two: tuple[Replica, Replica], directory: FakeDirectory
) -> None:
    one, other = two
    await know(two, ASHOKS_NUMBER)
    directory.people.clear()
    assert await one.forget() == 204
    assert (await one.answer())["outcome"] == "nobody"
    await until(shows(other), within=PROMISED)


async def test_what_one_process_asks_anew_the_other_shows_too(
    two: tuple[Replica, Replica], directory: FakeDirectory
) -> None:
    one, other = two
    await know(two, ASHOKS_NUMBER)
    directory.people[0]["name"] = "Ashok K. Kumar"
    assert names(await one.answer(refresh="true")) == ["Ashok K. Kumar"]
    await until(shows(other, "Ashok K. Kumar"), within=PROMISED)


class TestErasure:
    async def test_who_is_erased_is_listed_by_neither_process_though_the_directory_lists_them_still(
        self, two: tuple[Replica, Replica]
    ) -> None:
        await know(two, ASHOKS_NUMBER)
        one, other = two
        assert await one.erase() == (200, {"person_id": 30, "directory": "elsewhere"})
        assert names(await one.answer()) == []
        await until(shows(other), within=PROMISED)
        for replica in two:
            assert (await replica.answer(refresh="true"))["people"] == []
            assert (await replica.rung())["people"] == []

    async def test_an_erased_managers_name_is_on_no_card(
        self, two: tuple[Replica, Replica], directory: FakeDirectory
    ) -> None:
        one, other = two
        await know(two, ASHOKS_NUMBER)
        assert (await other.answer())["people"][0]["manager"]["name"] == "Howard Tanner"
        assert (await one.erase(5))[0] == 200

        async def hides_the_manager() -> bool:
            return bool((await other.answer())["people"][0]["manager"] is None)

        await until(hides_the_manager, within=PROMISED)
        for replica in two:
            answer = await replica.answer(refresh="true")
            assert (names(answer), answer["people"][0]["manager"]) == (["Ashok Kumar"], None)
        assert directory.people[0]["manager"]["name"] == "Howard Tanner"

    async def test_who_is_erased_stays_so_when_all_processes_have_begun_anew(
        self, two: tuple[Replica, Replica], fleet: Fleet, redis: RedisProcess
    ) -> None:
        await know(two, ASHOKS_NUMBER)
        assert (await two[0].erase())[0] == 200
        for replica in two:
            assert replica.stop() == 0
        began_anew = await fleet.start_patient(2, redis_url=redis.url)
        assert [(await replica.answer())["people"] for replica in began_anew] == [[], []]
        answers = await asyncio.gather(*(replica.answer(refresh="true") for replica in began_anew))
        assert [answer["people"] for answer in answers] == [[], []]


class TestRedisInBetween:
    @pytest.fixture
    async def two(self, fleet: Fleet, redis: RedisProcess) -> tuple[Replica, Replica]:
        """Give two that wait for Redis no longer than any others."""
        one, other = await fleet.start(2, redis_url=redis.url)
        return one, other

    async def test_what_was_missed_while_redis_hung_is_not_shown_from_memory_afterwards(
        self, two: tuple[Replica, Replica], redis: RedisProcess, directory: FakeDirectory
    ) -> None:
        one, other = two
        await know(two, ASHOKS_NUMBER)
        redis.pause()
        directory.people[0]["name"] = "Ashok K. Kumar"
        assert await one.changed() == 503
        assert names(await one.answer()) == ["Ashok K. Kumar"]
        await until(shows(other, "Ashok K. Kumar"))  # a silence of 2 s is enough to distrust memory
        redis.resume()
        for replica in two:
            await until(replica.remembers)
            assert names(await replica.answer()) == ["Ashok K. Kumar"]

    async def test_a_forgetting_that_failed_succeeds_when_it_is_said_again(
        self, two: tuple[Replica, Replica], redis: RedisProcess, directory: FakeDirectory
    ) -> None:
        one, other = two
        await know(two, ASHOKS_NUMBER)
        redis.pause()
        assert (await one.erase())[0] == 503
        assert await one.forget() == 503
        redis.resume()

        async def is_erased() -> bool:
            return bool((await one.erase())[0] == 200)

        await until(is_erased)
        await until(shows(other), within=PROMISED)
        assert directory.people[0]["id"] == 30

    async def test_a_redis_that_lost_its_memory_makes_nobody_show_what_was_forgotten(
        self, two: tuple[Replica, Replica], redis: RedisProcess, directory: FakeDirectory
    ) -> None:
        one, _ = two
        await know(two, ASHOKS_NUMBER)
        redis.kill()
        redis.start()
        directory.people[0]["name"] = "Ashok K. Kumar"

        async def is_told() -> bool:
            return await one.changed() == 200

        await until(is_told)
        for replica in two:
            await until(shows(replica, "Ashok K. Kumar"))
