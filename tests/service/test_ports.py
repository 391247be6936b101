"""Every implementation of a port keeps the port's promises; so a fake of ours cannot be kinder than the real thing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from cti_lookup.answers import NOBODY, Answer, decided
from cti_lookup.cache.redis_tier import RedisTier, connect
from cti_lookup.errors import Unavailable
from cti_lookup.matching import Decision, Match, Rule
from cti_lookup.people import Contact, Named, Person
from cti_lookup.ports import Directory, NoSharedTier, SharedTier
from cti_lookup.questions import Question
from cti_lookup.rservice.client import RemoteDirectory, open_session
from cti_lookup.telephone import E164
from tests.servers.fake_directory import TOKEN, FakeDirectory, replying
from tests.servers.redis_process import RedisProcess

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
        client = connect(redis.url)
        yield RedisTier(client, secret=b"s", tenant="t", count=ignore), request.param == "redis"
        await client.aclose()
        await client.connection_pool.disconnect()

    async def test_what_was_never_put_is_not_known(self, tier: tuple[SharedTier, bool]) -> None:
        assert await tier[0].get(ASHOK) is None

    async def test_an_answer_comes_back_as_it_was_put_or_not_at_all(
        self, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, remembers = tier
        await shared.put(ASHOK, ANSWER, 60)
        assert await shared.get(ASHOK) == (ANSWER if remembers else None)

    async def test_nobody_comes_back_as_nobody_and_not_as_unknown(
        self, tier: tuple[SharedTier, bool]
    ) -> None:
        shared, remembers = tier
        nobody = Answer(NOBODY, truncated=False, asked_at=1.0)
        await shared.put(ASHOK, nobody, 60)
        assert await shared.get(ASHOK) == (nobody if remembers else None)

    async def test_an_answer_is_given_to_its_own_question_only(self, tier: tuple[SharedTier, bool]) -> None:
        shared, _ = tier
        await shared.put(ASHOK, ANSWER, 60)
        assert await shared.get(SOMEBODY_ELSE) is None
        assert await shared.get(Question(ASHOK.number, extension="7")) is None

    @pytest.mark.parametrize("seconds", [0, 0.0001, 31 * 86400])
    async def test_any_time_to_live_is_taken_without_an_error(
        self, tier: tuple[SharedTier, bool], seconds: float
    ) -> None:
        await tier[0].put(ASHOK, ANSWER, seconds)


@dataclass
class MemoryDirectory:
    """The fake that tests of the lookup use in place of a directory."""

    people: dict[str, tuple[Person, ...]] = field(default_factory=dict)
    reason: str | None = None

    async def people_with(self, question: Question) -> tuple[Person, ...]:
        if self.reason:
            raise Unavailable(self.reason)
        return self.people.get(question.number.digits, ())


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
        async with open_session(TOKEN, None, "X-4me-Account") as session:
            yield (
                RemoteDirectory(session, directory.url, count=ignore),
                RemoteDirectory(session, broken.url, count=ignore),
            )
        await broken.stop()

    async def test_somebody_known_is_given_with_all_that_is_told_of_them(
        self, pair: tuple[Directory, Directory]
    ) -> None:
        assert await pair[0].people_with(ASHOK) == (KNOWN,)

    async def test_nobody_is_an_empty_tuple(self, pair: tuple[Directory, Directory]) -> None:
        assert await pair[0].people_with(SOMEBODY_ELSE) == ()

    async def test_what_cannot_be_asked_is_an_error_with_its_reason_and_never_nobody(
        self, pair: tuple[Directory, Directory]
    ) -> None:
        with pytest.raises(Unavailable) as raised:
            await pair[1].people_with(ASHOK)
        assert raised.value.reason == "status"
