"""
The directory over HTTP: every wait bounded, no redirect followed, no oversized answer read.

Facts (aiohttp 3.14): the client waits 300 s by default; `sock_read` does not stop a dripping body, the total does;
1.3 MB of gzip became 300 MB, so compressed bytes are counted here and inflated by hand.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
from yarl import URL

from cti_lookup.errors import Unavailable
from cti_lookup.matching import MOST_PEOPLE
from cti_lookup.people import Person
from cti_lookup.questions import QueryForm, Question, query_text
from cti_lookup.rservice.wire import LARGEST_ANSWER, decipher, inflate

TIMEOUT: Final = aiohttp.ClientTimeout(total=5, connect=None, sock_connect=0.3, sock_read=5)
"""Whoever waits leaves long before; the answer may still warm the cache for the next ring."""

_CONNECTIONS: Final = 16


def open_session(token: str, account: str | None, account_header: str) -> aiohttp.ClientSession:
    """Make the session for :class:`RemoteDirectory`; the caller closes it."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": "cti-lookup",
    }
    if account:
        headers[account_header] = account
    return aiohttp.ClientSession(
        headers=headers,
        timeout=TIMEOUT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=30),
    )


class RemoteDirectory:
    """The R-Service REST API at `base`, which ends in `/v1`. `count` is told the result of each request."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: str,
        *,
        form: QueryForm | int = QueryForm.NATIONAL,
        count: Callable[[str], None],
    ) -> None:
        self._session = session
        self._base = URL(base)
        self._form = form
        self._count = count

    async def people_with(self, question: Question) -> tuple[Person, ...]:
        """Ask `GET /sd`; and for the whole person where the answer told no contacts. Raises `Unavailable`."""
        people = await self._get((self._base / "sd") % {"telephone": query_text(question.number, self._form)})
        if all(person.contacts is not None for person in people):
            return people
        return await self._all_whole(people[:MOST_PEOPLE])

    async def _all_whole(self, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Ask for each whole person; the first failure ends the others, and is the answer."""
        try:
            async with asyncio.TaskGroup() as group:
                whole = [group.create_task(self._whole(person)) for person in people]
        except* Unavailable as failures:
            raise Unavailable(_first_reason(failures)) from failures
        return tuple(task.result() for task in whole)

    async def _whole(self, person: Person) -> Person:
        if person.contacts is not None:
            return person
        found = await self._get(self._base / "people" / str(person.id))
        return found[0] if found else person

    async def _get(self, url: URL) -> tuple[Person, ...]:
        try:
            people = decipher(*await self._fetch(url))
        except Unavailable as unavailable:
            self._count(unavailable.reason)
            raise
        self._count("found" if people else "nobody")
        return people

    async def _fetch(self, url: URL) -> tuple[int, bytes]:
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                body = await _bounded(response)
                return response.status, inflate(body, response.headers)
        except TimeoutError as exc:
            raise Unavailable("timeout") from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise Unavailable("connection") from exc


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            response.close()
            raise Unavailable("oversized")
    return bytes(body)


def _first_reason(failures: ExceptionGroup[Unavailable]) -> str:
    first = failures.exceptions[0]
    return first.reason if isinstance(first, Unavailable) else "connection"
