"""Call logs of several replicas that share a real Redis, in one process, each with all that is its own."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from cti_lookup.answers import Answer, Lookup, Outcome, Tier
from cti_lookup.breaker import Breaker
from cti_lookup.cache.naming import Names
from cti_lookup.cache.outbox import Outbox
from cti_lookup.cache.redis_clients import connect
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.sealing import Seal
from cti_lookup.calls import Call, State, new_call_id
from cti_lookup.events import Direction, Result
from cti_lookup.feed.agents import MACHINE, Agent
from cti_lookup.feed.board import Board
from cti_lookup.feed.changes import News
from cti_lookup.feed.choices import Choices, OwnChoices
from cti_lookup.feed.entry import Entry
from cti_lookup.feed.hearing import Hearing
from cti_lookup.feed.live import LiveFeed
from cti_lookup.feed.log import CallLog, OwnCallLog, Wanted
from cti_lookup.feed.records import Records
from cti_lookup.feed.revocations import OwnRevocations, Revocations, Revoked
from cti_lookup.feed.shared_choices import SharedChoices
from cti_lookup.feed.shared_log import SharedCallLog
from cti_lookup.feed.shared_revocations import SharedRevocations
from cti_lookup.telephone import E164, Dialled
from cti_lookup.times import Clock
from tests.feed.desk import KEPT, Event, Onlooker
from tests.servers.redis_cluster import RedisClusterProcesses
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import PATIENT, waits_of

SECRET: Final = b"a secret of replicas"
TENANT: Final = "5ad0f00d"
ADAS_NUMBER: Final = "+442079460958"
ADA: Final = Dialled(ADAS_NUMBER, E164(ADAS_NUMBER))
PEOPLE: Final = (
    b'[{"id":1,"name":"Ada Lovelace","manager":{"id":5,"name":"Howard Tanner"}},'
    b'{"id":2,"name":"Grace Hopper","manager":null}]'
)


@dataclass
class Replica:
    """What one process has of the feed."""

    calls: CallLog
    live: LiveFeed
    board: Board
    choices: Choices
    revocations: Revocations
    counts: Counter[str] = field(default_factory=Counter)
    revoked: list[Revoked] = field(default_factory=list)
    hearing: Hearing | None = None
    records: tuple[Records, ...] = ()
    listening: asyncio.Task[None] | None = None

    def look(self, who: Agent = MACHINE, last_event_id: str | None = None) -> Onlooker:
        """Open a screen."""
        return Onlooker(self.live.open(who, last_event_id))

    async def note(self, call: Call, lookup: Lookup | None = None) -> None:
        """Let the replica hear of a call."""
        known = self.board.get(call.id)
        at = time.time() if known is None else max(time.time(), known.noted_at + 0.000_001)
        await self.calls.change({call.id: News(call, lookup or matched(), at)})

    async def stop_listening(self) -> None:
        """Hear nothing of Redis any more, as a process that stands still; what it is told to do it does."""
        assert self.listening is not None
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)

    def listen(self) -> None:
        """Hear again, and catch up."""
        assert self.hearing is not None
        self.listening = asyncio.create_task(self.hearing.run())

    async def log(self, **wanted: Any) -> list[Entry]:
        """Give the log."""
        return await self.calls.newest(Wanted(**{"agent": MACHINE, **wanted}))


def matched(people: bytes = PEOPLE, ids: tuple[int, ...] = (1, 5, 2)) -> Lookup:
    return Lookup(Outcome.MATCHED, ADA, Answer(people, truncated=False, asked_at=0.0, ids=ids), Tier.MEMORY)


def call(**fields: Any) -> Call:
    """Give a call that rings at 1001 now."""
    now = time.time()
    chosen: dict[str, Any] = {"agents": ("1001",), "display_name": "LOVELACE A", **fields}
    return Call(new_call_id(now), "desk", "7001", Direction.INBOUND, ADA, now, **chosen)


def answered(ringing: Call, by: str = "1001") -> Call:
    return replace(ringing, state=State.ANSWERED, answered_at=time.time(), answered_by=by)


def ended(before: Call) -> Call:
    result = Result.ANSWERED if before.answered_at is not None else Result.MISSED
    return replace(before, state=State.ENDED, ended_at=time.time(), result=result)


@asynccontextmanager
async def alone() -> AsyncIterator[Replica]:
    """Open what a process has that shares with nobody."""
    board = Board(time.time, kept=KEPT)
    counts: Counter[str] = Counter()
    live = LiveFeed(board, Clock(), lambda one: counts.update([one]))
    revoked: list[Revoked] = []
    calls = OwnCallLog(board, live, time.time, "alone")
    own = OwnRevocations(time.time, revoked.append)
    yield Replica(calls, live, board, OwnChoices(time.time), own, counts, revoked)


@asynccontextmanager
async def sharing(  # noqa: PLR0913  # what tests choose
    redis: RedisProcess | RedisClusterProcesses,
    origin: str = "one",
    *,
    secrets: Sequence[bytes] = (SECRET,),
    within: float = PATIENT,
    outbox: Outbox | None = None,
    writes: type[Records] = Records,
) -> AsyncIterator[Replica]:
    """Open what a process has that shares a Redis, and listen; `outbox` where more than the log knows of it."""
    board = Board(time.time, kept=KEPT, most=2000)
    counts: Counter[str] = Counter()

    def count(reason: str) -> None:
        counts[reason] += 1

    revoked: list[Revoked] = []
    live = LiveFeed(board, Clock(), count)
    waits = waits_of(within)
    link = RedisLink(
        connect(redis.url, waits=waits), breaker=Breaker(time.monotonic), count=lambda *_: None, within=within
    )
    names = tuple(Names(Seal(secret), TENANT) for secret in secrets)
    sides = tuple(writes(link, one, KEPT) for one in names)
    outbox = outbox or Outbox(link, names)
    calls = SharedCallLog(sides, board, live, outbox=outbox, clock=time.time, origin=origin, count=count)
    own = OwnRevocations(time.time, revoked.append)
    revocations = SharedRevocations(link, sides, own, count)
    client = connect(redis.url, patient=True, waits=waits)
    hearing = Hearing(
        client,
        sides,
        calls,
        board,
        revoked=own.hear,
        keep_up=revocations.keep_up,
        count=count,
        clock=time.time,
    )
    choices = SharedChoices(link, names, OwnChoices(time.time), count)
    replica = Replica(calls, live, board, choices, revocations, counts, revoked, hearing, sides)
    replica.listen()
    try:
        await hearing.begin(within)
        yield replica
    finally:
        await replica.stop_listening()
        await client.aclose()
        await link.close()


async def heard(screen: Onlooker, count: int = 1) -> list[Event]:
    """Wait until a screen was told so much."""
    found: list[Event] = []
    async with asyncio.timeout(PATIENT):
        while len(found) < count:
            await screen.viewer.wait()
            found += screen.events()
    return found


def untold(replica: Replica) -> int:
    """Count the calls that Redis is to be told of."""
    assert isinstance(replica.calls, SharedCallLog)
    return replica.calls.untold


async def until(holds: Callable[[], Awaitable[bool] | bool]) -> None:
    """Ask again and again until it is so."""
    async with asyncio.timeout(2 * PATIENT):
        while True:
            told = holds()
            if told if isinstance(told, bool) else await told:
                return
            await asyncio.sleep(0.02)
