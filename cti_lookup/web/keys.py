"""What the application holds, under typed keys."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from cti_lookup.audit import Audit
from cti_lookup.erasure import Erasure
from cti_lookup.explain import Explainer
from cti_lookup.feed.screen import Screen
from cti_lookup.invalidation import Invalidation
from cti_lookup.keys import Keys
from cti_lookup.logs import Log
from cti_lookup.lookup import CallerLookup
from cti_lookup.rates import Rates
from cti_lookup.ringing import Ringing, Source
from cti_lookup.rservice.quota import Remaining
from cti_lookup.shapes import Shapes
from cti_lookup.tallies import Tallies
from cti_lookup.traces import Traces
from cti_lookup.upstream import Upstream
from cti_lookup.warming import Warmth
from cti_lookup.web.allowances import Allowances


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the handlers need, made by the composition root."""

    lookup: CallerLookup
    ringing: Ringing
    invalidation: Invalidation
    erasure: Erasure
    explainer: Explainer
    upstream: Upstream
    sources: Mapping[str, Source]
    machine_keys: Keys
    screen: Screen
    origins: frozenset[str]
    allowances: Allowances
    warmth: Warmth
    region: str | None
    public_url: str
    tallies: Tallies
    rates: Rates
    shapes: Shapes
    quota: Callable[[], Remaining | None]
    registry: CollectorRegistry
    log: Log
    audit: Audit
    traces: Traces | None


PARTS: Final = web.AppKey("parts", Parts)

WHO: Final = web.RequestKey("who", str)
"""The fingerprint of whoever asks, once that is known."""

DRAINING: Final = web.AppKey("draining", asyncio.Event)
"""Set once the process is to end: it still takes calls, and says to those who ask that they should go elsewhere."""
