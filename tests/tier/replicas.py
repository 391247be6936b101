"""Replicas of the service, as far as the shared tier goes: each with a real line to Redis and clocks of its own."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from cti_lookup.answers import Answer
from cti_lookup.breaker import Breaker
from cti_lookup.cache.naming import Names
from cti_lookup.cache.redis_clients import connect
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.redis_tier import RedisTier
from cti_lookup.cache.sealing import Seal, Seals
from cti_lookup.cache.waits import CALL_LIMIT, WAITS
from cti_lookup.questions import Question
from cti_lookup.telephone import E164
from tests.conftest import SettableClock
from tests.servers.redis_waits import LASTING, PATIENT, waits_of

TENANT = "5ad0f00d"
SECRET = b"a secret of replicas"
NEVER = float("-inf")
ASHOK = Question(E164("+17139872967"))
ASHOK_AT_HIS_DESK = Question(E164("+17139872967"), extension="77")
HOWARD = Question(E164("+442079460110"))
ASHOKS_PEOPLE = b'[{"id":30,"name":"Ashok Kumar","primary_email":"ashok.kumar@people.example"}]'


@dataclass
class Replica:
    """One tier, and what it needs."""

    link: RedisLink
    seals: Seals
    wall: SettableClock
    steady: SettableClock
    counts: Counter[tuple[str, str]]
    lock_seconds: float = LASTING
    patience: float = 2.0
    origin: bytes = field(default_factory=lambda: os.urandom(8))

    def __post_init__(self) -> None:
        self.tier = RedisTier(
            self.link,
            seals=self.seals,
            tenant=TENANT,
            origin=self.origin,
            count=self.note,
            wall=self.wall,
            steady=self.steady,
            lock_seconds=self.lock_seconds,
            patience=self.patience,
        )

    @property
    def names(self) -> Names:
        return Names(self.seals.current, TENANT)

    def note(self, operation: str, result: str) -> None:
        self.counts[operation, result] += 1

    def answer(self, people: bytes = ASHOKS_PEOPLE, ids: tuple[int, ...] = (30,)) -> Answer:
        """Give an answer that the directory gives now."""
        return Answer(people, truncated=False, asked_at=self.steady(), ids=ids)

    async def learn(self, question: Question, answer: Answer | None = None, seconds: float = 60) -> Answer:
        """Take a turn and fill it."""
        learned = answer or self.answer()
        turn = await self.tier.turn(question, NEVER)
        await turn.fill(learned, seconds)
        return learned


StartReplica = Callable[..., Replica]


def new_link(url: str, count: Callable[[str, str], None], *, within: float = PATIENT) -> RedisLink:
    """Open a line that no busy machine makes fail, unless it is to wait as shortly as the service does."""
    waits = WAITS if within <= CALL_LIMIT else waits_of(within)
    return RedisLink(connect(url, waits=waits), breaker=Breaker(time.monotonic), count=count, within=within)


def seals_of(current: bytes, *others: bytes) -> Seals:
    return Seals(Seal(current), map(Seal, others))
