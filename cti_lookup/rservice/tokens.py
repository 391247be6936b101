"""
Tokens for the directory: a fixed one, or OAuth 2 client credentials (RFC 6749 section 4.4).

Facts: `POST https://oauth.<domain>/token` with `client_id`, `client_secret`, `grant_type`, form-encoded; the token lives an
hour, and dies early when it or its application is disabled. A bad request is 400 with `{"error": …}` (developer guide,
Client Credentials Grant). Vendor clients renew one or two minutes ahead.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import aiohttp
import msgspec
from yarl import URL

from cti_lookup.errors import Unavailable
from cti_lookup.rservice.transport import Reply, fetch
from cti_lookup.rservice.wire import BadStatus, read_object

AHEAD: Final = 120.0
"""Seconds before its end at which a token is replaced, while it still serves; half of a life that is shorter."""

PATIENCE: Final = 5.0
SHORTEST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
_USUAL_LIFE: Final = 3600.0
_SHORTEST_LIFE: Final = 30.0
_LONGEST_LIFE: Final = 86400.0
_LIVED_WELL: Final = 60.0
_SENDABLE: Final = re.compile(r"[\x21-\x7e]{1,8192}")
_OK: Final = 200
_NO_CLIENT: Final = (400, 401, 403)


class NoToken(Unavailable):
    """There is no token, and so the directory was not asked: no news of the directory itself."""


class Tokens(Protocol):
    """Where the directory's token comes from."""

    def at_hand(self) -> str | None:
        """Give a token that needs no waiting for; None if there is none."""
        ...

    async def current(self) -> str:
        """Give a token. Raises `NoToken`."""
        ...

    async def another(self, refused: str) -> str | None:
        """Give a token in place of one that the directory refused; None if there is none now. Never raises."""
        ...

    async def close(self) -> None:
        """End what is under way."""
        ...


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A personal access token."""

    token: str = field(repr=False)

    def at_hand(self) -> str:
        """Give the token."""
        return self.token

    async def current(self) -> str:
        """Give the token."""
        return self.token

    async def another(self, refused: str) -> str | None:  # noqa: ARG002  # the port's signature
        """Have no other."""
        return None

    async def close(self) -> None:
        """Have nothing to end."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """An application that is known to the token server at `url`."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    fetched_at: float
    life: float


class _Told(msgspec.Struct):
    access_token: str
    token_type: str | None = None
    expires_in: int | float | None = None


class _Backoff:
    """Holds back for 1 s after a first failure, doubling to 30 s."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = SHORTEST_WAIT
        self._until: float | None = None

    @property
    def is_over(self) -> bool:
        return self._until is None or self._clock() >= self._until

    def begin(self) -> None:
        self._until = self._clock() + self._seconds
        self._seconds = min(self._seconds * 2, LONGEST_WAIT)

    def reset(self) -> None:
        self._seconds = SHORTEST_WAIT
        self._until = None


class ClientTokens:
    """
    Tokens for client credentials, one fetch at a time however many ask; `clock` is monotonic seconds.

    Fetches that fail back off, and so do those for tokens that are refused soon after they were fetched. A caller who
    leaves hurts nobody: the fetch goes on. `count` is told each fetch's result.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credentials: ClientCredentials,
        clock: Callable[[], float],
        *,
        count: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        self._session = session
        self._credentials = credentials
        self._clock = clock
        self._count = count
        self._patience = patience
        self._token: _Token | None = None
        self._flight: asyncio.Task[str] | None = None
        self._failures = _Backoff(clock)
        self._refusals = _Backoff(clock)
        self._failed_with = "unauthorized"

    async def current(self) -> str:
        """Give a token. Raises `NoToken`."""
        return self.at_hand() or await self._fetched()

    def at_hand(self) -> str | None:
        """Give the token while it lives; one that ends soon is replaced in the background."""
        token = self._token
        if token is None or self._age(token) >= token.life:
            return None
        if self._age(token) >= token.life - min(AHEAD, token.life / 2) and self._failures.is_over:
            self._fly()
        return token.text

    async def another(self, refused: str) -> str | None:
        """Give a token in place of one that the directory refused; None if there is none now."""
        token = self._token
        if token is not None and token.text != refused:
            return token.text
        if self._flight is None and not self._may_replace(token):
            return None
        try:
            return await self._fetched()
        except NoToken:
            return None

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait((self._flight,))

    def _age(self, token: _Token) -> float:
        return self._clock() - token.fetched_at

    def _may_replace(self, refused: _Token | None) -> bool:
        """Tell whether to fetch anew at once: not if the token before was fetched for the same reason just now."""
        if refused is not None and self._age(refused) >= _LIVED_WELL:
            self._refusals.reset()
        if not self._refusals.is_over:
            return False
        self._refusals.begin()
        return True

    async def _fetched(self) -> str:
        """Wait for the fetch that is under way, or begin one."""
        if self._flight is None and not self._failures.is_over:
            raise NoToken(self._failed_with)
        return await asyncio.shield(self._fly())

    def _fly(self) -> asyncio.Task[str]:
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch())
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: asyncio.Task[str]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # retrieved, as perhaps nobody waits any more

    async def _fetch(self) -> str:
        try:
            self._token = await self._ask()
        except Unavailable as exc:
            self._failed_with = exc.reason
            self._failures.begin()
            self._count(exc.reason)
            raise NoToken(exc.reason) from exc
        self._failures.reset()
        self._count("ok")
        return self._token.text

    async def _ask(self) -> _Token:
        credentials = self._credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
        deadline = asyncio.get_running_loop().time() + self._patience
        asked_at = self._clock()
        reply = await fetch(
            self._session, URL(credentials.url), headers={}, deadline=deadline, method="POST", form=form
        )
        text, life = read_token(reply)
        return _Token(text, asked_at, life)


def read_token(reply: Reply) -> tuple[str, float]:
    """Read a token server's answer: the token, and the seconds it lives, within sense. Raises `Unavailable`."""
    if reply.status != _OK:
        raise Unavailable("unauthorized") if reply.status in _NO_CLIENT else BadStatus(reply.status)
    try:
        told = msgspec.convert(read_object(reply.body), _Told)
    except msgspec.ValidationError:
        raise Unavailable("malformed") from None
    life = _USUAL_LIFE if told.expires_in is None else told.expires_in
    if (
        not _SENDABLE.fullmatch(told.access_token)
        or (told.token_type or "bearer").casefold() != "bearer"
        or life <= 0
    ):
        raise Unavailable("malformed")
    return told.access_token, min(max(life, _SHORTEST_LIFE), _LONGEST_LIFE)
