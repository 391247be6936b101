"""What stands behind the agent's screen is put together, opened and closed."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import Final

from cti_lookup.background import beside
from cti_lookup.deferred import Deferred
from cti_lookup.feed.board import Board
from cti_lookup.feed.choices import OwnChoices
from cti_lookup.feed.kept import Kept, Own
from cti_lookup.feed.live import LiveFeed
from cti_lookup.feed.log import OwnCallLog
from cti_lookup.feed.looking_after import looking_after
from cti_lookup.feed.publishing import Publisher, publishing
from cti_lookup.feed.revocations import OwnRevocations
from cti_lookup.feed.screen import Screen
from cti_lookup.feed.taking_over import TakingOver
from cti_lookup.feed.tokens import AgentTokens, token_key
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.settings import Settings
from cti_lookup.tallies import Tallies
from cti_lookup.times import Clock

MOST_BESIDE_REDIS: Final = 2_000
"""Calls that a process has before its eyes where Redis keeps the log."""

_ON_REDIS: Final[
    Deferred[Callable[[object, Own, float, Callable[[str], None], Clock], AbstractAsyncContextManager[Kept]]]
] = Deferred("cti_lookup.feed.sharing:open_shared")
_OWN_SECRET: Final = 32
_ORIGIN: Final = 6


@asynccontextmanager
async def open_screen(  # noqa: PLR0913, PLR0917  # what it depends on, named at the composition root
    settings: Settings, shared: object | None, lookup: CallerLookup, tallies: Tallies, clock: Clock, log: Log
) -> AsyncIterator[tuple[Screen, Publisher]]:
    """Open what agents see, and give what tells it of calls."""
    own = _own(settings, tallies, clock, most=MOST_BESIDE_REDIS if shared else None)
    tallies.watch("cti_streams_open", lambda: len(own.live))
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(_open_log(settings, shared, own, tallies, clock))
        publisher = Publisher(
            kept.calls,
            board=own.board,
            lookup=lookup,
            choices=kept.choices,
            clock=clock.wall,
            log=log,
            count=tallies.count_feed,
            outbox=kept.outbox,
        )
        await stack.enter_async_context(looking_after(own.live))
        await stack.enter_async_context(publishing(publisher))
        if kept.outbox is not None:
            taking_over = TakingOver(
                kept.outbox,
                publisher=publisher,
                calls=kept.calls,
                board=own.board,
                clock=clock.wall,
                log=log,
            )
            await stack.enter_async_context(beside(taking_over.run()))
        tokens = AgentTokens(_token_key(settings), clock.wall, other=_other_token_key(settings))
        yield Screen(tokens, kept.revocations, own.live, kept.calls, kept.choices, clock), publisher


def _own(settings: Settings, tallies: Tallies, clock: Clock, *, most: int | None) -> Own:
    kept = settings.calls_kept
    board = Board(clock.wall, kept=kept) if most is None else Board(clock.wall, kept=kept, most=most)
    live = LiveFeed(board, clock, tallies.count_feed)
    return Own(
        board,
        live,
        OwnChoices(clock.wall),
        OwnRevocations(clock.wall, live.revoked),
        os.urandom(_ORIGIN).hex(),
    )


def _open_log(
    settings: Settings, shared: object | None, own: Own, tallies: Tallies, clock: Clock
) -> AbstractAsyncContextManager[Kept]:
    """Open what replicas share, or what a process has alone."""
    if shared is not None:
        return _ON_REDIS.get()(shared, own, settings.calls_kept, tallies.count_log_error, clock)
    calls = OwnCallLog(own.board, own.live, clock.wall, own.origin)
    return nullcontext(Kept(calls, own.choices, own.revocations))


def _token_key(settings: Settings) -> bytes:
    """Give the key of agent tokens; without a secret one of this process's own, which `warnings` warns of."""
    secret = settings.secret.get_secret_value().encode() if settings.secret else os.urandom(_OWN_SECRET)
    return token_key(secret)


def _other_token_key(settings: Settings) -> bytes | None:
    """Give the key under which other replicas make tokens while the secret is being changed."""
    previous = settings.secret_previous
    return token_key(previous.get_secret_value().encode()) if previous else None
