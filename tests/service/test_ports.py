"""Every implementation of a port keeps the port's promises; so a fake of ours cannot be kinder than the real thing."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from cti_lookup.answers import NOBODY, Answer, decided
from cti_lookup.breaker import Breaker
from cti_lookup.cache.redis_clients import connect
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.redis_tier import RedisTier
from cti_lookup.cache.sealing import Seal, Seals
from cti_lookup.errors import NotForgotten, Unavailable
from cti_lookup.matching import Decision, Match, Rule
from cti_lookup.people import Contact, Named, Person
from cti_lookup.ports import Directory, NoSharedTier, SharedTier
from cti_lookup.questions import AnyQuestion, Forgotten, Purpose, Question
from cti_lookup.telephone import E164
from tests.conftest import SettableClock
from tests.rservice.opening import opened
from tests.servers.fake_directory import FakeDirectory, replying
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import PATIENT, waits_of

LONG = 60.0
"""Seconds of a lock, and of the patience with it, that no test sees the end of."""

ASHOK = Question(E164("+17139872967"))
SOMEBODY_ELSE = Question(E164("+442079460110"))
CONTACT = Contact("work", "+1 (713) 987 2967")
MATCH = Match(Person(30, "Ashok Kumar", (CONTACT,)), Rule.E164, CONTACT)
ANSWER = decided(Decision((MATCH,), truncated=False, dropped=0), None, 1_795_291_200.5)


def ignore(*_: str) -> None:
    pass


class TestSharedTier:
    """What any shared tier does, with a Redis, without one, and with one that is gone."""

    @pytest.fixture(params=["none", "redis", "redis that is gone"])
    async def tier(
        self, request: pytest.FixtureRequest, redis: RedisProcess
    ) -> AsyncIterator[tuple[SharedTier, bool]]:
        """Give a tier, and whether it is expected to remember."""
        if request.param == "none":
            yield NoSharedTier(), False
            return
        if request.param == "redis that is gone":
            redis.kill()
        clock = SettableClock(ANSWER.asked_at + 20)
        link = RedisLink(
            connect(redis.url, waits=waits_of(PATIENT)),
            breaker=Breaker(time.monotonic),
            count=ignore,
            within=PATIENT,
        )
        tier = RedisTier(
            link,
            seals=Seals(Seal(b"s")),
            tenant="t",
            origin=b"one of 8",
            count=ignore,
            wall=clock,
            steady=clock,
            lock_seconds=LONG,
            patience=LONG,
        )
        yield tier, request.param == "redis"
        await link.close()

    async def test_what_was_never_learned_is_not_known(self, tier: tuple[SharedTier, bool]) -> None:
        assert await tier[0].get(ASHOK) is None

    async def test_an_answer_comes_back_as_it_was_learned_or_not_at_all(
        self, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, remembers = tier
        await learn(shared, ANSWER)
        assert await shared.get(ASHOK) == (ANSWER if remembers else None)

    async def test_nobody_comes_back_as_nobody_and_not_as_unknown(
        self, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, remembers = tier
        nobody = Answer(NOBODY, truncated=False, asked_at=1.0)
        await learn(shared, nobody)
        assert await shared.get(ASHOK) == (nobody if remembers else None)

    async def test_an_answer_is_given_to_its_own_question_only(self, tier: tuple[SharedTier, bool]) -> None:
        shared, _ = tier
        await learn(shared, ANSWER)
        assert await shared.get(SOMEBODY_ELSE) is None
        assert await shared.get(Question(ASHOK.number, extension="7")) is None

    @pytest.mark.parametrize("seconds", [0, 0.0001, 31 * 86400])
    async def test_any_time_to_live_is_taken_without_an_error(
        self, tier: tuple[SharedTier, bool], seconds: float
    ) -> None:
        await learn(tier[0], ANSWER, seconds)

    async def test_whoever_asks_first_has_a_turn_at_once(self, tier: tuple[SharedTier, bool]) -> None:
        async with asyncio.timeout(PATIENT):
            assert (await tier[0].turn(ASHOK, -math.inf)).found is None

    async def test_a_turn_that_was_left_is_given_to_the_next_at_once(
        self, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, _ = tier
        async with asyncio.timeout(PATIENT):
            await (await shared.turn(ASHOK, -math.inf)).leave()
            assert (await shared.turn(ASHOK, -math.inf)).found is None

    async def test_an_answer_that_was_asked_later_is_found_and_an_older_one_is_not(
        self, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, remembers = tier
        await learn(shared, ANSWER)
        found = (await shared.turn(ASHOK, ANSWER.asked_at - 60)).found
        assert found == (ANSWER if remembers else None)
        assert (await shared.turn(ASHOK, ANSWER.asked_at)).found is None

    @pytest.mark.parametrize("forgotten", [Forgotten((ASHOK.mark,)), Forgotten(person=30, erased=True)])
    async def test_what_is_forgotten_is_not_known_nor_learned_by_a_turn_that_began_before(
        self, tier: tuple[SharedTier, bool], forgotten: Forgotten
    ) -> None:
        shared, _ = tier
        await learn(shared, ANSWER)
        turn = await shared.turn(ASHOK, math.inf)
        with suppress(NotForgotten):
            await shared.forget(forgotten)
        assert await shared.get(ASHOK) is None
        await turn.fill(ANSWER, 60)
        assert await shared.get(ASHOK) is None

    async def test_what_cannot_be_forgotten_everywhere_is_an_error_with_its_reason(
        self, redis: RedisProcess, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, remembers = tier
        if remembers:
            redis.kill()
        elif isinstance(shared, NoSharedTier):
            return await shared.forget(Forgotten((ASHOK.mark,)))
        with pytest.raises(NotForgotten) as raised:
            await shared.forget(Forgotten((ASHOK.mark,)))
        assert raised.value.reason in {"error", "timeout"}
        return None


async def learn(shared: SharedTier, answer: Answer, seconds: float = 60) -> None:
    """Ask Ashok's number in turn, and share the answer."""
    await (await shared.turn(ASHOK, -math.inf)).fill(answer, seconds)


@dataclass
class MemoryDirectory:
    """The fake that tests of the lookup use in place of a directory."""

    people: dict[str, tuple[Person, ...]] = field(default_factory=dict)
    reason: str | None = None

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:  # noqa: ARG002  # the port's signature
        if self.reason:
            raise Unavailable(self.reason)
        return self.people.get(question.number.digits, ()) if isinstance(question, Question) else ()

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:  # noqa: ARG002  # the port's signature
        if self.reason:
            raise Unavailable(self.reason)
        everybody = (person for people in self.people.values() for person in people)
        return next((person for person in everybody if person.id == person_id), None)


KNOWN = Person(
    id=30,
    name="Ashok Kumar",
    contacts=(Contact("work", "+1 (713) 987 2967"),),
    job_title="Trainee",
    organization=Named(30, "Widget Data Center, External IT"),
    site=Named(13, "Widget Data Center"),
    manager=Named(5, "Howard Tanner"),
    primary_email="ashok.kumar@people.example",
    location="Room 201, Desk 06",
    locale="en-US",
    time_zone="Central Time (US & Canada)",
)


class TestDirectory:
    """What any directory does, over HTTP and in memory: healthy, and out of order."""

    @pytest.fixture(params=["remote", "in memory"])
    async def pair(
        self, request: pytest.FixtureRequest, directory: FakeDirectory
    ) -> AsyncIterator[tuple[Directory, Directory]]:
        """Give a healthy directory that knows Ashok, and one that cannot be asked."""
        if request.param == "in memory":
            yield MemoryDirectory({"17139872967": (KNOWN,)}), MemoryDirectory(reason="status")
            return
        broken = FakeDirectory()
        broken.behaviour = replying(b"", status=503)
        await broken.start()
        async with opened(directory.url) as healthy, opened(broken.url) as out_of_order:
            yield healthy, out_of_order
        await broken.stop()

    async def test_somebody_known_is_given_with_all_that_is_told_of_them(
        self, pair: tuple[Directory, Directory]
    ) -> None:
        assert await pair[0].people_with(ASHOK, Purpose.RINGING) == (KNOWN,)

    async def test_nobody_is_an_empty_tuple(self, pair: tuple[Directory, Directory]) -> None:
        assert await pair[0].people_with(SOMEBODY_ELSE, Purpose.RINGING) == ()

    async def test_a_person_is_given_by_id_and_none_where_there_is_none(
        self, pair: tuple[Directory, Directory]
    ) -> None:
        assert await pair[0].person(KNOWN.id, Purpose.BACKGROUND) == KNOWN
        assert await pair[0].person(999, Purpose.BACKGROUND) is None

    async def test_what_cannot_be_asked_is_an_error_with_its_reason_and_never_nobody(
        self, pair: tuple[Directory, Directory]
    ) -> None:
        with pytest.raises(Unavailable) as raised:
            await pair[1].people_with(ASHOK, Purpose.RINGING)
        with pytest.raises(Unavailable):
            await pair[1].person(KNOWN.id, Purpose.BACKGROUND)
        assert raised.value.reason == "status"
