"""The directory over HTTP: questions in, whole people out; how one request is made stands in `asking`."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from yarl import URL

from cti_lookup.background import Background
from cti_lookup.errors import Unavailable
from cti_lookup.matching import MOST_PEOPLE
from cti_lookup.people import Person
from cti_lookup.questions import AnyQuestion, Purpose, QueryForm
from cti_lookup.rservice.asking import GuardedApi, Guards, Request
from cti_lookup.rservice.quota import AnyQuota
from cti_lookup.rservice.resolving import LookUp, PatientResolver, look_up
from cti_lookup.rservice.tokens import ClientCredentials, ClientTokens, FixedToken, Tokens
from cti_lookup.rservice.transport import CONNECT, open_session
from cti_lookup.rservice.wire import PATHS, question_path
from cti_lookup.traces import NO_TRACES, Traces

TOTAL: Final = 4.5
"""
Seconds for one question with all its requests. Whoever waits leaves long before; the answer may warm the cache.

A flight lasts 5 s, of which Redis may take some before: a request that the flight cancels has not failed, and a directory
that hangs would never open the breaker.
"""

SILENCE: Final = 60.0
"""Seconds without news of the quota after which `GET /rate_limit` is asked, and between two such requests."""


@dataclass(frozen=True, slots=True)
class Address:
    """
    Where the directory is, `url` ending in `/v1`, and whose; how it is to be asked.

    `form` is how numbers are written; `total` the seconds for one question with all its requests, `connect` those for
    one connection.
    """

    url: str
    account: str | None = None
    account_header: str = "X-4me-Account"
    form: QueryForm | int = QueryForm.NATIONAL
    total: float = TOTAL
    connect: float = CONNECT

    @property
    def headers(self) -> dict[str, str]:
        """Name the account."""
        return {self.account_header: self.account} if self.account else {}


class RemoteDirectory:
    """
    The R-Service REST API, of which one object serves the whole process; `open_directory` makes it with its parts.

    `steady` is monotonic seconds.
    """

    def __init__(
        self, api: GuardedApi, address: Address, quota: AnyQuota, steady: Callable[[], float]
    ) -> None:
        self._api = api
        self._base = URL(address.url)
        self._asked_at = {path: self._base / path for path in PATHS}
        self._form = address.form
        self._quota = quota
        self._steady = steady
        self._total = address.total
        self._ringing = 0
        self._background = Background()
        self._asked_what_is_left: float | None = None

    async def people_with(self, question: AnyQuestion, purpose: Purpose) -> tuple[Person, ...]:
        """Ask who may be meant, and for each whole person where the answer told no contacts. Raises `Unavailable`."""
        asked = question_path(question, self._form)
        if asked is None:
            return ()
        path, query = asked
        with self._call(purpose) as deadline:
            asked_at = self._asked_at[path].with_query(query)
            people = await self._api.get(Request(asked_at, f"/{path}", purpose, deadline))
            if all(person.contacts is not None for person in people):
                return people
            return await self._all_whole(people[:MOST_PEOPLE], purpose, deadline)

    async def person(self, person_id: int, purpose: Purpose) -> Person | None:
        """Ask for one whole person; None if there is none. Raises `Unavailable`."""
        with self._call(purpose) as deadline:
            return await self._whole(person_id, purpose, deadline)

    async def erase(self, person_id: int) -> bool:
        """Erase a person for good, which only the embedded directory knows how to. Raises `Unavailable`."""
        return await self._api.erase(self._about(person_id, Purpose.RINGING, self._deadline()))

    async def close(self) -> None:
        """End what runs in the background."""
        await self._background.close()

    def ask_what_is_left(self) -> None:
        """Ask for the quota's state in the background; at most once a minute, and not while a phone waits."""
        asked = self._asked_what_is_left
        if self._ringing or (asked is not None and self._steady() - asked < SILENCE):
            return
        self._asked_what_is_left = self._steady()
        self._background.spawn(self._ask_what_is_left())

    async def _ask_what_is_left(self) -> None:
        """Ask for the windows; whether that fails decides nothing."""
        request = Request(self._base / "rate_limit", "/rate_limit", Purpose.BACKGROUND, self._deadline())
        with suppress(Unavailable):
            self._quota.learn_windows(await self._api.windows(request))

    @contextmanager
    def _call(self, purpose: Purpose) -> Iterator[float]:
        """Have a caller who waits; give the deadline."""
        was_silent = self._quota.silence >= SILENCE
        rings = purpose is Purpose.RINGING
        self._ringing += rings
        try:
            yield self._deadline()
        finally:
            self._ringing -= rings
            if was_silent:
                self.ask_what_is_left()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._total

    async def _all_whole(
        self, people: tuple[Person, ...], purpose: Purpose, deadline: float
    ) -> tuple[Person, ...]:
        """Ask for each whole person; the first failure ends the others, and is the answer."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    None
                    if person.contacts is not None
                    else group.create_task(self._whole(person.id, purpose, deadline))
                    for person in people
                ]
        except* Unavailable as failures:
            raise Unavailable(_first_reason(failures)) from failures
        whole = (
            person if task is None else task.result() for person, task in zip(people, tasks, strict=True)
        )
        return tuple(person for person in whole if person is not None)

    async def _whole(self, person_id: int, purpose: Purpose, deadline: float) -> Person | None:
        found = await self._api.get(self._about(person_id, purpose, deadline))
        if found and found[0].id != person_id:
            raise Unavailable("malformed")
        return found[0] if found else None

    def _about(self, person_id: int, purpose: Purpose, deadline: float) -> Request:
        return Request(self._base / "people" / str(person_id), "/people/{id}", purpose, deadline)


def _first_reason(failures: ExceptionGroup[Unavailable]) -> str:
    first = failures.exceptions[0]
    return first.reason if isinstance(first, Unavailable) else "connection"


@asynccontextmanager
async def open_directory(  # noqa: PLR0913  # the composition root's choices, by name
    address: Address,
    credentials: str | ClientCredentials,
    guards: Guards,
    *,
    count: Callable[[str], None],
    count_token: Callable[[str], None],
    steady: Callable[[], float] = time.monotonic,
    look_up: LookUp = look_up,
    traces: Traces = NO_TRACES,
) -> AsyncIterator[RemoteDirectory]:
    """
    Open the directory with all its parts, and close them in reverse order.

    `credentials` is a personal access token or an application's. `count` is told the result of each request and of each
    that was refused here, `count_token` that of each request for a token; `steady` is the guards' clock.
    """
    async with open_session(PatientResolver(steady, look_up=look_up), connect=address.connect) as session:
        tokens: Tokens = (
            FixedToken(credentials)
            if isinstance(credentials, str)
            else ClientTokens(session, credentials, steady, count=count_token)
        )
        api = GuardedApi(session, address.headers, tokens, guards, steady=steady, count=count, traces=traces)
        remote = RemoteDirectory(api, address, guards.quota, steady)
        if guards.quota.silence >= SILENCE:
            remote.ask_what_is_left()
        try:
            yield remote
        finally:
            await remote.close()
            await guards.quota.close()
            await tokens.close()
