"""Processes that share a Redis, with all that is between an event and a screen, and clocks that differ; to be killed at any step."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from cti_lookup.background import Background
from cti_lookup.breaker import Breaker
from cti_lookup.cache.naming import Names
from cti_lookup.cache.outbox import Outbox
from cti_lookup.cache.redis_clients import connect
from cti_lookup.cache.redis_link import RedisLink
from cti_lookup.cache.sealing import Seal, Seals
from cti_lookup.cache.shared_calls import SharedCalls
from cti_lookup.calls import Call
from cti_lookup.events import CallEvent, Direction, Happening
from cti_lookup.feed.publishing import Publisher, publishing
from cti_lookup.feed.taking_over import TakingOver
from cti_lookup.logs import Log
from tests.feed.desk import Onlooker
from tests.feed.replicas import ADA, SECRET, TENANT, Replica, sharing
from tests.lookup.people import PeopleDirectory, person
from tests.lookup.replica import Replica as Lookups
from tests.lookup.replica import replica as lookups
from tests.servers.redis_process import RedisProcess
from tests.servers.redis_waits import PATIENT, waits_of

OVERDUE: Final = 0.2
"""Seconds after which a call counts as left behind; long for whoever tells it at once, and short for a test."""
OFTEN: Final = 0.05

RINGING, ANSWERED, ENDED = Happening.RINGING, Happening.ANSWERED, Happening.ENDED


class Held:
    """Those who watch, of a process that stands still before it has told them; see :meth:`go_on`."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.stands_still = False
        self._heard: list[tuple[Call, float]] = []
        self._gone: list[tuple[Call, Call]] = []

    def changed(self, call: Call, at: float) -> None:
        if self.stands_still:
            self._heard.append((call, at))
        else:
            self._publisher.changed(call, at)

    def merged(self, gone: Call, into: Call) -> None:
        if self.stands_still:
            self._gone.append((gone, into))
        else:
            self._publisher.merged(gone, into)

    def go_on(self) -> None:
        """Tell what was heard when the process was stopped."""
        self.stands_still = False
        for gone, into in self._gone:
            self.merged(gone, into)
        for call, at in self._heard:
            self.changed(call, at)


@dataclass
class Process:
    """One process; `ahead` is how many seconds its clock is before the others'."""

    feed: Replica
    calls: SharedCalls
    outbox: Outbox
    held: Held
    publisher: Publisher
    taking: TakingOver
    directory: PeopleDirectory
    ahead: list[float]

    async def hear(self, happening: Happening = RINGING, provider_id: str = "7001", **more: Any) -> Call:
        """Hear an event; the webhook is answered when this returns."""
        fields: dict[str, Any] = {
            "direction": Direction.INBOUND,
            "caller": ADA,
            "agents": ("1001",),
            "display_name": "LOVELACE A",
            **more,
        }
        return await self.calls.record(CallEvent("desk", provider_id, happening, **fields))

    def look(self) -> Onlooker:
        return self.feed.look()

    async def logged(self) -> list[tuple[str, str]]:
        """Give the calls of the log and their states, the newest first."""
        return [(one.id, one.state) for one in await self.feed.log()]


@asynccontextmanager
async def process(  # noqa: PLR0913  # what tests choose
    redis: RedisProcess,
    origin: str = "one",
    *,
    ahead: float = 0.0,
    looks: bool = True,
    secrets: Sequence[bytes] = (SECRET,),
    overdue: float = OVERDUE,
) -> AsyncIterator[Process]:
    """Start a process; one that never `looks` for what others left does all else."""
    aheads = [ahead]

    def clock() -> float:
        return time.time() + aheads[0]

    directory = PeopleDirectory([person(1, "+442079460958")])
    service: Lookups = lookups(directory, time.monotonic)
    link = RedisLink(
        connect(redis.url, waits=waits_of(PATIENT)),
        breaker=Breaker(time.monotonic),
        count=lambda *_: None,
        within=PATIENT,
    )
    seals = Seals(Seal(secrets[0]), map(Seal, secrets[1:]))
    outbox = Outbox(link, [Names(seal, TENANT) for seal in seals], overdue=overdue)
    background, counts = Background(), Counter[str]()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(link.close)
        stack.push_async_callback(service.close)
        feed = await stack.enter_async_context(sharing(redis, origin, secrets=secrets, outbox=outbox))
        publisher = Publisher(
            feed.calls,
            board=feed.board,
            lookup=service.lookup,
            choices=feed.choices,
            clock=clock,
            log=Log(lambda _: None),
            count=lambda what: counts.update([what]),
            outbox=outbox,
        )
        taking = TakingOver(
            outbox,
            publisher=publisher,
            calls=feed.calls,
            board=feed.board,
            clock=clock,
            log=Log(lambda _: None),
        )
        held = Held(publisher)
        calls = SharedCalls(
            link, seals=seals, tenant=TENANT, clock=clock, within=PATIENT, live=held, outbox=outbox
        )
        if looks:
            background.spawn(taking.run(every=OFTEN))
        await stack.enter_async_context(publishing(publisher))
        stack.push_async_callback(calls.close)
        stack.push_async_callback(background.close)
        yield Process(feed, calls, outbox, held, publisher, taking, directory, aheads)
