"""One request to the directory, from the breaker to what is learned of the answer."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from cti_lookup.breaker import Breaker
from cti_lookup.errors import Unavailable
from cti_lookup.people import Person
from cti_lookup.questions import Purpose
from cti_lookup.request_ids import passed_on
from cti_lookup.rservice.concurrency import Slot, Slots
from cti_lookup.rservice.failures import DECIDED_HERE, Admission, may_pass, shows_strain
from cti_lookup.rservice.quota import AnyQuota, NoQuota, Quota, SharedCount
from cti_lookup.rservice.quota_windows import UNLIMITED, QuotaLimits
from cti_lookup.rservice.retries import QUICK, Budget, RetryBudget
from cti_lookup.rservice.tokens import NoToken, Tokens
from cti_lookup.rservice.transport import Reply, fetch
from cti_lookup.rservice.wire import BadStatus, Window, decipher, read_windows
from cti_lookup.traces import Attribute, Traces

_OK: Final = 200
_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Guards:
    """What stands between the callers and the directory, for the good of both."""

    breaker: Breaker
    quota: AnyQuota
    slots: Slots
    budget: Budget


def guards_with(quota: AnyQuota, steady: Callable[[], float]) -> Guards:
    """Make the others as they are in service; `steady` is monotonic seconds."""
    return Guards(Breaker(steady), quota, Slots(), RetryBudget(steady))


def make_guards(
    steady: Callable[[], float],
    wall: Callable[[], float],
    *,
    limits: QuotaLimits | None = None,
    shared: SharedCount | None = None,
) -> Guards:
    """Make all as they are in service; `wall` is seconds since the epoch, `shared` the replicas' common count."""
    if limits == UNLIMITED:
        return guards_with(NoQuota(), steady)
    return guards_with(Quota(steady, wall, limits=limits, shared=shared), steady)


@dataclass(frozen=True, slots=True)
class Request:
    """
    What is asked, why, and until when in the event loop's seconds.

    `route` is the kind of its path: without the API's own address, without anybody's id and without the query.
    """

    url: URL
    route: str
    purpose: Purpose
    deadline: float


class GuardedApi:
    """
    The API behind its guards. `count` is told the result of each request, and of each that was refused here.

    `headers` go with every request, besides what names the request that is being answered; `steady` is monotonic seconds.
    """

    def __init__(  # noqa: PLR0913  # one object for the whole process, made in one place
        self,
        session: aiohttp.ClientSession,
        headers: Mapping[str, str],
        tokens: Tokens,
        guards: Guards,
        *,
        steady: Callable[[], float],
        count: Callable[[str], None],
        traces: Traces,
    ) -> None:
        self._session = session
        self._sent = headers
        self._tokens = tokens
        self._guards = guards
        self._steady = steady
        self._count = count
        self._traces = traces

    async def get(self, request: Request) -> tuple[Person, ...]:
        """Ask, and once more after a quick failure that may pass, if there is budget for it. Raises `Unavailable`."""
        self._guards.budget.asked()
        started = self._steady()
        try:
            return await self._counted(request)
        except Unavailable as failure:
            if not self._may_try_again(failure, started):
                raise
            first = failure
        try:
            return await self._counted(request)
        except Unavailable as second:
            if second.reason in DECIDED_HERE:
                raise first from None
            raise

    def _may_try_again(self, failure: Unavailable, started: float) -> bool:
        guards = self._guards
        is_quick = self._steady() - started < QUICK
        is_free = not guards.breaker.is_open and not guards.quota.remaining.paused
        return is_quick and is_free and may_pass(failure) and guards.budget.take()

    async def _counted(self, request: Request) -> tuple[Person, ...]:
        try:
            people = await self._ask(request)
        except Unavailable as unavailable:
            self._count(unavailable.reason)
            raise
        self._count("found" if people else "nobody")
        return people

    async def _ask(self, request: Request) -> tuple[Person, ...]:
        """Ask once: breaker, quota, slot, token, request; what is learned goes back the same way."""
        guards = self._guards
        with Admission(guards.breaker):
            guards.quota.check(request.purpose)
            async with guards.slots.slot(request.purpose) as slot:
                return await self._observed(slot, request)

    async def _observed(self, slot: Slot, request: Request) -> tuple[Person, ...]:
        """Tell a slot what its request says about the number of slots there should be."""
        try:
            reply = await self._authorized(request)
            people = decipher(reply.status, reply.body)
        except Unavailable as failure:
            if shows_strain(failure):
                slot.showed_strain()
            raise
        slot.went_well()
        return people

    async def _authorized(self, request: Request) -> Reply:
        """Send with a token, and once more where that is refused and there is another."""
        token = await self._token(request)
        reply = await self._send(request, token)
        if reply.status != _UNAUTHORIZED:
            return reply
        other = await self._other_token(request, token)
        if other is None:
            return reply
        self._count("unauthorized")
        return await self._send(request, other)

    async def _token(self, request: Request) -> str:
        if token := self._tokens.at_hand():  # nearly always, and then without a timer
            return token
        try:
            async with asyncio.timeout_at(request.deadline):
                return await self._tokens.current()
        except TimeoutError as exc:
            raise NoToken("timeout") from exc

    async def _other_token(self, request: Request, refused: str) -> str | None:
        try:
            async with asyncio.timeout_at(request.deadline):
                return await self._tokens.another(refused)
        except TimeoutError:
            return None

    async def _send(self, request: Request, token: str) -> Reply:
        """Take the quota in the moment of sending, so that the directory counts in the same order."""
        await self._guards.quota.take(request.purpose)
        return await self._fetch(request, token)

    async def _fetch(self, request: Request, token: str, method: str = "GET") -> Reply:
        with self._traces.outward(f"{method} {request.route}") as span:
            reply = await fetch(
                self._session,
                request.url,
                headers={"Authorization": f"Bearer {token}", **self._sent, **self._named()},
                deadline=request.deadline,
                method=method,
                learn=self._guards.quota.learn,
            )
            span.note(Attribute.STATUS, reply.status)
            return reply

    def _named(self) -> dict[str, str]:
        """Name the request on whose behalf is asked, and its span, so that both logs and both traces can be joined."""
        return {**passed_on(), **self._traces.passed_on()}

    async def erase(self, request: Request) -> bool:
        """Have somebody erased, outside of all limits; tell whether there was one. Raises `Unavailable`."""
        reply = await self._fetch(request, await self._token(request), method="DELETE")
        if reply.status not in (_NO_CONTENT, _NOT_FOUND):
            raise BadStatus(reply.status)
        return reply.status == _NO_CONTENT

    async def windows(self, request: Request) -> tuple[Window, ...]:
        """Ask what is left, outside of all limits: it is free. Raises `Unavailable`."""
        reply = await self._fetch(request, await self._token(request))
        return read_windows(reply.body) if reply.status == _OK else ()
