"""All that stands behind the agent's screen, as the handlers need it."""

from dataclasses import dataclass

from cti_lookup.feed.choices import Choices
from cti_lookup.feed.live import LiveFeed
from cti_lookup.feed.log import CallLog
from cti_lookup.feed.revocations import Revocations
from cti_lookup.feed.tokens import AgentTokens
from cti_lookup.times import Clock


@dataclass(frozen=True, slots=True)
class Screen:
    """What agents see and by what right."""

    tokens: AgentTokens
    revocations: Revocations
    live: LiveFeed
    calls: CallLog
    choices: Choices
    clock: Clock
