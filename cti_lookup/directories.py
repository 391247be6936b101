"""The directory that is asked: the one that is set, or where none is, one of our own on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from cti_lookup.deferred import Deferred
from cti_lookup.rservice.asking import Guards, make_guards
from cti_lookup.rservice.client import Address, RemoteDirectory, open_directory
from cti_lookup.rservice.quota import SharedCount
from cti_lookup.rservice.quota_windows import UNLIMITED, QuotaLimits
from cti_lookup.rservice.tokens import ClientCredentials
from cti_lookup.rservice.transport import CONNECT
from cti_lookup.settings import Settings
from cti_lookup.tallies import Tallies
from cti_lookup.times import Clock
from cti_lookup.traces import Traces

_EMBEDDED: Final[Deferred[Callable[[Path, int, str, bool], AbstractAsyncContextManager[str]]]] = Deferred(
    "cti_lookup.embedded:embedded_directory"
)


def guards_of(
    settings: Settings, clock: Clock, shared: SharedCount, limits: QuotaLimits | None = None
) -> Guards:
    """Make what stands before the directory; one of our own grants whatever it is asked."""
    limits = limits if settings.directory_url else UNLIMITED
    return make_guards(clock.steady, clock.wall, limits=limits, shared=shared)


@asynccontextmanager
async def open_directory_of(  # noqa: PLR0913  # what it depends on, named at the composition root
    settings: Settings,
    guards: Guards,
    tallies: Tallies,
    clock: Clock,
    *,
    samples: bool,
    traces: Traces,
    connect: float = CONNECT,
) -> AsyncIterator[RemoteDirectory]:
    """Open the way to the directory; with `samples` an empty one of our own is filled with sample people; `connect` is seconds."""
    if settings.directory_url:
        tallies.watch("cti_quota_remaining", lambda: guards.quota.remaining.hour)
        tallies.watch("cti_quota_hourly", lambda: guards.quota.hourly)
    tallies.watch("cti_directory_breaker_open", lambda: guards.breaker.is_open)
    tallies.watch("cti_directory_concurrency", lambda: guards.slots.limit)
    tallies.watch("cti_directory_waiting", lambda: guards.slots.waiting)
    tallies.watch("cti_directory_retries", lambda: guards.budget.taken)
    async with (
        _directory_place(settings, samples=samples) as place,
        open_directory(
            Address(
                place.url,
                settings.directory_account,
                settings.directory_account_header,
                settings.directory_query,
                connect=connect,
            ),
            place.credentials,
            guards,
            count=tallies.count_directory,
            count_token=tallies.count_token,
            steady=clock.steady,
            traces=traces,
        ) as directory,
    ):
        yield directory


@dataclass(frozen=True, slots=True)
class _Place:
    url: str
    credentials: str | ClientCredentials


@asynccontextmanager
async def _directory_place(settings: Settings, *, samples: bool) -> AsyncIterator[_Place]:
    """Give the directory to ask; where none is set, one of our own on loopback, for as long as this lasts."""
    credentials = _credentials(settings)
    if settings.directory_url:
        yield _Place(settings.directory_url, credentials)
        return
    token = credentials if isinstance(credentials, str) else token_urlsafe(24)
    embedded = _EMBEDDED.get()(settings.directory_db, settings.directory_port, token, samples)
    async with embedded as url:
        yield _Place(url, token)


def _credentials(settings: Settings) -> str | ClientCredentials:
    client_id, secret = settings.directory_client_id, settings.directory_client_secret
    if client_id and secret and settings.directory_oauth_url:
        return ClientCredentials(
            settings.directory_oauth_url, client_id.get_secret_value(), secret.get_secret_value()
        )
    return settings.directory_token.get_secret_value() if settings.directory_token else token_urlsafe(24)
