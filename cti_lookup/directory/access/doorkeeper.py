"""
Lets those in who show a token, and remembers them for a moment.

A token that was revoked, on this machine by whatever program, is refused a quarter of a second later at most: so often the
file is asked whether anything in it has changed, and after any change nobody is remembered.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from cti_lookup.directory.access.accounts import Home
from cti_lookup.directory.access.bearers import Bearer, Reading, read_bearer, read_keeper
from cti_lookup.directory.access.identity import Identity
from cti_lookup.directory.access.secrets import bearer_of, hash_of
from cti_lookup.directory.errors import ForbiddenError, UnauthorizedError
from cti_lookup.directory.records.times import timestamp
from cti_lookup.directory.storage.database import Database

FRESH_SECONDS: Final = 0.25
MOST_REMEMBERED: Final = 1024

_Key = tuple[str, str]
"""The headers as they came: whoever is remembered costs no hash of a token."""


class Doorkeeper:
    """Knows who shows which token; `home` and `token_hash` are of the program's own token, which may do everything."""

    def __init__(
        self,
        database: Database,
        home: Home,
        token_hash: bytes,
        clock: Callable[[], datetime],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._home = home
        self._token_hash = token_hash
        self._clock = clock
        self._steady = steady
        self._remembered: dict[_Key, Bearer] = {}
        self._version = -1
        self._fresh_until = float("-inf")

    async def identify(self, authorization: str, account: str) -> Identity:
        """
        Return who asks, by the headers of a request; the account is empty if none is named.

        Raises `UnauthorizedError` for a token that is none, and `ForbiddenError` where a token is good and the account
        is not one in which its owner has anything to do.
        """
        key = authorization, account
        bearer = self._remembered.get(key)
        if bearer is None or self._steady() >= self._fresh_until:
            bearer = await self._ask(key)
        if bearer.expires_at is not None and bearer.expires_at <= timestamp(self._clock()):
            raise UnauthorizedError
        if bearer.identity is None:
            raise ForbiddenError
        return bearer.identity

    async def _ask(self, key: _Key) -> Bearer:
        fresh_until = self._steady() + FRESH_SECONDS  # from before the file was read
        authorization, account = key
        reading = await self._read(hash_of(bearer_of(authorization)), account)
        if reading.version != self._version or len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
            self._version = reading.version
        self._fresh_until = fresh_until
        if reading.bearer is None:
            self._remembered.pop(key, None)
            raise UnauthorizedError
        self._remembered[key] = reading.bearer
        return reading.bearer

    async def _read(self, token_hash: bytes, account: str) -> Reading:
        # The comparison is of hashes: how long it takes tells nothing of the token.
        if token_hash == self._token_hash:
            return await self._database.look_up(partial(read_keeper, home=self._home, account=account))
        return await self._database.look_up(partial(read_bearer, token_hash=token_hash, account=account))
