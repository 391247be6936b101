"""What is kept behind the screens: by a process for itself, and by what it may share with others."""

from dataclasses import dataclass

from cti_lookup.calls import LeftBehind
from cti_lookup.feed.board import Board
from cti_lookup.feed.choices import Choices, OwnChoices
from cti_lookup.feed.live import LiveFeed
from cti_lookup.feed.log import CallLog
from cti_lookup.feed.revocations import OwnRevocations, Revocations


@dataclass(frozen=True, slots=True)
class Own:
    """What a process has of its own, whether or not it shares; `origin` tells its events from those of others."""

    board: Board
    live: LiveFeed
    choices: OwnChoices
    revocations: OwnRevocations
    origin: str


@dataclass(frozen=True, slots=True)
class Kept:
    """
    The calls, who was chosen, and which tokens were taken back, as far as anybody knows.

    `outbox` holds what was not told yet, where others could tell it.
    """

    calls: CallLog
    choices: Choices
    revocations: Revocations
    outbox: LeftBehind | None = None
