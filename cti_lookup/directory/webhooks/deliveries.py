"""
The task that sends what waits: at once when something happens in this process, else within half a second.

What waits stands in the file, also for other processes that write to it, and outlives a restart. Each delivery is sent at least
once; when the program ends between an attempt and its settlement, twice.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import aiohttp
from aiohttp import hdrs, web

from cti_lookup.directory.errors import DirectoryError
from cti_lookup.directory.storage.database import Database, Trace
from cti_lookup.directory.web.keys import CLOCK, DATABASE
from cti_lookup.directory.webhooks.address import public_url
from cti_lookup.directory.webhooks.messages import Delivery, Message, Receiver, compose
from cti_lookup.directory.webhooks.queue import INTERVALS, due, failed, is_waiting, succeeded
from cti_lookup.directory.webhooks.sending import MOST_AT_ONCE, open_session, send

POLL_SECONDS: Final = 0.5

_READING: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when a webhook is left alone, in seconds since the epoch, and how many failures in a row it had then."""

    ends: float
    failures: int


class Courier:
    """Sends to several webhooks at once, and to each of them one message at a time; `base` is our own address."""

    def __init__(
        self,
        database: Database,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], datetime],
        base: Callable[[], str],
    ) -> None:
        self._database = database
        self._session = session
        self._clock = clock
        self._base = base
        self._woken = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._resting: dict[int, Rest] = {}

    def wake(self) -> None:
        """Look now whether something is to be sent."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due until cancelled; a file that cannot be read now may be readable later."""
        while True:
            self._woken.clear()
            try:
                await self._send_due()
            except Exception as error:  # noqa: BLE001 - the outermost frame of a task, which must outlive whatever it is
                _log.error(
                    "webhooks wait: %s", error if isinstance(error, DirectoryError) else type(error).__name__
                )
                await asyncio.sleep(POLL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()

    async def close(self) -> None:
        """End what is under way; it is sent again after the next start."""
        under_way = tuple(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _send_due(self) -> None:
        # What is settled while we read must not be begun from what we read: those under way now are passed over.
        before = frozenset(self._under_way)
        if not await self._database.read(is_waiting):
            return
        now = self._clock()
        for delivery in await self._database.read(partial(due, now=now)):
            receiver = delivery.receiver
            if receiver.id in before or self._rests(receiver, now):
                continue
            if len(self._under_way) >= MOST_AT_ONCE:
                return
            self._under_way[receiver.id] = asyncio.create_task(self._deliver(delivery))

    def _rests(self, receiver: Receiver, now: datetime) -> bool:
        """Tell whether a webhook that failed is still left alone; it is not once its failures are counted anew."""
        rest = self._resting.get(receiver.id)
        return rest is not None and now.timestamp() < rest.ends and receiver.failures >= rest.failures

    async def _deliver(self, delivery: Delivery) -> None:
        receiver = delivery.receiver
        rest = Rest(self._clock().timestamp() + INTERVALS[0], receiver.failures)
        try:
            rest = await self._attempt(delivery)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a task; the delivery stays, and is tried later
            _log.error("webhook %d: %s", receiver.id, type(error).__name__)
        finally:
            self._resting[receiver.id] = rest
            del self._under_way[receiver.id]
            self.wake()

    async def _attempt(self, delivery: Delivery) -> Rest:
        """Try once, and return how long the webhook is to be left alone."""
        error = await send(self._session, delivery.receiver.uri, await self._message(delivery))
        if not error:
            await self._database.write(partial(succeeded, delivery=delivery), trace=Trace.KEPT)
            return Rest(0.0, 0)
        now = self._clock()
        work = partial(failed, delivery=delivery, error=error, now=now)
        seconds = await self._database.write(work, trace=Trace.KEPT)
        return Rest(now.timestamp() + seconds, delivery.receiver.failures + 1)

    async def _message(self, delivery: Delivery) -> Message:
        """Compose a message, signed anew; signatures take milliseconds, and a phone may be ringing."""
        work = partial(compose, delivery, self._base(), self._clock())
        return work() if delivery.receiver.policy is None else await asyncio.to_thread(work)


COURIER: Final = web.AppKey("courier", Courier)


async def deliver(app: web.Application) -> AsyncIterator[None]:
    """Send what waits for as long as the application runs; its database must be open."""
    async with open_session() as session:
        courier = Courier(app[DATABASE], session, clock=app[CLOCK], base=partial(public_url, app))
        app[COURIER] = courier
        task = asyncio.create_task(courier.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await courier.close()


async def wake_courier(request: web.BaseRequest, _: web.StreamResponse) -> None:
    """Have what a request brought about sent at once; a signal for `on_response_prepare`."""
    if request.method not in _READING and isinstance(request, web.Request) and COURIER in request.app:
        request.app[COURIER].wake()
